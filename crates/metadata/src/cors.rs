//! The CORS rules of a bucket: one row, gone with the bucket. Every request of a browser asks for them, hence kept in
//! memory, also that there are none.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::row_cache::Lookup;
use crate::service::{Metadata, MetadataError};
use std::sync::Arc;
use types::{BucketId, CorsPolicy};

impl Metadata {
    /// A bucket's rules, if it has any.
    pub async fn cors(&self, bucket: BucketId) -> Result<Option<Arc<CorsPolicy>>, MetadataError> {
        let key = keys::cors(bucket);
        let Some(caches) = self.kept() else { return self.read_cors(&key).await };
        let generation = match caches.cors.get(&key) {
            Lookup::Kept(policy) => return Ok(policy),
            Lookup::Unknown(generation) => generation,
        };
        let policy = self.read_cors(&key).await?;
        caches.cors.keep(&key, &policy, generation);
        Ok(policy)
    }

    async fn read_cors(&self, key: &[u8]) -> Result<Option<Arc<CorsPolicy>>, MetadataError> {
        Ok(self.read::<CorsPolicy>(key).await?.map(|stored| Arc::new(stored.row)))
    }

    /// Replaces all rules of a bucket, or removes them. [`Outcome::Conflict`]: the bucket is no longer as it was found.
    pub async fn set_cors(&self, bucket: &FoundBucket, policy: Option<&CorsPolicy>) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        match policy {
            Some(policy) => change.put(keys::cors(bucket.id()), policy),
            None => change.delete(keys::cors(bucket.id())),
        }
        Ok(change.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{make_bucket, service};
    use types::{CorsFields, CorsRule, Timestamp};

    fn policy(origin: &str) -> CorsPolicy {
        let fields =
            CorsFields { origins: vec![origin.to_owned()], methods: vec!["GET".to_owned()], ..CorsFields::default() };
        CorsPolicy::new(vec![CorsRule::new(fields).unwrap()]).unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_in_memory_changes_with_the_row() {
        for metadata in [service(), service().with_row_cache()] {
            let bucket = make_bucket(&metadata, "bucket").await;
            assert_eq!(metadata.cors(bucket.id()).await.unwrap(), None);
            for origin in ["http://a", "http://b"] {
                let set = metadata.set_cors(&bucket, Some(&policy(origin))).await.unwrap();
                assert_eq!(set, Outcome::Committed);
                for _kept_or_not in 0..2 {
                    assert_eq!(metadata.cors(bucket.id()).await.unwrap().as_deref(), Some(&policy(origin)));
                }
            }
            assert_eq!(metadata.set_cors(&bucket, None).await.unwrap(), Outcome::Committed);
            assert_eq!(metadata.cors(bucket.id()).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn rules_go_with_their_bucket_and_none_come_after_it() {
        let metadata = service().with_row_cache();
        let bucket = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.set_cors(&bucket, Some(&policy("*"))).await.unwrap(), Outcome::Committed);
        assert!(metadata.cors(bucket.id()).await.unwrap().is_some());
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.cors(bucket.id()).await.unwrap(), None);
        assert_eq!(metadata.set_cors(&bucket, Some(&policy("*"))).await.unwrap(), Outcome::Conflict);
        let again = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.cors(again.id()).await.unwrap(), None);
    }
}
