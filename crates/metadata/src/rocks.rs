//! The embedded engine: RocksDB behind [`Engine`].
//!
//! Commits go through one thread that groups them (`committer`, `group`). Rows in memory (`record_cache`, then what
//! RocksDB holds there) are read where the caller runs; whatever may wait for the disk runs on a bounded number of
//! blocking threads. `options` has the set-up; `torn_log` judges what a crash left before RocksDB replays it.

mod committer;
mod database;
mod group;
mod log_file;
mod options;
mod range_sums;
mod record_cache;
mod scan;
#[cfg(test)]
mod tests;
mod torn_log;

pub use options::RocksSettings;

use crate::engine::{Answer, Commit, Engine, EngineError, Outcome, Scan, Table, Visitor};
use crate::record::Record;
use bytes::Bytes;
use committer::Committer;
use database::{Database, InMemory, failure};
use rocksdb::properties::BACKGROUND_ERRORS;
use rocksdb::{BottommostLevelCompaction, CompactOptions};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Reads of single rows that wait for the disk at once.
const DISK_READS_MAX: usize = 32;
/// Scans at once. Apart from reads, so that long listings never hold up a GET.
const SCANS_MAX: usize = 16;

/// An engine on a local disk. One process may have it open.
///
/// Dropping it waits for commits that were taken up, at most a few syncs. Every answered commit is durable, so
/// `kill -9` loses no more than dropping does.
pub struct RocksEngine {
    // Before `database`: its drop ends the thread that writes.
    committer: Committer,
    database: Arc<Database>,
    disk_reads: Arc<Semaphore>,
    scans: Arc<Semaphore>,
    /// Held while the settings of garbage collection are changed for a compaction.
    compacting: Arc<Mutex<()>>,
}

impl RocksEngine {
    /// Opens the engine in the directory `path`, or makes it there. Replays what a crash left in the log. Blocks.
    ///
    /// # Errors
    /// `Corrupt` when what is stored is not what was written, and not merely a last commit cut short by a crash;
    /// `Disk` when the directory cannot be used or another process has it open; `Full`.
    pub fn open(path: &Path, settings: RocksSettings) -> Result<Self, EngineError> {
        let database = Arc::new(Database::open(path, &settings)?);
        Ok(Self {
            committer: Committer::start(Arc::clone(&database))?,
            database,
            disk_reads: Arc::new(Semaphore::new(DISK_READS_MAX)),
            scans: Arc::new(Semaphore::new(SCANS_MAX)),
            compacting: Arc::default(),
        })
    }

    /// Ends commits: those taken up are answered, later ones get `Closed`. Reads go on until the engine is dropped.
    pub async fn close(&self) {
        self.committer.stop().await;
    }

    /// Rewrites all tables, so that the space of what was removed or replaced is free when this returns. Reads and
    /// commits go on. Costs reading and writing the whole store: for background work and tests.
    pub async fn compact(&self) -> Result<(), EngineError> {
        let (database, compacting) = (Arc::clone(&self.database), Arc::clone(&self.compacting));
        blocking("compacting", move || {
            let _one_at_a_time = compacting.lock().unwrap_or_else(PoisonError::into_inner);
            compact(&database)
        })
        .await
    }

    async fn get_from_disk(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        let place = Arc::clone(&self.disk_reads).acquire_owned().await.map_err(|_| EngineError::Closed)?;
        let (database, key) = (Arc::clone(&self.database), key.to_vec());
        blocking("reading a row", move || {
            let _place = place;
            database.get_from_disk(table, &key)
        })
        .await
    }
}

impl Engine for RocksEngine {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move {
            match self.database.get_from_memory(table, key)? {
                InMemory::Known(value) => Ok(value),
                InMemory::Unknown => self.get_from_disk(table, key).await,
            }
        })
    }

    fn recall(&self, table: Table, key: &[u8]) -> Option<Arc<Record>> {
        self.database.recall(table, key)
    }

    fn scan(&self, scan: Scan, mut visitor: Box<dyn Visitor>) -> Answer<'_, ()> {
        Box::pin(async move {
            let place = Arc::clone(&self.scans).acquire_owned().await.map_err(|_| EngineError::Closed)?;
            let database = Arc::clone(&self.database);
            let caller = scan::Caller::default();
            let gone = caller.gone();
            blocking("scanning", move || {
                let _place = place;
                scan::run(&database, scan, visitor.as_mut(), &gone)
            })
            .await
        })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Outcome> {
        Box::pin(self.committer.commit(commit))
    }

    fn sum(&self, start: Vec<u8>, end: Option<Vec<u8>>) -> Answer<'_, Vec<i64>> {
        Box::pin(async move {
            if end.as_ref().is_some_and(|end| start >= *end) {
                return Ok(Vec::new());
            }
            if let Some(sums) = self.database.sums.get(&start, end.as_deref()) {
                return Ok(sums);
            }
            let place = Arc::clone(&self.scans).acquire_owned().await.map_err(|_| EngineError::Closed)?;
            let database = Arc::clone(&self.database);
            blocking("adding up", move || {
                let _place = place;
                database.sums.read(&database, start, end)
            })
            .await
        })
    }

    fn reclaim(&self) -> Answer<'_, ()> {
        Box::pin(self.compact())
    }
}

/// Runs `work` where it may wait for the disk. It runs to its end even if nobody waits for it.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(EngineError::Disk { doing, cause: stopped.to_string().into() }))
}

/// Compacts all tables, with garbage collection of all payload files instead of the oldest.
fn compact(database: &Database) -> Result<(), EngineError> {
    let age_cutoff = |value| {
        let changed = [("blob_garbage_collection_age_cutoff", value)];
        let payloads = database.table(Table::Payloads)?;
        database.db.set_options_cf(payloads, &changed).map_err(|error| failure("preparing to compact", error))
    };
    let failures = || database.db.property_int_value(BACKGROUND_ERRORS).ok().flatten();
    let before = failures();
    age_cutoff("1.0")?;
    let compacted = [Table::Rows, Table::Payloads, Table::Counters].into_iter().try_for_each(|table| {
        let table = database.table(table)?;
        database.db.flush_cf(table).map_err(|error| failure("flushing", error))?;
        let mut options = CompactOptions::default();
        options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        database.db.compact_range_cf_opt(table, None::<&[u8]>, None::<&[u8]>, &options);
        Ok(())
    });
    age_cutoff(options::BLOB_GC_AGE_CUTOFF).and(compacted)?;
    // RocksDB's C interface keeps to itself how a compaction went.
    if failures() == before {
        return Ok(());
    }
    Err(EngineError::Disk { doing: "compacting", cause: "a background job failed: RocksDB's LOG file says why".into() })
}
