//! The open database: its tables, its plain reads, and its errors in the engine's words.

use super::options::{self, RocksSettings};
use crate::engine::{EngineError, Table};
use bytes::Bytes;
use rocksdb::{ColumnFamily, DB, DBPinnableSlice, ErrorKind, ReadOptions, ReadTier, WriteBatch, WriteOptions};
use std::path::Path;

/// RocksDB with the tables of an engine.
pub(super) struct Database {
    pub(super) db: DB,
    from_memory: ReadOptions,
    from_anywhere: ReadOptions,
    synced: WriteOptions,
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
        let column_families = options::column_families(settings);
        let db = DB::open_cf_descriptors(&options::database(settings), path, column_families)
            .map_err(|error| failure("opening", error))?;
        let mut from_memory = ReadOptions::default();
        from_memory.set_read_tier(ReadTier::BlockCache);
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        Ok(Self { db, from_memory, from_anywhere: ReadOptions::default(), synced })
    }

    /// The column family of a table; `open` made them all.
    pub(super) fn table(&self, table: Table) -> Result<&ColumnFamily, EngineError> {
        let name = options::name(table);
        self.db.cf_handle(name).ok_or_else(|| EngineError::Corrupt { what: format!("no table {name}").into() })
    }

    /// Looks for a row without touching the disk.
    pub(super) fn get_from_memory(&self, table: Table, key: &[u8]) -> Result<InMemory, EngineError> {
        match self.db.get_pinned_cf_opt(self.table(table)?, key, &self.from_memory) {
            Ok(value) => Ok(InMemory::Known(value.as_deref().map(Bytes::copy_from_slice))),
            Err(error) if error.kind() == ErrorKind::Incomplete => Ok(InMemory::Unknown),
            Err(error) => Err(failure("reading a row", error)),
        }
    }

    /// Looks for a row, on the disk if need be. Blocks.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, EngineError> {
        let value = self.db.get_pinned_cf_opt(self.table(table)?, key, &self.from_anywhere);
        value.map_err(|error| failure("reading a row", error))
    }

    /// Writes all of `batch` or none of it; durable on return. Blocks.
    pub(super) fn write(&self, batch: WriteBatch) -> Result<(), EngineError> {
        self.db.write_opt(batch, &self.synced).map_err(|error| failure("writing a commit", error))
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
