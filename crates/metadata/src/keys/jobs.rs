//! Keys of rows: jobs, by account and by what becomes of them.

use super::kinds::{JOB, JOB_ENDED, JOB_WAITING};
use super::tuple::Key;
use types::{AccountId, JobId, Timestamp};

/// All jobs of an account, in the order they were made.
pub fn jobs(account: AccountId) -> Vec<u8> {
    Key::new(JOB).bytes(&account.0).done()
}

/// A job.
pub fn job(account: AccountId, id: JobId) -> Vec<u8> {
    Key(jobs(account)).bytes(&id.0).done()
}

/// All jobs that wait or run, in the order they were made.
pub fn all_waiting_jobs() -> Vec<u8> {
    Key::new(JOB_WAITING).done()
}

/// The place of a job among those that wait or run.
pub fn waiting_job(id: JobId) -> Vec<u8> {
    Key(all_waiting_jobs()).bytes(&id.0).done()
}

/// All jobs that ended, in the order of their ends.
pub fn all_ended_jobs() -> Vec<u8> {
    Key::new(JOB_ENDED).done()
}

/// All jobs that ended in a millisecond.
pub fn jobs_ended_at(ended: Timestamp) -> Vec<u8> {
    Key(all_ended_jobs()).bytes(&ended.0.to_be_bytes()).done()
}

/// The place of a job among those that ended.
pub fn ended_job(ended: Timestamp, id: JobId) -> Vec<u8> {
    Key(jobs_ended_at(ended)).bytes(&id.0).done()
}
