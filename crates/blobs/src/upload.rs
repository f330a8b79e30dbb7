//! An upload into a file: digest || seal and write, unit by unit.
//!
//! ```text
//! body -> unit -+-> digest lane
//!               `-> store lane: create the file -> seal, write, seal, write ... -> sync the file, then its name
//! ```
//! Both lanes read the same plain bytes and run on blocking threads of their own; see `lane.rs` for the flow.

use crate::BlobError;
use crate::abandoned::Claim;
use crate::announced::AnnouncedBody;
use crate::digest::{Digester, Digests};
use crate::directory_sync::DirectorySync;
use crate::lane::{Lane, Units, Work};
use crate::layout::{Chunks, SEALED_CHUNK_BYTES, directory_of, path_of, sealed_offset};
use environment::{Disk, DiskFile};
use keyring::{DataKey, TAG_BYTES};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::OperationError;
use types::limits::{CHUNK_BYTES, TRANSFER_BYTES};

/// Bytes after which the disk is asked to begin writing, so that the sync at the end is short.
const WRITEBACK_BYTES: u64 = 4 * 1024 * 1024;

/// All that is needed to make a blob's file and fill it.
pub(crate) struct NewFile {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directories: Arc<DirectorySync>,
    pub(crate) chunks: Chunks,
    pub(crate) key: DataKey,
    /// Held, not read: the id is listed as abandoned only when no job can touch the file any more.
    pub(crate) _claim: Arc<Claim>,
}

/// Stores the whole of `body`. On return its bytes and its name survive a power cut.
///
/// # Errors
/// Those of the body, and `Disk`. What was written is of no use then.
/// # Cancel safety
/// Jobs under way go on to the end of their units and hold the claim until then.
pub(crate) async fn store(
    target: NewFile,
    mut body: AnnouncedBody<'_>,
    digester: Digester,
) -> Result<Digests, OperationError> {
    let failed = Arc::new(AtomicBool::new(false));
    let path = path_of(target.chunks.id());
    let digesting = Lane::new(digester);
    let storing = Lane::new(StoreWork::new(target, Arc::clone(&failed)));
    let mut units = Units::new();
    storing.begin();
    while body.remaining() > 0 && !failed.load(Ordering::Acquire) {
        let mut buffer = units.take().await;
        body.take(TRANSFER_BYTES, &mut buffer).await?;
        let unit = units.fill(buffer);
        digesting.push(Arc::clone(&unit));
        storing.push(unit);
    }
    if body.remaining() == 0 {
        body.end().await?;
    }
    let (digested, stored) = tokio::join!(digesting.end(), storing.end());
    stored.ok_or_else(|| stopped(&path))?.outcome()?;
    Ok(digested.ok_or_else(|| stopped(&path))?.finish())
}

fn stopped(path: &Path) -> BlobError {
    BlobError::disk("finish", path, io::Error::other("the threads that write were stopped"))
}

impl Work for Digester {
    fn run(&mut self, unit: &[u8]) {
        self.update(unit);
    }
}

/// Creates, seals, writes and syncs. After a failure it lets the rest pass.
struct StoreWork {
    target: NewFile,
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    sealed: Vec<u8>,
    next_chunk: u64,
    /// Where the disk has not yet been asked to write from.
    idle_from: u64,
    error: Option<BlobError>,
    /// Tells the upload to read no further.
    failed: Arc<AtomicBool>,
}

impl StoreWork {
    fn new(target: NewFile, failed: Arc<AtomicBool>) -> Self {
        let path = path_of(target.chunks.id());
        Self { target, path, file: None, sealed: Vec::new(), next_chunk: 0, idle_from: 0, error: None, failed }
    }

    /// Makes the file at its full length, so that a full disk shows before more than the first bytes arrive.
    fn create(&mut self) -> Result<(), BlobError> {
        let file = self.target.disk.create(&self.path).map_err(|e| BlobError::disk("create", &self.path, e))?;
        let length = self.target.chunks.sealed_bytes();
        file.allocate(length).map_err(|e| BlobError::disk("reserve room for", &self.path, e))?;
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, unit: &[u8]) -> Result<(), BlobError> {
        let start = sealed_offset(self.next_chunk);
        self.seal(unit);
        let Some(file) = &self.file else { unreachable!("the file is created before the first unit") };
        file.write_at(&self.sealed, start).map_err(|e| BlobError::disk_at("write", &self.path, start, e))?;
        let end = start + self.sealed.len() as u64;
        if end - self.idle_from >= WRITEBACK_BYTES {
            file.start_writeback(self.idle_from, end - self.idle_from);
            self.idle_from = end;
        }
        Ok(())
    }

    /// Makes `self.sealed` of `unit`.
    fn seal(&mut self, unit: &[u8]) {
        self.sealed.resize(unit.len() + unit.len().div_ceil(CHUNK_BYTES) * TAG_BYTES, 0);
        for (plain, sealed) in unit.chunks(CHUNK_BYTES).zip(self.sealed.chunks_mut(SEALED_CHUNK_BYTES)) {
            self.target.key.seal_chunk_into(self.target.chunks.position(self.next_chunk), plain, sealed);
            self.next_chunk += 1;
        }
    }

    fn sync(&mut self) -> Result<(), BlobError> {
        // An upload that read no further than a failure ends here too, but not without its error.
        assert_eq!(self.next_chunk, self.target.chunks.count(), "every chunk was written");
        let Some(file) = &self.file else { unreachable!("the file is created before the first unit") };
        file.sync().map_err(|e| BlobError::disk("sync", &self.path, e))?;
        self.target.directories.sync(&directory_of(self.target.chunks.id()))
    }

    fn step(&mut self, step: impl FnOnce(&mut Self) -> Result<(), BlobError>) {
        if self.error.is_some() {
            return;
        }
        if let Err(error) = step(self) {
            self.error = Some(error);
            self.failed.store(true, Ordering::Release);
        }
    }

    fn outcome(self) -> Result<(), BlobError> {
        self.error.map_or(Ok(()), Err)
    }
}

impl Work for StoreWork {
    fn begin(&mut self) {
        self.step(Self::create);
    }

    fn run(&mut self, unit: &[u8]) {
        self.step(|work| work.write(unit));
    }

    fn end(&mut self) {
        self.step(Self::sync);
    }
}
