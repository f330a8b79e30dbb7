//! What buckets hold, summed up: from the sums that every commit keeps; and what the use of Infrequent Access came to.
//! Source: R2 "Metrics and analytics", "Pricing".

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::bucket_listing::BucketQuery;
use metadata::rows::BucketCounters;
use metadata::usage::{UsageByDay, day_of};
use types::limits::LIST_PAGE_MAX;
use types::{BucketName, Jurisdiction, OperationError, Resource, Timestamp};

impl Store {
    /// What a bucket holds, exact as of the last commit.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket_usage(&self, caller: &Caller, name: &BucketName) -> Result<BucketCounters, OperationError> {
        caller.authorize(Action::GetMetrics, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        Ok(self.metadata.bucket_counters(bucket.id()).await?)
    }

    /// What all buckets of the account hold together, in every jurisdiction. Each is exact as of some moment of the
    /// call; the cost grows with their number.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn account_usage(&self, caller: &Caller) -> Result<BucketCounters, OperationError> {
        caller.authorize(Action::GetMetrics, Resource::Account)?;
        let mut sums = BucketCounters::default();
        for jurisdiction in Jurisdiction::ALL {
            sums = sums.plus(self.jurisdiction_usage(caller, *jurisdiction).await?);
        }
        Ok(sums)
    }

    /// What the use of Infrequent Access came to in a bucket, on the days, in UTC, from that of `from` to that of `to`.
    /// Bytes that were read count a minute later: see [`Store::write_down_retrievals`].
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket_infrequent_usage(
        &self,
        caller: &Caller,
        name: &BucketName,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<UsageByDay, OperationError> {
        caller.authorize(Action::GetMetrics, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        let (account, id) = (bucket.account(), bucket.id());
        Ok(self.metadata.infrequent_usage_of_bucket(account, id, day_of(from), day_of(to)).await?)
    }

    /// As [`Store::bucket_infrequent_usage`], of all buckets of the account in every jurisdiction, also those that are
    /// gone. The cost grows with the days there ever were.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn account_infrequent_usage(
        &self,
        caller: &Caller,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<UsageByDay, OperationError> {
        caller.authorize(Action::GetMetrics, Resource::Account)?;
        Ok(self.metadata.infrequent_usage_of_account(caller.account, day_of(from), day_of(to)).await?)
    }

    async fn jurisdiction_usage(
        &self,
        caller: &Caller,
        jurisdiction: Jurisdiction,
    ) -> Result<BucketCounters, OperationError> {
        let mut sums = BucketCounters::default();
        let mut query = BucketQuery { limit: LIST_PAGE_MAX, ..BucketQuery::default() };
        loop {
            let page = self.metadata.list_buckets(caller.account, jurisdiction, &query).await?;
            for bucket in &page.buckets {
                sums = sums.plus(self.metadata.bucket_counters(bucket.row.id).await?);
            }
            match page.buckets.last().filter(|_| page.truncated) {
                Some(last) => query.after = Some(last.name.to_string()),
                None => return Ok(sums),
            }
        }
    }
}
