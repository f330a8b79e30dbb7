//! DeleteObject and DeleteObjects.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use futures_util::StreamExt;
use futures_util::stream;
use metadata::Outcome;
use metadata::buckets::FoundBucket;
use metadata::objects::Deletion;
use metadata::rows::DeletionJobRow;
use std::borrow::Cow;
use types::{BucketName, ErrorCode, ObjectKey, OperationError, Resource};

/// Deletions of one DeleteObjects under way at once: they share the syncs of their commits.
pub(crate) const DELETES_AT_ONCE: usize = 128;

impl Store {
    /// Removes an object; one that is not there is no error.
    ///
    /// # Errors
    /// `NoSuchBucket`, `ObjectLockedByBucketPolicy`.
    pub async fn delete_object(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteObject, Resource::Object(bucket, key))?;
        let bucket = self.find_bucket(caller, bucket).await?;
        self.delete_from(&bucket, key).await
    }

    /// Removes several objects. Each is answered for itself, in the order of `keys`, with the errors of
    /// [`Store::delete_object`].
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn delete_objects(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<Result<(), OperationError>>, OperationError> {
        caller.authorize(Action::DeleteObjects, Resource::Bucket(bucket))?;
        let found = self.find_bucket(caller, bucket).await?;
        let delete = async |key| {
            // A temporary credential may be limited to some of the keys.
            caller.authorize(Action::DeleteObjects, Resource::Object(bucket, key))?;
            self.delete_from(&found, key).await
        };
        let deletions: Vec<_> = keys.iter().map(delete).collect();
        Ok(stream::iter(deletions).buffered(DELETES_AT_ONCE).collect().await)
    }

    /// Removes an object of a bucket that was found, whoever asks.
    ///
    /// # Errors
    /// `ObjectLockedByBucketPolicy`; `NoSuchBucket` if the bucket goes meanwhile.
    pub(crate) async fn delete_from(&self, found: &FoundBucket, key: &ObjectKey) -> Result<(), OperationError> {
        self.delete_as(None, found, key).await
    }

    /// Removes an object for a job, unless it was written since the job was asked for.
    ///
    /// # Errors
    /// As [`Store::delete_from`].
    pub(crate) async fn delete_for(
        &self,
        job: &DeletionJobRow,
        found: &FoundBucket,
        key: &ObjectKey,
    ) -> Result<(), OperationError> {
        self.delete_as(Some(job), found, key).await
    }

    async fn delete_as(
        &self,
        job: Option<&DeletionJobRow>,
        found: &FoundBucket,
        key: &ObjectKey,
    ) -> Result<(), OperationError> {
        let mut bucket = Cow::Borrowed(found);
        let mut tries = self.tries(found.id(), key);
        loop {
            tries.begin().await?;
            let Some(object) = self.metadata.object(found.id(), key).await? else { return Ok(()) };
            if job.is_some_and(|job| object.row.modified > job.created) {
                return Ok(());
            }
            self.refuse_retained(&bucket, key, Some(&object.row)).await?;
            let cause = job.map_or(Deletion::Client, |job| Deletion::Job(job.id));
            if self.metadata.delete_object(&bucket, key, &object, cause, self.clock.now()).await? == Outcome::Committed
            {
                return Ok(());
            }
            // Its rules may be others by now.
            let again = self.metadata.bucket_again(found).await?;
            bucket = Cow::Owned(again.ok_or_else(|| OperationError::from(ErrorCode::NoSuchBucket))?);
        }
    }
}
