//! The contract of [`Engine`](crate::engine::Engine) as tests, for every engine there is.
//!
//! An engine's own tests call [`run`] inside a multi-threaded runtime. Each check starts from an empty engine, and
//! a broken promise is a panic that names it.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "failing is what tests do")]

mod commits;
mod counters;
mod model;
mod rows;

use crate::engine::{Commit, Condition, Engine, Outcome, Scan, Step, Table, Write, scan_with};
use bytes::Bytes;
use std::sync::Arc;

/// Seeds of the comparison with the model: each is another history.
const SEEDS: std::ops::Range<u64> = 0..12;

/// Runs the whole contract. `make` gives a new, empty engine each time.
pub async fn run(make: impl AsyncFn() -> Arc<dyn Engine>) {
    rows::run(&make).await;
    commits::run(&make).await;
    counters::run(&make).await;
    for seed in SEEDS {
        model::histories_end_as_in_the_model(make().await, seed).await;
    }
}

/// A row seen by a scan.
type Row = (Vec<u8>, Vec<u8>);

fn put(table: Table, key: &[u8], value: &[u8]) -> Write {
    Write::Put { table, key: key.to_vec(), value: Bytes::copy_from_slice(value) }
}

fn delete(table: Table, key: &[u8]) -> Write {
    Write::Delete { table, key: key.to_vec() }
}

fn add(key: &[u8], deltas: &[i64]) -> Write {
    Write::Add { key: key.to_vec(), deltas: deltas.to_vec() }
}

fn equals(key: &[u8], value: &[u8]) -> Condition {
    Condition::Equals { table: Table::Rows, key: key.to_vec(), value: Bytes::copy_from_slice(value) }
}

fn absent(key: &[u8]) -> Condition {
    Condition::Absent { table: Table::Rows, key: key.to_vec() }
}

fn empty(start: &[u8], end: &[u8]) -> Condition {
    Condition::Empty { table: Table::Rows, start: start.to_vec(), end: end.to_vec() }
}

async fn commit(engine: &dyn Engine, conditions: Vec<Condition>, writes: Vec<Write>) -> Outcome {
    engine.commit(Commit { conditions, writes }).await.expect("the engine works")
}

async fn write(engine: &dyn Engine, writes: Vec<Write>) {
    assert_eq!(commit(engine, Vec::new(), writes).await, Outcome::Committed, "a commit without conditions");
}

async fn get(engine: &dyn Engine, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    engine.get(table, key).await.expect("the engine works").map(Vec::from)
}

async fn scan(engine: &dyn Engine, table: Table, start: &[u8], end: Option<&[u8]>) -> Vec<Row> {
    scan_by(engine, table, start, end, |_| Step::Next).await
}

/// Scans and lets `step` see the keys so far and say how to go on.
async fn scan_by(
    engine: &dyn Engine,
    table: Table,
    start: &[u8],
    end: Option<&[u8]>,
    step: impl FnMut(&[Row]) -> Step + Send + 'static,
) -> Vec<Row> {
    let range = Scan { table, start: start.to_vec(), end: end.map(<[u8]>::to_vec), backwards: false };
    visit(engine, range, step).await
}

/// As [`scan_by`], from the last row to the first.
async fn scan_back_by(
    engine: &dyn Engine,
    table: Table,
    start: &[u8],
    end: Option<&[u8]>,
    step: impl FnMut(&[Row]) -> Step + Send + 'static,
) -> Vec<Row> {
    let range = Scan { table, start: start.to_vec(), end: end.map(<[u8]>::to_vec), backwards: true };
    visit(engine, range, step).await
}

async fn visit(engine: &dyn Engine, range: Scan, step: impl FnMut(&[Row]) -> Step + Send + 'static) -> Vec<Row> {
    struct Collect<F>(Vec<Row>, F);
    impl<F: FnMut(&[Row]) -> Step + Send + 'static> crate::engine::Visitor for Collect<F> {
        fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
            self.0.push((key.to_vec(), value.to_vec()));
            (self.1)(&self.0)
        }
    }
    scan_with(engine, range, Collect(Vec::new(), step)).await.expect("the engine works").0
}

async fn keys(engine: &dyn Engine, start: &[u8], end: Option<&[u8]>) -> Vec<Vec<u8>> {
    scan(engine, Table::Rows, start, end).await.into_iter().map(|(key, _)| key).collect()
}
