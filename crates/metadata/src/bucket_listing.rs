//! Listing buckets, in the order of their names or against it. A page costs the rows it shows; if names are to hold
//! some part, also a pass over the names (`bucket_names`).

use crate::engine::{Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::NamedBucket;
use crate::service::{Metadata, MetadataError, open_row};
use types::{AccountId, BucketName, Jurisdiction};

/// What a page of buckets is asked for.
#[derive(Clone, Debug, Default)]
pub struct BucketQuery {
    /// Only names that begin with it.
    pub prefix: String,
    /// Only names that hold it somewhere.
    pub contains: String,
    /// Only names after it, or before it if listed backwards.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// From the last name to the first.
    pub backwards: bool,
}

/// A page of buckets in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct BucketPage {
    /// The buckets.
    pub buckets: Vec<NamedBucket>,
    /// True if more follow.
    pub truncated: bool,
}

impl Metadata {
    /// A page of an account's buckets in one jurisdiction.
    pub async fn list_buckets(
        &self,
        account: AccountId,
        jurisdiction: Jurisdiction,
        query: &BucketQuery,
    ) -> Result<BucketPage, MetadataError> {
        let all = keys::buckets(account, jurisdiction);
        // One more, to know whether it is the last page.
        let wanted = query.limit.saturating_add(1);
        let mut found = self.bucket_rows(&all, query, wanted).await?;
        let truncated = found.len() > query.limit;
        found.truncate(query.limit);
        let sealer = self.sealer();
        let named = |(key, sealed): (Vec<u8>, Vec<u8>)| {
            let name = key.get(all.len()..).and_then(|name| std::str::from_utf8(name).ok());
            let name = name.and_then(|name| BucketName::parse(name).ok());
            let name = name.ok_or(MetadataError::Missing { row: "bucket" })?;
            Ok(NamedBucket { name, row: open_row(&sealer, &key, &sealed)? })
        };
        let buckets = found.into_iter().map(named).collect::<Result<_, MetadataError>>()?;
        Ok(BucketPage { buckets, truncated })
    }

    /// Keys and sealed rows of the first buckets that a query is about.
    async fn bucket_rows(&self, all: &[u8], query: &BucketQuery, wanted: usize) -> Result<SealedRows, MetadataError> {
        let Some(scan) = range(all, query) else { return Ok(Vec::new()) };
        if query.contains.is_empty() {
            return Ok(scan_with(self.engine(), scan, First { wanted, found: Vec::new() }).await?.found);
        }
        let names = self.names_holding(all, query, wanted).await?;
        let keys = names.iter().map(|name| [all, name.as_bytes()].concat());
        let These { found, .. } = scan_with(self.engine(), scan, These::new(keys.collect(), query.backwards)).await?;
        Ok(found)
    }
}

/// Rows as they are kept, with their keys.
type SealedRows = Vec<(Vec<u8>, Vec<u8>)>;

/// The keys a page is taken from; `None` if there can be none.
fn range(all: &[u8], query: &BucketQuery) -> Option<Scan> {
    let with_prefix = [all, query.prefix.as_bytes()].concat();
    let after = query.after.as_ref().map(|name| [all, name.as_bytes()].concat());
    let end = keys::after_prefix(&with_prefix);
    let (start, end) = match after {
        None => (with_prefix, end),
        Some(after) if query.backwards => (with_prefix, Some(end.map_or(after.clone(), |end| end.min(after)))),
        Some(after) => (keys::just_after(&after).max(with_prefix), end),
    };
    let possible = end.as_ref().is_none_or(|end| start < *end);
    possible.then_some(Scan { table: Table::Rows, start, end, backwards: query.backwards })
}

/// Collects the first rows.
struct First {
    wanted: usize,
    found: SealedRows,
}

impl Visitor for First {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        self.found.push((key.to_vec(), value.to_vec()));
        if self.found.len() == self.wanted { Step::Stop } else { Step::Next }
    }
}

/// Collects the rows that have certain keys, in their order. One that is gone was removed since it was named.
struct These {
    /// The next one is the last.
    keys: Vec<Vec<u8>>,
    backwards: bool,
    found: SealedRows,
}

impl These {
    fn new(mut keys: Vec<Vec<u8>>, backwards: bool) -> Self {
        keys.reverse();
        Self { keys, backwards, found: Vec::new() }
    }
}

impl Visitor for These {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        let passed = |next: &Vec<u8>| if self.backwards { next.as_slice() > key } else { next.as_slice() < key };
        while self.keys.last().is_some_and(passed) {
            self.keys.pop();
        }
        if self.keys.pop_if(|next| next.as_slice() == key).is_some() {
            self.found.push((key.to_vec(), value.to_vec()));
        }
        self.keys.last().map_or(Step::Stop, |next| Step::Seek(next.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ACCOUNT, make_bucket, service};

    #[tokio::test]
    async fn pages_go_both_ways_and_show_only_names_that_hold_the_part() {
        let metadata = service();
        for name in ["logs-eu", "app-logs", "photos", "my-logs-1", "zebra"] {
            make_bucket(&metadata, name).await;
        }
        let page = async |contains: &str, after: Option<&str>, limit, backwards| {
            let (contains, after) = (contains.to_owned(), after.map(str::to_owned));
            let query = BucketQuery { contains, after, limit, backwards, ..BucketQuery::default() };
            let page = metadata.list_buckets(ACCOUNT, Jurisdiction::Default, &query).await.unwrap();
            (page.buckets.iter().map(|bucket| bucket.name.to_string()).collect::<Vec<_>>().join(" "), page.truncated)
        };
        let expect = |names: &str, truncated| (names.to_owned(), truncated);
        assert_eq!(page("logs", None, 10, false).await, expect("app-logs logs-eu my-logs-1", false));
        assert_eq!(page("logs", None, 2, false).await, expect("app-logs logs-eu", true));
        assert_eq!(page("logs", Some("logs-eu"), 2, false).await, expect("my-logs-1", false));
        assert_eq!(page("", None, 2, true).await, expect("zebra photos", true));
        assert_eq!(page("", Some("photos"), 2, true).await, expect("my-logs-1 logs-eu", true));
        assert_eq!(page("logs", Some("logs-eu"), 2, true).await, expect("app-logs", false));
        assert_eq!(page("", Some("a"), 2, true).await, expect("", false));
        assert_eq!(page("nothing", None, 2, true).await, expect("", false));
        assert_eq!(page("a-very-long-part-that-no-name-can-hold", None, 2, false).await, expect("", false));
    }
}
