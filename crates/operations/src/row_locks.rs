//! Turns for writers of one key within a process. Only courtesy: correctness rests on conditional commits.

use std::hash::{BuildHasher, RandomState};
use tokio::sync::{Mutex, MutexGuard};
use types::{BucketId, ObjectKey};

/// Locks shared by keys of equal hash.
const STRIPES: usize = 256;

/// The locks.
pub(crate) struct RowLocks {
    hasher: RandomState,
    stripes: Vec<Mutex<()>>,
}

impl RowLocks {
    /// All free.
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), stripes: (0..STRIPES).map(|_| Mutex::new(())).collect() }
    }

    /// Waits for the key's turn.
    pub(crate) async fn lock(&self, bucket: BucketId, key: &ObjectKey) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one((bucket, key.identity()));
        self.stripes[usize::try_from(hash % STRIPES as u64).unwrap_or(0)].lock().await
    }
}
