//! What buckets hold, summed up: from the sums that every commit keeps; and what the use of Infrequent Access came to.
//! Source: R2 "Metrics and analytics", "Pricing".

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::BucketCounters;
use metadata::uploaded::StoreUsage;
use metadata::usage::{UsageByDay, day_of};
use types::{BucketName, OperationError, Resource, Timestamp};

pub use metadata::uploaded::{UploadedCounters, UploadedSums};

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

    /// What all buckets of the account hold together, in every jurisdiction, exact as of some moment of the call. A
    /// store has one account: its buckets are all there are.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn account_usage(&self, caller: &Caller) -> Result<StoreUsage, OperationError> {
        caller.authorize(Action::GetMetrics, Resource::Account)?;
        Ok(self.metadata.store_usage().await?)
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
}
