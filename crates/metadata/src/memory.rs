//! The engine as a few ordered maps: the model that `suite` holds every other engine against.
//!
//! Nothing survives the process. A scan works on a copy of its table, so that its visitor may call the engine.

use crate::engine::{
    Answer, Commit, Condition, Engine, EngineError, Outcome, Scan, Step, Table, Visitor, Write, add_counters,
    decode_counters, encode_counters,
};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Rows = BTreeMap<Vec<u8>, Bytes>;

/// An engine in memory. See the module.
#[derive(Debug, Default)]
pub struct MemoryEngine {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    rows: Arc<Rows>,
    payloads: Arc<Rows>,
    counters: Arc<Rows>,
}

impl Tables {
    fn of(&self, table: Table) -> &Arc<Rows> {
        match table {
            Table::Rows => &self.rows,
            Table::Payloads => &self.payloads,
            Table::Counters => &self.counters,
        }
    }

    fn change(&mut self, table: Table) -> &mut Rows {
        Arc::make_mut(match table {
            Table::Rows => &mut self.rows,
            Table::Payloads => &mut self.payloads,
            Table::Counters => &mut self.counters,
        })
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Equals { table, key, value } => self.of(*table).get(key) == Some(value),
            Condition::Absent { table, key } => !self.of(*table).contains_key(key),
            Condition::Empty { table, start, end } => {
                start >= end || self.of(*table).range::<Vec<u8>, _>(start..end).next().is_none()
            }
        }
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Put { table, key, value } => {
                self.change(table).insert(key, value);
            }
            Write::Delete { table, key } => {
                self.change(table).remove(&key);
            }
            Write::Add { key, deltas } => {
                let row = self.change(Table::Counters).entry(key).or_default();
                let mut sums = decode_counters(row);
                add_counters(&mut sums, &deltas);
                *row = encode_counters(&sums).into();
            }
        }
    }

    fn commit(&mut self, commit: Commit) -> Outcome {
        if !commit.conditions.iter().all(|condition| self.holds(condition)) {
            return Outcome::Conflict;
        }
        commit.writes.into_iter().for_each(|write| self.apply(write));
        Outcome::Committed
    }
}

impl MemoryEngine {
    /// An empty engine.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for MemoryEngine {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move { Ok(self.tables().of(table).get(key).cloned()) })
    }

    fn scan(&self, scan: Scan, mut visitor: Box<dyn Visitor>) -> Answer<'_, ()> {
        Box::pin(async move {
            let rows = Arc::clone(self.tables().of(scan.table));
            visit_range(&rows, &scan, visitor.as_mut());
            Ok(())
        })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Outcome> {
        Box::pin(async move { Ok::<_, EngineError>(self.tables().commit(commit)) })
    }
}

fn visit_range(rows: &Rows, scan: &Scan, visitor: &mut dyn Visitor) {
    if scan.backwards {
        return visit_range_backwards(rows, scan, visitor);
    }
    let mut from = Bound::Included(scan.start.clone());
    while let Some((key, value)) = rows.range((from, Bound::Unbounded)).next() {
        if scan.end.as_ref().is_some_and(|end| key >= end) {
            return;
        }
        from = match visitor.visit(key, value) {
            Step::Seek(target) if target > *key => Bound::Included(target),
            Step::Next | Step::Seek(_) => Bound::Excluded(key.clone()),
            Step::Stop => return,
        };
    }
}

fn visit_range_backwards(rows: &Rows, scan: &Scan, visitor: &mut dyn Visitor) {
    let mut to = scan.end.clone().map_or(Bound::Unbounded, Bound::Excluded);
    while let Some((key, value)) = rows.range((Bound::Unbounded, to)).next_back() {
        if *key < scan.start {
            return;
        }
        to = match visitor.visit(key, value) {
            Step::Seek(target) if target < *key => Bound::Included(target),
            Step::Next | Step::Seek(_) => Bound::Excluded(key.clone()),
            Step::Stop => return,
        };
    }
}
