//! Listing objects: cost grows with the entries returned, not with the keys skipped.

use crate::engine::{Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::ObjectRow;
use crate::service::{Metadata, MetadataError, open_row};
use keyring::RowSealer;
use std::sync::Arc;
use types::BucketId;

/// What a page of objects is asked for. All texts are in NFC, the form keys are ordered by.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Only keys that begin with it.
    pub prefix: String,
    /// Keys that hold it after the prefix are rolled up to one common prefix. Empty: none.
    pub delimiter: String,
    /// Only entries after this key.
    pub after: Option<String>,
    /// At most so many entries, keys and common prefixes together.
    pub limit: usize,
}

/// An entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListEntry {
    /// An object.
    Object {
        /// The NFC form of its key.
        identity: String,
        /// Its row.
        row: Box<ObjectRow>,
    },
    /// Keys rolled up to what they begin with, up to and with the delimiter.
    CommonPrefix(String),
}

impl ListEntry {
    /// What the page is ordered by, and the next page begins after.
    pub fn position(&self) -> &str {
        match self {
            Self::Object { identity, .. } => identity,
            Self::CommonPrefix(prefix) => prefix,
        }
    }
}

/// A page of objects in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The entries.
    pub entries: Vec<ListEntry>,
    /// True if more follow the last entry.
    pub truncated: bool,
}

impl Metadata {
    /// A page of a bucket's objects.
    pub async fn list_objects(&self, bucket: BucketId, query: &ListQuery) -> Result<ListPage, MetadataError> {
        if query.limit == 0 {
            return Ok(ListPage::default());
        }
        let base = keys::objects(bucket);
        let first = keys::object(bucket, &query.prefix);
        let end = keys::after_prefix(&first);
        let start = match self.first_after(&base, query) {
            Some(start) => start.max(first),
            None => first,
        };
        if end.as_ref().is_some_and(|end| *end <= start) {
            return Ok(ListPage::default());
        }
        let visitor = PageVisitor {
            sealer: self.sealer(),
            base: base.len(),
            query: query.clone(),
            page: ListPage::default(),
            failure: None,
        };
        let visitor =
            scan_with(self.engine(), Scan { table: Table::Rows, start, end, backwards: false }, visitor).await?;
        match visitor.failure {
            Some(error) => Err(error),
            None => Ok(visitor.page),
        }
    }

    /// Where the scan begins: after the whole group if `after` lies in one, since that group was an entry.
    fn first_after(&self, base: &[u8], query: &ListQuery) -> Option<Vec<u8>> {
        let after = query.after.as_ref()?;
        let at = |text: &str| [base, text.as_bytes()].concat();
        match common_prefix(after, &query.prefix, &query.delimiter) {
            Some(group) => keys::after_prefix(&at(group)),
            None => Some(keys::just_after(&at(after))),
        }
    }
}

/// The group a key is rolled up to: up to and with the first delimiter after the prefix.
pub(crate) fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: &str) -> Option<&'k str> {
    if delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(prefix)?;
    let at = rest.find(delimiter)?;
    Some(&key[..prefix.len() + at + delimiter.len()])
}

struct PageVisitor {
    sealer: Arc<RowSealer>,
    /// Bytes of the row's key before the object key.
    base: usize,
    query: ListQuery,
    page: ListPage,
    failure: Option<MetadataError>,
}

impl PageVisitor {
    fn entry(&self, key: &[u8], value: &[u8]) -> Result<(ListEntry, Step), MetadataError> {
        let identity = key.get(self.base..).and_then(|text| std::str::from_utf8(text).ok());
        let identity = identity.ok_or(MetadataError::Missing { row: "object" })?;
        match common_prefix(identity, &self.query.prefix, &self.query.delimiter) {
            Some(group) => {
                let past = keys::after_prefix(&key[..self.base + group.len()]);
                Ok((ListEntry::CommonPrefix(group.to_owned()), past.map_or(Step::Stop, Step::Seek)))
            }
            None => {
                let row = Box::new(open_row(&self.sealer, key, value)?);
                Ok((ListEntry::Object { identity: identity.to_owned(), row }, Step::Next))
            }
        }
    }
}

impl Visitor for PageVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        if self.page.entries.len() == self.query.limit {
            self.page.truncated = true;
            return Step::Stop;
        }
        match self.entry(key, value) {
            Ok((entry, step)) => {
                self.page.entries.push(entry);
                step
            }
            Err(error) => {
                self.failure = Some(error);
                Step::Stop
            }
        }
    }
}

#[cfg(test)]
mod tests;
