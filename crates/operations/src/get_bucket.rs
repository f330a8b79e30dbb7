//! HeadBucket, GetBucketLocation, and what is the same of every bucket.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::BucketRow;
use types::{BucketName, LocationHint, OperationError, Resource};

impl Store {
    /// Sees that a bucket exists.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn head_bucket(&self, caller: &Caller, name: &BucketName) -> Result<BucketRow, OperationError> {
        caller.authorize(Action::HeadBucket, Resource::Bucket(name))?;
        Ok(self.find_bucket(caller, name).await?.stored.row.clone())
    }

    /// Sees what a bucket is.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket(&self, caller: &Caller, name: &BucketName) -> Result<BucketRow, OperationError> {
        caller.authorize(Action::GetBucket, Resource::Bucket(name))?;
        Ok(self.find_bucket(caller, name).await?.stored.row.clone())
    }

    /// A bucket's location hint. R2 calls every location `auto` on the S3 face.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket_location(
        &self,
        caller: &Caller,
        name: &BucketName,
    ) -> Result<Option<LocationHint>, OperationError> {
        caller.authorize(Action::GetBucketLocation, Resource::Bucket(name))?;
        Ok(self.find_bucket(caller, name).await?.stored.row.location)
    }

    /// Sees that a bucket exists, for the sake of an `action` whose answer is the same for every bucket: each is
    /// encrypted with AES-256, and R2 answers for some features of S3 as if nobody had used them yet.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn fixed_answer(&self, caller: &Caller, action: Action, name: &BucketName) -> Result<(), OperationError> {
        caller.authorize(action, Resource::Bucket(name))?;
        self.find_bucket(caller, name).await.map(|_| ())
    }
}
