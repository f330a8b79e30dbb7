//! The disk below one data directory. Paths are relative to it. All calls block: run them on a pool.

use rustix::fs::{Advice, FallocateFlags, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What disks write as one: [`DiskFile::write_large_at`] goes by it.
pub const BLOCK_BYTES: usize = 4096;

/// A directory tree that a store owns.
pub trait Disk: Send + Sync + 'static {
    /// Makes a directory and those above it; one that exists is left alone. Durable once its parent is synced.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Makes a new file for writing and reading; fails if it exists. Durable once its directory is synced.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Removes a file. Durable once its directory is synced.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Names in a directory, in no order.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Bytes that can still be written.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file.
pub trait DiskFile: Send + Sync + 'static {
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// As [`DiskFile::write_at`], for a piece of a large file: past the page cache where the disk can, which spares a
    /// copy and leaves [`DiskFile::sync`] little to wait for. Offset, length and where `bytes` begin in memory
    /// should be multiples of [`BLOCK_BYTES`]: what is not goes through the page cache all the same.
    fn write_large_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_at(bytes, offset)
    }

    /// Fills `bytes` from `offset`; `UnexpectedEof` if the file ends before.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// As [`DiskFile::read_at`] if that needs no wait for the disk: false, with `bytes` in any state, if it does.
    fn try_read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool>;

    /// Reserves room for `length` bytes, so that a full disk shows before the bytes arrive.
    fn allocate(&self, length: u64) -> io::Result<()>;

    /// Returns once the bytes written survive a power cut.
    fn sync(&self) -> io::Result<()>;

    /// Bytes in the file.
    fn length(&self) -> io::Result<u64>;
}

/// A directory of the machine.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
    /// Held for as long as the disk is: one process per directory.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug)]
pub enum OpenDiskError {
    /// Another process holds it.
    InUse {
        /// The directory.
        root: PathBuf,
    },
    /// The machine refused.
    Io {
        /// The directory.
        root: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

impl std::fmt::Display for OpenDiskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse { root } => write!(
                f,
                "the data directory {} is in use by another Cairn process: stop it, or choose another with --data",
                root.display()
            ),
            Self::Io { root, source } => write!(f, "cannot use the data directory {}: {source}", root.display()),
        }
    }
}

impl std::error::Error for OpenDiskError {}

impl LocalDisk {
    /// Makes `root` if need be, readable by its owner only, and takes its lock.
    pub fn open(root: &Path) -> Result<Self, OpenDiskError> {
        let io = |source: io::Error| OpenDiskError::Io { root: root.to_owned(), source };
        create_private_dir(root).and_then(|()| sync_parent(root)).map_err(io)?;
        let lock_path = root.join("lock");
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC;
        let lock = rustix::fs::open(&lock_path, flags, Mode::RUSR | Mode::WUSR).map_err(|e| io(e.into()))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: File::from(lock) }),
            Err(Errno::WOULDBLOCK) => Err(OpenDiskError::InUse { root: root.to_owned() }),
            Err(error) => Err(io(error.into())),
        }
    }

    /// The directory of the machine.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Makes the directory's own name durable.
#[expect(clippy::disallowed_methods, reason = "this is the real disk")]
fn sync_parent(root: &Path) -> io::Result<()> {
    let root = root.canonicalize()?;
    match root.parent().map(File::open) {
        Some(Ok(parent)) => parent.sync_all(),
        // Whoever may not look into the parent did not make the directory there just now.
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Some(Err(error)) => Err(error),
        None => Ok(()),
    }
}

fn create_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[expect(clippy::disallowed_methods, reason = "this is the real disk")]
impl Disk for LocalDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        create_private_dir(&self.root.join(path))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = File::options();
        let path = self.root.join(path);
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Arc::new(LocalFile { file, past_cache: Some(PastCache { path, file: OnceLock::new() }) }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(LocalFile { file: File::open(self.root.join(path))?, past_cache: None }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(self.root.join(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir(self.root.join(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<std::fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        std::fs::read_dir(self.root.join(path))?.map(name).collect()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(self.root.join(path))?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.root)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// Bytes of a large file after which the disk is asked to begin writing.
const WRITEBACK_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
struct LocalFile {
    file: File,
    /// Of a file that was made for writing.
    past_cache: Option<PastCache>,
}

/// The way to a file past the page cache, opened when it is first wanted.
#[derive(Debug)]
struct PastCache {
    path: PathBuf,
    /// None where the file system has no such way.
    file: OnceLock<Option<File>>,
}

impl PastCache {
    /// Writes at `offset` as much of `bytes` as can be written so, and says how much that is.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let open = || rustix::fs::open(&self.path, OFlags::WRONLY | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty());
        let Some(file) = self.file.get_or_init(|| open().ok().map(File::from)) else { return Ok(0) };
        match rustix::io::pwrite(file, bytes, offset) {
            Ok(count) => Ok(count),
            // Not so on this file system, not with this alignment, or not now.
            Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::INTR | Errno::AGAIN | Errno::NOMEM) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

impl LocalFile {
    /// Asks the disk to begin writing what the write from `offset` to `end` has made complete, if it has not: past the
    /// page cache, but some file systems only seem to go there.
    fn start_writeback(&self, offset: u64, end: u64) {
        let (start, end) = (offset - offset % WRITEBACK_BYTES, end - end % WRITEBACK_BYTES);
        if let Some(length) = end.checked_sub(start).and_then(NonZeroU64::new) {
            // On Linux, DONTNEED starts writing dirty pages without a wait, and keeps those still being written.
            // A failed hint costs only time: the sync that follows reports what matters.
            let _ = rustix::fs::fadvise(&self.file, start, Some(length), Advice::DontNeed);
        }
    }
}

impl DiskFile for LocalFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn write_large_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let blocks = &bytes[..bytes.len() - bytes.len() % BLOCK_BYTES];
        let written = match &self.past_cache {
            Some(past_cache) if !blocks.is_empty() => past_cache.write_at(blocks, offset)?,
            _ => 0,
        };
        self.file.write_all_at(&bytes[written..], offset + written as u64)?;
        self.start_writeback(offset, offset + bytes.len() as u64);
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn try_read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
        let wanted = bytes.len();
        match rustix::io::preadv2(&self.file, &mut [IoSliceMut::new(bytes)], offset, ReadWriteFlags::NOWAIT) {
            Ok(count) => Ok(count == wanted),
            // A file system without NOWAIT reads on the pool.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.file, FallocateFlags::empty(), 0, length) {
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let first = LocalDisk::open(home.path()).unwrap();
        let second = LocalDisk::open(home.path());
        assert!(matches!(second, Err(OpenDiskError::InUse { .. })));
        drop(first);
        assert!(LocalDisk::open(home.path()).is_ok());
    }

    #[test]
    fn bytes_come_back_and_files_are_made_once() {
        let home = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(home.path()).unwrap();
        disk.create_dir_all(Path::new("a/b")).unwrap();
        let file = disk.create(Path::new("a/b/c")).unwrap();
        assert!(disk.create(Path::new("a/b/c")).is_err());
        file.allocate(4096).unwrap();
        file.write_at(b"hello", 3).unwrap();
        file.sync().unwrap();
        disk.sync_dir(Path::new("a/b")).unwrap();
        let mut bytes = [0; 5];
        disk.open(Path::new("a/b/c")).unwrap().read_at(&mut bytes, 3).unwrap();
        assert_eq!(&bytes, b"hello");
        assert_eq!(disk.list(Path::new("a/b")).unwrap(), ["c"]);
        assert!(file.read_at(&mut bytes, 4094).is_err());
        disk.remove(Path::new("a/b/c")).unwrap();
        assert!(disk.free_bytes().unwrap() > 0);
    }

    #[test]
    fn pieces_of_a_large_file_come_back_wherever_they_begin_and_end() {
        let home = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(home.path()).unwrap();
        let all: Vec<u8> = (0..20 * BLOCK_BYTES).map(|index| (index % 251) as u8).collect();
        let aligned = all.as_ptr().align_offset(BLOCK_BYTES);
        let lengths = [BLOCK_BYTES, 1, 3 * BLOCK_BYTES - 1, 5 * BLOCK_BYTES + 7, BLOCK_BYTES - 7, 0, 2 * BLOCK_BYTES];
        for skipped in [aligned, aligned + 1] {
            let path = format!("after {skipped}");
            let file = disk.create(Path::new(&path)).unwrap();
            let expected = &all[skipped..skipped + lengths.iter().sum::<usize>()];
            let mut offset = 0;
            for length in lengths {
                file.write_large_at(&expected[offset..offset + length], offset as u64).unwrap();
                offset += length;
            }
            file.sync().unwrap();
            let mut bytes = vec![0; expected.len()];
            disk.open(Path::new(&path)).unwrap().read_at(&mut bytes, 0).unwrap();
            assert!(bytes == expected, "{path}");
            assert_eq!(file.length().unwrap(), expected.len() as u64);
        }
    }

    #[test]
    fn whole_blocks_go_past_the_page_cache_where_there_is_a_way() {
        let home = tempfile::tempdir().unwrap();
        drop(LocalDisk::open(home.path()).unwrap().create(Path::new("file")).unwrap());
        let past_cache = PastCache { path: home.path().join("file"), file: OnceLock::new() };
        let all = vec![7; 3 * BLOCK_BYTES];
        let aligned = all.as_ptr().align_offset(BLOCK_BYTES);
        let written = past_cache.write_at(&all[aligned..aligned + BLOCK_BYTES], 0).unwrap();
        let is_there = past_cache.file.get().unwrap().is_some();
        assert_eq!(written, if is_there { BLOCK_BYTES } else { 0 });
        // Whether what is not aligned is written so, depends on the disk; it is never an error.
        let written = past_cache.write_at(&all[aligned + 1..aligned + 1 + BLOCK_BYTES], 1).unwrap();
        assert!(written <= BLOCK_BYTES);
    }
}
