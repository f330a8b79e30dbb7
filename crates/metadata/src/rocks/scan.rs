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
    let mut rows = Walk::begin(database, scan)?;
    while !gone.load(Ordering::Relaxed) {
        match rows.show(visitor) {
            Some(Step::Next) => rows.next(),
            Some(Step::Seek(target)) => rows.advance(&target),
            // An iterator that met an error looks like one at its end.
            None => return rows.iterator.status().map_err(|error| failure("scanning", error)),
            Some(Step::Stop) => return Ok(()),
        }
    }
    Ok(())
}

/// Rows stepped over before a seek. A seek costs as much as some twenty steps: each table file that has keys about
/// there is asked anew.
const STEPS_BEFORE_SEEK: usize = 16;
/// Of so many gaps in succession that take a seek, only the first is tried by stepping: gaps are often alike.
const SEEKS_BETWEEN_TRIES: usize = 8;
/// Bytes read from a table file beyond the block that is needed, four blocks: also a listing with a delimiter meets
/// most blocks, and a read of each would be most of what they cost. More would be felt by scans of a few rows, since
/// every file in question is read so far.
const READAHEAD_BYTES: usize = 16 * 1024;

/// A way through the rows of a range, in one direction.
pub(super) struct Walk<'d> {
    iterator: DBRawIterator<'d>,
    backwards: bool,
    /// Gaps that took a seek since the last one that did not.
    seeks: usize,
}

impl<'d> Walk<'d> {
    /// At the first row of the range, or at the last.
    pub(super) fn begin(database: &'d Database, scan: Scan) -> Result<Self, EngineError> {
        let mut options = ReadOptions::default();
        // A scan meets each block once: it must not push out what requests use, and the page cache is behind it.
        options.fill_cache(false);
        // Looking up in the cache what need not be read ahead is more work than reading it.
        options.set_auto_readahead_size(false);
        if !scan.backwards {
            options.set_readahead_size(READAHEAD_BYTES);
        }
        if let Some(end) = scan.end {
            options.set_iterate_upper_bound(end);
        }
        if scan.backwards {
            options.set_iterate_lower_bound(scan.start.clone());
        }
        let mut iterator = database.db.raw_iterator_cf_opt(database.table(scan.table)?, options);
        if scan.backwards {
            iterator.seek_to_last()
        } else {
            iterator.seek(&scan.start)
        }
        Ok(Self { iterator, backwards: scan.backwards, seeks: 0 })
    }

    /// The value of the row it stands at; `None` at the end.
    pub(super) fn value(&self) -> Result<Option<&[u8]>, EngineError> {
        match self.iterator.value() {
            Some(value) => Ok(Some(value)),
            // An iterator that met an error looks like one at its end.
            None => self.iterator.status().map(|()| None).map_err(|error| failure("scanning", error)),
        }
    }

    /// To the next row.
    pub(super) fn next(&mut self) {
        if self.backwards { self.iterator.prev() } else { self.iterator.next() }
    }

    /// Whether a row at `key` lies at `target` or behind it.
    fn reaches(&self, key: &[u8], target: &[u8]) -> bool {
        if self.backwards { key <= target } else { key >= target }
    }

    /// To the next row that reaches `target`: near ones by stepping, far ones by a seek.
    fn advance(&mut self, target: &[u8]) {
        if self.seeks.is_multiple_of(SEEKS_BETWEEN_TRIES) && self.step_to(target) {
            self.seeks = 0;
            return;
        }
        self.seeks += 1;
        if self.backwards { self.iterator.seek_for_prev(target) } else { self.iterator.seek(target) }
    }

    /// To the next row that reaches `target` or the end, if that is near.
    fn step_to(&mut self, target: &[u8]) -> bool {
        (0..STEPS_BEFORE_SEEK).any(|_| {
            self.next();
            self.iterator.key().is_none_or(|key| self.reaches(key, target))
        })
    }

    /// The visitor's next step, `None` when there is no row. A step that would not lead on is a step to the next row.
    fn show(&self, visitor: &mut dyn Visitor) -> Option<Step> {
        let (key, value) = self.iterator.item()?;
        Some(match visitor.visit(key, value) {
            Step::Seek(target) if self.reaches(key, &target) => Step::Next,
            step => step,
        })
    }
}
