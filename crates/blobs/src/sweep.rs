//! What lies on disk, whether a row names it or not: after a crash the caller compares, and removes the rest.
//!
//! Files of the running epoch may belong to uploads under way. Epochs before it are at rest: nothing is written
//! there any more, so what no row names is garbage.

use crate::layout::{BLOBS_DIRECTORY, epoch_directory, group_directory, id_of};
use crate::pool::on_pool;
use crate::store::unless_missing;
use crate::{BlobError, LocalBlobs};
use environment::Disk;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use types::BlobId;

/// A walk through the files of one epoch. Directories found empty are removed on the way.
pub struct Sweep {
    disk: Arc<dyn Disk>,
    epoch: u32,
    /// Directories still to visit.
    groups: Vec<u64>,
    /// The directory visited last, which the caller may have emptied since.
    visited: Option<u64>,
    /// False in the running epoch, where uploads count on their directories.
    at_rest: bool,
}

impl LocalBlobs {
    /// Epochs that have files or directories, oldest first.
    pub async fn epochs(&self) -> Result<Vec<u32>, BlobError> {
        let disk = Arc::clone(self.disk());
        on_pool(move || numbers_in(&*disk, Path::new(BLOBS_DIRECTORY))).await
    }

    /// Begins a walk through the files of `epoch`.
    pub async fn sweep(&self, epoch: u32) -> Result<Sweep, BlobError> {
        let disk = Arc::clone(self.disk());
        let groups = on_pool(move || numbers_in(&*disk, &epoch_directory(epoch))).await?;
        Ok(Sweep { disk: Arc::clone(self.disk()), epoch, groups, visited: None, at_rest: epoch != self.epoch() })
    }
}

impl Sweep {
    /// The ids of the next directory's files, in order: at most 4096. `None` once all were visited.
    ///
    /// The caller removes what no row names before it asks for more, so that emptied directories can go.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<BlobId>>, BlobError> {
        let emptied = self.visited.take().filter(|_| self.at_rest);
        let (disk, epoch, group) = (Arc::clone(&self.disk), self.epoch, self.groups.pop());
        let last = self.at_rest && group.is_none();
        let batch = on_pool(move || {
            if let Some(emptied) = emptied {
                remove_if_empty(&*disk, group_directory(epoch, emptied))?;
            }
            if last {
                remove_if_empty(&*disk, epoch_directory(epoch))?;
            }
            group.map(|group| ids_in(&*disk, epoch, group)).transpose()
        })
        .await?;
        self.visited = group;
        Ok(batch)
    }
}

fn ids_in(disk: &dyn Disk, epoch: u32, group: u64) -> Result<Vec<BlobId>, BlobError> {
    let directory = group_directory(epoch, group);
    let mut ids = Vec::new();
    for name in names_in(disk, &directory)? {
        match id_of(epoch, group, &name) {
            Some(id) => ids.push(id),
            None => report_stranger(&directory, &name),
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Names that are numbers, in order.
fn numbers_in<N: std::str::FromStr + Ord + ToString>(disk: &dyn Disk, directory: &Path) -> Result<Vec<N>, BlobError> {
    let mut numbers = Vec::new();
    for name in names_in(disk, directory)? {
        match name.parse::<N>() {
            Ok(number) if number.to_string() == name => numbers.push(number),
            Ok(_) | Err(_) => report_stranger(directory, &name),
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Not ours, so not touched; but whoever runs the store should know.
fn report_stranger(directory: &Path, name: &str) {
    tracing::warn!(directory = %directory.display(), name, "an unknown file lies among the blobs; it is left alone");
}

fn names_in(disk: &dyn Disk, directory: &Path) -> Result<Vec<String>, BlobError> {
    match disk.list(directory) {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(BlobError::disk("list", directory, source)),
    }
}

fn remove_if_empty(disk: &dyn Disk, directory: PathBuf) -> Result<(), BlobError> {
    // Synced first: a power cut may bring the directory back, but then without the files removed from it.
    match unless_missing(disk.sync_dir(&directory).and_then(|()| disk.remove_dir(&directory))) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(source) => Err(BlobError::disk("remove the directory", directory, source)),
    }
}
