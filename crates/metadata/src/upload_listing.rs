//! Listing multipart uploads in progress.

use crate::engine::{Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::listing::common_prefix;
use crate::rows::UploadRow;
use crate::service::{Metadata, MetadataError, open_row};
use keyring::RowSealer;
use std::sync::Arc;
use types::{BucketId, UploadId};

/// What a page of uploads is asked for. All texts are in NFC.
#[derive(Clone, Debug, Default)]
pub struct UploadQuery {
    /// Only keys that begin with it.
    pub prefix: String,
    /// Keys that hold it after the prefix are rolled up to one common prefix. Empty: none.
    pub delimiter: String,
    /// Only uploads of keys after this one; with an id, also those of this key after this upload.
    pub after: Option<(String, Option<UploadId>)>,
    /// At most so many entries.
    pub limit: usize,
}

/// An entry of a page of uploads.
#[derive(Clone, Debug)]
pub enum UploadEntry {
    /// An upload.
    Upload {
        /// Its id.
        id: UploadId,
        /// Its row.
        row: Box<UploadRow>,
    },
    /// Keys rolled up to what they begin with.
    CommonPrefix(String),
}

/// A page of uploads in the order of their keys, then of their ids.
#[derive(Debug, Default)]
pub struct UploadPage {
    /// The entries.
    pub entries: Vec<UploadEntry>,
    /// True if more follow.
    pub truncated: bool,
    /// Key (NFC) and id of the last upload, or the last common prefix: where the next page begins.
    pub last: Option<(String, Option<UploadId>)>,
}

impl Metadata {
    /// A page of a bucket's uploads in progress.
    pub async fn list_uploads(&self, bucket: BucketId, query: &UploadQuery) -> Result<UploadPage, MetadataError> {
        if query.limit == 0 {
            return Ok(UploadPage::default());
        }
        let base = keys::uploads(bucket);
        let first = [base.as_slice(), &escaped(&query.prefix)].concat();
        let end = keys::after_prefix(&first);
        let start = first_after(bucket, &base, query).map_or(first.clone(), |start| start.max(first));
        if end.as_ref().is_some_and(|end| *end <= start) {
            return Ok(UploadPage::default());
        }
        let (sealer, base) = (self.sealer(), base.len());
        let visitor = UploadVisitor { sealer, base, query: query.clone(), page: UploadPage::default(), failure: None };
        let visitor =
            scan_with(self.engine(), Scan { table: Table::Rows, start, end, backwards: false }, visitor).await?;
        match visitor.failure {
            Some(error) => Err(error),
            None => Ok(visitor.page),
        }
    }
}

fn first_after(bucket: BucketId, base: &[u8], query: &UploadQuery) -> Option<Vec<u8>> {
    let (key, id) = query.after.as_ref()?;
    if let Some(group) = common_prefix(key, &query.prefix, &query.delimiter) {
        return keys::after_prefix(&[base, &escaped(group)].concat());
    }
    match id {
        Some(id) => Some(keys::just_after(&keys::upload(bucket, key, *id))),
        None => keys::after_prefix(&keys::uploads_of(bucket, key)),
    }
}

/// Text as it stands inside a key, without its end.
fn escaped(text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    keys::push_text(&mut key, text);
    key.truncate(key.len() - keys::TEXT_END.len());
    key
}

struct UploadVisitor {
    sealer: Arc<RowSealer>,
    /// Bytes of the row's key before the object key.
    base: usize,
    query: UploadQuery,
    page: UploadPage,
    failure: Option<MetadataError>,
}

impl UploadVisitor {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<Step, MetadataError> {
        let missing = MetadataError::Missing { row: "upload" };
        let Some((identity, id)) = key.get(self.base..).and_then(keys::split_text) else { return Err(missing) };
        if let Some(group) = common_prefix(&identity, &self.query.prefix, &self.query.delimiter) {
            let past = keys::after_prefix(&[&key[..self.base], &escaped(group)].concat());
            self.page.entries.push(UploadEntry::CommonPrefix(group.to_owned()));
            self.page.last = Some((group.to_owned(), None));
            return Ok(past.map_or(Step::Stop, Step::Seek));
        }
        let id = UploadId(id.try_into().map_err(|_| missing)?);
        let row = Box::new(open_row(&self.sealer, key, value)?);
        self.page.entries.push(UploadEntry::Upload { id, row });
        self.page.last = Some((identity, Some(id)));
        Ok(Step::Next)
    }
}

impl Visitor for UploadVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        if self.page.entries.len() == self.query.limit {
            self.page.truncated = true;
            return Step::Stop;
        }
        self.add(key, value).unwrap_or_else(|error| {
            self.failure = Some(error);
            Step::Stop
        })
    }
}
