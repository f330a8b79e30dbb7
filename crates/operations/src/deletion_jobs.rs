//! Jobs that remove all objects whose keys begin with a prefix: asked for by a call, done in the background.
//!
//! A job removes what was there when it was asked for; whatever is written later stays, so that it can be done a piece
//! at a time, twice, or again after a crash. Each removal counts for its job in its own commit. A step removes one page
//! of keys and then notes how far the job is: cut short, it is done again. Called by a loop in `background`.

use crate::caller::Caller;
use crate::delete_object::DELETES_AT_ONCE;
use crate::permissions::Action;
use crate::store::Store;
use futures_util::{StreamExt, stream};
use metadata::listing::{ListEntry, ListQuery};
use metadata::rows::{DeletionJobRow, JobState};
use metadata::{Outcome, Stored};
use types::limits::{JOB_SECONDS_KEPT, JOBS_WAITING_MAX, KEY_BYTES_MAX, LIST_PAGE_MAX};
use types::{BucketName, ErrorCode, JobId, ObjectKey, OperationError, Resource, Timestamp};

/// A job as it is shown.
#[derive(Clone, Debug)]
pub struct DeletionJob {
    /// Its row.
    pub row: DeletionJobRow,
    /// Objects that it has removed so far.
    pub removed: u64,
}

/// A page of jobs.
#[derive(Clone, Debug)]
pub struct ListedJobs {
    /// In the order they were made.
    pub jobs: Vec<DeletionJob>,
    /// Resumes after the last of them, if more follow.
    pub next_token: Option<String>,
}

/// What a round of work did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobsRound {
    /// Steps that went well.
    pub steps: u64,
    /// Steps that failed: their jobs wait for another round.
    pub failures: u64,
}

/// A page of keys of a job.
struct Page {
    /// The keys of objects that were there when the job was asked for.
    keys: Vec<ObjectKey>,
    /// The last key that was looked at; none at the end of the bucket.
    last: Option<String>,
}

/// What a step found out about its page.
#[derive(Default)]
struct Removal {
    /// Objects that something forbids to remove.
    refused: u64,
    /// What was last in the way of one.
    error: Option<OperationError>,
}

/// Jobs that get a step each in a round.
const JOBS_AT_ONCE: usize = 16;

/// Steps that may fail one after another before their job fails. The loop waits seconds in between.
const FAILURES_MAX: u64 = 100;

/// Ended jobs that are forgotten in one commit.
const FORGOTTEN_AT_ONCE: usize = 500;

impl Store {
    /// Asks for the removal of the objects whose keys begin with `prefix`: those that are there now.
    ///
    /// # Errors
    /// `NoSuchBucket`; `InvalidObjectName` for a prefix that no key has; `TooManyRequests` while [`JOBS_WAITING_MAX`]
    /// jobs are waiting.
    pub async fn start_prefix_deletion(
        &self,
        caller: &Caller,
        name: &BucketName,
        prefix: &str,
    ) -> Result<DeletionJob, OperationError> {
        caller.authorize(Action::DeleteObjects, Resource::Prefix(name, prefix))?;
        if prefix.len() > KEY_BYTES_MAX {
            return Err(ErrorCode::InvalidObjectName.into());
        }
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            if self.metadata.waiting_jobs(JOBS_WAITING_MAX).await?.len() >= JOBS_WAITING_MAX {
                let message = "Too many jobs are waiting: ask again when some have ended.";
                return Err(OperationError::new(ErrorCode::TooManyRequests, message));
            }
            let created = self.clock.now();
            let row = DeletionJobRow {
                id: JobId::new(created, self.entropy.bytes()),
                account: caller.account,
                jurisdiction: caller.jurisdiction,
                bucket_name: name.clone(),
                bucket: bucket.id(),
                prefix: prefix.to_owned(),
                created,
                started: None,
                ended: None,
                state: JobState::Enqueued,
                after: None,
                refused: 0,
                failures: 0,
                last_error: String::new(),
            };
            // A conflict is a change of the bucket, most likely its end: look again.
            if self.metadata.create_job(&bucket, &row).await? == Outcome::Committed {
                self.jobs_waiting.notify_one();
                return Ok(DeletionJob { row, removed: 0 });
            }
        }
    }

    /// A job.
    ///
    /// # Errors
    /// `NoSuchJob`.
    pub async fn deletion_job(&self, caller: &Caller, id: JobId) -> Result<DeletionJob, OperationError> {
        caller.authorize(Action::GetJob, Resource::Account)?;
        let job = self.find_job(caller, id).await?;
        self.shown_job(job.row).await
    }

    /// A page of the account's jobs: those that have not ended, and those that ended not long ago.
    ///
    /// # Errors
    /// `InvalidArgument` for a token of another list.
    pub async fn list_deletion_jobs(
        &self,
        caller: &Caller,
        token: Option<&str>,
        limit: usize,
    ) -> Result<ListedJobs, OperationError> {
        caller.authorize(Action::ListJobs, Resource::Account)?;
        let list = [b"jobs".as_slice(), &caller.account.0].concat();
        let after = match token {
            Some(token) => Some(JobId::parse(&self.tokens.open(&list, token)?).ok_or(ErrorCode::InvalidArgument)?),
            None => None,
        };
        // One more, to know whether it is the last page.
        let mut rows = self.metadata.jobs(caller.account, after, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next_token = last.map(|last| self.tokens.seal(&list, &last.id.to_string()));
        let mut jobs = Vec::with_capacity(rows.len());
        for row in rows {
            jobs.push(self.shown_job(row).await?);
        }
        Ok(ListedJobs { jobs, next_token })
    }

    /// Calls a job off; one that has ended stays as it is. Removals that are under way are still done.
    ///
    /// # Errors
    /// `NoSuchJob`.
    pub async fn cancel_deletion_job(&self, caller: &Caller, id: JobId) -> Result<DeletionJob, OperationError> {
        caller.authorize(Action::CancelJob, Resource::Account)?;
        loop {
            let job = self.find_job(caller, id).await?;
            if job.row.state.has_ended() {
                return self.shown_job(job.row).await;
            }
            let row = self.ended(&job.row, JobState::Cancelled);
            if self.metadata.change_job(&job, &row).await? == Outcome::Committed {
                return self.shown_job(row).await;
            }
        }
    }

    async fn find_job(&self, caller: &Caller, id: JobId) -> Result<Stored<DeletionJobRow>, OperationError> {
        let job = self.metadata.job(caller.account, id).await?;
        job.ok_or_else(|| ErrorCode::NoSuchJob.into())
    }

    async fn shown_job(&self, row: DeletionJobRow) -> Result<DeletionJob, OperationError> {
        let removed = self.metadata.removed_by_job(row.id).await?;
        Ok(DeletionJob { row, removed })
    }

    fn ended(&self, row: &DeletionJobRow, state: JobState) -> DeletionJobRow {
        let now = self.clock.now();
        DeletionJobRow { state, ended: Some(now), started: row.started.or(Some(now)), ..row.clone() }
    }

    /// Waits until this process is asked for a job.
    ///
    /// # Cancel safety
    /// Nothing is lost: the next call returns at once.
    pub async fn job_asked_for(&self) {
        self.jobs_waiting.notified().await;
    }

    /// Does one step of each of the jobs that wait or run, the oldest ones if there are many.
    ///
    /// # Errors
    /// What the metadata engine says when asked which jobs there are. What fails in a job is noted in its row.
    pub async fn work_on_jobs(&self) -> Result<JobsRound, OperationError> {
        let mut round = JobsRound::default();
        for job in self.metadata.waiting_jobs(JOBS_AT_ONCE).await? {
            let (job, done) = match self.begun(&job).await {
                Ok(None) => continue,
                Ok(Some(running)) => {
                    let done = self.step(&running).await;
                    (running, done)
                }
                Err(error) => (job, Err(error)),
            };
            match done {
                Ok(()) => round.steps += 1,
                Err(error) => {
                    round.failures += 1;
                    self.note_failure(&job, error).await?;
                }
            }
        }
        Ok(round)
    }

    /// Forgets jobs that ended long ago. Answers how many they were.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn forget_old_jobs(&self) -> Result<usize, OperationError> {
        let before = Timestamp(self.clock.now().0.saturating_sub(JOB_SECONDS_KEPT * 1000));
        let mut forgotten = 0;
        loop {
            let count = self.metadata.forget_jobs(before, FORGOTTEN_AT_ONCE).await?;
            forgotten += count;
            if count < FORGOTTEN_AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    /// The job as one that runs: who asks after it hears so before its first object goes. `None`: another worker was
    /// faster, or somebody called it off.
    async fn begun(&self, job: &Stored<DeletionJobRow>) -> Result<Option<Stored<DeletionJobRow>>, OperationError> {
        if job.row.state != JobState::Enqueued {
            return Ok(Some(job.clone()));
        }
        let row = DeletionJobRow { state: JobState::Running, started: Some(self.clock.now()), ..job.row.clone() };
        if self.metadata.change_job(job, &row).await? == Outcome::Conflict {
            return Ok(None);
        }
        let running = self.metadata.job(row.account, row.id).await?;
        Ok(running.filter(|job| !job.row.state.has_ended()))
    }

    /// Removes the next page of keys of a job, and notes that.
    async fn step(&self, job: &Stored<DeletionJobRow>) -> Result<(), OperationError> {
        let page = self.page(&job.row).await?;
        let removal = self.remove_page(&job.row, &page.keys).await?;
        let mut row = DeletionJobRow { refused: job.row.refused + removal.refused, failures: 0, ..job.row.clone() };
        if let Some(error) = removal.error {
            row.last_error = error.message().to_owned();
        }
        match page.last {
            Some(last) => row.after = Some(last),
            None if row.refused > 0 => row = self.ended(&row, JobState::Failed),
            None => row = self.ended(&row, JobState::Completed),
        }
        // A conflict is another worker, or somebody who called the job off: what was removed counts all the same.
        let _noted_or_overtaken = self.metadata.change_job(job, &row).await?;
        Ok(())
    }

    async fn page(&self, job: &DeletionJobRow) -> Result<Page, OperationError> {
        let (prefix, after) = (ObjectKey::normalize(&job.prefix), job.after.clone());
        let query = ListQuery { prefix, after, limit: LIST_PAGE_MAX, ..ListQuery::default() };
        let listed = self.metadata.list_objects(job.bucket, &query).await?;
        let last = listed.entries.last().filter(|_| listed.truncated).map(|entry| entry.position().to_owned());
        let mut keys = Vec::new();
        for entry in listed.entries {
            match entry {
                ListEntry::Object { identity, row } if row.modified <= job.created => {
                    keys.push(ObjectKey::parse(&identity).map_err(|_| ErrorCode::InternalError)?);
                }
                ListEntry::Object { .. } | ListEntry::CommonPrefix(_) => {}
            }
        }
        Ok(Page { keys, last })
    }

    /// Removes objects, as far as nothing forbids it.
    ///
    /// # Errors
    /// The last failure that is not about its object: the page has to be done again.
    async fn remove_page(&self, job: &DeletionJobRow, keys: &[ObjectKey]) -> Result<Removal, OperationError> {
        let found = self.metadata.bucket(job.account, job.jurisdiction, &job.bucket_name).await?;
        // Nothing is left to be done in a bucket that is gone: its objects went before it.
        let Some(bucket) = found.filter(|bucket| bucket.id() == job.bucket) else { return Ok(Removal::default()) };
        let deletions: Vec<_> = keys.iter().map(|key| self.delete_for(job, &bucket, key)).collect();
        let mut done = stream::iter(deletions).buffer_unordered(DELETES_AT_ONCE);
        let (mut removal, mut failure) = (Removal::default(), None);
        while let Some(outcome) = done.next().await {
            match outcome {
                Ok(()) => {}
                // Then its objects went before it.
                Err(error) if error.code == ErrorCode::NoSuchBucket => {}
                Err(error) if is_about_object(&error) => {
                    removal.refused += 1;
                    removal.error = Some(error);
                }
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(removal), Err)
    }

    async fn note_failure(&self, job: &Stored<DeletionJobRow>, error: OperationError) -> Result<(), OperationError> {
        let row = &job.row;
        tracing::warn!(job = %row.id, bucket = %row.bucket_name, ?error, "a step of a job failed; it is done again");
        let failures = row.failures + 1;
        let noted = DeletionJobRow { failures, last_error: error.message().to_owned(), ..row.clone() };
        let noted = if failures < FAILURES_MAX { noted } else { self.ended(&noted, JobState::Failed) };
        let _noted_or_overtaken = self.metadata.change_job(job, &noted).await?;
        Ok(())
    }
}

/// Whether a removal failed for a reason that lies with its object, such as a lock: trying again would not help.
fn is_about_object(error: &OperationError) -> bool {
    error.code.status() < 500 && error.code != ErrorCode::TooMuchConcurrency
}
