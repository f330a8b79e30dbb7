//! The class of objects that name none, of a bucket that is there. Source: R2 "Storage classes", Set default storage
//! class for buckets.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{BucketRow, ChangeKind};
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
            let [old, new] = [&bucket.stored.row, &row].map(|row| Some(audit_values::bucket(row, caller.jurisdiction)));
            let audited = AuditedChange::of_bucket("PutBucketStorageClass", ChangeKind::Update, name, old, new);
            // A conflict is another change of the bucket: look again.
            if self.recording(caller, audited).await?.change_bucket(&bucket, &row).await? == Outcome::Committed {
                return Ok(row);
            }
        }
    }
}
