//! Every disk call of every operation fails once, in every way: what is seen afterwards was allowed, and nothing
//! is left behind.
//!
//! After each fault the world goes on in several ways from the same disk: in the same process if it can, after a
//! kill, and after power losses that drop all, nothing or some of what was not synced.
#![expect(clippy::unwrap_used, reason = "test code")]

use bytes::Bytes;
use simulator::audit::{audit, clean};
use simulator::machine::settle;
use simulator::observe::observe;
use simulator::{Answer, Fault, Machine, Model, ObjectName, Operation, Process, Random, State, UploadName, run};

/// Small enough to lie beside its row.
const INLINE: usize = 700;
/// Large enough for a file of several chunks and two units of disk work.
const FILE: usize = 300_000;

/// A disk with something of everything, whose process is gone.
struct Scene {
    machine: Machine,
    state: State,
    /// Two parts, of which the first is in a file.
    upload: UploadName,
    parts: Vec<(u16, Bytes)>,
    random: Random,
}

fn object(key: &str) -> ObjectName {
    ObjectName::new("first", key)
}

/// Does what cannot fail here.
async fn done(process: &Process, operation: Operation) -> Answer {
    operation.run(process).await.unwrap()
}

async fn begin_upload(process: &Process, at: ObjectName) -> UploadName {
    let Answer::Upload(id) = done(process, Operation::CreateUpload(at.clone())).await else { unreachable!() };
    UploadName { at, id }
}

impl Scene {
    async fn new() -> Self {
        let (machine, mut random) = (Machine::new(1), Random::new(2));
        let process = machine.start().await.unwrap();
        let mut bytes = |length| Bytes::from(random.bytes(length));
        for bucket in ["first", "second", "uploads", "empty"] {
            done(&process, Operation::CreateBucket(bucket.into())).await;
        }
        done(&process, Operation::Put(object("inline"), bytes(INLINE))).await;
        done(&process, Operation::Put(object("file"), bytes(FILE))).await;
        done(&process, Operation::Put(object("shared"), bytes(FILE))).await;
        done(&process, Operation::Copy(object("shared"), ObjectName::new("second", "copy"))).await;
        let upload = begin_upload(&process, object("multipart")).await;
        let part = bytes(FILE);
        done(&process, Operation::UploadPart(upload.clone(), 1, part.clone())).await;
        done(&process, Operation::Complete(upload, vec![(1, part)])).await;
        let upload = begin_upload(&process, object("upload")).await;
        let parts = vec![(1, bytes(FILE)), (7, bytes(INLINE))];
        for (number, bytes) in &parts {
            done(&process, Operation::UploadPart(upload.clone(), *number, bytes.clone())).await;
        }
        let other = begin_upload(&process, ObjectName::new("uploads", "upload")).await;
        done(&process, Operation::UploadPart(other, 1, bytes(FILE))).await;
        // Garbage of each kind, and a file that no row names.
        done(&process, Operation::Delete(object("inline"))).await;
        done(&process, Operation::Put(object("inline"), bytes(INLINE))).await;
        done(&process, Operation::Put(object("gone"), bytes(FILE))).await;
        done(&process, Operation::Delete(object("gone"))).await;
        Operation::PutCutShort(object("gone"), bytes(FILE), FILE - 1).run(&process).await.unwrap_err();
        let state = observe(&process).await.unwrap();
        Self { machine: machine.after_power_loss(0), state, upload, parts, random }
    }

    fn bytes(&mut self, length: usize) -> Bytes {
        self.random.bytes(length).into()
    }
}

/// Checks what a restart finds, cleans up, and does so again when the power went after that.
async fn check_restart(machine: Machine, model: &Model, when: &str) {
    let process = Box::pin(machine.start()).await.unwrap();
    let seen = observe(&process).await.unwrap();
    model.check(&seen, when);
    clean(&process).await.unwrap();
    audit(&process, when).await.unwrap();
    check_unchanged(&machine.after_power_loss(0), &seen, when).await;
}

async fn check_unchanged(machine: &Machine, seen: &State, when: &str) {
    let process = Box::pin(machine.start()).await.unwrap();
    Model::of(seen.clone()).check(&observe(&process).await.unwrap(), when);
    clean(&process).await.unwrap();
    audit(&process, &format!("{when}, after another power loss")).await.unwrap();
}

/// The process goes on as far as it can, and then the power goes.
async fn check_going_on(machine: &Machine, process: &Process, model: &Model, when: &str) {
    machine.disk.heal();
    let Ok(seen) = observe(process).await else { return };
    model.check(&seen, when);
    if clean(process).await.is_ok() {
        audit(process, when).await.unwrap();
        check_unchanged(&machine.after_power_loss(0), &seen, when).await;
    } else {
        let machine = machine.after_power_loss(0);
        check_restart(machine, model, when).await;
    }
}

/// Lets each disk call of `operation` fail in each way. Answers how many calls it makes.
async fn walk(scene: &Scene, operation: Operation) -> u64 {
    let mut calls = 0;
    for fault in Fault::ALL {
        for call in 0.. {
            let machine = scene.machine.after_kill();
            let process = machine.start().await.unwrap();
            machine.disk.fail_at_call(call, fault);
            let outcome = operation.run(&process).await;
            settle().await;
            if machine.disk.fault_pending() {
                calls = call;
                assert!(outcome.is_ok(), "{operation:.99?} fails without a fault: {outcome:?}");
                break;
            }
            let mut model = Model::of(scene.state.clone());
            model.record(&operation, &outcome);
            let hit = machine.disk.fault_fired();
            let when = format!("{} with {fault:?} at call {call} ({hit:?}): {outcome:?}", operation.kind());
            check_restart(machine.after_kill(), &model, &format!("{when}, after a kill")).await;
            for seed in [0, 1, 2 + call % 3] {
                let when = format!("{when}, after power loss {seed}");
                check_restart(machine.after_power_loss(seed), &model, &when).await;
            }
            check_going_on(&machine, &process, &model, &format!("{when}, in the same process")).await;
        }
    }
    calls
}

/// Walks through an operation that makes at least `calls` disk calls.
fn check(calls: u64, operation: impl FnOnce(&mut Scene) -> Operation) {
    run(async {
        let mut scene = Scene::new().await;
        let operation = operation(&mut scene);
        let made = Box::pin(walk(&scene, operation)).await;
        assert!(made >= calls, "only {made} calls were walked");
    });
}

#[test]
fn a_small_object_is_put_or_not() {
    check(2, |scene| Operation::Put(object("new"), scene.bytes(INLINE)));
}

#[test]
fn a_small_object_replaces_a_large_one_or_does_not() {
    check(2, |scene| Operation::Put(object("file"), scene.bytes(INLINE)));
}

#[test]
fn a_large_object_is_put_or_not() {
    check(12, |scene| Operation::Put(object("new"), scene.bytes(FILE)));
}

#[test]
fn a_large_object_replaces_a_small_one_or_does_not() {
    check(12, |scene| Operation::Put(object("inline"), scene.bytes(FILE)));
}

#[test]
fn a_large_object_replaces_a_multipart_one_or_does_not() {
    check(12, |scene| Operation::Put(object("multipart"), scene.bytes(FILE)));
}

#[test]
fn a_copy_is_there_or_not() {
    check(2, |_| Operation::Copy(object("file"), ObjectName::new("second", "new")));
}

#[test]
fn a_copy_replaces_shared_bytes_or_does_not() {
    check(2, |_| Operation::Copy(object("multipart"), ObjectName::new("second", "copy")));
}

#[test]
fn an_object_is_deleted_or_not() {
    check(2, |_| Operation::Delete(object("multipart")));
}

#[test]
fn each_of_several_objects_is_deleted_or_not() {
    let keys = ["file", "inline", "missing", "shared"].map(String::from).to_vec();
    check(2, |_| Operation::DeleteMany("first".into(), keys));
}

#[test]
fn a_bucket_is_created_or_not() {
    check(2, |_| Operation::CreateBucket("third".into()));
}

#[test]
fn lock_rules_are_set_or_not() {
    check(2, |_| Operation::Lock("first".into(), true));
}

#[test]
fn a_bucket_is_deleted_or_not() {
    check(2, |_| Operation::DeleteBucket("empty".into()));
}

#[test]
fn an_upload_is_begun_or_not() {
    check(2, |_| Operation::CreateUpload(object("new")));
}

#[test]
fn a_part_is_uploaded_or_not() {
    check(12, |scene| Operation::UploadPart(scene.upload.clone(), 9, scene.bytes(FILE)));
}

#[test]
fn a_part_replaces_another_or_does_not() {
    check(12, |scene| Operation::UploadPart(scene.upload.clone(), 1, scene.bytes(FILE)));
}

#[test]
fn a_part_is_copied_or_not() {
    check(14, |scene| Operation::CopyPart(scene.upload.clone(), 2, object("file")));
}

#[test]
fn an_upload_is_completed_or_not_and_the_parts_it_leaves_out_are_collected() {
    check(2, |scene| Operation::Complete(scene.upload.clone(), scene.parts[..1].to_vec()));
}

#[test]
fn an_upload_is_aborted_or_not() {
    check(2, |scene| Operation::Abort(scene.upload.clone()));
}

#[test]
fn collecting_changes_nothing_that_is_seen() {
    check(6, |_| Operation::Collect);
}

#[test]
fn sweeping_changes_nothing_that_is_seen() {
    check(4, |_| Operation::Sweep);
}

#[test]
fn compacting_changes_nothing_that_is_seen() {
    check(6, |_| Operation::Compact);
}

#[test]
fn a_start_that_fails_at_any_call_harms_nothing() {
    run(async {
        let scene = Scene::new().await;
        let model = Model::of(scene.state.clone());
        for fault in Fault::ALL {
            for call in 0.. {
                let machine = scene.machine.after_kill();
                machine.disk.fail_at_call(call, fault);
                drop(machine.start().await);
                let when = format!("start with {fault:?} at call {call} ({:?})", machine.disk.fault_fired());
                check_restart(machine.after_kill(), &model, &when).await;
                check_restart(machine.after_power_loss(call), &model, &when).await;
                if machine.disk.fault_pending() {
                    assert!(call > 6, "only {call} calls were walked");
                    break;
                }
            }
        }
    });
}

/// An upload whose unlisted parts and whose manifest become garbage at the same moment of the clock.
#[test]
fn an_object_deleted_in_the_millisecond_it_was_completed_leaves_nothing_behind() {
    run(async {
        let Scene { machine, upload, parts, .. } = Scene::new().await;
        let process = machine.start().await.unwrap();
        done(&process, Operation::Complete(upload.clone(), parts[..1].to_vec())).await;
        done(&process, Operation::Delete(upload.at)).await;
        clean(&process).await.unwrap();
        audit(&process, "after complete and delete at one moment").await.unwrap();
    });
}

/// The file is removed, its directory is not synced, and the second round finds nothing to remove.
#[test]
fn a_removal_whose_sync_failed_is_made_durable_by_the_next_round() {
    run(async {
        let mut rounds = 0;
        for call in 0..4 {
            let Scene { machine, state, .. } = Scene::new().await;
            let process = machine.start().await.unwrap();
            clean(&process).await.unwrap();
            done(&process, Operation::Delete(object("file"))).await;
            machine.disk.fail_at_call(call, Fault::Error);
            let failed = Operation::Collect.run(&process).await.is_err();
            if !failed || machine.disk.fault_fired() != Some(("sync_dir", Fault::Error)) {
                continue;
            }
            rounds += 1;
            machine.disk.heal();
            clean(&process).await.unwrap();
            let mut model = Model::of(state);
            model.record(&Operation::Delete(object("file")), &Ok(Answer::Done));
            check_restart(machine.after_power_loss(0), &model, "after a removal that was synced late").await;
        }
        assert_eq!(rounds, 1, "the sync of the directory failed once");
    });
}

/// The collector takes the list of failed uploads, and then finds no room to write them down as garbage.
#[test]
fn files_of_failed_uploads_go_in_the_same_process_although_the_disk_was_full_in_between() {
    run(async {
        let mut scene = Scene::new().await;
        let machine = scene.machine.clone();
        let process = machine.start().await.unwrap();
        clean(&process).await.unwrap();
        for _ in 0..3 {
            let cut_short = Operation::PutCutShort(object("new"), scene.bytes(FILE), FILE - 1);
            cut_short.run(&process).await.unwrap_err();
        }
        machine.disk.fail_at_call(0, Fault::Full);
        Operation::Collect.run(&process).await.unwrap_err();
        clean(&process).await.unwrap();
        audit(&process, "after a collection that found the disk full").await.unwrap();
    });
}
