//! The store itself: the root account and its first token, made once; and epochs, one per start of a gateway.

use crate::bucket_names;
use crate::engine::Outcome;
use crate::keys;
use crate::rows::{AccountRow, EpochRow, SequenceRow, StoreRow, TokenRow};
use crate::service::{Metadata, MetadataError};
use crate::tokens::{self, ValueDigest};
use types::Timestamp;

impl Metadata {
    /// The store's row; none before the first start.
    pub async fn store(&self) -> Result<Option<StoreRow>, MetadataError> {
        Ok(self.read(&keys::store()).await?.map(|stored| stored.row))
    }

    /// Makes the store with its root account and first token. [`Outcome::Conflict`]: another start was first.
    pub async fn create_store(
        &self,
        store: &StoreRow,
        token: &TokenRow,
        value: &ValueDigest,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_absent(keys::store());
        change.put(keys::store(), store);
        change.put(keys::account(store.root_account), &AccountRow { created: store.created });
        tokens::add(&mut change, store.root_access_key, token, value);
        bucket_names::mark_names_complete(&mut change);
        Ok(change.commit().await?)
    }

    /// Begins an epoch: the namespace of the blobs this gateway writes. Numbers are never given out twice.
    pub async fn begin_epoch(&self, now: Timestamp) -> Result<u32, MetadataError> {
        loop {
            let last = self.read::<SequenceRow>(&keys::last_epoch()).await?;
            let next = last.as_ref().map_or(1, |stored| stored.row.last + 1);
            let epoch = u32::try_from(next).map_err(|_| MetadataError::Missing { row: "epoch" })?;
            let mut change = self.change();
            change.expect_same(keys::last_epoch(), last.as_ref());
            change.put(keys::last_epoch(), &SequenceRow { last: next });
            change.put(keys::epoch(epoch), &EpochRow { started: now });
            if change.commit().await? == Outcome::Committed {
                return Ok(epoch);
            }
        }
    }

    /// Epochs whose files are not yet known to be all referenced, oldest first.
    pub async fn open_epochs(&self) -> Result<Vec<u32>, MetadataError> {
        let prefix = keys::epochs();
        let rows = self.read_range::<EpochRow>(prefix.clone(), keys::after_prefix(&prefix), usize::MAX).await?;
        let number = |key: &[u8]| key.strip_prefix(prefix.as_slice())?.try_into().ok().map(u32::from_be_bytes);
        Ok(rows.iter().filter_map(|(key, _)| number(key)).collect())
    }

    /// Notes that every file of an epoch is referenced, or garbage that is written down.
    pub async fn close_epoch(&self, epoch: u32) -> Result<(), MetadataError> {
        let mut change = self.change();
        change.delete(keys::epoch(epoch));
        let _always_committed = change.commit().await?;
        Ok(())
    }
}
