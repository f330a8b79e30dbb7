//! A bucket's configuration as a change of it finds it: read from the row itself, and the condition of the change, so
//! that the audit log tells the very value that the change replaced.

use crate::keys;
use crate::rows::{LifecycleRow, Row};
use crate::service::{Metadata, MetadataError, Stored};
use types::{BucketId, BucketLock, CorsPolicy};

/// A row as it was found: there or not.
#[derive(Clone, Debug)]
pub struct FoundRow<T> {
    key: Vec<u8>,
    stored: Option<Stored<T>>,
}

impl<T> FoundRow<T> {
    /// The row, if it is there.
    pub fn row(&self) -> Option<&T> {
        self.stored.as_ref().map(|stored| &stored.row)
    }
}

impl Metadata {
    /// The CORS rules of a bucket that are about to be changed.
    pub async fn found_cors(&self, bucket: BucketId) -> Result<FoundRow<CorsPolicy>, MetadataError> {
        self.found_row(keys::cors(bucket)).await
    }

    /// The lifecycle rules of a bucket that are about to be changed.
    pub async fn found_lifecycle(&self, bucket: BucketId) -> Result<FoundRow<LifecycleRow>, MetadataError> {
        self.found_row(keys::lifecycle(bucket)).await
    }

    /// The lock rules of a bucket that are about to be changed.
    pub async fn found_lock(&self, bucket: BucketId) -> Result<FoundRow<BucketLock>, MetadataError> {
        self.found_row(keys::lock(bucket)).await
    }

    async fn found_row<T: Row>(&self, key: Vec<u8>) -> Result<FoundRow<T>, MetadataError> {
        let stored = self.read(&key).await?;
        Ok(FoundRow { key, stored })
    }

    /// The same rows, seen by somebody whose changes are conflicts unless `found` is still so.
    #[must_use]
    pub fn expecting<T>(&self, found: &FoundRow<T>) -> Self {
        self.with_condition(found.key.clone(), found.stored.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Outcome;
    use crate::fixture::{make_bucket, service};
    use crate::rows::LockVersion;
    use types::{LockCondition, LockRule, Timestamp};

    fn lock(id: &str) -> BucketLock {
        let condition = LockCondition::Indefinite;
        BucketLock::new(vec![LockRule { id: id.into(), enabled: true, prefix: String::new(), condition }]).unwrap()
    }

    #[tokio::test]
    async fn a_change_of_what_somebody_else_has_changed_is_a_conflict() {
        for metadata in [service(), service().with_row_cache()] {
            let bucket = make_bucket(&metadata, "bucket").await;
            let none = metadata.found_lock(bucket.id()).await.unwrap();
            assert_eq!(none.row(), None);
            let put = async |found, id| {
                let bucket = metadata.bucket_again(&bucket).await.unwrap().unwrap();
                let version = LockVersion([0; 16]);
                metadata.expecting(found).put_lock(&bucket, &lock(id), version, Timestamp(1)).await.unwrap()
            };
            assert_eq!((put(&none, "a").await, put(&none, "b").await), (Outcome::Committed, Outcome::Conflict));
            let first = metadata.found_lock(bucket.id()).await.unwrap();
            assert_eq!(first.row(), Some(&lock("a")));
            assert_eq!((put(&first, "b").await, put(&first, "c").await), (Outcome::Committed, Outcome::Conflict));
            assert_eq!(metadata.lock(bucket.id()).await.unwrap(), lock("b"));
        }
    }
}
