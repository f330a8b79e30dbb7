//! The storage class of objects that name none. Source: R2 "Storage classes", Set default storage class for a bucket.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::BucketRow;
use types::{BucketName, OperationError, Resource, StorageClass};

impl Store {
    /// Sets the class of objects that name none, for those written from then on. Answers with the bucket as it is then.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn put_bucket_storage_class(
        &self,
        caller: &Caller,
        name: &BucketName,
        class: StorageClass,
    ) -> Result<BucketRow, OperationError> {
        caller.authorize(Action::PutBucketStorageClass, Resource::Bucket(name))?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let row = BucketRow { default_class: class, ..bucket.stored.row.clone() };
            // A conflict is a change of the bucket, most likely its end: look again.
            if self.metadata.change_bucket(&bucket, &row).await? == Outcome::Committed {
                return Ok(row);
            }
        }
    }
}
