//! An upload into a file: digest || seal and write, unit by unit.
//!
//! ```text
//! body -> unit -+-> digest pool, with the units of other uploads
//!               `-> store lane: create the file -> seal, write, seal, write ... -> sync the file, then its name
//! ```
//! Both read the same plain bytes and run on blocking threads of their own; see `lane.rs` for the flow.

use crate::BlobError;
use crate::abandoned::Claim;
use crate::aligned_buffer::AlignedBuffer;
use crate::announced::AnnouncedBody;
use crate::digest::Digests;
use crate::digest_pool::DigestStream;
use crate::directory_sync::DirectorySync;
use crate::lane::{Jobs, Lane, SpareUnits, Unit, Units, Work};
use crate::layout::{Chunks, SEALED_CHUNK_BYTES, directory_of, path_of};
use crate::reserve::Reserve;
use environment::{BLOCK_BYTES, Disk, DiskFile};
use keyring::{ChunkPosition, DataKey, TAG_BYTES};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::limits::{CHUNK_BYTES, TRANSFER_BYTES};
use types::{BlobId, OperationError};

/// Plain bytes from which on an upload goes past the page cache. Smaller ones are written out in one go by the sync.
/// One whose size nobody knows is large unless it ends within its first write.
const LARGE_BYTES_MIN: u64 = 4 * 1024 * 1024;
/// Sealed bytes from which on a large upload writes them: two units. Past the page cache each write is waited for, and
/// a disk that is far away answers few large ones as soon as many small ones.
const LARGE_WRITE_BYTES_MIN: usize = 2 * TRANSFER_BYTES;

/// All that is needed to make a blob's file and fill it.
pub(crate) struct NewFile {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directories: Arc<DirectorySync>,
    pub(crate) id: BlobId,
    /// Plain bytes to come, for which room is made at once; `None` if nobody knows.
    pub(crate) size: Option<u64>,
    pub(crate) key: DataKey,
    /// Held, not read: the id is listed as abandoned only when no job can touch the file any more.
    pub(crate) _claim: Arc<Claim>,
}

/// A file whose bytes and name survive a power cut.
pub(crate) struct StoredFile {
    /// Plain bytes in it.
    pub(crate) size: u64,
    pub(crate) digests: Digests,
}

/// Stores the whole of `body`. If its size is not known, each unit is admitted by `reserve` before it is written.
///
/// # Errors
/// Those of the body and of the reserve, and `Disk`. What was written is of no use then.
/// # Cancel safety
/// Jobs under way go on to the end of their units and hold the claim until then.
pub(crate) async fn store(
    target: NewFile,
    mut body: AnnouncedBody<'_>,
    digesting: DigestStream,
    spare: SpareUnits,
    jobs: Jobs,
    reserve: &Reserve,
) -> Result<StoredFile, OperationError> {
    let failed = Arc::new(AtomicBool::new(false));
    let path = path_of(target.id);
    let admits_units = target.size.is_none();
    let storing = Lane::new(StoreWork::new(target, Arc::clone(&failed)), jobs);
    let mut units = Units::new(spare);
    storing.begin();
    let mut more = body.has_more().await?;
    while more && !failed.load(Ordering::Acquire) {
        let mut buffer = units.take().await;
        body.take(TRANSFER_BYTES, &mut buffer).await?;
        more = body.has_more().await?;
        if admits_units {
            reserve.admit(sealed_length(buffer.len()) as u64).await?;
        }
        let unit = units.fill(buffer, !more);
        digesting.push(Arc::clone(&unit));
        storing.push(unit);
    }
    let size = body.taken();
    if !more {
        body.end().await?;
    }
    let (digested, stored) = tokio::join!(digesting.end(), storing.end());
    stored.ok_or_else(|| stopped(&path))?.outcome()?;
    Ok(StoredFile { size, digests: digested.ok_or_else(|| stopped(&path))?.finish() })
}

/// Bytes on disk of `plain` bytes that begin with a chunk.
fn sealed_length(plain: usize) -> usize {
    plain + plain.div_ceil(CHUNK_BYTES) * TAG_BYTES
}

fn stopped(path: &Path) -> BlobError {
    BlobError::disk("finish", path, io::Error::other("the threads that write were stopped"))
}

/// Creates, seals, writes and syncs. After a failure it lets the rest pass.
struct StoreWork {
    target: NewFile,
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    /// What is sealed and not yet written.
    sealed: AlignedBuffer,
    /// Sealed bytes that were written.
    written: u64,
    next_chunk: u64,
    /// True once the chunk that authenticates the end was sealed.
    ended: bool,
    error: Option<BlobError>,
    /// Tells the upload to read no further.
    failed: Arc<AtomicBool>,
}

impl StoreWork {
    fn new(target: NewFile, failed: Arc<AtomicBool>) -> Self {
        let path = path_of(target.id);
        let sealed = AlignedBuffer::default();
        Self { target, path, file: None, sealed, written: 0, next_chunk: 0, ended: false, error: None, failed }
    }

    /// Makes the file, at its full length if that is known, so that a full disk shows before more than the first bytes
    /// arrive.
    fn create(&mut self) -> Result<(), BlobError> {
        let file = self.target.disk.create(&self.path).map_err(|e| BlobError::disk("create", &self.path, e))?;
        if let Some(size) = self.target.size {
            let length = Chunks::new(self.target.id, size).sealed_bytes();
            file.allocate(length).map_err(|e| BlobError::disk("reserve room for", &self.path, e))?;
        }
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, unit: &Unit) -> Result<(), BlobError> {
        self.seal(unit);
        let is_large = match self.target.size {
            Some(size) => size >= LARGE_BYTES_MIN,
            None => self.written > 0 || !self.ended,
        };
        let Some(file) = &self.file else { unreachable!("the file is created before the first unit") };
        let sealed = self.sealed.bytes();
        let ready = match (is_large, self.ended) {
            (true, false) if sealed.len() < LARGE_WRITE_BYTES_MIN => return Ok(()),
            (true, false) => sealed.len() - sealed.len() % BLOCK_BYTES,
            (false, _) | (true, true) => sealed.len(),
        };
        let (bytes, offset) = (&sealed[..ready], self.written);
        let written = if is_large { file.write_large_at(bytes, offset) } else { file.write_at(bytes, offset) };
        written.map_err(|e| BlobError::disk_at("write", &self.path, offset, e))?;
        self.written += ready as u64;
        self.sealed.advance(ready);
        Ok(())
    }

    /// Adds `unit` to `self.sealed`.
    fn seal(&mut self, unit: &Unit) {
        let plain = unit.bytes();
        let sealed = self.sealed.extend(sealed_length(plain.len()));
        let unit_end = self.next_chunk + plain.len().div_ceil(CHUNK_BYTES) as u64;
        for (plain, sealed) in plain.chunks(CHUNK_BYTES).zip(sealed.chunks_mut(SEALED_CHUNK_BYTES)) {
            let last = unit.is_last() && self.next_chunk + 1 == unit_end;
            let position = ChunkPosition { blob: self.target.id, index: self.next_chunk, last };
            self.target.key.seal_chunk_into(position, plain, sealed);
            self.next_chunk += 1;
        }
        self.ended = unit.is_last();
    }

    fn sync(&mut self) -> Result<(), BlobError> {
        // An upload that read no further than a failure ends here too, but not without its error.
        assert!(self.ended, "the chunk that authenticates the end was written");
        let Some(file) = &self.file else { unreachable!("the file is created before the first unit") };
        file.sync().map_err(|e| BlobError::disk("sync", &self.path, e))?;
        self.target.directories.sync(&directory_of(self.target.id))
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

    fn run(&mut self, unit: &Unit) {
        self.step(|work| work.write(unit));
    }

    fn end(&mut self) {
        self.step(Self::sync);
    }
}
