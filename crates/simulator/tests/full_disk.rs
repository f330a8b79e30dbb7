//! A disk that is full refuses and forgets nothing: what was acknowledged is readable, and room comes back.
#![expect(clippy::unwrap_used, reason = "test code")]

use bytes::Bytes;
use simulator::audit::{audit, clean};
use simulator::observe::observe;
use simulator::{Machine, Model, ObjectName, Operation, Process, Random, State, run};
use std::time::Duration;
use types::ErrorCode;

const MIB: u64 = 1024 * 1024;

fn object(number: usize) -> ObjectName {
    ObjectName::new("bucket", &format!("object {number:03}"))
}

/// Puts objects, each twice as often small as large, until the disk takes neither. Answers how many there are.
async fn fill(machine: &Machine, process: &Process, model: &mut Model, random: &mut Random) -> usize {
    let mut refused = 0;
    for number in 0.. {
        let length = if number % 3 == 0 { 200_000 } else { 20_000 };
        let put = Operation::Put(object(number), random.bytes(length).into());
        let outcome = put.run(process).await;
        model.record(&put, &outcome);
        match outcome {
            Ok(_) if refused == 0 => {}
            Ok(_) => {
                // A refused commit cannot come back once a later one is durable.
                let seen = observe(process).await.unwrap();
                model.check(&seen, "after refusals");
                *model = Model::of(seen);
                refused = 0;
            }
            Err(code) => {
                assert_eq!(code, ErrorCode::StorageFull);
                refused += 1;
            }
        }
        if refused == 6 {
            return number;
        }
        // An answer about free space is believed for a while.
        machine.clock.advance(Duration::from_secs(2));
    }
    unreachable!("the disk has a capacity")
}

async fn start(capacity: u64, reserve_bytes: u64) -> (Machine, Process, Model) {
    let mut machine = Machine::new(7);
    machine.settings.reserve_bytes = reserve_bytes;
    machine.settings.compact_at_bytes = 512 * 1024;
    machine.disk.set_capacity(capacity);
    let process = machine.start().await.unwrap();
    let mut model = Model::of(State::default());
    let create = Operation::CreateBucket("bucket".into());
    model.record(&create, &create.run(&process).await);
    (machine, process, model)
}

#[test]
fn with_a_reserve_reads_and_deletes_go_on_and_give_room_for_writes() {
    run(async {
        let (machine, process, mut model) = start(8 * MIB, 3 * MIB).await;
        let mut random = Random::new(11);
        let puts = fill(&machine, &process, &mut model, &mut random).await;
        model.check(&observe(&process).await.unwrap(), "on the full disk");
        for number in 0..puts {
            let delete = Operation::Delete(object(number));
            let outcome = delete.run(&process).await;
            assert!(outcome.is_ok(), "the reserve is for this: {outcome:?}");
            model.record(&delete, &outcome);
        }
        clean(&process).await.unwrap();
        machine.clock.advance(Duration::from_secs(2));
        audit(&process, "after all is deleted").await.unwrap();
        let again = fill(&machine, &process, &mut model, &mut random).await;
        assert!(again * 10 >= puts * 9, "{again} objects fit where {puts} did before");
        model.check(&observe(&process).await.unwrap(), "on the disk filled again");
    });
}

#[test]
fn without_a_reserve_nothing_acknowledged_is_lost_in_the_process_or_after_a_crash() {
    run(async {
        for seed in 0..5 {
            let (machine, process, mut model) = start(4 * MIB + seed * 10_007, 0).await;
            fill(&machine, &process, &mut model, &mut Random::new(seed)).await;
            model.check(&observe(&process).await.unwrap(), "on the full disk");
            for machine in [machine.after_kill(), machine.after_power_loss(seed)] {
                // A start writes, so somebody must make room for it.
                machine.disk.set_capacity(64 * MIB);
                let process = machine.start().await.unwrap();
                model.check(&observe(&process).await.unwrap(), "after a crash on the full disk");
                clean(&process).await.unwrap();
                audit(&process, "after a crash on the full disk").await.unwrap();
                let put = Operation::Put(object(999), Bytes::from_static(b"room again"));
                put.run(&process).await.unwrap();
            }
        }
    });
}
