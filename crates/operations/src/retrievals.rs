//! Bytes read of objects in Infrequent Access: counted while they are read, in memory, and written down now and then by
//! a loop in `background`. What was read since the last time is lost with a process that is killed; one that is stopped
//! writes it down. A read never waits for a commit, and one of a Standard object counts nothing. Source: R2 "Pricing",
//! Data retrieval.

use crate::store::Store;
use metadata::rows::ObjectRow;
use metadata::usage::Retrieved;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use types::{AccountId, BucketId, OperationError, StorageClass};

/// Bytes by bucket that are not written down yet.
#[derive(Default)]
pub(crate) struct Retrievals(Mutex<HashMap<(AccountId, BucketId), Arc<AtomicU64>>>);

/// Counts the bytes of one read.
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// So many bytes were handed out.
    pub(crate) fn count(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Retrievals {
    fn meter(&self, account: AccountId, bucket: BucketId) -> Meter {
        Meter(Arc::clone(self.counters().entry((account, bucket)).or_default()))
    }

    /// Takes what was counted, and forgets the buckets that nobody reads from any more.
    fn take(&self) -> Vec<Retrieved> {
        let mut counters = self.counters();
        let taken = counters.iter().filter_map(|((account, bucket), counter)| {
            let bytes = counter.swap(0, Ordering::Relaxed);
            (bytes > 0).then_some(Retrieved { account: *account, bucket: *bucket, bytes })
        });
        let taken = taken.collect();
        // Whoever counts holds its counter, and gets it only while the map is locked.
        counters.retain(|_, counter| Arc::strong_count(counter) > 1);
        taken
    }

    fn give_back(&self, taken: &[Retrieved]) {
        for Retrieved { account, bucket, bytes } in taken {
            self.counters().entry((*account, *bucket)).or_default().fetch_add(*bytes, Ordering::Relaxed);
        }
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<(AccountId, BucketId), Arc<AtomicU64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// What counts the bytes of a read; nothing does for a Standard object.
    pub(crate) fn meter(&self, account: AccountId, bucket: BucketId, object: &ObjectRow) -> Option<Meter> {
        match object.class {
            StorageClass::Standard => None,
            StorageClass::InfrequentAccess => Some(self.retrievals.meter(account, bucket)),
        }
    }

    /// Writes down what was read since the last time.
    ///
    /// # Errors
    /// What the metadata engine says. The next call tries again.
    pub async fn write_down_retrievals(&self) -> Result<(), OperationError> {
        let taken = self.retrievals.take();
        if taken.is_empty() {
            return Ok(());
        }
        let added = self.metadata.add_retrieved(&taken, self.clock.now()).await;
        if added.is_err() {
            self.retrievals.give_back(&taken);
        }
        Ok(added?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: AccountId = AccountId([1; 16]);

    fn bytes(retrievals: &Retrievals) -> Vec<(u64, u64)> {
        let mut taken: Vec<_> = retrievals.take().iter().map(|read| (read.bucket.0, read.bytes)).collect();
        taken.sort_unstable();
        taken
    }

    #[test]
    fn bytes_are_taken_once_also_of_reads_that_go_on() {
        let retrievals = Retrievals::default();
        let (first, second) = (retrievals.meter(ACCOUNT, BucketId(1)), retrievals.meter(ACCOUNT, BucketId(2)));
        retrievals.meter(ACCOUNT, BucketId(1)).count(5);
        first.count(10);
        second.count(1);
        assert_eq!(bytes(&retrievals), [(1, 15), (2, 1)]);
        first.count(3);
        assert_eq!(bytes(&retrievals), [(1, 3)]);
        drop((first, second));
        assert_eq!(bytes(&retrievals), []);
        assert!(retrievals.counters().is_empty(), "nobody reads any more");
    }

    #[test]
    fn what_could_not_be_written_down_is_counted_again() {
        let retrievals = Retrievals::default();
        retrievals.meter(ACCOUNT, BucketId(1)).count(5);
        let taken = retrievals.take();
        retrievals.meter(ACCOUNT, BucketId(1)).count(2);
        retrievals.give_back(&taken);
        assert_eq!(bytes(&retrievals), [(1, 7)]);
    }
}
