//! Buckets: found by jurisdiction and name, known by a stable id.

use crate::bucket_names::FoundNames;
use crate::engine::{Outcome, Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::{BucketCountRow, BucketRow, FirstLocationRow, GarbageRow, SequenceRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use crate::upload_listing::UploadQuery;
use std::sync::Arc;
use types::{AccountId, BucketId, BucketName, Jurisdiction, LifecyclePlan, LocationHint, Timestamp};

/// A bucket as a request found it: names it, and is the condition of the request's commit.
#[derive(Clone, Debug)]
pub struct FoundBucket {
    key: Vec<u8>,
    account: AccountId,
    /// The row.
    pub stored: Arc<Stored<BucketRow>>,
    /// The lifecycle rules, if they act on objects.
    plan: Option<Arc<LifecyclePlan>>,
}

impl FoundBucket {
    /// Its stable id.
    pub fn id(&self) -> BucketId {
        self.stored.row.id
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The bucket must still be as it was found.
    pub(crate) fn expect(&self, change: &mut Change<'_>) {
        change.expect(self.key.clone(), &self.stored);
    }

    /// Sets its row. Even if that is the one it has, whoever expects the bucket as it was before now conflicts.
    pub(crate) fn set(&self, change: &mut Change<'_>, row: &BucketRow) {
        change.put(self.key.clone(), row);
    }

    /// The key of its row.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The lifecycle rules it was found with, if they act on objects.
    pub fn plan(&self) -> Option<&LifecyclePlan> {
        self.plan.as_deref()
    }

    pub(crate) fn shared_plan(&self) -> Option<Arc<LifecyclePlan>> {
        self.plan.clone()
    }

    pub(crate) fn planned(self, plan: Option<Arc<LifecyclePlan>>) -> Self {
        Self { plan, ..self }
    }
}

/// The place of a bucket that is not there yet: what its row is made of, and the condition of its making.
#[derive(Clone, Debug)]
pub struct Vacancy {
    key: Vec<u8>,
    account: AccountId,
    last_id: Option<Stored<SequenceRow>>,
    first_location: Option<Stored<FirstLocationRow>>,
    names: FoundNames,
    count: BucketCount,
}

impl Vacancy {
    /// The id the bucket gets.
    pub fn id(&self) -> BucketId {
        BucketId(self.last_id.as_ref().map_or(0, |stored| stored.row.last) + 1)
    }

    /// Where it goes if `hint` is asked for: where the first bucket of its name was, if there was one.
    pub fn location(&self, hint: Option<LocationHint>) -> Option<LocationHint> {
        self.first_location.as_ref().map_or(hint, |stored| stored.row.location)
    }

    /// Buckets the account has now, in all jurisdictions.
    pub fn buckets(&self) -> u64 {
        self.count.now
    }
}

/// How many buckets an account has, and the row that says so. Stores made before there was one count once.
#[derive(Clone, Debug)]
struct BucketCount {
    stored: Option<Stored<BucketCountRow>>,
    now: u64,
}

impl BucketCount {
    /// Nobody else makes or removes a bucket of the account meanwhile.
    fn change_to(&self, count: u64, account: AccountId, change: &mut Change<'_>) {
        change.expect_same(keys::bucket_count(account), self.stored.as_ref());
        change.put(keys::bucket_count(account), &BucketCountRow { count });
    }
}

impl Metadata {
    /// Finds a bucket.
    pub async fn bucket(
        &self,
        account: AccountId,
        jurisdiction: Jurisdiction,
        name: &BucketName,
    ) -> Result<Option<FoundBucket>, MetadataError> {
        let key = keys::bucket(account, jurisdiction, name);
        let stored = self.read_kept(&key, |kept| &kept.buckets).await?;
        self.found(key, account, stored).await
    }

    async fn found(
        &self,
        key: Vec<u8>,
        account: AccountId,
        stored: Option<Arc<Stored<BucketRow>>>,
    ) -> Result<Option<FoundBucket>, MetadataError> {
        let found = stored.map(|stored| FoundBucket { key, account, stored, plan: None });
        match found {
            Some(bucket) if bucket.stored.row.lifecycle.acts_on_objects => self.with_plan(bucket).await,
            found => Ok(found),
        }
    }

    /// Finds the bucket of a row, past what is kept in memory.
    pub(crate) async fn bucket_at(&self, key: &[u8], account: AccountId) -> Result<Option<FoundBucket>, MetadataError> {
        let stored = self.read::<BucketRow>(key).await?.map(Arc::new);
        self.found(key.to_vec(), account, stored).await
    }

    /// A bucket as it is now, past what is kept in memory: for whoever met a conflict over it. `None` if it is gone,
    /// also if another has its name.
    pub async fn bucket_again(&self, bucket: &FoundBucket) -> Result<Option<FoundBucket>, MetadataError> {
        let again = self.bucket_at(&bucket.key, bucket.account).await?;
        Ok(again.filter(|again| again.id() == bucket.id()))
    }

    /// Looks at the place of a bucket that is not there.
    pub async fn vacancy(
        &self,
        account: AccountId,
        jurisdiction: Jurisdiction,
        name: &BucketName,
    ) -> Result<Vacancy, MetadataError> {
        let key = keys::bucket(account, jurisdiction, name);
        let last_id = self.read(&keys::last_bucket_id()).await?;
        let first_location = self.read(&keys::first_location(&key)).await?;
        let names = self.names_page(&key).await?;
        let count = self.bucket_count(account).await?;
        Ok(Vacancy { key, account, last_id, first_location, names, count })
    }

    /// Makes the bucket of a vacancy. [`Outcome::Conflict`]: its name or its id was just taken, or another bucket of
    /// the account made or removed.
    pub async fn create_bucket(&self, vacancy: &Vacancy, row: &BucketRow) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_same(keys::last_bucket_id(), vacancy.last_id.as_ref());
        change.expect_same(keys::first_location(&vacancy.key), vacancy.first_location.as_ref());
        change.expect_absent(vacancy.key.clone());
        vacancy.count.change_to(vacancy.buckets() + 1, vacancy.account, &mut change);
        change.put(keys::last_bucket_id(), &SequenceRow { last: vacancy.id().0 });
        change.put(vacancy.key.clone(), row);
        vacancy.names.add(&vacancy.key, &mut change);
        Ok(change.commit().await?)
    }

    async fn bucket_count(&self, account: AccountId) -> Result<BucketCount, MetadataError> {
        let stored = self.read::<BucketCountRow>(&keys::bucket_count(account)).await?;
        let now = match &stored {
            Some(stored) => stored.row.count,
            None => self.count_buckets(account).await?,
        };
        Ok(BucketCount { stored, now })
    }

    async fn count_buckets(&self, account: AccountId) -> Result<u64, MetadataError> {
        let start = keys::buckets_of(account);
        let end = keys::after_prefix(&start);
        let Counted(count) =
            scan_with(self.engine(), Scan { table: Table::Rows, start, end, backwards: false }, Counted(0)).await?;
        Ok(count)
    }

    /// Sets the row of a bucket. [`Outcome::Conflict`]: it is no longer as it was found.
    pub async fn change_bucket(&self, bucket: &FoundBucket, row: &BucketRow) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        bucket.set(&mut change, row);
        Ok(change.commit().await?)
    }

    /// True if the bucket has an object.
    pub async fn has_objects(&self, bucket: BucketId) -> Result<bool, MetadataError> {
        let page = self.list_objects(bucket, &crate::listing::ListQuery { limit: 1, ..Default::default() }).await?;
        Ok(!page.entries.is_empty())
    }

    /// True if the bucket has an upload in progress.
    pub async fn has_uploads(&self, bucket: BucketId) -> Result<bool, MetadataError> {
        let page = self.list_uploads(bucket, &UploadQuery { limit: 1, ..Default::default() }).await?;
        Ok(!page.entries.is_empty())
    }

    /// Removes a bucket that has neither object nor upload at that moment; names that it was public at are free again.
    /// Its location is remembered for the next bucket of its name.
    /// [`Outcome::Conflict`]: it has one, or it or its names are no longer as they were found, or another bucket of the
    /// account was made or removed.
    pub async fn delete_bucket(&self, bucket: &FoundBucket, now: Timestamp) -> Result<Outcome, MetadataError> {
        let count = self.bucket_count(bucket.account).await?;
        let domains = self.domains(bucket.id()).await?;
        let leaving = self.leaving_of(&domains).await?;
        let names = self.names_page(&bucket.key).await?;
        let mut change = self.change();
        bucket.expect(&mut change);
        domains.remove(bucket.id(), &leaving, &mut change);
        change.expect_none(keys::objects(bucket.id()));
        change.expect_none(keys::uploads(bucket.id()));
        change.delete(bucket.key.clone());
        names.remove(&bucket.key, &mut change);
        change.delete(keys::lifecycle(bucket.id()));
        change.delete(keys::lifecycle_progress(bucket.id()));
        change.delete(keys::lock(bucket.id()));
        count.change_to(count.now.saturating_sub(1), bucket.account, &mut change);
        let location = bucket.stored.row.location;
        change.put(keys::first_location(&bucket.key), &FirstLocationRow { location });
        change.delete(keys::cors(bucket.id()));
        change.forget_count(bucket.id());
        change.forget_sums(keys::uploaded_counters(bucket.id()));
        change.discard(now, GarbageRow::Bucket(bucket.id()));
        Ok(change.commit().await?)
    }
}

struct Counted(u64);

impl Visitor for Counted {
    fn visit(&mut self, _key: &[u8], _value: &[u8]) -> Step {
        self.0 += 1;
        Step::Next
    }
}

#[cfg(test)]
mod tests;
