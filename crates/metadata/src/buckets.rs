//! Buckets: found by name, known by a stable id.

use crate::engine::Outcome;
use crate::keys::{self, DEFAULT_JURISDICTION};
use crate::rows::{BucketRow, GarbageRow, NamedBucket, SequenceRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use types::{AccountId, BucketId, BucketName, Timestamp};

/// A bucket as a request found it: names it, and is the condition of the request's commit.
#[derive(Clone, Debug)]
pub struct FoundBucket {
    key: Vec<u8>,
    /// The row.
    pub stored: Stored<BucketRow>,
}

impl FoundBucket {
    /// Its stable id.
    pub fn id(&self) -> BucketId {
        self.stored.row.id
    }

    /// The bucket must still be as it was found.
    pub(crate) fn expect(&self, change: &mut Change<'_>) {
        change.expect(self.key.clone(), &self.stored);
    }
}

/// What a page of buckets is asked for.
#[derive(Clone, Debug, Default)]
pub struct BucketQuery {
    /// Only names that begin with it.
    pub prefix: String,
    /// Only names after it.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A page of buckets in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct BucketPage {
    /// The buckets.
    pub buckets: Vec<NamedBucket>,
    /// True if more follow.
    pub truncated: bool,
}

impl Metadata {
    /// Finds a bucket.
    pub async fn bucket(&self, account: AccountId, name: &BucketName) -> Result<Option<FoundBucket>, MetadataError> {
        let key = keys::bucket(account, DEFAULT_JURISDICTION, name);
        let stored = self.read_kept(&key, |kept| &kept.buckets).await?;
        Ok(stored.map(|stored| FoundBucket { key, stored }))
    }

    /// The id a new bucket would get. It is taken by [`Metadata::create_bucket`].
    pub async fn next_bucket_id(&self) -> Result<BucketId, MetadataError> {
        let last = self.read::<SequenceRow>(&keys::last_bucket_id()).await?;
        Ok(BucketId(last.map_or(1, |stored| stored.row.last + 1)))
    }

    /// Makes a bucket whose row bears the next id. [`Outcome::Conflict`]: the name or the id was just taken.
    pub async fn create_bucket(
        &self,
        account: AccountId,
        name: &BucketName,
        row: &BucketRow,
    ) -> Result<Outcome, MetadataError> {
        let last = self.read::<SequenceRow>(&keys::last_bucket_id()).await?;
        if last.as_ref().map_or(0, |stored| stored.row.last) + 1 != row.id.0 {
            return Ok(Outcome::Conflict);
        }
        let key = keys::bucket(account, DEFAULT_JURISDICTION, name);
        let mut change = self.change();
        change.expect_same(keys::last_bucket_id(), last.as_ref());
        change.expect_absent(key.clone());
        change.put(keys::last_bucket_id(), &SequenceRow { last: row.id.0 });
        change.put(key, row);
        Ok(change.commit().await?)
    }

    /// True if the bucket has an object.
    pub async fn has_objects(&self, bucket: BucketId) -> Result<bool, MetadataError> {
        let page = self.list_objects(bucket, &crate::listing::ListQuery { limit: 1, ..Default::default() }).await?;
        Ok(!page.entries.is_empty())
    }

    /// Removes a bucket that has no object at that moment; uploads in progress become garbage.
    /// [`Outcome::Conflict`]: it has one, or is no longer as it was found.
    pub async fn delete_bucket(&self, bucket: &FoundBucket, now: Timestamp) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        change.expect_none(keys::objects(bucket.id()));
        change.delete(bucket.key.clone());
        change.delete(keys::lifecycle(bucket.id()));
        change.forget_count(bucket.id());
        change.discard(now, GarbageRow::Bucket(bucket.id()));
        Ok(change.commit().await?)
    }

    /// A page of an account's buckets.
    pub async fn list_buckets(&self, account: AccountId, query: &BucketQuery) -> Result<BucketPage, MetadataError> {
        let all = keys::buckets(account, DEFAULT_JURISDICTION);
        let with_prefix = [all.as_slice(), query.prefix.as_bytes()].concat();
        let after = query.after.as_ref().map(|name| keys::just_after(&[all.as_slice(), name.as_bytes()].concat()));
        let start = after.map_or(with_prefix.clone(), |after| after.max(with_prefix.clone()));
        let end = keys::after_prefix(&with_prefix);
        let mut rows = self.read_range::<BucketRow>(start, end, query.limit.saturating_add(1)).await?;
        let truncated = rows.len() > query.limit;
        rows.truncate(query.limit);
        let named = |(key, stored): (Vec<u8>, Stored<BucketRow>)| {
            let name = std::str::from_utf8(&key[all.len()..]).ok().and_then(|name| BucketName::parse(name).ok());
            name.map(|name| NamedBucket { name, row: stored.row }).ok_or(MetadataError::Missing { row: "bucket" })
        };
        Ok(BucketPage { buckets: rows.into_iter().map(named).collect::<Result<_, _>>()?, truncated })
    }
}
