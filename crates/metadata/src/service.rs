//! What operations call: typed rows, and changes that happen whole or not at all.
//!
//! Every row is sealed before an engine sees it and bound to its key, so that an engine (or a thief of its
//! disk) reads only keys and sums, and a row moved to another key is refused.

use crate::codec::Malformed;
use crate::engine::{Answer, Commit, Condition, Engine, EngineError, Outcome, Scan, Step, Table, Write};
use crate::engine::{decode_counters, scan_with};
use crate::keys;
use crate::record::Opened;
use crate::row_cache::{self, Lookup, RowCache, RowCaches};
use crate::rows::{AuditRow, BucketCounters, GarbageRow, Row};
use bytes::Bytes;
use keyring::RowSealer;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::{BlobId, BucketId, ErrorCode, OperationError, Timestamp};

/// The Metadata Service above one engine. Cheap to clone.
#[derive(Clone)]
pub struct Metadata {
    engine: Arc<dyn Engine>,
    sealer: Arc<RowSealer>,
    kept: Option<Arc<RowCaches>>,
    /// Payloads removed by commits of this process: their space comes back by compaction.
    removed_payloads: Arc<AtomicU64>,
    /// Part of every change that is made through this handle.
    attached: Option<Arc<Attached>>,
}

/// What a change has besides its own.
#[derive(Clone, Default)]
struct Attached {
    /// The entry of the audit log that tells of it, with its key.
    entry: Option<(Vec<u8>, AuditRow)>,
    /// What the entry tells as the state before must still be so.
    condition: Option<Condition>,
}

/// A row as it was read: good as the condition of a later commit.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The row.
    pub row: T,
    /// Its sealed bytes. No two writes have the same, since every seal has a fresh nonce.
    seen: Bytes,
}

/// Why metadata could not be read or changed.
#[derive(Debug)]
pub enum MetadataError {
    /// The engine failed.
    Engine(EngineError),
    /// A row was altered on disk, or sealed with another key.
    Tampered {
        /// What kind of row.
        row: &'static str,
    },
    /// A row that opened is not of its format.
    Malformed {
        /// What kind of row.
        row: &'static str,
        /// What is wrong with it.
        cause: Malformed,
    },
    /// A row that must be there is not.
    Missing {
        /// What kind of row.
        row: &'static str,
    },
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => write!(f, "{error}"),
            Self::Tampered { row } => write!(f, "corrupt: a row of kind `{row}` does not open with its key"),
            Self::Malformed { row, cause } => write!(f, "corrupt: a row of kind `{row}`: {cause}"),
            Self::Missing { row } => write!(f, "corrupt: a row of kind `{row}` is missing"),
        }
    }
}

impl std::error::Error for MetadataError {}

impl From<EngineError> for MetadataError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<MetadataError> for OperationError {
    fn from(error: MetadataError) -> Self {
        let code = match &error {
            MetadataError::Engine(EngineError::Full { .. }) => ErrorCode::StorageFull,
            MetadataError::Engine(EngineError::Closed) => ErrorCode::ServiceUnavailable,
            MetadataError::Engine(EngineError::Disk { .. } | EngineError::Corrupt { .. })
            | MetadataError::Tampered { .. }
            | MetadataError::Malformed { .. }
            | MetadataError::Missing { .. } => ErrorCode::InternalError,
        };
        Self::from(code).caused_by(error)
    }
}

/// Opens a sealed row.
pub(crate) fn open_row<T: Row>(sealer: &RowSealer, key: &[u8], sealed: &[u8]) -> Result<T, MetadataError> {
    let plain = sealer.open(key, sealed).map_err(|_| MetadataError::Tampered { row: T::NAME })?;
    T::decode(&plain).map_err(|cause| MetadataError::Malformed { row: T::NAME, cause })
}

impl Metadata {
    /// Rows in `engine`, sealed by `sealer`.
    pub fn new(engine: Arc<dyn Engine>, sealer: RowSealer) -> Self {
        Self { engine, sealer: Arc::new(sealer), kept: None, removed_payloads: Arc::default(), attached: None }
    }

    /// Keeps rows that nearly every request reads in memory. Only for an engine that no other process commits to.
    #[must_use]
    pub fn with_row_cache(self) -> Self {
        Self { kept: Some(Arc::default()), ..self }
    }

    /// The rows kept in memory, if any are.
    pub(crate) fn kept(&self) -> Option<&RowCaches> {
        self.kept.as_deref()
    }

    /// Reads a row that may be kept in memory.
    pub(crate) async fn read_kept<T: Row>(
        &self,
        key: &[u8],
        cache: impl Fn(&RowCaches) -> &RowCache<Arc<Stored<T>>>,
    ) -> Result<Option<Arc<Stored<T>>>, MetadataError> {
        let Some(caches) = &self.kept else { return Ok(self.read(key).await?.map(Arc::new)) };
        let generation = match cache(caches).get(key) {
            Lookup::Kept(row) => return Ok(Some(row)),
            Lookup::Unknown(generation) => generation,
        };
        let stored = self.read(key).await?.map(Arc::new);
        if let Some(stored) = &stored {
            cache(caches).keep(key, stored, generation);
        }
        Ok(stored)
    }

    /// Reads one row.
    pub(crate) async fn read<T: Row>(&self, key: &[u8]) -> Result<Option<Stored<T>>, MetadataError> {
        match self.engine.get(Table::Rows, key).await? {
            Some(seen) => Ok(Some(Stored { row: open_row(&self.sealer, key, &seen)?, seen })),
            None => Ok(None),
        }
    }

    /// Reads one row that is only looked at: one that the engine keeps in memory is opened once.
    pub(crate) async fn look<T: Row + Send + Sync + 'static>(
        &self,
        key: &[u8],
    ) -> Result<Option<Arc<Opened<T>>>, MetadataError> {
        if let Some(record) = self.engine.recall(Table::Rows, key) {
            return record.opened(|sealed| open_row(&self.sealer, key, sealed)).map(Some);
        }
        Ok(self.read(key).await?.map(|stored| Arc::new(Opened::once(stored.row))))
    }

    /// Reads up to `limit` rows of a kind from `start` on, with their keys.
    pub(crate) async fn read_range<T: Row + Send + 'static>(
        &self,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Keyed<T>, MetadataError> {
        self.read_scan(Scan { table: Table::Rows, start, end, backwards: false }, limit).await
    }

    /// Reads the last row of a kind from `start` on, with its key.
    pub(crate) async fn read_last<T: Row + Send + 'static>(
        &self,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
    ) -> Result<Option<(Vec<u8>, Stored<T>)>, MetadataError> {
        let scan = Scan { table: Table::Rows, start, end, backwards: true };
        Ok(self.read_scan(scan, 1).await?.pop())
    }

    /// Reads up to `limit` rows of a kind that a scan shows, with their keys.
    pub(crate) async fn read_scan<T: Row + Send + 'static>(
        &self,
        scan: Scan,
        limit: usize,
    ) -> Result<Keyed<T>, MetadataError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let collector = RangeCollector { sealer: Arc::clone(&self.sealer), limit, rows: Ok(Vec::new()) };
        scan_with(&*self.engine, scan, collector).await?.rows
    }

    /// The keys of up to `limit` rows from `start` on.
    pub(crate) async fn keys_from(
        &self,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, MetadataError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let collector = KeyCollector { limit, keys: Vec::new() };
        Ok(scan_with(&*self.engine, Scan { table: Table::Rows, start, end, backwards: false }, collector).await?.keys)
    }

    /// The sealed bytes of a small object.
    pub async fn payload(&self, id: BlobId) -> Result<Option<Bytes>, MetadataError> {
        Ok(self.engine.get(Table::Payloads, &keys::payload(id)).await?)
    }

    /// A bucket's sums, exact as of the last commit.
    pub async fn bucket_counters(&self, bucket: BucketId) -> Result<BucketCounters, MetadataError> {
        let sums = self.engine.get(Table::Counters, &keys::bucket_counters(bucket)).await?;
        Ok(BucketCounters::from_sums(&sums.map(|value| decode_counters(&value)).unwrap_or_default()))
    }

    /// Payloads that this process removed so far.
    pub fn removed_payloads(&self) -> u64 {
        self.removed_payloads.load(Ordering::Relaxed)
    }

    /// Gives the space of what was removed back to the disk at once. Costs rewriting much of the store.
    pub async fn reclaim(&self) -> Result<(), MetadataError> {
        Ok(self.engine.reclaim().await?)
    }

    /// Begins a change.
    pub(crate) fn change(&self) -> Change<'_> {
        let mut change = Change { metadata: self, commit: Commit::default() };
        if let Some(attached) = self.attached.as_deref() {
            change.commit.conditions.extend(attached.condition.clone());
            if let Some((key, entry)) = &attached.entry {
                change.put(key.clone(), entry);
            }
        }
        change
    }

    /// See [`Metadata::recording`].
    pub(crate) fn with_entry(&self, key: Vec<u8>, entry: AuditRow) -> Self {
        self.with(|attached| attached.entry = Some((key, entry)))
    }

    /// See [`Metadata::expecting`].
    pub(crate) fn with_condition<T>(&self, key: Vec<u8>, stored: Option<&Stored<T>>) -> Self {
        self.with(|attached| attached.condition = Some(same(key, stored)))
    }

    fn with(&self, change: impl FnOnce(&mut Attached)) -> Self {
        let mut attached = self.attached.as_deref().cloned().unwrap_or_default();
        change(&mut attached);
        Self { attached: Some(Arc::new(attached)), ..self.clone() }
    }

    /// The engine, for scans of a module's own.
    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// What rows are sealed with, for visitors.
    pub(crate) fn sealer(&self) -> Arc<RowSealer> {
        Arc::clone(&self.sealer)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metadata")
    }
}

/// Rows with their keys.
type Keyed<T> = Vec<(Vec<u8>, Stored<T>)>;

struct RangeCollector<T> {
    sealer: Arc<RowSealer>,
    limit: usize,
    rows: Result<Keyed<T>, MetadataError>,
}

impl<T: Row + Send + 'static> crate::engine::Visitor for RangeCollector<T> {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        let Ok(rows) = &mut self.rows else { return Step::Stop };
        match open_row(&self.sealer, key, value) {
            Ok(row) => rows.push((key.to_vec(), Stored { row, seen: Bytes::copy_from_slice(value) })),
            Err(error) => {
                self.rows = Err(error);
                return Step::Stop;
            }
        }
        if rows.len() < self.limit { Step::Next } else { Step::Stop }
    }
}

struct KeyCollector {
    limit: usize,
    keys: Vec<Vec<u8>>,
}

impl crate::engine::Visitor for KeyCollector {
    fn visit(&mut self, key: &[u8], _value: &[u8]) -> Step {
        self.keys.push(key.to_vec());
        if self.keys.len() < self.limit { Step::Next } else { Step::Stop }
    }
}

/// The row is as it was found: there or not.
fn same<T>(key: Vec<u8>, stored: Option<&Stored<T>>) -> Condition {
    let table = Table::Rows;
    match stored {
        Some(stored) => Condition::Equals { table, key, value: stored.seen.clone() },
        None => Condition::Absent { table, key },
    }
}

/// A commit under construction.
pub(crate) struct Change<'a> {
    metadata: &'a Metadata,
    commit: Commit,
}

impl Change<'_> {
    /// The row must be as it was read.
    pub(crate) fn expect<T>(&mut self, key: Vec<u8>, stored: &Stored<T>) {
        let value = stored.seen.clone();
        self.commit.conditions.push(Condition::Equals { table: Table::Rows, key, value });
    }

    /// There must be no such row.
    pub(crate) fn expect_absent(&mut self, key: Vec<u8>) {
        self.commit.conditions.push(Condition::Absent { table: Table::Rows, key });
    }

    /// The row must be as it was found: there or not.
    pub(crate) fn expect_same<T>(&mut self, key: Vec<u8>, stored: Option<&Stored<T>>) {
        self.commit.conditions.push(same(key, stored));
    }

    /// No row may begin with `prefix`.
    pub(crate) fn expect_none(&mut self, prefix: Vec<u8>) {
        if let Some(end) = keys::after_prefix(&prefix) {
            self.commit.conditions.push(Condition::Empty { table: Table::Rows, start: prefix, end });
        }
    }

    /// Sets a row.
    pub(crate) fn put<T: Row>(&mut self, key: Vec<u8>, row: &T) {
        let value = Bytes::from(self.metadata.sealer.seal(&key, &row.encode()));
        self.commit.writes.push(Write::Put { table: Table::Rows, key, value });
    }

    /// Removes a row.
    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.commit.writes.push(Write::Delete { table: Table::Rows, key });
    }

    /// Writes down what lost its last reference.
    pub(crate) fn discard(&mut self, now: Timestamp, piece: GarbageRow) {
        let (kind, id) = piece.name();
        self.put(keys::garbage(now, kind, &id), &piece);
    }

    /// Sets the bytes of a small object, which come sealed.
    pub(crate) fn put_payload(&mut self, id: BlobId, sealed: Bytes) {
        self.commit.writes.push(Write::Put { table: Table::Payloads, key: keys::payload(id), value: sealed });
    }

    /// Removes the bytes of a small object.
    pub(crate) fn delete_payload(&mut self, id: BlobId) {
        self.metadata.removed_payloads.fetch_add(1, Ordering::Relaxed);
        self.commit.writes.push(Write::Delete { table: Table::Payloads, key: keys::payload(id) });
    }

    /// Adds to a bucket's sums.
    pub(crate) fn count(&mut self, bucket: BucketId, delta: BucketCounters) {
        if delta != BucketCounters::default() {
            let key = keys::bucket_counters(bucket);
            self.commit.writes.push(Write::Add { key, deltas: delta.to_deltas() });
        }
    }

    /// Removes a bucket's sums.
    pub(crate) fn forget_count(&mut self, bucket: BucketId) {
        self.forget_sums(keys::bucket_counters(bucket));
    }

    /// Removes a row of the table of counters.
    pub(crate) fn forget_sums(&mut self, key: Vec<u8>) {
        self.commit.writes.push(Write::Delete { table: Table::Counters, key });
    }

    /// A row of the table of counters must be as it was found: there or not.
    pub(crate) fn expect_sums(&mut self, key: Vec<u8>, found: Option<Bytes>) {
        let table = Table::Counters;
        self.commit.conditions.push(match found {
            Some(value) => Condition::Equals { table, key, value },
            None => Condition::Absent { table, key },
        });
    }

    /// Adds to other sums than a bucket's.
    pub(crate) fn add_to_sums(&mut self, key: Vec<u8>, deltas: Vec<i64>) {
        self.commit.writes.push(Write::Add { key, deltas });
    }

    /// Makes it happen, durably, or not at all.
    pub(crate) fn commit<'e>(self) -> Answer<'e, Outcome>
    where
        Self: 'e,
    {
        match &self.metadata.kept {
            Some(caches) if row_cache::changes_kept_rows(&self.commit) => {
                caches.commit(&self.metadata.engine, self.commit)
            }
            _ => self.metadata.engine.commit(self.commit),
        }
    }
}
