//! Lifecycle rules of buckets: one row for each bucket whose rules were ever set, gone with the bucket.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::rows::LifecycleRow;
use crate::service::{Metadata, MetadataError};
use types::{BucketId, Lifecycle};

impl Metadata {
    /// The rules of a bucket: one point read.
    pub async fn lifecycle(&self, bucket: BucketId) -> Result<Lifecycle, MetadataError> {
        let stored = self.read::<LifecycleRow>(&keys::lifecycle(bucket)).await?;
        Ok(stored.map_or_else(Lifecycle::of_new_bucket, |stored| stored.row.lifecycle))
    }

    /// Sets the rules of a bucket in place of all it has; none is a choice too. [`Outcome::Conflict`]: the bucket is
    /// no longer as it was found.
    pub async fn put_lifecycle(&self, bucket: &FoundBucket, row: &LifecycleRow) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        change.put(keys::lifecycle(bucket.id()), row);
        Ok(change.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{make_bucket, service};
    use types::{LifecycleRule, LifecycleTime, Timestamp};

    fn row(rules: Vec<LifecycleRule>) -> LifecycleRow {
        LifecycleRow { lifecycle: Lifecycle::new(rules).unwrap() }
    }

    #[tokio::test]
    async fn rules_begin_with_the_default_and_end_with_the_bucket() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.lifecycle(bucket.id()).await.unwrap(), Lifecycle::of_new_bucket());
        let expire = LifecycleRule { expiration: Some(LifecycleTime::days(1)), ..LifecycleRule::default() };
        let set = row(vec![expire]);
        assert_eq!(metadata.put_lifecycle(&bucket, &set).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.lifecycle(bucket.id()).await.unwrap(), set.lifecycle);
        assert_eq!(metadata.put_lifecycle(&bucket, &row(Vec::new())).await.unwrap(), Outcome::Committed);
        assert!(metadata.lifecycle(bucket.id()).await.unwrap().rules().is_empty());
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert!(metadata.read::<LifecycleRow>(&keys::lifecycle(bucket.id())).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_deleted_bucket_takes_no_rules() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.put_lifecycle(&bucket, &row(Vec::new())).await.unwrap(), Outcome::Conflict);
    }
}
