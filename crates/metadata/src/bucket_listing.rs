//! Listing buckets, in the order of their names or against it: a page costs the names it shows, and those it skips
//! for want of a part they must hold.

use crate::engine::{Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::NamedBucket;
use crate::service::{Metadata, MetadataError};
use memchr::memmem::Finder;
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
        let visitor =
            Names { base: all.len(), contains: Finder::new(&query.contains).into_owned(), wanted, names: Vec::new() };
        let Names { mut names, .. } = match range(&all, query) {
            Some(scan) => scan_with(self.engine(), scan, visitor).await?,
            None => visitor,
        };
        let truncated = names.len() > query.limit;
        names.truncate(query.limit);
        let mut buckets = Vec::with_capacity(names.len());
        for name in names {
            let name = String::from_utf8(name).ok().and_then(|name| BucketName::parse(&name).ok());
            let name = name.ok_or(MetadataError::Missing { row: "bucket" })?;
            // One that is gone was removed since the scan.
            if let Some(found) = self.bucket(account, jurisdiction, &name).await? {
                buckets.push(NamedBucket { name, row: found.stored.row });
            }
        }
        Ok(BucketPage { buckets, truncated })
    }
}

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

/// Collects the first names that hold a part.
struct Names {
    /// Bytes of the row's key before the name.
    base: usize,
    /// Finds the part.
    contains: Finder<'static>,
    wanted: usize,
    names: Vec<Vec<u8>>,
}

impl Visitor for Names {
    fn visit(&mut self, key: &[u8], _value: &[u8]) -> Step {
        let name = key.get(self.base..).unwrap_or_default();
        if self.contains.find(name).is_some() {
            self.names.push(name.to_vec());
        }
        if self.names.len() == self.wanted { Step::Stop } else { Step::Next }
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
