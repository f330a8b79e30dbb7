//! Lock rules of buckets: one row for each bucket that has any, gone with the bucket.
//!
//! Setting them sets the bucket's row too. So whoever read the rules after the bucket, and commits on the condition
//! that the bucket is unchanged, commits under these rules and no others.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::rows::{BucketRow, LockVersion};
use crate::service::{Metadata, MetadataError};
use types::{BucketId, BucketLock, Timestamp};

impl Metadata {
    /// The lock rules of a bucket: one point read.
    pub async fn lock(&self, bucket: BucketId) -> Result<BucketLock, MetadataError> {
        Ok(self.read(&keys::lock(bucket)).await?.map(|stored| stored.row).unwrap_or_default())
    }

    /// Sets the lock rules of a bucket in place of all it has, under a version that no rules ever had.
    /// [`Outcome::Conflict`]: the bucket is no longer as it was found.
    pub async fn put_lock(
        &self,
        bucket: &FoundBucket,
        lock: &BucketLock,
        version: LockVersion,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        let in_force = lock.rules().iter().any(|rule| rule.enabled);
        let row = BucketRow { lock: in_force.then_some(version), ..bucket.stored.row.clone() };
        if bucket.plan().is_some() && bucket.stored.row.lock.is_some() {
            // What the lifecycle left alone because of the rules before may be free now.
            self.begin_same_rules_anew(&mut change, bucket, &row, now).await?;
        } else {
            bucket.set(&mut change, &row);
        }
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
    use crate::fixture::{blob, key, make_bucket, put, row, service};
    use crate::objects::Deletion;
    use crate::rows::ObjectBody;
    use types::{LockCondition, LockRule};

    #[tokio::test]
    async fn rules_are_kept_until_they_are_replaced_or_the_bucket_is_gone() {
        let metadata = service();
        let mut bucket = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.lock(bucket.id()).await.unwrap(), BucketLock::default());
        let condition = LockCondition::Age(86_400);
        let rule = LockRule { id: "rule".into(), enabled: true, prefix: String::new(), condition };
        let off = BucketLock::new(vec![LockRule { enabled: false, ..rule.clone() }]).unwrap();
        let lock = BucketLock::new(vec![rule]).unwrap();
        for (number, set) in (1..).zip([&lock, &BucketLock::default(), &lock, &off]) {
            let version = LockVersion([number; 16]);
            assert_eq!(metadata.put_lock(&bucket, set, version, Timestamp(0)).await.unwrap(), Outcome::Committed);
            assert_eq!(metadata.lock(bucket.id()).await.unwrap(), *set);
            assert_eq!(
                metadata.put_lock(&bucket, set, version, Timestamp(0)).await.unwrap(),
                Outcome::Conflict,
                "it is another now"
            );
            bucket = metadata.bucket_again(&bucket).await.unwrap().unwrap();
            assert_eq!(bucket.stored.row.lock, (set == &lock).then_some(version), "only what is in force counts");
        }
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.lock(bucket.id()).await.unwrap(), BucketLock::default());
        assert_eq!(
            metadata.put_lock(&bucket, &lock, LockVersion([9; 16]), Timestamp(0)).await.unwrap(),
            Outcome::Conflict
        );
        make_bucket(&metadata, "bucket").await;
        assert!(metadata.bucket_again(&bucket).await.unwrap().is_none(), "another has its name");
    }

    #[tokio::test]
    async fn who_found_the_bucket_before_its_rules_changed_neither_replaces_nor_removes() {
        for metadata in [service(), service().with_row_cache()] {
            let before = make_bucket(&metadata, "bucket").await;
            assert_eq!(put(&metadata, &before, "a", &row(1, ObjectBody::Inline(blob(1)))).await, Outcome::Committed);
            let object = metadata.object(before.id(), &key("a")).await.unwrap().unwrap();
            // Even rules that allow more: whoever is late looks again.
            let set =
                metadata.put_lock(&before, &BucketLock::default(), LockVersion([1; 16]), Timestamp(0)).await.unwrap();
            assert_eq!(set, Outcome::Committed);
            let delete = async |bucket: &FoundBucket| {
                metadata.delete_object(bucket, &key("a"), &object, Deletion::Client, Timestamp(2)).await.unwrap()
            };
            assert_eq!(delete(&before).await, Outcome::Conflict);
            assert_eq!(put(&metadata, &before, "a", &row(2, ObjectBody::Inline(blob(2)))).await, Outcome::Conflict);
            let now = metadata.bucket_again(&before).await.unwrap().unwrap();
            assert_eq!(delete(&now).await, Outcome::Committed);
        }
    }
}
