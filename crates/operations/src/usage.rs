//! What buckets hold, summed up: from the sums that every commit keeps. Source: R2 "Metrics and analytics".

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::bucket_listing::BucketQuery;
use metadata::rows::BucketCounters;
use types::limits::LIST_PAGE_MAX;
use types::{BucketName, Jurisdiction, OperationError, Resource};

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
