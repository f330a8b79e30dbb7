//! What the tests share: a store in a directory of its own, and the disk between them.

use blobs::{BlobError, BlobReader, BlobRef, BlobSettings, Body, BytesBody, LocalBlobs, WrittenBlob};
use bytes::Bytes;
use environment::clock::Sleep;
use environment::disk::OpenDiskError;
use environment::{Clock, Disk, DiskFile, LocalDisk, SystemEntropy};
use keyring::DataKey;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;
use types::limits::{CHUNK_BYTES, TRANSFER_BYTES};
use types::{BlobId, ByteRange, ChecksumAlgorithm, OperationError, Timestamp};

pub(crate) const CHUNK: usize = CHUNK_BYTES;
pub(crate) const UNIT: usize = TRANSFER_BYTES;
/// Small enough to be quick, large enough for several units and a partial chunk.
pub(crate) const LARGE: usize = 3 * UNIT + CHUNK + 17;

/// Large enough to be written past the page cache, in several writes that do not end where units do.
pub(crate) const PAST_CACHE: usize = 17 * UNIT + CHUNK + 17;

/// A real directory behind a disk that misbehaves as told.
pub(crate) struct TestDisk {
    inner: LocalDisk,
    pub(crate) faults: Arc<Faults>,
}

/// How the disk misbehaves, and what was asked of it.
pub(crate) struct Faults {
    calls: AtomicU64,
    fail_at: AtomicU64,
    kind: Mutex<io::ErrorKind>,
    fired: AtomicBool,
    /// Nothing is cached: every read must wait for the disk.
    pub(crate) cold: AtomicBool,
    pub(crate) free_bytes: AtomicU64,
    pub(crate) free_bytes_asked: AtomicU64,
}

impl Faults {
    /// Fails the `nth` call from now, once.
    pub(crate) fn fail_call(&self, nth: u64, kind: io::ErrorKind) {
        *self.kind.lock().unwrap() = kind;
        self.fired.store(false, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
        self.fail_at.store(nth, Ordering::SeqCst);
    }

    /// Whether the call was reached.
    pub(crate) fn fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }

    fn call(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if call == self.fail_at.load(Ordering::SeqCst) {
            self.fired.store(true, Ordering::SeqCst);
            return Err((*self.kind.lock().unwrap()).into());
        }
        Ok(())
    }
}

impl Disk for TestDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.faults.call()?;
        self.inner.create_dir_all(path)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.faults.call()?;
        Ok(Arc::new(TestFile { inner: self.inner.create(path)?, faults: Arc::clone(&self.faults) }))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.faults.call()?;
        Ok(Arc::new(TestFile { inner: self.inner.open(path)?, faults: Arc::clone(&self.faults) }))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.faults.call()?;
        self.inner.remove(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.call()?;
        self.inner.remove_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.faults.call()?;
        self.inner.list(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.call()?;
        self.inner.sync_dir(path)
    }
    fn free_bytes(&self) -> io::Result<u64> {
        self.faults.call()?;
        self.faults.free_bytes_asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.faults.free_bytes.load(Ordering::SeqCst))
    }
}

struct TestFile {
    inner: Arc<dyn DiskFile>,
    faults: Arc<Faults>,
}

impl DiskFile for TestFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.faults.call()?;
        self.inner.write_at(bytes, offset)
    }
    fn write_large_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.faults.call()?;
        self.inner.write_large_at(bytes, offset)
    }
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.faults.call()?;
        self.inner.read_at(bytes, offset)
    }
    fn try_read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
        self.faults.call()?;
        if self.faults.cold.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.inner.try_read_at(bytes, offset)
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.faults.call()?;
        self.inner.allocate(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.faults.call()?;
        self.inner.sync()
    }
    fn length(&self) -> io::Result<u64> {
        self.faults.call()?;
        self.inner.length()
    }
}

/// A clock that moves when told.
#[derive(Default)]
pub(crate) struct TestClock(Mutex<Duration>);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }
}

/// A store and the world it stands in.
pub(crate) struct World {
    pub(crate) blobs: LocalBlobs,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) home: TempDir,
}

/// Bytes that stay free in every test store.
pub(crate) const RESERVE: u64 = 1000;

impl World {
    pub(crate) fn new() -> Self {
        Self::in_directory(tempfile::tempdir().unwrap(), 1)
    }

    /// The next process on the same directory.
    pub(crate) async fn restart(self, epoch: u32) -> Self {
        let Self { blobs, home, .. } = self;
        drop(blobs);
        // A job that has answered may hold the disk for a moment longer.
        while matches!(LocalDisk::open(home.path()), Err(OpenDiskError::InUse { .. })) {
            tokio::task::yield_now().await;
        }
        Self::in_directory(home, epoch)
    }

    fn in_directory(home: TempDir, epoch: u32) -> Self {
        let faults = Arc::new(Faults {
            calls: AtomicU64::new(0),
            fail_at: AtomicU64::new(u64::MAX),
            kind: Mutex::new(io::ErrorKind::Other),
            fired: AtomicBool::new(false),
            cold: AtomicBool::new(false),
            free_bytes: AtomicU64::new(1 << 40),
            free_bytes_asked: AtomicU64::new(0),
        });
        let disk = Arc::new(TestDisk { inner: LocalDisk::open(home.path()).unwrap(), faults: Arc::clone(&faults) });
        let clock = Arc::new(TestClock::default());
        let settings = BlobSettings { reserve_bytes: RESERVE };
        let blobs = LocalBlobs::new(disk, Arc::clone(&clock) as _, &SystemEntropy::new(), settings, epoch);
        Self { blobs, faults, clock, home }
    }

    /// Stores `plain` under a new key.
    pub(crate) async fn put(&self, plain: &[u8]) -> Stored {
        let key = new_key();
        let mut body = frames(plain, 70_001);
        let written = self.blobs.write(&mut body, Some(plain.len() as u64), &[], &key).await.unwrap();
        written.keep();
        Stored { written, key }
    }

    /// Writes a body of so many bytes, announced or not, and tells how it went.
    pub(crate) async fn try_put(&self, size: usize, announced: bool) -> Result<WrittenBlob, OperationError> {
        let length = announced.then_some(size as u64);
        self.blobs.write(&mut BytesBody::new(noise(size)), length, &[], &new_key()).await
    }

    /// Writes a body of `LARGE` bytes and tells how it went.
    pub(crate) async fn try_put_large(&self) -> Result<WrittenBlob, OperationError> {
        self.try_put(LARGE, true).await
    }

    /// All of `range`, however the blob is placed.
    pub(crate) async fn get(&self, stored: &Stored, range: ByteRange) -> Result<Vec<u8>, BlobError> {
        match &stored.written.sealed {
            Some(sealed) => {
                let bytes = self.blobs.open_inline(stored.blob(), &stored.key, sealed, range)?;
                Ok(bytes.to_vec())
            }
            None => read_all(self.blobs.open(stored.blob(), stored.key.clone(), range).await?).await,
        }
    }

    pub(crate) fn path_of(&self, id: BlobId) -> PathBuf {
        self.home.path().join(format!("blobs/{}/{}/{id}", id.epoch(), id.number() / 4096))
    }

    /// Every blob file in the directory.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        files_below(&self.home.path().join("blobs"))
    }

    /// What was listed as abandoned, once jobs of dropped uploads have let go.
    pub(crate) async fn abandoned_one(&self) -> BlobId {
        loop {
            if let Some(id) = self.blobs.take_abandoned().pop() {
                return id;
            }
            tokio::task::yield_now().await;
        }
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// A blob and its key.
pub(crate) struct Stored {
    pub(crate) written: WrittenBlob,
    pub(crate) key: DataKey,
}

impl Stored {
    pub(crate) fn blob(&self) -> BlobRef {
        self.written.blob
    }
}

pub(crate) async fn read_all(mut reader: BlobReader) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    while let Some(frame) = reader.next().await {
        bytes.extend_from_slice(&frame?);
    }
    Ok(bytes)
}

pub(crate) fn new_key() -> DataKey {
    DataKey::generate(&SystemEntropy::new())
}

/// Bytes that do not repeat at any boundary that matters.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A body that comes in frames of `frame` bytes.
pub(crate) fn frames(plain: &[u8], frame: usize) -> BytesBody {
    BytesBody::from_frames(plain.chunks(frame).map(|bytes| Ok(Bytes::copy_from_slice(bytes))))
}

/// A body that sends some bytes and then nothing, for ever.
pub(crate) struct StallingBody {
    pub(crate) first: Option<Bytes>,
    pub(crate) stalled: Arc<Notify>,
}

impl Body for StallingBody {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        match self.first.take() {
            Some(bytes) => Poll::Ready(Ok(Some(bytes))),
            None => {
                self.stalled.notify_one();
                Poll::Pending
            }
        }
    }
}

pub(crate) const ALL_ALGORITHMS: [ChecksumAlgorithm; 5] = ChecksumAlgorithm::AMZ;
