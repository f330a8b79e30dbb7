//! ListBuckets, with R2's search parameters. Source: R2 "Extensions", ListBuckets.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::bucket_listing::BucketQuery;
use metadata::rows::NamedBucket;
use types::{Jurisdiction, OperationError, Resource};

/// A page of buckets to be listed.
#[derive(Clone, Debug, Default)]
pub struct ListBuckets {
    /// Only names that begin with it.
    pub prefix: String,
    /// Only names that hold it somewhere.
    pub contains: String,
    /// Only names after it, or before it if listed backwards.
    pub start_after: Option<String>,
    /// Where a previous page ended.
    pub continuation_token: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// From the last name to the first.
    pub backwards: bool,
}

/// A page of buckets.
#[derive(Clone, Debug)]
pub struct ListedBuckets {
    /// In the order of their names, or against it.
    pub buckets: Vec<NamedBucket>,
    /// Resumes after the last of them, if more follow.
    pub next_token: Option<String>,
}

impl Store {
    /// Lists the account's buckets in the caller's jurisdiction.
    ///
    /// # Errors
    /// `InvalidArgument` for a token of another list.
    pub async fn list_buckets(&self, caller: &Caller, request: &ListBuckets) -> Result<ListedBuckets, OperationError> {
        caller.authorize(Action::ListBuckets, Resource::Account)?;
        let jurisdiction = Some(caller.jurisdiction).filter(|jurisdiction| *jurisdiction != Jurisdiction::Default);
        let jurisdiction = jurisdiction.map_or("", Jurisdiction::name);
        let list = [b"buckets".as_slice(), &caller.account.0, jurisdiction.as_bytes()].concat();
        let after = match &request.continuation_token {
            Some(token) => Some(self.tokens.open(&list, token)?),
            None => request.start_after.clone(),
        };
        let (prefix, contains) = (request.prefix.clone(), request.contains.clone());
        let query = BucketQuery { prefix, contains, after, limit: request.limit, backwards: request.backwards };
        let page = self.metadata.list_buckets(caller.account, caller.jurisdiction, &query).await?;
        let last = page.buckets.last().filter(|_| page.truncated);
        let next_token = last.map(|bucket| self.tokens.seal(&list, bucket.name.as_str()));
        Ok(ListedBuckets { buckets: page.buckets, next_token })
    }
}
