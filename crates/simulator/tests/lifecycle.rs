//! Lifecycle rules in the simulated world: a turn that is cut short at any disk call is made up for by the next, what
//! is noted as due is exactly what is there, and a turn that finds nothing to do reads no object.
#![expect(clippy::unwrap_used, reason = "test code")]

use bytes::Bytes;
use operations::LifecycleStage;
use operations::lifecycle::LifecycleTurn;
use simulator::audit::{audit, clean};
use simulator::machine::settle;
use simulator::observe::{self, observe};
use simulator::{Answer, Fault, Machine, ObjectName, Operation, Process, run};
use std::time::Duration;
use types::{BucketName, Lifecycle, LifecycleRule, LifecycleTime, LifecycleTransition, OperationError, StorageClass};

const DAY: Duration = Duration::from_secs(86_400);

fn object(key: &str) -> ObjectName {
    ObjectName::new("bucket", key)
}

async fn done(process: &Process, operation: Operation) -> Answer {
    operation.run(process).await.unwrap()
}

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule { enabled: true, prefix: prefix.to_owned(), ..LifecycleRule::default() }
}

async fn set_rules(process: &Process, rules: Vec<LifecycleRule>) -> Result<(), OperationError> {
    let name = BucketName::parse("bucket").unwrap();
    process.store.put_bucket_lifecycle(&process.caller, &name, Lifecycle::new(rules).unwrap()).await
}

fn rules() -> Vec<LifecycleRule> {
    let infrequent = LifecycleTransition { time: LifecycleTime::days(1), class: StorageClass::InfrequentAccess };
    vec![
        LifecycleRule { expiration: Some(LifecycleTime::days(2)), ..rule("end/") },
        LifecycleRule { transitions: vec![infrequent], ..rule("down/") },
        LifecycleRule { abort_uploads_after: Some(86_400), ..rule("") },
    ]
}

/// Does all that is due. A failure of a part of it is one of the whole.
async fn act(process: &Process) -> Result<(), OperationError> {
    while let LifecycleTurn::Visit(visit) = process.store.lifecycle_turn().await? {
        if let Some(failure) = visit.failure {
            return Err(failure);
        }
    }
    Ok(())
}

/// A bucket with rules, objects from before and after them, large and small, and an upload.
async fn scene() -> Machine {
    let machine = Machine::new(5);
    let process = machine.start().await.unwrap();
    done(&process, Operation::CreateBucket("bucket".into())).await;
    for (key, length) in [("end/before", 300_000), ("down/before", 10), ("stays", 10)] {
        done(&process, Operation::Put(object(key), Bytes::from(vec![7; length]))).await;
    }
    set_rules(&process, rules()).await.unwrap();
    for (key, length) in [("end/after", 10), ("down/after", 300_000)] {
        done(&process, Operation::Put(object(key), Bytes::from(vec![8; length]))).await;
    }
    let Answer::Upload(id) = done(&process, Operation::CreateUpload(object("upload"))).await else { unreachable!() };
    let upload = simulator::UploadName { at: object("upload"), id };
    done(&process, Operation::UploadPart(upload, 1, Bytes::from(vec![9; 300_000]))).await;
    drop(process);
    machine.clock.advance(3 * DAY);
    machine.after_kill()
}

/// What there must be once all is done: whatever happened before, nothing is lost and nothing is left.
async fn check(machine: &Machine, when: &str) {
    let process = machine.start().await.unwrap();
    // What failed waits before it is tried again.
    machine.clock.advance(DAY);
    act(&process).await.unwrap();
    let state = observe(&process).await.unwrap();
    let bucket = &state.buckets["bucket"];
    let keys: Vec<_> = bucket.objects.keys().map(String::as_str).collect();
    assert_eq!(keys, ["down/after", "down/before", "stays"], "{when}");
    assert!(bucket.uploads.is_empty(), "{when}");
    for listed in observe::objects(&process, "bucket").await.unwrap() {
        let class = if listed.key == "stays" { StorageClass::Standard } else { StorageClass::InfrequentAccess };
        assert_eq!(listed.row.class, class, "{when}: {}", listed.key);
    }
    clean(&process).await.unwrap();
    audit(&process, when).await.unwrap();
}

#[test]
fn a_turn_that_is_cut_short_at_any_disk_call_is_made_up_for() {
    run(async {
        let scene = scene().await;
        for fault in Fault::ALL {
            for call in 0.. {
                let machine = scene.after_kill();
                let process = machine.start().await.unwrap();
                machine.disk.fail_at_call(call, fault);
                let outcome = act(&process).await;
                settle().await;
                let when = format!("{fault:?} at call {call} ({:?}): {outcome:?}", machine.disk.fault_fired());
                check(&machine.after_kill(), &format!("{when}, after a kill")).await;
                check(&machine.after_power_loss(call), &format!("{when}, after a power loss")).await;
                if machine.disk.fault_pending() {
                    assert!(outcome.is_ok(), "{outcome:?}");
                    assert!(call > 10, "only {call} calls were walked");
                    break;
                }
            }
        }
    });
}

#[test]
fn what_came_of_it_is_written_down() {
    run(async {
        let process = scene().await.start().await.unwrap();
        act(&process).await.unwrap();
        let bucket = observe::buckets(&process).await.unwrap().remove(0).row.id;
        let progress = process.store.lifecycle_progress(bucket).await.unwrap().unwrap();
        assert_eq!(progress.stage, LifecycleStage::Settled);
        assert_eq!((progress.expired, progress.transitioned, progress.aborted), (2, 2, 1));
        assert!(progress.last_visit.is_some() && progress.last_error.is_none(), "{progress:?}");
        assert!(progress.next > progress.last_visit);
    });
}

#[test]
fn rules_are_set_or_not_whatever_the_disk_does() {
    run(async {
        let scene = scene().await;
        for fault in Fault::ALL {
            for call in 0.. {
                let machine = scene.after_kill();
                let process = machine.start().await.unwrap();
                act(&process).await.unwrap();
                machine.disk.fail_at_call(call, fault);
                let everything = LifecycleRule { expiration: Some(LifecycleTime::days(9)), ..rule("") };
                let outcome = set_rules(&process, vec![everything.clone()]).await;
                settle().await;
                let restarted = machine.after_power_loss(call).start().await.unwrap();
                let name = BucketName::parse("bucket").unwrap();
                let found = restarted.store.bucket_lifecycle(&restarted.caller, &name).await.unwrap();
                let set = found.rules().len() == 1;
                assert!(set || outcome.is_err(), "what was answered is kept: {fault:?} at call {call}");
                act(&restarted).await.unwrap();
                clean(&restarted).await.unwrap();
                audit(&restarted, &format!("rules set with {fault:?} at call {call}")).await.unwrap();
                if machine.disk.fault_pending() {
                    assert!(set && outcome.is_ok(), "{outcome:?}");
                    break;
                }
            }
        }
    });
}
