//! Random histories, step by step against the model.

use super::{add, delete, put, scan, scan_back_by, scan_by};
use crate::engine::{Commit, Condition, Engine, Step, Table, Write};
use crate::memory::MemoryEngine;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::Poll;
use tokio::task::unconstrained;

/// Steps of a history.
const STEPS: usize = 200;

/// Plays one random history on the engine and on the model. Every answer must be the same.
pub(super) async fn histories_end_as_in_the_model(engine: Arc<dyn Engine>, seed: u64) {
    let (model, mut random) = (MemoryEngine::new(), Random(seed));
    for step in 0..STEPS {
        let at = format!("SEED={seed} step {step}");
        match random.below(8) {
            0 => compare_scan(&*engine, &model, &mut random, &at).await,
            1 | 2 => compare_get(&*engine, &model, &mut random, &at).await,
            3 => compare_together(&*engine, &model, &mut random, &at).await,
            _ => {
                let commit = random.commit(&model).await;
                let (ours, theirs) =
                    (engine.commit(commit.clone()).await.unwrap(), model.commit(commit).await.unwrap());
                assert_eq!(ours, theirs, "{at}");
            }
        }
    }
    for table in [Table::Rows, Table::Payloads, Table::Counters] {
        let (ours, theirs) = (scan(&*engine, table, b"", None).await, scan(&model, table, b"", None).await);
        assert!(ours == theirs, "SEED={seed} {table:?} at the end");
    }
}

async fn compare_get(engine: &dyn Engine, model: &MemoryEngine, random: &mut Random, at: &str) {
    let (table, key) = (random.table(), random.key());
    let (ours, theirs) = (engine.get(table, &key).await.unwrap(), model.get(table, &key).await.unwrap());
    assert!(ours == theirs, "{at}: {table:?} {key:?}");
}

async fn compare_scan(engine: &dyn Engine, model: &MemoryEngine, random: &mut Random, at: &str) {
    let (table, start) = (random.table(), random.key());
    let end = (random.below(3) > 0).then(|| random.key());
    let script = (0..64).map(|_| (random.below(8), random.key())).collect::<Vec<_>>();
    let steps = || {
        let script = script.clone();
        move |seen: &[super::Row]| match &script[seen.len() % script.len()] {
            (0, key) => Step::Seek([&seen[seen.len() - 1].0[..], key].concat()),
            (1, key) => Step::Seek(key.clone()),
            (2, _) if seen.len() > 20 => Step::Stop,
            _ => Step::Next,
        }
    };
    let ours = scan_by(engine, table, &start, end.as_deref(), steps()).await;
    let theirs = scan_by(model, table, &start, end.as_deref(), steps()).await;
    assert!(ours == theirs, "{at}: {table:?} {start:?}..{end:?}");
    let ours = scan_back_by(engine, table, &start, end.as_deref(), steps()).await;
    let theirs = scan_back_by(model, table, &start, end.as_deref(), steps()).await;
    assert!(ours == theirs, "{at}: {table:?} {start:?}..{end:?} backwards");
}

/// Several commits handed over in one go, so that an engine may group them.
async fn compare_together(engine: &dyn Engine, model: &MemoryEngine, random: &mut Random, at: &str) {
    let mut commits = Vec::new();
    for _ in 0..2 + random.below(20) {
        commits.push(random.commit(model).await);
    }
    let mut futures = commits.iter().map(|commit| engine.commit(commit.clone())).collect::<Vec<_>>();
    for future in &mut futures {
        // In order, and with room for all in any queue: the first poll hands the commit over.
        unconstrained(poll_fn(|context| {
            if let Poll::Ready(outcome) = future.as_mut().poll(context) {
                *future = Box::pin(ready(outcome));
            }
            Poll::Ready(())
        }))
        .await;
    }
    for (number, (future, commit)) in futures.into_iter().zip(commits).enumerate() {
        let (ours, theirs) = (future.await.unwrap(), model.commit(commit).await.unwrap());
        assert_eq!(ours, theirs, "{at}, commit {number} of the group");
    }
}

/// A small generator (splitmix64): a seed is a history.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn table(&mut self) -> Table {
        [Table::Rows, Table::Rows, Table::Payloads, Table::Counters][self.below(4) as usize]
    }

    /// Few and short, so that histories meet themselves.
    fn key(&mut self) -> Vec<u8> {
        (0..self.below(3)).map(|_| [0, 1, b'a', b'b', 0xff][self.below(5) as usize]).collect()
    }

    fn value(&mut self, table: Table) -> Vec<u8> {
        let length = match table {
            Table::Payloads => [0, 10, 1023, 1024, 5000, 66_000][self.below(6) as usize],
            Table::Rows | Table::Counters => self.below(4) as usize,
        };
        vec![self.next() as u8; length]
    }

    fn write(&mut self) -> Write {
        let (table, key) = (self.table(), self.key());
        match (self.below(3), table) {
            (0, _) => delete(table, &key),
            (_, Table::Counters) => {
                let deltas = (0..self.below(4)).map(|_| self.next() as i64).collect::<Vec<_>>();
                add(&key, &deltas)
            }
            _ => put(table, &key, &self.value(table)),
        }
    }

    /// A condition that holds about every other time.
    async fn condition(&mut self, model: &MemoryEngine) -> Condition {
        let (table, key) = (self.table(), self.key());
        let stored = model.get(table, &key).await.unwrap();
        match (self.below(6), stored) {
            (0, _) => Condition::Empty { table, start: key, end: self.key() },
            (1, _) => Condition::Absent { table, key },
            (2, _) => Condition::Equals { table, key, value: self.value(table).into() },
            (_, Some(value)) => Condition::Equals { table, key, value },
            (_, None) => Condition::Absent { table, key },
        }
    }

    async fn commit(&mut self, model: &MemoryEngine) -> Commit {
        let mut commit = Commit::default();
        for _ in 0..self.below(3) {
            commit.conditions.push(self.condition(model).await);
        }
        commit.writes = (0..self.below(5)).map(|_| self.write()).collect();
        commit
    }
}
