//! A group of commits on its way into one write: which of them hold, and what they change together.
//!
//! Each commit is judged against the database and the writes of those before it in the group, which are kept here
//! in order until the write. Nothing is copied but into the batch.

use super::database::{Database, Written, failure};
use crate::engine::{
    Commit, Condition, EngineError, Outcome, Table, Write, add_counters, decode_counters, encode_counters,
};
use bytes::Bytes;
use rocksdb::{ColumnFamily, ReadOptions, WriteBatch};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Bytes that RocksDB adds to a write in its batch, at most.
const BATCH_OVERHEAD_BYTES: usize = 16;

/// The accepted commits of a group. See the module.
pub(super) struct Group<'a> {
    database: &'a Database,
    tables: Tables<'a>,
    rows: BTreeMap<&'a [u8], Option<&'a Bytes>>,
    payloads: BTreeMap<&'a [u8], Option<&'a Bytes>>,
    counters: BTreeMap<&'a [u8], Sum<'a>>,
    batch: WriteBatch,
}

/// Where the writes go, looked up once per group.
struct Tables<'a> {
    rows: &'a ColumnFamily,
    payloads: &'a ColumnFamily,
    counters: &'a ColumnFamily,
}

impl<'a> Tables<'a> {
    fn of_database(database: &'a Database) -> Result<Self, EngineError> {
        Ok(Self {
            rows: database.table(Table::Rows)?,
            payloads: database.table(Table::Payloads)?,
            counters: database.table(Table::Counters)?,
        })
    }

    fn of(&self, table: Table) -> &'a ColumnFamily {
        match table {
            Table::Rows => self.rows,
            Table::Payloads => self.payloads,
            Table::Counters => self.counters,
        }
    }
}

/// What the group does to a row of [`Table::Counters`]: first sets or removes it, if it does, then adds to it.
#[derive(Default)]
struct Sum<'a> {
    base: Base<'a>,
    added: Option<Cow<'a, [i64]>>,
}

#[derive(Default)]
enum Base<'a> {
    /// What the database has.
    #[default]
    Stored,
    /// What the group has set, or nothing.
    Set(Option<&'a Bytes>),
}

/// A row as the group leaves it.
enum Pending<'a> {
    /// The group does not touch it.
    Untouched,
    /// Its value or that it has none.
    Value(Option<Cow<'a, [u8]>>),
}

impl<'a> Group<'a> {
    /// An empty group. `bytes`: about how much the writes to come weigh.
    pub(super) fn new(database: &'a Database, bytes: usize) -> Result<Self, EngineError> {
        let (rows, payloads, counters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let batch = WriteBatch::with_capacity_bytes(bytes);
        Ok(Self { database, tables: Tables::of_database(database)?, rows, payloads, counters, batch })
    }

    /// Takes one more commit in, if its conditions hold.
    pub(super) fn add(&mut self, commit: &'a Commit) -> Result<Outcome, EngineError> {
        for condition in &commit.conditions {
            if !self.holds(condition)? {
                return Ok(Outcome::Conflict);
            }
        }
        commit.writes.iter().for_each(|write| self.apply(write));
        Ok(Outcome::Committed)
    }

    /// Writes what the accepted commits change, if anything. Blocks.
    pub(super) fn write(self) -> Result<Written, EngineError> {
        let _changing = self.database.changing(Table::Rows, self.rows.keys().copied());
        let database = self.database;
        let writing = database.sums.writing();
        let changes = writing.changes(|start, end| self.change_of_sums(start, end));
        let batch = self.into_batch();
        let written = if batch.is_empty() { Ok(Written::Durable) } else { database.write(batch) };
        writing.end(changes, &written);
        written
    }

    /// What the group adds to the sum of a range of counters.
    fn change_of_sums(&self, start: &[u8], end: Option<&[u8]>) -> Result<Vec<i64>, EngineError> {
        let range = (Bound::Included(start), end.map_or(Bound::Unbounded, Bound::Excluded));
        let mut change = Vec::new();
        for (key, sum) in self.counters.range::<[u8], _>(range) {
            if let Base::Set(value) = sum.base {
                let stored = self.database.get(Table::Counters, key)?;
                let lost: Vec<i64> = stored.map(|stored| decode_counters(&stored)).unwrap_or_default();
                add_counters(&mut change, &lost.into_iter().map(i64::wrapping_neg).collect::<Vec<_>>());
                add_counters(&mut change, &value.map(|value| decode_counters(value)).unwrap_or_default());
            }
            if let Some(added) = &sum.added {
                add_counters(&mut change, added);
            }
        }
        Ok(change)
    }

    /// All writes of the group, each counter's sum as one.
    fn into_batch(mut self) -> WriteBatch {
        let table = self.tables.counters;
        for (key, sum) in &self.counters {
            match sum.base {
                Base::Stored => {}
                Base::Set(None) => self.batch.delete_cf(table, key),
                Base::Set(Some(value)) => self.batch.put_cf(table, key, value),
            }
            if let Some(added) = &sum.added {
                self.batch.merge_cf(table, key, encode_counters(added));
            }
        }
        self.batch
    }

    fn holds(&self, condition: &Condition) -> Result<bool, EngineError> {
        match condition {
            Condition::Equals { table, key, value } => self.is(*table, key, Some(value)),
            Condition::Absent { table, key } => self.is(*table, key, None),
            Condition::Empty { table, start, end } => self.is_empty(*table, start, end),
        }
    }

    fn is(&self, table: Table, key: &[u8], expected: Option<&[u8]>) -> Result<bool, EngineError> {
        Ok(match self.pending(table, key)? {
            Pending::Value(value) => value.as_deref() == expected,
            Pending::Untouched => self.database.is(table, key, expected)?,
        })
    }

    fn pending(&self, table: Table, key: &[u8]) -> Result<Pending<'_>, EngineError> {
        let row = match table {
            Table::Rows => self.rows.get(key),
            Table::Payloads => self.payloads.get(key),
            Table::Counters => {
                return self.counters.get(key).map_or(Ok(Pending::Untouched), |sum| self.pending_sum(key, sum));
            }
        };
        Ok(row.map_or(Pending::Untouched, |row| Pending::Value(row.map(|value| Cow::Borrowed(value.as_ref())))))
    }

    fn pending_sum<'b>(&'b self, key: &[u8], sum: &Sum<'b>) -> Result<Pending<'b>, EngineError> {
        let stored = match sum.base {
            Base::Stored => self.database.get(Table::Counters, key)?,
            Base::Set(_) => None,
        };
        let base = match sum.base {
            Base::Stored => stored.as_deref(),
            Base::Set(value) => value.map(Bytes::as_ref),
        };
        let Some(added) = &sum.added else {
            return Ok(Pending::Value(base.map(|value| Cow::Owned(value.to_vec()))));
        };
        let mut sums = base.map(decode_counters).unwrap_or_default();
        add_counters(&mut sums, added);
        Ok(Pending::Value(Some(Cow::Owned(encode_counters(&sums)))))
    }

    fn is_empty(&self, table: Table, start: &[u8], end: &[u8]) -> Result<bool, EngineError> {
        if start >= end {
            return Ok(true);
        }
        let range = (Bound::Included(start), Bound::Excluded(end));
        let written = match table {
            Table::Rows => self.rows.range::<[u8], _>(range).any(|(_, value)| value.is_some()),
            Table::Payloads => self.payloads.range::<[u8], _>(range).any(|(_, value)| value.is_some()),
            Table::Counters => self.counters.range::<[u8], _>(range).any(|(_, sum)| sum.leaves_a_row()),
        };
        Ok(!written && !self.is_stored_within(table, start, end)?)
    }

    /// Whether the database has a row in the range that the group does not remove.
    fn is_stored_within(&self, table: Table, start: &[u8], end: &[u8]) -> Result<bool, EngineError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(end);
        let mut stored = self.database.db.raw_iterator_cf_opt(self.tables.of(table), options);
        stored.seek(start);
        while let Some(key) = stored.key() {
            if !self.removes(table, key) {
                return Ok(true);
            }
            stored.next();
        }
        stored.status().map_err(|error| failure("looking for rows", error))?;
        Ok(false)
    }

    fn removes(&self, table: Table, key: &[u8]) -> bool {
        match table {
            Table::Rows => self.rows.get(key) == Some(&None),
            Table::Payloads => self.payloads.get(key) == Some(&None),
            Table::Counters => self.counters.get(key).is_some_and(|sum| !sum.leaves_a_row()),
        }
    }

    fn apply(&mut self, write: &'a Write) {
        match write {
            Write::Put { table: Table::Counters, key, value } => self.set_counters(key, Some(value)),
            Write::Delete { table: Table::Counters, key } => self.set_counters(key, None),
            Write::Add { key, deltas } => self.counters.entry(key).or_default().add(deltas),
            Write::Put { table, key, value } => {
                self.batch.put_cf(self.tables.of(*table), key, value);
                self.set(*table, key, Some(value));
            }
            Write::Delete { table, key } => {
                self.batch.delete_cf(self.tables.of(*table), key);
                self.set(*table, key, None);
            }
        }
    }

    fn set(&mut self, table: Table, key: &'a [u8], value: Option<&'a Bytes>) {
        let rows = if table == Table::Payloads { &mut self.payloads } else { &mut self.rows };
        rows.insert(key, value);
    }

    fn set_counters(&mut self, key: &'a [u8], value: Option<&'a Bytes>) {
        self.counters.insert(key, Sum { base: Base::Set(value), added: None });
    }
}

impl<'a> Sum<'a> {
    fn add(&mut self, deltas: &'a [i64]) {
        match &mut self.added {
            Some(sums) => add_counters(sums.to_mut(), deltas),
            none => *none = Some(Cow::Borrowed(deltas)),
        }
    }

    /// False only for a row that is removed and not added to again. A row that is merely added to always exists.
    fn leaves_a_row(&self) -> bool {
        self.added.is_some() || !matches!(self.base, Base::Set(None))
    }
}

/// About how many bytes a commit puts in a batch.
pub(super) fn weight(commit: &Commit) -> usize {
    let bytes = |write: &Write| match write {
        Write::Put { key, value, .. } => key.len() + value.len(),
        Write::Delete { key, .. } => key.len(),
        Write::Add { key, deltas } => key.len() + 8 * deltas.len(),
    };
    commit.writes.iter().map(|write| bytes(write) + BATCH_OVERHEAD_BYTES).sum()
}
