//! DeleteBucket.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::ChangeKind;
use types::{BucketName, ErrorCode, OperationError, Resource};

impl Store {
    /// Removes a bucket that has no object; its uploads in progress go with it.
    ///
    /// # Errors
    /// `NoSuchBucket`, `BucketNotEmpty`, `TooManyRequests`.
    pub async fn delete_bucket(&self, caller: &Caller, name: &BucketName) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteBucket, Resource::Bucket(name))?;
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        let mut turn = None;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            if self.metadata.has_objects(bucket.id()).await? {
                return Err(ErrorCode::BucketNotEmpty.into());
            }
            let old = audit_values::bucket(&bucket.stored.row, caller.jurisdiction);
            let audited = AuditedChange::of_bucket("DeleteBucket", ChangeKind::Delete, name, Some(old), None);
            // A conflict is an object that arrived, or a change of this or another bucket: look again.
            if self.recording(caller, audited).await?.delete_bucket(&bucket, self.clock.now()).await?
                == Outcome::Committed
            {
                return Ok(());
            }
            if turn.is_none() {
                turn = Some(self.bucket_turns.lock().await);
            }
        }
    }
}
