//! When the lifecycle of a bucket is to be looked after, over all buckets: a row for each such time. So finding out
//! that nothing is to be done reads one row, however many buckets and objects there are.

use crate::buckets::FoundBucket;
use crate::due::wake_row;
use crate::engine::Outcome;
use crate::keys;
use crate::lifecycle::begin_anew;
use crate::rows::{BucketRow, LifecycleProgressRow, LifecycleRow, LifecycleWakeRow, SequenceRow};
use crate::service::{Metadata, MetadataError, Stored};
use types::{AccountId, BucketId, Lifecycle, Timestamp};

/// A time at which a bucket is to be looked after, as found.
#[derive(Clone, Debug)]
pub struct FoundWake {
    key: Vec<u8>,
    stored: Stored<LifecycleWakeRow>,
    /// When.
    pub at: Timestamp,
    bucket: BucketId,
}

/// Buckets looked at in one go for what an older release left.
const BUCKETS_AT_ONCE: usize = 500;

impl Metadata {
    /// The first time at which any bucket is to be looked after.
    pub async fn first_wake(&self) -> Result<Option<FoundWake>, MetadataError> {
        let all = keys::lifecycle_wakes();
        let first = self.read_range::<LifecycleWakeRow>(all.clone(), keys::after_prefix(&all), 1).await?;
        let Some((key, stored)) = first.into_iter().next() else { return Ok(None) };
        let numbers = key.get(all.len()..).and_then(|rest| Some((rest.first_chunk()?, rest.last_chunk()?)));
        let (at, bucket) = numbers.ok_or(MetadataError::Missing { row: "bucket of a wake" })?;
        let (at, bucket) = (Timestamp(u64::from_be_bytes(*at)), BucketId(u64::from_be_bytes(*bucket)));
        Ok(Some(FoundWake { key, stored, at, bucket }))
    }

    /// The bucket that is to be looked after; `None` if it is gone.
    pub async fn bucket_of_wake(&self, wake: &FoundWake) -> Result<Option<FoundBucket>, MetadataError> {
        let row = &wake.stored.row;
        Ok(self.bucket_at(&row.bucket, row.account).await?.filter(|bucket| bucket.id() == wake.bucket))
    }

    /// Forgets about a bucket that is gone.
    pub async fn drop_wake(&self, wake: &FoundWake) -> Result<(), MetadataError> {
        let mut change = self.change();
        change.expect(wake.key.clone(), &wake.stored);
        change.delete(wake.key.clone());
        let _gone_either_way = change.commit().await?;
        Ok(())
    }

    /// Ends a visit to a bucket: what came of it, and when the next one is. [`Outcome::Conflict`]: the bucket, its
    /// progress or the wake is no longer as it was found; then the wake is still there.
    pub async fn end_visit(
        &self,
        bucket: &FoundBucket,
        wake: &FoundWake,
        before: Option<&Stored<LifecycleProgressRow>>,
        progress: &LifecycleProgressRow,
    ) -> Result<Outcome, MetadataError> {
        let key = keys::lifecycle_progress(bucket.id());
        let mut change = self.change();
        bucket.expect(&mut change);
        change.expect(wake.key.clone(), &wake.stored);
        change.delete(wake.key.clone());
        change.expect_same(key.clone(), before);
        if let Some(planned) = before.and_then(|before| before.row.next) {
            change.delete(keys::lifecycle_wake(planned, bucket.id()));
        }
        if let Some(next) = progress.next {
            change.put(keys::lifecycle_wake(next, bucket.id()), &wake_row(bucket));
        }
        change.put(key, progress);
        Ok(change.commit().await?)
    }

    /// Sees to the buckets of a store that an older release wrote: their rules acted on nothing, and their uploads are
    /// noted nowhere. Once.
    pub async fn adopt_lifecycles(&self, now: Timestamp) -> Result<(), MetadataError> {
        let adopted = keys::lifecycles_adopted();
        if self.read::<SequenceRow>(&adopted).await?.is_some() {
            return Ok(());
        }
        let mut start = keys::all_buckets();
        let end = keys::after_prefix(&start);
        loop {
            let rows = self.read_range::<BucketRow>(start, end.clone(), BUCKETS_AT_ONCE).await?;
            for (key, stored) in &rows {
                self.adopt(key, stored.row.id, now).await?;
            }
            match rows.last().filter(|_| rows.len() == BUCKETS_AT_ONCE) {
                Some((key, _)) => start = keys::just_after(key),
                None => break,
            }
        }
        let mut change = self.change();
        change.put(adopted, &SequenceRow { last: 1 });
        let _always_committed = change.commit().await?;
        Ok(())
    }

    async fn adopt(&self, key: &[u8], id: BucketId, now: Timestamp) -> Result<(), MetadataError> {
        let account = AccountId(key.get(1..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default());
        loop {
            let Some(bucket) = self.bucket_at(key, account).await? else { return Ok(()) };
            if bucket.id() != id || bucket.generation() > 0 {
                return Ok(());
            }
            let set = self.read::<LifecycleRow>(&keys::lifecycle(id)).await?;
            let all = keys::uploads(id);
            let uploads = self.keys_from(all.clone(), keys::after_prefix(&all), 1).await?;
            if set.is_none() && uploads.is_empty() {
                return Ok(());
            }
            let lifecycle = set.map_or_else(Lifecycle::of_new_bucket, |stored| stored.row.lifecycle);
            let mut change = self.change();
            bucket.expect(&mut change);
            let progress = LifecycleProgressRow::default();
            begin_anew(&mut change, &bucket, &bucket.stored.row, &lifecycle, &progress, now);
            if change.commit().await? == Outcome::Committed {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
