//! Lock rules of buckets: one row for each bucket that has any, gone with the bucket.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::service::{Metadata, MetadataError};
use types::{BucketId, BucketLock};

impl Metadata {
    /// The lock rules of a bucket: one point read.
    pub async fn lock(&self, bucket: BucketId) -> Result<BucketLock, MetadataError> {
        Ok(self.read(&keys::lock(bucket)).await?.map(|stored| stored.row).unwrap_or_default())
    }

    /// Sets the lock rules of a bucket in place of all it has. [`Outcome::Conflict`]: the bucket is no longer as it was
    /// found.
    pub async fn put_lock(&self, bucket: &FoundBucket, lock: &BucketLock) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        if lock.rules().is_empty() {
            change.delete(keys::lock(bucket.id()));
        } else {
            change.put(keys::lock(bucket.id()), lock);
        }
        Ok(change.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{make_bucket, service};
    use types::{LockCondition, LockRule, Timestamp};

    #[tokio::test]
    async fn rules_are_kept_until_they_are_replaced_or_the_bucket_is_gone() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.lock(bucket.id()).await.unwrap(), BucketLock::default());
        let condition = LockCondition::Age(86_400);
        let rule = LockRule { id: "rule".into(), enabled: true, prefix: String::new(), condition };
        let lock = BucketLock::new(vec![rule]).unwrap();
        for set in [&lock, &BucketLock::default(), &lock] {
            assert_eq!(metadata.put_lock(&bucket, set).await.unwrap(), Outcome::Committed);
            assert_eq!(metadata.lock(bucket.id()).await.unwrap(), *set);
        }
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.lock(bucket.id()).await.unwrap(), BucketLock::default());
        assert_eq!(metadata.put_lock(&bucket, &lock).await.unwrap(), Outcome::Conflict);
    }
}
