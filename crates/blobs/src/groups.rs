//! Directories of groups: made once, and durable before the first file in them counts as stored.

use crate::BlobError;
use crate::layout::{BLOBS_DIRECTORY, epoch_directory, group_directory};
use crate::pool::{lock, on_pool};
use environment::Disk;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

pub(crate) struct Groups {
    disk: Arc<dyn Disk>,
    epoch: u32,
    /// Made, or in the making. Ids rise, so only the newest matter.
    made: Mutex<HashMap<u64, Arc<OnceCell<()>>>>,
}

impl Groups {
    pub(crate) fn new(disk: Arc<dyn Disk>, epoch: u32) -> Self {
        Self { disk, epoch, made: Mutex::default() }
    }

    /// Returns once the directory of `group` exists and survives a power cut. The first caller makes it, others wait.
    pub(crate) async fn prepare(&self, group: u64) -> Result<(), BlobError> {
        let cell = self.cell(group);
        cell.get_or_try_init(|| self.make(group)).await.copied()
    }

    fn cell(&self, group: u64) -> Arc<OnceCell<()>> {
        let mut made = lock(&self.made);
        if !made.contains_key(&group) {
            // Forgotten groups are made again, which changes nothing.
            made.retain(|other, _| other.saturating_add(1) >= group);
        }
        Arc::clone(made.entry(group).or_default())
    }

    async fn make(&self, group: u64) -> Result<(), BlobError> {
        let disk = Arc::clone(&self.disk);
        let epoch = self.epoch;
        on_pool(move || {
            let directory = group_directory(epoch, group);
            disk.create_dir_all(&directory).map_err(|e| BlobError::disk("make the directory", directory, e))?;
            for parent in [epoch_directory(epoch), PathBuf::from(BLOBS_DIRECTORY), PathBuf::new()] {
                disk.sync_dir(&parent).map_err(|e| BlobError::disk("sync the directory", parent, e))?;
            }
            Ok(())
        })
        .await
    }
}
