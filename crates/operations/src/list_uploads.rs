//! ListMultipartUploads.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::UploadRow;
use metadata::upload_listing::{UploadEntry, UploadQuery};
use types::{BucketName, ObjectKey, OperationError, Resource, UploadId};

/// A page of uploads to be listed. Texts as the client sent them.
#[derive(Clone, Debug)]
pub struct ListUploads {
    /// Of which bucket.
    pub bucket: BucketName,
    /// Only keys that begin with it.
    pub prefix: String,
    /// Keys that hold it after the prefix are rolled up. Empty: none.
    pub delimiter: String,
    /// Only uploads of keys after it.
    pub key_marker: Option<String>,
    /// With `key_marker`: also uploads of that key after this one.
    pub upload_marker: Option<UploadId>,
    /// At most so many.
    pub limit: usize,
}

/// A page of uploads.
#[derive(Clone, Debug, Default)]
pub struct ListedUploads {
    /// Ids and rows, in the order of keys, then of ids.
    pub uploads: Vec<(UploadId, UploadRow)>,
    /// Common prefixes in order.
    pub common_prefixes: Vec<String>,
    /// Key and upload to resume after, if more follow.
    pub next: Option<(String, Option<UploadId>)>,
}

impl Store {
    /// Lists a bucket's uploads in progress.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn list_uploads(&self, caller: &Caller, request: &ListUploads) -> Result<ListedUploads, OperationError> {
        caller.authorize(Action::ListMultipartUploads, Resource::Prefix(&request.bucket, &request.prefix))?;
        let bucket = self.find_bucket(caller, &request.bucket).await?;
        let query = UploadQuery {
            prefix: ObjectKey::normalize(&request.prefix),
            delimiter: ObjectKey::normalize(&request.delimiter),
            after: request.key_marker.as_deref().map(|key| (ObjectKey::normalize(key), request.upload_marker)),
            limit: request.limit,
        };
        let page = self.metadata.list_uploads(bucket.id(), &query).await?;
        let mut listed = ListedUploads { next: page.last.filter(|_| page.truncated), ..ListedUploads::default() };
        for entry in page.entries {
            match entry {
                UploadEntry::Upload { id, row } => listed.uploads.push((id, *row)),
                UploadEntry::CommonPrefix(prefix) => listed.common_prefixes.push(prefix),
            }
        }
        Ok(listed)
    }
}
