//! AbortMultipartUpload.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::objects::Deletion;
use types::{BucketName, ObjectKey, OperationError, Resource, UploadId};

impl Store {
    /// Throws an upload away; its parts are collected later. One that is gone already is no error
    /// (Release notes 2022-06-10).
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn abort_upload(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        id: UploadId,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::AbortMultipartUpload, Resource::Object(bucket, key))?;
        let bucket = self.find_bucket(caller, bucket).await?;
        let mut tries = self.tries(bucket.id(), key);
        loop {
            tries.begin().await?;
            let Some(upload) = self.metadata.upload(bucket.id(), key, id).await? else { return Ok(()) };
            if self.metadata.abort_upload(&bucket, &upload, Deletion::Client, self.clock.now()).await?
                == Outcome::Committed
            {
                return Ok(());
            }
        }
    }
}
