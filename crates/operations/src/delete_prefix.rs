//! Removing all objects whose keys begin with a prefix.

use crate::caller::Caller;
use crate::delete_object::DELETES_AT_ONCE;
use crate::permissions::Action;
use crate::store::Store;
use futures_util::{StreamExt, stream};
use metadata::listing::{ListEntry, ListPage, ListQuery};
use types::limits::LIST_PAGE_MAX;
use types::{BucketName, ErrorCode, ObjectKey, OperationError, Resource};

impl Store {
    /// Removes the objects whose keys begin with `prefix`: those that were there before the call, and of those that
    /// arrive meanwhile some. Answers how many they were. Cut short, it has removed the first of them; called again, it
    /// goes on.
    ///
    /// # Errors
    /// `NoSuchBucket`; `ObjectLockedByBucketPolicy` if lock rules keep some of them, once all others are gone.
    pub async fn delete_prefix(&self, caller: &Caller, name: &BucketName, prefix: &str) -> Result<u64, OperationError> {
        caller.authorize(Action::DeleteObjects, Resource::Prefix(name, prefix))?;
        let bucket = self.find_bucket(caller, name).await?;
        let prefix = ObjectKey::normalize(prefix);
        let mut query = ListQuery { prefix, limit: LIST_PAGE_MAX, ..ListQuery::default() };
        let (mut deleted, mut retained) = (0, 0);
        loop {
            let page = self.metadata.list_objects(bucket.id(), &query).await?;
            let keys = keys_of(&page)?;
            let deletions: Vec<_> = keys.iter().map(|key| self.delete_from(&bucket, key)).collect();
            let mut deletions = stream::iter(deletions).buffered(DELETES_AT_ONCE);
            while let Some(deletion) = deletions.next().await {
                match deletion {
                    Ok(()) => deleted += 1,
                    Err(error) if error.code == ErrorCode::ObjectLockedByBucketPolicy => retained += 1,
                    Err(error) => return Err(error),
                }
            }
            match keys.last().filter(|_| page.truncated) {
                Some(last) => query.after = Some(last.identity().to_owned()),
                None => return unless_retained(deleted, retained),
            }
        }
    }
}

fn unless_retained(deleted: u64, retained: u64) -> Result<u64, OperationError> {
    match retained {
        0 => Ok(deleted),
        _ => Err(OperationError::new(
            ErrorCode::ObjectLockedByBucketPolicy,
            format!("Bucket lock rules keep {retained} of the objects. The other {deleted} were deleted."),
        )),
    }
}

fn keys_of(page: &ListPage) -> Result<Vec<ObjectKey>, OperationError> {
    let keys = page.entries.iter().filter_map(|entry| match entry {
        ListEntry::Object { identity, .. } => Some(identity),
        ListEntry::CommonPrefix(_) => None,
    });
    keys.map(|key| ObjectKey::parse(key).map_err(|_| ErrorCode::InternalError.into())).collect()
}
