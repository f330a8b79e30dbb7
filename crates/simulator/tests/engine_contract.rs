//! The simulated engine keeps the contract of every engine, and its own promises about crashes.
#![expect(clippy::unwrap_used, reason = "test code")]

use metadata::engine::{Commit, Engine, EngineError, Outcome, Table, Write};
use simulator::{Fault, LogEngine, SimDisk};
use std::sync::Arc;

fn open(disk: &SimDisk, compact_at_bytes: u64) -> Arc<LogEngine> {
    Arc::new(LogEngine::open(Arc::new(disk.clone()), compact_at_bytes).unwrap())
}

fn put(number: u8) -> Commit {
    let value = vec![number; 1000].into();
    let put = Write::Put { table: Table::Rows, key: vec![number], value };
    Commit { conditions: Vec::new(), writes: vec![put, Write::Add { key: b"sum".to_vec(), deltas: vec![1] }] }
}

/// How many commits are there; each must be whole, and none may miss that is followed by another.
async fn whole_commits(engine: &LogEngine) -> u8 {
    let keys = engine.keys(Table::Rows);
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(*key, [number as u8]);
        assert_eq!(engine.get(Table::Rows, key).await.unwrap().unwrap(), vec![number as u8; 1000]);
    }
    let sum = engine.get(Table::Counters, b"sum").await.unwrap();
    assert_eq!(sum.map_or(0, |sum| sum[0] as usize), keys.len());
    keys.len() as u8
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_keeps_the_contract() {
    for compact_at_bytes in [0, 10_000, u64::MAX] {
        metadata::suite::run(async || open(&SimDisk::new(), compact_at_bytes) as Arc<dyn Engine>).await;
    }
}

#[test]
fn acknowledged_commits_survive_a_fault_at_any_call_and_a_power_loss() {
    simulator::run(async {
        for (compact_at_bytes, fault) in [0, 3000, u64::MAX].into_iter().flat_map(|c| Fault::ALL.map(|f| (c, f))) {
            for call in 0.. {
                let disk = SimDisk::new();
                let engine = open(&disk, compact_at_bytes);
                disk.fail_at_call(call, fault);
                let mut acknowledged = 0;
                while acknowledged < 10 && engine.commit(put(acknowledged)).await.is_ok() {
                    acknowledged += 1;
                }
                for seed in 0..10 {
                    let found = whole_commits(&open(&disk.after_power_loss(seed), u64::MAX)).await;
                    assert!(found >= acknowledged, "{fault:?} at call {call}, seed {seed}");
                }
                if disk.fault_pending() {
                    break;
                }
            }
        }
    });
}

#[test]
fn after_a_failed_write_commits_are_refused_until_it_is_reopened_and_after_a_full_disk_they_go_on() {
    simulator::run(async {
        let disk = SimDisk::new();
        let engine = open(&disk, u64::MAX);
        disk.fail_at_call(0, Fault::Full);
        assert!(matches!(engine.commit(put(0)).await, Err(EngineError::Full { .. })));
        assert_eq!(engine.commit(put(0)).await.unwrap(), Outcome::Committed);
        disk.fail_at_call(1, Fault::Error);
        assert!(matches!(engine.commit(put(1)).await, Err(EngineError::Disk { .. })));
        assert!(matches!(engine.commit(put(1)).await, Err(EngineError::Disk { .. })));
        let reopened = open(&disk.after_kill(), u64::MAX);
        let found = whole_commits(&reopened).await;
        assert_eq!(reopened.commit(put(found)).await.unwrap(), Outcome::Committed);
    });
}
