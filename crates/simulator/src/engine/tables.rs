//! The rows in memory: conditions are judged and writes applied here, and snapshots taken.

use bytes::Bytes;
use metadata::engine::{
    Commit, Condition, Scan, Step, Table, Visitor, Write, add_counters, decode_counters, encode_counters,
};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

type Rows = BTreeMap<Vec<u8>, Bytes>;

/// All tables. A copy costs nothing and does not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    rows: Arc<Rows>,
    payloads: Arc<Rows>,
    counters: Arc<Rows>,
}

impl Tables {
    fn of(&self, table: Table) -> &Rows {
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

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<Bytes> {
        self.of(table).get(key).cloned()
    }

    pub(super) fn hold(&self, commit: &Commit) -> bool {
        commit.conditions.iter().all(|condition| match condition {
            Condition::Equals { table, key, value } => self.of(*table).get(key) == Some(value),
            Condition::Absent { table, key } => !self.of(*table).contains_key(key),
            Condition::Empty { table, start, end } => {
                start >= end || self.of(*table).range::<Vec<u8>, _>(start..end).next().is_none()
            }
        })
    }

    pub(super) fn apply(&mut self, write: Write) {
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

    /// The writes that make these tables of empty ones.
    pub(super) fn snapshot(&self) -> Vec<Write> {
        let put = |table| {
            move |(key, value): (&Vec<u8>, &Bytes)| Write::Put { table, key: key.clone(), value: value.clone() }
        };
        let tables = [Table::Rows, Table::Payloads, Table::Counters];
        tables.into_iter().flat_map(|table| self.of(table).iter().map(put(table))).collect()
    }

    pub(super) fn visit(&self, scan: &Scan, visitor: &mut dyn Visitor) {
        let rows = self.of(scan.table);
        if scan.backwards {
            return visit_backwards(rows, scan, visitor);
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
}

fn visit_backwards(rows: &Rows, scan: &Scan, visitor: &mut dyn Visitor) {
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
