//! The open database: its tables, its plain reads, and its errors in the engine's words.

use super::options::{self, RocksSettings};
use super::range_sums::RangeSums;
use super::record_cache::{Change, Lookup, RecordCache, Ticket};
use super::torn_log;
use crate::engine::{EngineError, Table};
use crate::record::Record;
use bytes::Bytes;
use rocksdb::{ColumnFamily, DB, DBPinnableSlice, ErrorKind, ReadOptions, ReadTier, WriteBatch, WriteOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

/// Between two looks at a stall.
const STALL_STEP: Duration = Duration::from_millis(1);

/// RocksDB with the tables of an engine.
pub(super) struct Database {
    pub(super) db: DB,
    rows: RecordCache,
    pub(super) sums: RangeSums,
    from_memory: ReadOptions,
    from_anywhere: ReadOptions,
    synced: WriteOptions,
    stall: Stall,
}

/// What is known of the reasons for stalls. Touched by the one thread that writes.
#[derive(Default)]
struct Stall {
    /// Background errors of RocksDB that are over.
    errors_over: AtomicU64,
    /// Set while writes are refused for such an error.
    refusing: AtomicBool,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is durable.
    Durable,
    /// Nothing was written: RocksDB asks for time to move what it has to table files.
    Stalled,
}

/// What memory alone can tell of a row.
pub(super) enum InMemory {
    /// The row, or that there is none.
    Known(Option<Bytes>),
    /// The disk must be asked.
    Unknown,
}

impl Database {
    pub(super) fn open(path: &Path, settings: &RocksSettings) -> Result<Self, EngineError> {
        let options = options::database(settings, torn_log::recovery_mode(path)?);
        let db = DB::open_cf_descriptors(&options, path, options::column_families(settings))
            .map_err(|error| failure("opening", error))?;
        let mut from_memory = ReadOptions::default();
        from_memory.set_read_tier(ReadTier::BlockCache);
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        // Whoever stalls a write must be able to tell why: see `wait_out_stall`.
        synced.set_no_slowdown(true);
        Ok(Self {
            db,
            rows: RecordCache::new(options::rows_bytes(settings)),
            sums: RangeSums::default(),
            from_memory,
            from_anywhere: ReadOptions::default(),
            synced,
            stall: Stall::default(),
        })
    }

    /// The column family of a table; `open` made them all.
    pub(super) fn table(&self, table: Table) -> Result<&ColumnFamily, EngineError> {
        let name = options::name(table);
        self.db.cf_handle(name).ok_or_else(|| EngineError::Corrupt { what: format!("no table {name}").into() })
    }

    /// A row that is kept whole.
    pub(super) fn recall(&self, table: Table, key: &[u8]) -> Option<Arc<Record>> {
        match self.look_up(table, key)? {
            Lookup::Found(record) => Some(record),
            Lookup::Missing(_) => None,
        }
    }

    /// Looks for a row without touching the disk.
    pub(super) fn get_from_memory(&self, table: Table, key: &[u8]) -> Result<InMemory, EngineError> {
        let ticket = match self.look_up(table, key) {
            Some(Lookup::Found(record)) => return Ok(InMemory::Known(Some(record.value().clone()))),
            Some(Lookup::Missing(ticket)) => Some(ticket),
            None => None,
        };
        match self.db.get_pinned_cf_opt(self.table(table)?, key, &self.from_memory) {
            Ok(value) => Ok(InMemory::Known(self.take(table, key, value.as_deref(), ticket))),
            Err(error) if error.kind() == ErrorKind::Incomplete => Ok(InMemory::Unknown),
            Err(error) => Err(failure("reading a row", error)),
        }
    }

    /// Looks for a row on the disk. Blocks.
    pub(super) fn get_from_disk(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        let ticket = match self.look_up(table, key) {
            Some(Lookup::Found(record)) => return Ok(Some(record.value().clone())),
            Some(Lookup::Missing(ticket)) => Some(ticket),
            None => None,
        };
        Ok(self.take(table, key, self.get(table, key)?.as_deref(), ticket))
    }

    /// Looks for a row, on the disk if need be, for one look at it. Blocks.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, EngineError> {
        let value = self.db.get_pinned_cf_opt(self.table(table)?, key, &self.from_anywhere);
        value.map_err(|error| failure("reading a row", error))
    }

    /// Whether a row is just this, on the disk if need be. Blocks.
    pub(super) fn is(&self, table: Table, key: &[u8], expected: Option<&[u8]>) -> Result<bool, EngineError> {
        match self.look_up(table, key) {
            Some(Lookup::Found(record)) => Ok(Some(record.value().as_ref()) == expected),
            _ => Ok(self.get(table, key)?.as_deref() == expected),
        }
    }

    /// Takes rows of `table` out of the record cache until the answer is dropped, after they were written.
    pub(super) fn changing<'k>(&self, table: Table, keys: impl Iterator<Item = &'k [u8]>) -> Option<Change<'_>> {
        self.records(table).map(|records| records.change(keys))
    }

    /// A value of RocksDB as the caller gets it, kept for the next one.
    fn take(&self, table: Table, key: &[u8], value: Option<&[u8]>, ticket: Option<Ticket>) -> Option<Bytes> {
        let value = Bytes::copy_from_slice(value?);
        if let (Some(records), Some(ticket)) = (self.records(table), ticket) {
            records.keep(key, &value, ticket);
        }
        Some(value)
    }

    fn look_up(&self, table: Table, key: &[u8]) -> Option<Lookup> {
        self.records(table).map(|records| records.look_up(key))
    }

    /// Rows of counters change with most commits, and of payloads whoever opens them keeps what is in them: keeping
    /// either would not pay.
    fn records(&self, table: Table) -> Option<&RecordCache> {
        match table {
            Table::Rows => Some(&self.rows),
            Table::Payloads | Table::Counters => None,
        }
    }

    /// Writes all of `batch` or none of it. Blocks.
    pub(super) fn write(&self, batch: WriteBatch) -> Result<Written, EngineError> {
        match self.db.write_opt(batch, &self.synced) {
            Ok(()) => {
                if self.stall.refusing.swap(false, Relaxed) {
                    self.stall.errors_over.store(self.background_errors()?, Relaxed);
                }
                Ok(Written::Durable)
            }
            Err(error) if error.kind() == ErrorKind::Incomplete => Ok(Written::Stalled),
            Err(error) => Err(failure("writing a commit", error)),
        }
    }

    /// Gives RocksDB a moment to make room in its memory. Blocks.
    ///
    /// # Errors
    /// `Full` if it cannot, since it fails to write its files: by itself it would let the write wait until the disk
    /// has room, and its caller with it.
    pub(super) fn wait_out_stall(&self) -> Result<(), EngineError> {
        if self.background_errors()? > self.stall.errors_over.load(Relaxed) {
            self.stall.refusing.store(true, Relaxed);
            return Err(EngineError::Full { cause: "table files cannot be written".into() });
        }
        std::thread::sleep(STALL_STEP);
        Ok(())
    }

    fn background_errors(&self) -> Result<u64, EngineError> {
        let errors = self.db.property_int_value(rocksdb::properties::BACKGROUND_ERRORS);
        Ok(errors.map_err(|error| failure("counting background errors", error))?.unwrap_or_default())
    }
}

/// An error of RocksDB in the engine's words, with RocksDB's text.
pub(super) fn failure(doing: &'static str, error: rocksdb::Error) -> EngineError {
    /// RocksDB hands the system's words on, not its numbers.
    const NO_ROOM: [&str; 3] = ["No space left on device", "Disk quota exceeded", "Space limit reached"];
    let kind = error.kind();
    let text = error.into_string();
    if kind == ErrorKind::Corruption {
        EngineError::Corrupt { what: text.into() }
    } else if NO_ROOM.iter().any(|words| text.contains(words)) {
        EngineError::Full { cause: text.into() }
    } else {
        EngineError::Disk { doing, cause: text.into() }
    }
}
