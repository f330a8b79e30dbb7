//! Jobs on a disk that fails and a power supply that goes: they end with the same result, and count each object once.
#![expect(clippy::unwrap_used, reason = "test code")]

use metadata::rows::JobState;
use operations::deletion_jobs::{DeletionJob, JobsRound};
use simulator::audit::{audit, clean};
use simulator::machine::settle;
use simulator::{Fault, Machine, ObjectName, Operation, Process, Random, run};
use std::time::Duration;
use types::limits::JOBS_WAITING_MAX;
use types::{BucketName, ErrorCode, JobId};

const INLINE: usize = 100;
const FILE: usize = 40_000;

fn object(key: &str) -> ObjectName {
    ObjectName::new("bucket", key)
}

fn bucket() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

/// A bucket with `count` objects below `a/`, one of them in a file, and one object elsewhere.
async fn filled(machine: &Machine, count: usize) -> Process {
    let process = machine.start().await.unwrap();
    let mut random = Random::new(3);
    Operation::CreateBucket("bucket".into()).run(&process).await.unwrap();
    for number in 0..count {
        let size = if number == 1 { FILE } else { INLINE };
        let put = Operation::Put(object(&format!("a/{number:04}")), random.bytes(size).into());
        put.run(&process).await.unwrap();
    }
    Operation::Put(object("b"), random.bytes(INLINE).into()).run(&process).await.unwrap();
    process
}

async fn ask(process: &Process, prefix: &str) -> JobId {
    process.store.start_prefix_deletion(&process.caller, &bucket(), prefix).await.unwrap().row.id
}

async fn job(process: &Process, id: JobId) -> DeletionJob {
    process.store.deletion_job(&process.caller, id).await.unwrap()
}

/// Works until no job waits.
async fn work(process: &Process) {
    while process.store.work_on_jobs().await.unwrap() != JobsRound::default() {}
}

async fn objects(process: &Process) -> i64 {
    process.store.bucket_usage(&process.caller, &bucket()).await.unwrap().objects
}

#[test]
fn each_disk_failure_in_the_middle_leaves_a_job_that_ends_well_and_counts_right() {
    run(async {
        let first = Machine::new(1);
        let process = filled(&first, 5).await;
        let id = ask(&process, "a/").await;
        drop(process);
        let mut walked = 0;
        for fault in Fault::ALL {
            for call in 0.. {
                let machine = first.after_kill();
                let process = machine.start().await.unwrap();
                machine.disk.fail_at_call(call, fault);
                // What fails is noted, or cannot even be noted.
                let _fails_or_not = process.store.work_on_jobs().await;
                settle().await;
                if machine.disk.fault_pending() {
                    walked = call;
                    break;
                }
                for machine in [machine.after_kill(), machine.after_power_loss(0), machine.after_power_loss(call)] {
                    let process = machine.start().await.unwrap();
                    let when = format!("{fault:?} at call {call}");
                    let left = job(&process, id).await;
                    let runs = (left.row.state, left.row.started.is_some()) != (JobState::Enqueued, false);
                    assert!(runs || left.removed == 0, "{when}: objects are gone and nobody is told that it runs");
                    work(&process).await;
                    let done = job(&process, id).await;
                    assert_eq!((done.row.state, done.removed), (JobState::Completed, 5), "{when}");
                    assert_eq!(objects(&process).await, 1, "{when}");
                    clean(&process).await.unwrap();
                    audit(&process, &when).await.unwrap();
                }
            }
        }
        assert!(walked >= 2, "only {walked} calls were walked");
    });
}

#[test]
fn a_failure_is_shown_until_a_step_goes_well() {
    run(async {
        let machine = Machine::new(1);
        let process = filled(&machine, 3).await;
        let id = ask(&process, "a/").await;
        machine.disk.fail_at_call(0, Fault::Full);
        assert_eq!(process.store.work_on_jobs().await.unwrap(), JobsRound { steps: 0, failures: 1 });
        let failed = job(&process, id).await.row;
        assert_eq!((failed.state, failed.failures), (JobState::Enqueued, 1));
        assert!(failed.last_error.contains("disk is full"), "{}", failed.last_error);
        work(&process).await;
        let done = job(&process, id).await;
        assert_eq!((done.row.state, done.row.failures, done.removed), (JobState::Completed, 0, 3));
    });
}

#[test]
fn a_job_goes_page_by_page_and_only_until_it_is_called_off() {
    run(async {
        let process = filled(&Machine::new(1), 1_002).await;
        let id = ask(&process, "a/").await;
        assert_eq!(process.store.work_on_jobs().await.unwrap(), JobsRound { steps: 1, failures: 0 });
        let half = job(&process, id).await;
        assert_eq!((half.row.state, half.removed), (JobState::Running, 1_000));
        let cancelled = process.store.cancel_deletion_job(&process.caller, id).await.unwrap();
        assert_eq!(cancelled.row.state, JobState::Cancelled);
        work(&process).await;
        assert_eq!((job(&process, id).await.removed, objects(&process).await), (1_000, 3));
    });
}

#[test]
fn objects_written_after_the_call_stay_also_over_a_key_that_was_there() {
    run(async {
        let machine = Machine::new(1);
        let process = filled(&machine, 3).await;
        let id = ask(&process, "").await;
        machine.clock.advance(Duration::from_millis(1));
        for key in ["a/0001", "a/new"] {
            Operation::Put(object(key), vec![1; INLINE].into()).run(&process).await.unwrap();
        }
        work(&process).await;
        let done = job(&process, id).await;
        assert_eq!((done.row.state, done.removed, objects(&process).await), (JobState::Completed, 3, 2));
    });
}

#[test]
fn a_bucket_made_again_is_none_of_the_jobs_business() {
    run(async {
        let machine = Machine::new(1);
        let process = filled(&machine, 0).await;
        let id = ask(&process, "").await;
        Operation::Delete(object("b")).run(&process).await.unwrap();
        Operation::DeleteBucket("bucket".into()).run(&process).await.unwrap();
        Operation::CreateBucket("bucket".into()).run(&process).await.unwrap();
        Operation::Put(object("b"), vec![1; INLINE].into()).run(&process).await.unwrap();
        work(&process).await;
        let done = job(&process, id).await;
        assert_eq!((done.row.state, done.removed, objects(&process).await), (JobState::Completed, 0, 1));
    });
}

#[test]
fn jobs_that_wait_are_bounded() {
    run(async {
        let process = filled(&Machine::new(1), 0).await;
        for _ in 0..JOBS_WAITING_MAX {
            ask(&process, "a/").await;
        }
        let refused = process.store.start_prefix_deletion(&process.caller, &bucket(), "a/").await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::TooManyRequests);
        work(&process).await;
        ask(&process, "a/").await;
    });
}
