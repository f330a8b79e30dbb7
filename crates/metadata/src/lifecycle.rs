//! Lifecycle rules of buckets: one row for each bucket whose rules were ever set, gone with the bucket.
//!
//! Setting them begins a new generation: the bucket's row tells of it, so that whoever commits on the condition that
//! the bucket is unchanged commits under these rules; and the bucket is to be looked after at once, since what was
//! noted as due by the rules before is to be cleared away and everything noted anew (`lifecycle_index`).

use crate::buckets::FoundBucket;
use crate::due::wake_row;
use crate::engine::Outcome;
use crate::keys;
use crate::rows::{BucketRow, LifecycleMark, LifecycleProgressRow, LifecycleRow, LifecycleStage};
use crate::service::{Change, Metadata, MetadataError};
use types::{BucketId, Lifecycle, LifecyclePlan, Timestamp};

impl Metadata {
    /// The rules of a bucket: one point read.
    pub async fn lifecycle(&self, bucket: BucketId) -> Result<Lifecycle, MetadataError> {
        let stored = self.read::<LifecycleRow>(&keys::lifecycle(bucket)).await?;
        Ok(stored.map_or_else(Lifecycle::of_new_bucket, |stored| stored.row.lifecycle))
    }

    /// Sets the rules of a bucket in place of all it has; none is a choice too. [`Outcome::Conflict`]: the bucket is
    /// no longer as it was found.
    pub async fn put_lifecycle(
        &self,
        bucket: &FoundBucket,
        lifecycle: &Lifecycle,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        let progress = self.progress(bucket.id()).await?.map(|stored| stored.row).unwrap_or_default();
        let mut change = self.change();
        bucket.expect(&mut change);
        begin_anew(&mut change, bucket, &bucket.stored.row, lifecycle, &progress, now);
        Ok(change.commit().await?)
    }

    /// Notes anew what is due in a bucket whose row becomes this, by the rules it has.
    pub(crate) async fn begin_same_rules_anew(
        &self,
        change: &mut Change<'_>,
        bucket: &FoundBucket,
        row: &BucketRow,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let lifecycle = self.lifecycle(bucket.id()).await?;
        let progress = self.progress(bucket.id()).await?.map(|stored| stored.row).unwrap_or_default();
        begin_anew(change, bucket, row, &lifecycle, &progress, now);
        Ok(())
    }
}

/// The rules are these from now on, the row of the bucket is this one but for what it tells of them, and the bucket is
/// to be looked after.
pub(crate) fn begin_anew(
    change: &mut Change<'_>,
    bucket: &FoundBucket,
    row: &BucketRow,
    lifecycle: &Lifecycle,
    progress: &LifecycleProgressRow,
    now: Timestamp,
) {
    let generation = bucket.generation() + 1;
    let acts_on_objects = LifecyclePlan::new(lifecycle).acts_on_objects();
    let mark = LifecycleMark { generation, acts_on_objects };
    let rules = LifecycleRow { lifecycle: lifecycle.clone(), generation };
    let progress = LifecycleProgressRow { stage: LifecycleStage::Clearing, ..progress.clone() };
    bucket.set(change, &BucketRow { lifecycle: mark, ..row.clone() });
    change.put(keys::lifecycle(bucket.id()), &rules);
    change.put(keys::lifecycle_progress(bucket.id()), &progress);
    // Besides the wake that `progress` tells of: this one is gone once it was answered.
    change.put(keys::lifecycle_wake(now, bucket.id()), &wake_row(bucket));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ACCOUNT, make_bucket, service};
    use types::{BucketName, Jurisdiction, LifecycleRule, LifecycleTime};

    async fn set(metadata: &Metadata, rules: Vec<LifecycleRule>) -> Lifecycle {
        let bucket = metadata.bucket(ACCOUNT, Jurisdiction::Default, &BucketName::parse("bucket").unwrap()).await;
        let lifecycle = Lifecycle::new(rules).unwrap();
        let outcome = metadata.put_lifecycle(&bucket.unwrap().unwrap(), &lifecycle, Timestamp(0)).await.unwrap();
        assert_eq!(outcome, Outcome::Committed);
        lifecycle
    }

    #[tokio::test]
    async fn rules_begin_with_the_default_and_end_with_the_bucket() {
        for metadata in [service(), service().with_row_cache()] {
            let before = make_bucket(&metadata, "bucket").await;
            let id = before.id();
            assert_eq!(metadata.lifecycle(id).await.unwrap(), Lifecycle::of_new_bucket());
            let expire =
                LifecycleRule { enabled: true, expiration: Some(LifecycleTime::days(1)), ..LifecycleRule::default() };
            for rules in [vec![expire], Vec::new()] {
                let set = set(&metadata, rules).await;
                assert_eq!(metadata.lifecycle(id).await.unwrap(), set);
                let bucket = metadata.bucket_at(before.key(), ACCOUNT).await.unwrap().unwrap();
                assert_eq!(bucket.plan().is_some(), !set.rules().is_empty());
            }
            let stale = metadata.put_lifecycle(&before, &Lifecycle::default(), Timestamp(0)).await.unwrap();
            assert_eq!(stale, Outcome::Conflict, "others were set since");
            let bucket = metadata.bucket_at(before.key(), ACCOUNT).await.unwrap().unwrap();
            assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
            assert!(metadata.read::<LifecycleRow>(&keys::lifecycle(id)).await.unwrap().is_none());
            assert!(metadata.progress(id).await.unwrap().is_none());
            let late = metadata.put_lifecycle(&bucket, &Lifecycle::default(), Timestamp(0)).await.unwrap();
            assert_eq!(late, Outcome::Conflict);
        }
    }
}
