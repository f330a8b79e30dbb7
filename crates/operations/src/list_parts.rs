//! ListParts.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::{PartRow, UploadRow};
use types::{BucketName, ObjectKey, OperationError, Resource, UploadId};

/// A page of parts to be listed.
#[derive(Clone, Debug)]
pub struct ListParts {
    /// The upload's bucket.
    pub bucket: BucketName,
    /// The upload's key.
    pub key: ObjectKey,
    /// The upload.
    pub upload: UploadId,
    /// Only parts with numbers after it.
    pub after: u16,
    /// At most so many.
    pub limit: usize,
}

/// A page of parts.
#[derive(Clone, Debug)]
pub struct ListedParts {
    /// The upload.
    pub upload: UploadRow,
    /// Numbers and rows in order.
    pub parts: Vec<(u16, PartRow)>,
    /// True if more follow.
    pub truncated: bool,
}

impl Store {
    /// Lists the parts of an upload.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchUpload`.
    pub async fn list_parts(&self, caller: &Caller, request: &ListParts) -> Result<ListedParts, OperationError> {
        caller.authorize(Action::ListParts, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        let upload = self.find_upload(&bucket, &request.key, request.upload).await?;
        let mut parts = self.metadata.parts(upload.id, request.after, request.limit + 1).await?;
        // An empty page has no end to go on from.
        let truncated = request.limit > 0 && parts.len() > request.limit;
        parts.truncate(request.limit);
        let parts = parts.into_iter().map(|part| (part.number, part.stored.row)).collect();
        Ok(ListedParts { upload: upload.stored.row, parts, truncated })
    }
}
