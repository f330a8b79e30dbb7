//! Scans: one iterator, one moment, on a thread that may wait for the disk.

use super::database::{Database, failure};
use crate::engine::{EngineError, Scan, Step, Visitor};
use rocksdb::{DBRawIterator, ReadOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stops its scan when dropped, so that a client that went away costs no further reads.
#[derive(Default)]
pub(super) struct Caller(Arc<AtomicBool>);

impl Caller {
    /// What the scan looks at to see that nobody waits for it.
    pub(super) fn gone(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shows `visitor` the rows of `scan` until it stops or the caller is gone. Blocks.
pub(super) fn run(
    database: &Database,
    scan: Scan,
    visitor: &mut dyn Visitor,
    gone: &AtomicBool,
) -> Result<(), EngineError> {
    if scan.end.as_ref().is_some_and(|end| scan.start >= *end) {
        return Ok(());
    }
    let mut options = ReadOptions::default();
    // A scan meets each block once: it must not push out what requests use, and the page cache is behind it.
    options.fill_cache(false);
    if let Some(end) = scan.end {
        options.set_iterate_upper_bound(end);
    }
    let mut rows = database.db.raw_iterator_cf_opt(database.table(scan.table)?, options);
    rows.seek(&scan.start);
    while !gone.load(Ordering::Relaxed) {
        match visit(&rows, visitor) {
            Some(Step::Next) => rows.next(),
            Some(Step::Seek(target)) => advance(&mut rows, &target),
            // An iterator that met an error looks like one at its end.
            None => return rows.status().map_err(|error| failure("scanning", error)),
            Some(Step::Stop) => return Ok(()),
        }
    }
    Ok(())
}

/// Rows stepped over before a seek. A seek costs as much as some thirty steps.
const STEPS_BEFORE_SEEK: usize = 16;

/// To the first row at or after `target`: near ones by stepping, far ones by a seek.
fn advance(rows: &mut DBRawIterator<'_>, target: &[u8]) {
    for _ in 0..STEPS_BEFORE_SEEK {
        rows.next();
        if rows.key().is_none_or(|key| key >= target) {
            return;
        }
    }
    rows.seek(target);
}

/// The visitor's next step, `None` when there is no row. A step that would not lead on is a step to the next row.
fn visit(rows: &DBRawIterator<'_>, visitor: &mut dyn Visitor) -> Option<Step> {
    let (key, value) = rows.item()?;
    Some(match visitor.visit(key, value) {
        Step::Seek(target) if target.as_slice() <= key => Step::Next,
        step => step,
    })
}
