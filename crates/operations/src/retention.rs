//! Lock rules in force: what they keep is neither replaced nor removed, by whomever. Every operation that would do so
//! asks here once it has found the object, and commits on the condition that object and bucket are unchanged.
//!
//! That is all it takes to never let a change slip past a rule: setting rules changes the bucket's row, so a commit
//! that was judged by other rules conflicts, and is judged again. Time only ever ends a retention. Source: R2 "Bucket
//! locks".

use crate::store::Store;
use metadata::buckets::FoundBucket;
use metadata::rows::{LockVersion, ObjectRow};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use types::{BucketId, ErrorCode, ObjectKey, OperationError, Retained, Retentions};

/// Memory for the rules of all buckets together, bytes. Past it the cache begins anew. The rules of one bucket are at
/// most a document of `limits::JSON_BYTES_MAX`.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// Rules by bucket, ready to be asked. They are those of a version for good, so nothing here ever has to be dropped to
/// stay right, whoever else changes rules.
#[derive(Default)]
pub(crate) struct RetentionCache(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    buckets: HashMap<BucketId, (LockVersion, Arc<Retentions>)>,
    bytes: usize,
}

impl RetentionCache {
    fn get(&self, bucket: BucketId, version: LockVersion) -> Option<Arc<Retentions>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (known, retentions) = kept.buckets.get(&bucket)?;
        (*known == version).then(|| Arc::clone(retentions))
    }

    fn keep(&self, bucket: BucketId, version: LockVersion, retentions: &Arc<Retentions>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + retentions.bytes() > KEPT_BYTES_MAX {
            *kept = Kept::default();
        }
        kept.bytes += retentions.bytes();
        if let Some((_, before)) = kept.buckets.insert(bucket, (version, Arc::clone(retentions))) {
            kept.bytes -= before.bytes();
        }
    }
}

impl Store {
    /// How long the lock rules of a bucket keep an object that was found in it after the bucket. `None`: it may be
    /// replaced and removed now. For whoever would rather wait than be refused, as the lifecycle of objects does.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub(crate) async fn retained(
        &self,
        bucket: &FoundBucket,
        key: &ObjectKey,
        object: &ObjectRow,
    ) -> Result<Option<Retained>, OperationError> {
        let Some(version) = bucket.stored.row.lock else { return Ok(None) };
        let retentions = match self.retentions.get(bucket.id(), version) {
            Some(retentions) => retentions,
            // Boxed: the futures of writes do not grow for what most buckets have not.
            None => Box::pin(self.read_retentions(bucket.id(), version)).await?,
        };
        let retained = retentions.of_object(key.identity(), object.modified);
        Ok(retained.filter(|retained| retained.holds_at(self.clock.now())))
    }

    /// Refuses to replace or remove an object that lock rules keep.
    ///
    /// # Errors
    /// `ObjectLockedByBucketPolicy`.
    pub(crate) async fn refuse_retained(
        &self,
        bucket: &FoundBucket,
        key: &ObjectKey,
        object: Option<&ObjectRow>,
    ) -> Result<(), OperationError> {
        match object {
            Some(object) if self.retained(bucket, key, object).await?.is_some() => {
                Err(ErrorCode::ObjectLockedByBucketPolicy.into())
            }
            _ => Ok(()),
        }
    }

    /// The rules may be newer than the version that the bucket was found with. Then nothing can be committed on the
    /// condition that it is unchanged, and it does not matter what is kept under that version.
    async fn read_retentions(&self, bucket: BucketId, version: LockVersion) -> Result<Arc<Retentions>, OperationError> {
        let retentions = Arc::new(Retentions::new(&self.metadata.lock(bucket).await?));
        self.retentions.keep(bucket, version, &retentions);
        Ok(retentions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{BucketLock, LockCondition, LockRule};

    fn rules(prefix: &str) -> Arc<Retentions> {
        let rule =
            LockRule { id: "a".into(), enabled: true, prefix: prefix.to_owned(), condition: LockCondition::Indefinite };
        Arc::new(Retentions::new(&BucketLock::new(vec![rule]).unwrap()))
    }

    #[test]
    fn rules_are_those_of_a_version() {
        let cache = RetentionCache::default();
        let (bucket, first, second) = (BucketId(1), LockVersion([1; 16]), LockVersion([2; 16]));
        cache.keep(bucket, first, &rules("a"));
        assert!(cache.get(bucket, first).is_some());
        assert!(cache.get(bucket, second).is_none());
        assert!(cache.get(BucketId(2), first).is_none());
        cache.keep(bucket, second, &rules("a"));
        assert!(cache.get(bucket, first).is_none(), "one version of a bucket is enough");
    }

    #[test]
    fn memory_for_rules_is_bounded() {
        let cache = RetentionCache::default();
        let large = rules(&"p".repeat(1000));
        let most = KEPT_BYTES_MAX / large.bytes();
        for number in 0..3 * most {
            cache.keep(BucketId(number as u64), LockVersion([1; 16]), &large);
            // Setting the rules of one bucket again and again adds up to nothing.
            cache.keep(BucketId(number as u64), LockVersion([2; 16]), &large);
        }
        let kept = cache.0.read().unwrap();
        assert!(!kept.buckets.is_empty() && kept.buckets.len() <= most);
        assert_eq!(kept.bytes, kept.buckets.len() * large.bytes());
    }
}
