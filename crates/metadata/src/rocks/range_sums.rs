//! Sums of ranges of counters: a range that was asked for once is kept summed up in memory by the thread that writes.
//!
//! The first to ask passes over the rows, as of one moment. Whatever is written after that moment is added here, in the
//! same order; so what the pass finds and what was added since is exact, whatever is written meanwhile, and no row has
//! the sum that every commit would write. A restart begins anew, from the rows.

use super::database::{Database, Written};
use super::scan::Walk;
use crate::engine::{EngineError, Scan, Table, add_counters, decode_counters};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ranges that are kept summed up. Others are passed over each time.
const RANGES_MAX: usize = 4;

/// See the module.
#[derive(Default)]
pub(super) struct RangeSums {
    /// Held while a group is written and counted, and while a pass takes its moment: a pass sees a group, or finds its
    /// changes here later, and never both.
    moment: Mutex<()>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    ranges: Vec<KeptSum>,
    /// Passes that were begun so far.
    passes: u64,
}

struct KeptSum {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    /// Tells the last pass from those before it.
    pass: u64,
    /// What the last pass found, if it ended.
    found: Option<Vec<i64>>,
    /// What was written since the moment of the last pass.
    added: Vec<i64>,
}

/// A group on its way to the disk.
pub(super) struct Writing<'a> {
    sums: &'a RangeSums,
    _moment: MutexGuard<'a, ()>,
}

impl RangeSums {
    /// The sum of a range, if it is kept: with all commits that were answered.
    pub(super) fn get(&self, start: &[u8], end: Option<&[u8]>) -> Option<Vec<i64>> {
        let mut kept = lock(&self.kept);
        let range = kept.range(start, end)?;
        let mut sums = range.found.clone()?;
        add_counters(&mut sums, &range.added);
        Some(sums)
    }

    /// Passes over a range, and keeps its sum from then on if there is a place for it. Blocks.
    pub(super) fn read(
        &self,
        database: &Database,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
    ) -> Result<Vec<i64>, EngineError> {
        let scan = Scan { table: Table::Counters, start: start.clone(), end: end.clone(), backwards: false };
        let (mut rows, pass) = {
            let _moment = lock(&self.moment);
            (Walk::begin(database, scan)?, lock(&self.kept).begin(&start, end.as_deref()))
        };
        let mut sums = Vec::new();
        while let Some(value) = rows.value()? {
            add_counters(&mut sums, &decode_counters(value));
            rows.next();
        }
        if let Some(range) = lock(&self.kept).range(&start, end.as_deref()).filter(|range| Some(range.pass) == pass) {
            range.found = Some(sums.clone());
        }
        Ok(sums)
    }

    /// A group is about to be written.
    pub(super) fn writing(&self) -> Writing<'_> {
        Writing { sums: self, _moment: lock(&self.moment) }
    }
}

impl Writing<'_> {
    /// What `change` says that the group makes of each range that is kept.
    pub(super) fn changes(
        &self,
        change: impl Fn(&[u8], Option<&[u8]>) -> Result<Vec<i64>, EngineError>,
    ) -> Result<Vec<Vec<i64>>, EngineError> {
        let kept = lock(&self.sums.kept);
        kept.ranges.iter().map(|range| change(&range.start, range.end.as_deref())).collect()
    }

    /// The group was written, or was not. Only now may a commit of it be answered.
    pub(super) fn end(self, changes: Result<Vec<Vec<i64>>, EngineError>, written: &Result<Written, EngineError>) {
        let mut kept = lock(&self.sums.kept);
        match (changes, written) {
            // Ranges come and go only while no group is being written.
            (Ok(changes), Ok(Written::Durable)) => {
                kept.ranges.iter_mut().zip(changes).for_each(|(range, change)| add_counters(&mut range.added, &change));
            }
            (_, Ok(Written::Stalled)) => {}
            // What the rows hold now is for the next pass to find.
            _ => kept.ranges.clear(),
        }
    }
}

impl Kept {
    fn range(&mut self, start: &[u8], end: Option<&[u8]>) -> Option<&mut KeptSum> {
        self.ranges.iter_mut().find(|range| range.start == start && range.end.as_deref() == end)
    }

    /// A pass begins. Its number, if what it finds is to be kept.
    fn begin(&mut self, start: &[u8], end: Option<&[u8]>) -> Option<u64> {
        self.passes += 1;
        let pass = self.passes;
        if let Some(range) = self.range(start, end) {
            // Another pass may have ended since it was looked for; what that found stands.
            if range.found.is_none() {
                (range.pass, range.added) = (pass, Vec::new());
            }
        } else if self.ranges.len() < RANGES_MAX {
            let (start, end) = (start.to_vec(), end.map(<[u8]>::to_vec));
            self.ranges.push(KeptSum { start, end, pass, found: None, added: Vec::new() });
        } else {
            return None;
        }
        Some(pass)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
