//! The names of an account's buckets beside their rows, many in a row: a search for a part of a name reads some dozen
//! bytes for each bucket, not its row.
//!
//! A page holds the names from the one in its key up to that of the next page; the first page begins before all names.
//! It changes in the commit that makes or removes a bucket. A page that is full is split; one that is empty goes.

use crate::bucket_listing::BucketQuery;
use crate::engine::{Outcome, Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::{NamesRow, SequenceRow};
use crate::service::{Change, Metadata, MetadataError, Stored, open_row};
use keyring::RowSealer;
use memchr::memmem::Finder;
use std::sync::Arc;
use types::AccountId;

/// Names of a page, at most: 2 to 8 KiB are written when a bucket is made.
const PAGE_NAMES_MAX: usize = 128;

/// Bytes of a page's key before the name: kind, account, jurisdiction. Those of a bucket's key are as many.
const BASE: usize = 18;

/// Pages written in one commit while they are made for buckets that were there before there were pages.
const PAGES_PER_COMMIT: usize = 500;

/// The page that has a name, or would have it, as found.
#[derive(Clone, Debug)]
pub(crate) struct FoundNames {
    /// Its key. Without a row it is that of the first page.
    key: Vec<u8>,
    stored: Option<Stored<NamesRow>>,
}

impl FoundNames {
    /// One more name: that of a bucket's key.
    pub(crate) fn add(&self, bucket: &[u8], change: &mut Change<'_>) {
        let name = name_of(bucket);
        let mut names: Vec<&str> = self.names().collect();
        if let Err(place) = names.binary_search(&name) {
            names.insert(place, name);
        }
        change.expect_same(self.key.clone(), self.stored.as_ref());
        let (first, second) = match names.len() {
            count if count > PAGE_NAMES_MAX => names.split_at(count / 2),
            _ => (names.as_slice(), &[][..]),
        };
        change.put(self.key.clone(), &NamesRow::of(first.iter().copied()));
        if let Some(begin) = second.first() {
            let key = [&self.key[..BASE.min(self.key.len())], begin.as_bytes()].concat();
            change.expect_absent(key.clone());
            change.put(key, &NamesRow::of(second.iter().copied()));
        }
    }

    /// One name less: that of a bucket's key.
    pub(crate) fn remove(&self, bucket: &[u8], change: &mut Change<'_>) {
        let name = name_of(bucket);
        let left = NamesRow::of(self.names().filter(|other| *other != name));
        change.expect_same(self.key.clone(), self.stored.as_ref());
        if left.names.is_empty() {
            change.delete(self.key.clone());
        } else {
            change.put(self.key.clone(), &left);
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.stored.iter().flat_map(|stored| stored.row.names())
    }
}

fn name_of(key: &[u8]) -> &str {
    key.get(BASE..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

impl Metadata {
    /// The page for the name in a bucket's key.
    pub(crate) async fn names_page(&self, bucket: &[u8]) -> Result<FoundNames, MetadataError> {
        let at = keys::bucket_names(bucket);
        let first = at.get(..BASE).unwrap_or_default().to_vec();
        Ok(match self.read_last(first.clone(), Some(keys::just_after(&at))).await? {
            Some((key, stored)) => FoundNames { key, stored: Some(stored) },
            None => FoundNames { key: first, stored: None },
        })
    }

    /// The first names that a query is about, which holds a part of names: at most `wanted`. `buckets` is what the keys
    /// of its buckets begin with.
    pub(crate) async fn names_holding(
        &self,
        buckets: &[u8],
        query: &BucketQuery,
        wanted: usize,
    ) -> Result<Vec<String>, MetadataError> {
        let all = keys::bucket_names(buckets);
        let end = keys::after_prefix(&all);
        // The page that has the name where the search begins may begin before it.
        let start = match &query.after {
            Some(after) if !query.backwards => self.names_page(&[buckets, after.as_bytes()].concat()).await?.key,
            _ => all.clone(),
        };
        let end = match &query.after {
            Some(after) if query.backwards => Some([all.as_slice(), after.as_bytes()].concat()),
            _ => end,
        };
        let scan = Scan { table: Table::Rows, start, end, backwards: query.backwards };
        let contains = Finder::new(&query.contains).into_owned();
        let search = Search { sealer: self.sealer(), query: query.clone(), contains, wanted, found: Ok(Vec::new()) };
        scan_with(self.engine(), scan, search).await?.found
    }

    /// Makes pages for the buckets of a store that was made before there were pages. To be called at each start, before
    /// buckets are made.
    pub async fn complete_bucket_names(&self, account: AccountId) -> Result<(), MetadataError> {
        if self.read::<SequenceRow>(&keys::names_complete()).await?.is_some() {
            return Ok(());
        }
        // What an earlier try left may tell of buckets that are gone.
        self.forget_bucket_names(account).await?;
        let pages = self.pages_of_buckets(account).await?;
        for pages in pages.chunks(PAGES_PER_COMMIT) {
            let mut change = self.change();
            pages.iter().for_each(|(key, row)| change.put(key.clone(), row));
            let _always_committed = change.commit().await?;
        }
        let mut change = self.change();
        mark_names_complete(&mut change);
        let _always_committed: Outcome = change.commit().await?;
        Ok(())
    }

    async fn forget_bucket_names(&self, account: AccountId) -> Result<(), MetadataError> {
        let start = keys::bucket_names_of(account);
        let end = keys::after_prefix(&start);
        loop {
            let pages = self.read_range::<NamesRow>(start.clone(), end.clone(), PAGES_PER_COMMIT).await?;
            if pages.is_empty() {
                return Ok(());
            }
            let mut change = self.change();
            pages.into_iter().for_each(|(key, _)| change.delete(key));
            let _always_committed = change.commit().await?;
        }
    }

    async fn pages_of_buckets(&self, account: AccountId) -> Result<Vec<(Vec<u8>, NamesRow)>, MetadataError> {
        let start = keys::buckets_of(account);
        let end = keys::after_prefix(&start);
        let scan = Scan { table: Table::Rows, start, end, backwards: false };
        let BucketKeys(buckets) = scan_with(self.engine(), scan, BucketKeys(Vec::new())).await?;
        let mut pages = Vec::new();
        for of_jurisdiction in buckets.chunk_by(|one, other| one.get(..BASE) == other.get(..BASE)) {
            for (number, names) in of_jurisdiction.chunks(PAGE_NAMES_MAX / 2).enumerate() {
                let Some(first) = names.first() else { continue };
                let key = if number == 0 { first.get(..BASE).unwrap_or_default() } else { first };
                pages.push((keys::bucket_names(key), NamesRow::of(names.iter().map(|key| name_of(key)))));
            }
        }
        Ok(pages)
    }
}

/// Notes that there is a page for every bucket: there was none before, or they have just been made.
pub(crate) fn mark_names_complete(change: &mut Change<'_>) {
    change.put(keys::names_complete(), &SequenceRow { last: 1 });
}

/// Looks through pages for names that a query is about.
struct Search {
    sealer: Arc<RowSealer>,
    query: BucketQuery,
    contains: Finder<'static>,
    wanted: usize,
    found: Result<Vec<String>, MetadataError>,
}

impl Search {
    fn is_wanted(&self, name: &str) -> bool {
        let beyond = |after: &String| if self.query.backwards { name < after.as_str() } else { name > after.as_str() };
        self.contains.find(name.as_bytes()).is_some()
            && name.starts_with(&self.query.prefix)
            && self.query.after.as_ref().is_none_or(beyond)
    }

    /// Takes what is wanted of a page. Answers whether it is enough.
    fn take(&mut self, page: &NamesRow) -> bool {
        // Most pages of a rare part end here.
        if self.contains.find(page.names.as_bytes()).is_none() {
            return false;
        }
        let mut names: Vec<&str> = page.names().filter(|name| self.is_wanted(name)).collect();
        if self.query.backwards {
            names.reverse();
        }
        let Ok(found) = &mut self.found else { return true };
        names.truncate(self.wanted.saturating_sub(found.len()));
        found.extend(names.into_iter().map(str::to_owned));
        found.len() >= self.wanted
    }
}

impl Visitor for Search {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        let enough = match open_row::<NamesRow>(&self.sealer, key, value) {
            Ok(page) => self.take(&page),
            Err(error) => {
                self.found = Err(error);
                true
            }
        };
        if enough { Step::Stop } else { Step::Next }
    }
}

/// Collects keys.
struct BucketKeys(Vec<Vec<u8>>);

impl Visitor for BucketKeys {
    fn visit(&mut self, key: &[u8], _value: &[u8]) -> Step {
        self.0.push(key.to_vec());
        Step::Next
    }
}

#[cfg(test)]
mod tests;
