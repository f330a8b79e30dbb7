//! Ids of files whose upload came to nothing, remembered until someone removes the files.
//!
//! Nothing is removed where an upload fails: that place may be a dropped future, which must not wait for a disk, and
//! a crash would lose the intent anyway. What a crash loses here, the sweep of the next start finds.

use crate::pool::lock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use types::BlobId;

#[derive(Debug, Default)]
pub(crate) struct Abandoned(Mutex<Vec<BlobId>>);

impl Abandoned {
    /// The ids listed since the last call.
    pub(crate) fn take(&self) -> Vec<BlobId> {
        std::mem::take(&mut lock(&self.0))
    }

    /// Lists ids again that were taken in vain.
    pub(crate) fn put_back(&self, ids: Vec<BlobId>) {
        lock(&self.0).extend(ids);
    }
}

/// The tie between an upload and its file. The last holder to go lists the id, unless the blob was kept.
///
/// Every job that touches the file holds one, so that an id is listed only when no job can still create its file.
#[derive(Debug)]
pub(crate) struct Claim {
    id: BlobId,
    list: Arc<Abandoned>,
    kept: AtomicBool,
}

impl Claim {
    pub(crate) fn new(id: BlobId, list: &Arc<Abandoned>) -> Arc<Self> {
        Arc::new(Self { id, list: Arc::clone(list), kept: AtomicBool::new(false) })
    }

    /// From here on the file belongs to a row.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !*self.kept.get_mut() {
            lock(&self.list.0).push(self.id);
        }
    }
}
