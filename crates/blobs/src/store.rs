//! The store of one data directory: the way in for writing, reading and removing blobs.
//!
//! A body of at most [`INLINE_BYTES_MAX`] is *inline*: it costs no file. It is sealed in memory and handed back, and
//! lives in the row that the caller commits. A larger one gets a file, synced together with its name before `write`
//! returns. Either way nothing is visible until a row names the blob.

use crate::BlobError;
use crate::abandoned::{Abandoned, Claim};
use crate::announced::AnnouncedBody;
use crate::body::Body;
use crate::corruptions::Corruptions;
use crate::digest::{Digester, Digests};
use crate::digest_pool::DigestPool;
use crate::directory_sync::DirectorySync;
use crate::groups::Groups;
use crate::held::HeldBlob;
use crate::lane::{Jobs, SpareUnits};
use crate::layout::{Chunks, directory_of, group, path_of};
use crate::pool::on_pool;
use crate::reader::{BlobReader, Source};
use crate::reserve::Reserve;
use crate::upload::{self, NewFile};
use bytes::{Buf, Bytes};
use environment::{Clock, Disk, Entropy};
use keyring::{DataKey, TAG_BYTES};
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::limits::{INLINE_BYTES_MAX, UPLOAD_BYTES_MAX};
use types::{BlobId, ByteRange, ChecksumAlgorithm, ErrorCode, OperationError};

/// First number of inline blobs, which have no file: the numbers of files stay dense, and so do their directories.
const INLINE_NUMBER_MIN: u64 = 1 << 63;

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct BlobSettings {
    /// Bytes of the disk that stay free: a write that would leave less is refused, reads and removals go on.
    pub reserve_bytes: u64,
}

/// Where a blob's sealed bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Beside the row.
    Inline,
    /// In a file of its own.
    File,
}

/// All that a row needs to know to find a blob again, besides its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobRef {
    /// Its id.
    pub id: BlobId,
    /// Plain bytes in it.
    pub size: u64,
    /// Where they are.
    pub place: Place,
}

/// A blob that is stored and not yet visible.
///
/// Dropped without [`WrittenBlob::keep`], a blob with a file is listed as abandoned.
#[derive(Debug)]
pub struct WrittenBlob {
    /// For the row.
    pub blob: BlobRef,
    /// The sealed bytes of an inline blob, to be committed with the row; `None` for a file.
    pub sealed: Option<Bytes>,
    /// What was computed over the plain bytes.
    pub digests: Digests,
    claim: Option<Arc<Claim>>,
}

impl WrittenBlob {
    /// Says that a row names the blob now. To be called once the commit is known to have happened.
    pub fn keep(&self) {
        if let Some(claim) = &self.claim {
            claim.keep();
        }
    }
}

/// Blobs on one local disk. Shared by reference; every call may run beside every other.
pub struct LocalBlobs {
    disk: Arc<dyn Disk>,
    epoch: u32,
    /// Tells ids of this process from those of another that was given the same epoch, as after a restored backup.
    salt: [u8; 4],
    next_file_number: AtomicU64,
    next_inline_number: AtomicU64,
    reserve: Reserve,
    groups: Groups,
    directories: Arc<DirectorySync>,
    digests: Arc<DigestPool>,
    spare_units: SpareUnits,
    store_jobs: Jobs,
    abandoned: Arc<Abandoned>,
    corruptions: Arc<Corruptions>,
}

impl LocalBlobs {
    /// The store on `disk`. `epoch` must never have been used before on it: ids are numbered within it.
    pub fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        settings: BlobSettings,
        epoch: u32,
    ) -> Self {
        Self {
            epoch,
            salt: entropy.bytes(),
            next_file_number: AtomicU64::new(0),
            next_inline_number: AtomicU64::new(INLINE_NUMBER_MIN),
            reserve: Reserve::new(Arc::clone(&disk), clock, settings.reserve_bytes),
            groups: Groups::new(Arc::clone(&disk), epoch),
            directories: Arc::new(DirectorySync::new(Arc::clone(&disk))),
            digests: DigestPool::new(),
            spare_units: SpareUnits::new(),
            store_jobs: Jobs::new(),
            abandoned: Arc::default(),
            corruptions: Arc::default(),
            disk,
        }
    }

    /// Stores `body` as a new blob, sealed under `key`, and returns once a file of it survives a power cut.
    ///
    /// `length` is the exact number of bytes to come; `None` if their sender does not say: then the body is read to its
    /// end, and a small one becomes inline all the same. MD5 and each of `algorithms` are computed on the way. `key`
    /// must be new: one key, one blob. Holds three units of [`TRANSFER_BYTES`](types::limits::TRANSFER_BYTES) and
    /// two sealed ones; up to sixteen while few upload.
    ///
    /// # Errors
    /// `EntityTooLarge` and `StorageFull`, before a byte is read if the length is known; `IncompleteBody` or
    /// `InvalidRequest` if the body is shorter or longer; what the body says; what the disk says. A file begun is then
    /// listed as abandoned.
    /// # Cancel safety
    /// Dropping the future leaves at most a file that is listed as abandoned once no job touches it any more.
    pub async fn write(
        &self,
        body: &mut dyn Body,
        length: Option<u64>,
        algorithms: &[ChecksumAlgorithm],
        key: &DataKey,
    ) -> Result<WrittenBlob, OperationError> {
        let digester = Digester::new(algorithms);
        let Some(length) = length else {
            let body = AnnouncedBody::unannounced(body, UPLOAD_BYTES_MAX);
            return Box::pin(self.write_unannounced(body, digester, key)).await;
        };
        if length > UPLOAD_BYTES_MAX {
            return Err(ErrorCode::EntityTooLarge.into());
        }
        let body = AnnouncedBody::new(body, length);
        match usize::try_from(length) {
            Ok(length) if length <= INLINE_BYTES_MAX => self.write_inline(body, length, digester, key).await,
            // Boxed: the state of every small upload would else have room for it.
            _ => Box::pin(self.write_file(body, Some(length), digester, key)).await,
        }
    }

    async fn write_inline(
        &self,
        mut body: AnnouncedBody<'_>,
        length: usize,
        digester: Digester,
        key: &DataKey,
    ) -> Result<WrittenBlob, OperationError> {
        let chunks = self.new_inline(length);
        self.reserve.admit(chunks.sealed_bytes()).await?;
        let mut bytes = Vec::with_capacity(length + TAG_BYTES);
        body.take(length, &mut bytes).await?;
        body.end().await?;
        Ok(seal_inline(chunks, bytes, digester, key))
    }

    /// Reads as much as fits beside a row: only then it is known whether the body needs a file.
    async fn write_unannounced(
        &self,
        mut body: AnnouncedBody<'_>,
        digester: Digester,
        key: &DataKey,
    ) -> Result<WrittenBlob, OperationError> {
        let mut bytes = Vec::new();
        body.take(INLINE_BYTES_MAX, &mut bytes).await?;
        if body.has_more().await? {
            body.give_back(bytes.into());
            return self.write_file(body, None, digester, key).await;
        }
        let chunks = self.new_inline(bytes.len());
        self.reserve.admit(chunks.sealed_bytes()).await?;
        Ok(seal_inline(chunks, bytes, digester, key))
    }

    /// The chunk of a new inline blob.
    fn new_inline(&self, length: usize) -> Chunks {
        let number = self.next_inline_number.fetch_add(1, Ordering::Relaxed);
        Chunks::new(BlobId::new(self.epoch, number, self.salt), length as u64)
    }

    async fn write_file(
        &self,
        body: AnnouncedBody<'_>,
        size: Option<u64>,
        digester: Digester,
        key: &DataKey,
    ) -> Result<WrittenBlob, OperationError> {
        let number = self.next_file_number.fetch_add(1, Ordering::Relaxed);
        let id = BlobId::new(self.epoch, number, self.salt);
        if let Some(size) = size {
            self.reserve.admit(Chunks::new(id, size).sealed_bytes()).await?;
        }
        self.groups.prepare(group(id)).await?;
        let claim = Claim::new(id, &self.abandoned);
        let target = NewFile {
            disk: Arc::clone(&self.disk),
            directories: Arc::clone(&self.directories),
            id,
            size,
            key: key.clone(),
            _claim: Arc::clone(&claim),
        };
        let (digesting, spare) = (self.digests.stream(digester), self.spare_units.clone());
        let stored = upload::store(target, body, digesting, spare, self.store_jobs.clone(), &self.reserve).await;
        let stored = stored.inspect_err(|error| self.believe_full(error))?;
        let blob = BlobRef { id, size: stored.size, place: Place::File };
        Ok(WrittenBlob { blob, sealed: None, digests: stored.digests, claim: Some(claim) })
    }

    /// The disk may have filled up faster than the reserve noticed.
    fn believe_full(&self, error: &OperationError) {
        if error.code == ErrorCode::StorageFull {
            self.reserve.forget();
        }
    }

    /// Opens `range` of a blob that has a file. Its first unit is read and checked on return, so that most failures
    /// show before an answer has begun.
    ///
    /// `range` must lie within the blob.
    ///
    /// # Errors
    /// `Missing` if there is no such file (removed since the row was read?); `Corrupt`, counted and logged; `Disk`.
    pub async fn open(&self, blob: BlobRef, key: DataKey, range: ByteRange) -> Result<BlobReader, BlobError> {
        assert!(range.end() <= blob.size, "a range is resolved against the blob's size");
        let (disk, corruptions) = (Arc::clone(&self.disk), Arc::clone(&self.corruptions));
        on_pool(move || BlobReader::start(Arc::new(Source::open(&*disk, blob, key, corruptions)?), range)).await
    }

    /// Holds a blob that has a file, to read of it later, whether it is removed meanwhile or not.
    ///
    /// # Errors
    /// As [`LocalBlobs::open`], as far as they show before a byte is read.
    pub async fn hold(&self, blob: BlobRef, key: DataKey) -> Result<HeldBlob, BlobError> {
        let (disk, corruptions) = (Arc::clone(&self.disk), Arc::clone(&self.corruptions));
        let source = on_pool(move || Source::open(&*disk, blob, key, corruptions)).await?;
        Ok(HeldBlob::new(source, blob.size))
    }

    /// Checks and decrypts an inline blob, and gives `range` of it.
    ///
    /// `range` must lie within the blob.
    ///
    /// # Errors
    /// `Corrupt`, counted and logged.
    pub fn open_inline(
        &self,
        blob: BlobRef,
        key: &DataKey,
        sealed: &[u8],
        range: ByteRange,
    ) -> Result<Bytes, BlobError> {
        assert!(range.end() <= blob.size, "a range is resolved against the blob's size");
        let corrupt = |reason| self.corruptions.report(PathBuf::from(format!("inline blob {}", blob.id)), 0, reason);
        let chunks = Chunks::new(blob.id, blob.size);
        if sealed.len() as u64 != chunks.sealed_bytes() {
            return Err(corrupt("the payload does not have the length of its blob"));
        }
        let Ok(plain) = key.open_chunk_copy(chunks.position(0), sealed) else {
            return Err(corrupt("the payload does not authenticate"));
        };
        // The payload is at most a chunk, so neither conversion can fail.
        let offset = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let mut plain = Bytes::from(plain);
        plain.truncate(offset(range.end()));
        plain.advance(offset(range.start));
        Ok(plain)
    }

    /// Removes the file of a blob; one that is gone, or never was, is no error. Durable on return.
    pub async fn remove(&self, id: BlobId) -> Result<(), BlobError> {
        self.remove_all(vec![id]).await
    }

    /// As [`LocalBlobs::remove`], for many at once: one sync per directory. On an error some may be removed.
    pub async fn remove_all(&self, ids: Vec<BlobId>) -> Result<(), BlobError> {
        let disk = Arc::clone(&self.disk);
        on_pool(move || {
            let mut directories = BTreeSet::new();
            for id in ids {
                let path = path_of(id);
                unless_missing(disk.remove(&path)).map_err(|e| BlobError::disk("remove", path, e))?;
                // Also if it was gone already: an earlier removal may have ended before its sync.
                directories.insert(directory_of(id));
            }
            for directory in directories {
                unless_missing(disk.sync_dir(&directory))
                    .map_err(|e| BlobError::disk("sync the directory", directory, e))?;
            }
            Ok(())
        })
        .await
    }

    /// Ids listed as abandoned since the last call: their uploads came to nothing, and their files may exist.
    ///
    /// A listed id may still get a row, if the [`WrittenBlob`] was dropped while its commit was under way. Whoever
    /// removes the files must first know that commits of that time have ended, and that no row names the id.
    pub fn take_abandoned(&self) -> Vec<BlobId> {
        self.abandoned.take()
    }

    /// Lists ids as abandoned again, for a caller of [`LocalBlobs::take_abandoned`] that could not go on.
    pub fn put_back_abandoned(&self, ids: Vec<BlobId>) {
        self.abandoned.put_back(ids);
    }

    /// Writes refused since the start because the disk was full up to its reserve.
    pub fn refusals(&self) -> u64 {
        self.reserve.refusals()
    }

    /// Corrupt blobs met by reads since the start; one read twice counts twice.
    pub fn corruptions(&self) -> u64 {
        self.corruptions.count()
    }

    /// Bytes that a blob's file takes; `None` if it has none.
    pub async fn bytes_on_disk(&self, id: BlobId) -> Result<Option<u64>, BlobError> {
        let disk = Arc::clone(&self.disk);
        on_pool(move || {
            let path = path_of(id);
            match disk.open(&path).and_then(|file| file.length()) {
                Ok(length) => Ok(Some(length)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(BlobError::disk("ask the length of", path, source)),
            }
        })
        .await
    }

    /// The epoch that this process writes in.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }
}

/// A small body becomes a payload. `bytes` with room for a tag are not copied.
fn seal_inline(chunks: Chunks, mut bytes: Vec<u8>, mut digester: Digester, key: &DataKey) -> WrittenBlob {
    let size = bytes.len() as u64;
    digester.update(&bytes);
    let tag = key.seal_chunk(chunks.position(0), &mut bytes);
    bytes.extend_from_slice(&tag);
    let blob = BlobRef { id: chunks.id(), size, place: Place::Inline };
    WrittenBlob { blob, sealed: Some(bytes.into()), digests: digester.finish(), claim: None }
}

/// Whether it was done; false if there was nothing to do it to.
pub(crate) fn unless_missing(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
