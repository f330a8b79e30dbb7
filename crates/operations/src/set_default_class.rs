//! The class of objects that name none, of a bucket that is there. Source: R2 "Storage classes", Set default storage
//! class for buckets.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::BucketRow;
use types::{BucketName, OperationError, Resource, StorageClass};

impl Store {
    /// Sets a bucket's default class and answers the bucket as it then is. Objects that are there keep theirs.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn set_default_class(
        &self,
        caller: &Caller,
        name: &BucketName,
        class: StorageClass,
    ) -> Result<BucketRow, OperationError> {
        caller.authorize(Action::PutBucketStorageClass, Resource::Bucket(name))?;
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let row = BucketRow { default_class: class, ..bucket.stored.row.clone() };
            // A conflict is another change of the bucket: look again.
            if self.metadata.change_bucket(&bucket, &row).await? == Outcome::Committed {
                return Ok(row);
            }
        }
    }
}
