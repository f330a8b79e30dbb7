//! DeleteBucket. Source: R2's API, `r2.buckets.delete`: no objects, no multipart uploads in progress.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::ChangeKind;
use types::{BucketName, ErrorCode, OperationError, Resource};

/// What a client reads that would have lost what it uploads.
pub const HAS_UPLOADS: &str = "The bucket you tried to delete has multipart uploads in progress: abort or complete them \
     first (ListMultipartUploads shows them).";

impl Store {
    /// Removes a bucket that has neither an object nor an upload in progress.
    ///
    /// # Errors
    /// `NoSuchBucket`, `TooManyRequests`; `BucketNotEmpty`, with the message [`HAS_UPLOADS`] if only uploads are there.
    pub async fn delete_bucket(&self, caller: &Caller, name: &BucketName) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteBucket, Resource::Bucket(name))?;
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        let mut turn = None;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            if self.metadata.has_objects(bucket.id()).await? {
                return Err(ErrorCode::BucketNotEmpty.into());
            }
            if self.metadata.has_uploads(bucket.id()).await? {
                return Err(OperationError::new(ErrorCode::BucketNotEmpty, HAS_UPLOADS));
            }
            let old = audit_values::bucket(&bucket.stored.row, caller.jurisdiction);
            let audited = AuditedChange::of_bucket("DeleteBucket", ChangeKind::Delete, name, Some(old), None);
            // A conflict is an object or upload that arrived, or a change of this or another bucket: look again.
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
