//! ListObjects, both versions: a page of keys in the order of their NFC form.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::listing::{ListEntry, ListQuery};
use metadata::rows::ObjectRow;
use types::{BucketName, ObjectKey, OperationError, Resource};

/// A page of objects to be listed. Texts as the client sent them.
#[derive(Clone, Debug)]
pub struct ListObjects {
    /// Of which bucket.
    pub bucket: BucketName,
    /// Only keys that begin with it.
    pub prefix: String,
    /// Keys that hold it after the prefix are rolled up to one common prefix. Empty: none.
    pub delimiter: String,
    /// Only keys after it.
    pub start_after: Option<String>,
    /// Where a previous page ended; goes before `start_after`.
    pub continuation_token: Option<String>,
    /// At most so many keys and common prefixes together.
    pub limit: usize,
}

/// A page of objects.
#[derive(Clone, Debug, Default)]
pub struct ListedObjects {
    /// Objects in the order of their keys.
    pub objects: Vec<ListedObject>,
    /// Common prefixes in order.
    pub common_prefixes: Vec<String>,
    /// Key or common prefix that the page ends with, if more follow: the next marker.
    pub last: Option<String>,
    /// Resumes after it.
    pub next_token: Option<String>,
}

/// An object of a page.
#[derive(Clone, Debug)]
pub struct ListedObject {
    /// Its key as last sent.
    pub key: String,
    /// Its row.
    pub row: Box<ObjectRow>,
}

impl Store {
    /// As [`Store::list_objects`], for those who ask in the first version of the S3 API.
    ///
    /// # Errors
    /// As [`Store::list_objects`].
    pub async fn list_objects_v1(
        &self,
        caller: &Caller,
        request: &ListObjects,
    ) -> Result<ListedObjects, OperationError> {
        caller.authorize(Action::ListObjects, Resource::Prefix(&request.bucket, &request.prefix))?;
        self.list_page(caller, request).await
    }

    /// Lists a bucket's objects. The cost grows with the entries returned, not with the keys skipped.
    ///
    /// # Errors
    /// `NoSuchBucket`; `InvalidArgument` for a token of another list.
    pub async fn list_objects(&self, caller: &Caller, request: &ListObjects) -> Result<ListedObjects, OperationError> {
        caller.authorize(Action::ListObjectsV2, Resource::Prefix(&request.bucket, &request.prefix))?;
        self.list_page(caller, request).await
    }

    async fn list_page(&self, caller: &Caller, request: &ListObjects) -> Result<ListedObjects, OperationError> {
        let bucket = self.find_bucket(caller, &request.bucket).await?;
        let query = ListQuery {
            prefix: ObjectKey::normalize(&request.prefix),
            delimiter: ObjectKey::normalize(&request.delimiter),
            after: None,
            limit: request.limit,
        };
        let list = list_name(bucket.id().0, &query);
        let after = match &request.continuation_token {
            Some(token) => Some(self.tokens.open(&list, token)?),
            None => request.start_after.as_deref().map(ObjectKey::normalize),
        };
        let page = self.metadata.list_objects(bucket.id(), &ListQuery { after, ..query }).await?;
        let last = page.entries.last().filter(|_| page.truncated).map(|entry| entry.position().to_owned());
        let next_token = last.as_deref().map(|last| self.tokens.seal(&list, last));
        let mut listed = ListedObjects { last, next_token, ..ListedObjects::default() };
        for entry in page.entries {
            match entry {
                ListEntry::CommonPrefix(prefix) => listed.common_prefixes.push(prefix),
                ListEntry::Object { identity, mut row } => {
                    let key = row.key_as_sent.take().unwrap_or(identity);
                    listed.objects.push(ListedObject { key, row });
                }
            }
        }
        Ok(listed)
    }
}

/// What a token is good for: this bucket with this prefix and delimiter.
fn list_name(bucket: u64, query: &ListQuery) -> Vec<u8> {
    let mut name = b"objects".to_vec();
    name.extend_from_slice(&bucket.to_be_bytes());
    metadata::keys::push_text(&mut name, &query.prefix);
    metadata::keys::push_text(&mut name, &query.delimiter);
    name
}
