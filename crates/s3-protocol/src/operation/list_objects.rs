//! ListObjects, version 1. Source: R2 "Release notes" 2023-06-16: `NextMarker` only when truncated.

use super::Answer;
use super::listing::{EncodingType, ListedObject, page_size, write_common_prefixes};
use super::shared::document;
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use types::{AccountId, BucketName, OperationError};

/// Which objects to list. Empty texts count as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListObjects {
    /// Where to look.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: Option<String>,
    /// Keys that hold this after the prefix are rolled up.
    pub delimiter: Option<String>,
    /// Only keys and common prefixes after this one.
    pub marker: Option<String>,
    /// Entries of one page, at most `types::limits::LIST_PAGE_MAX`; may be 0.
    pub max_keys: u16,
    /// How to write keys.
    pub encoding: EncodingType,
}

/// One page.
#[derive(Clone, Debug)]
pub struct ObjectPage<'a> {
    /// Whose objects these are.
    pub owner: AccountId,
    /// In the order of their keys.
    pub objects: Vec<ListedObject<'a>>,
    /// In order.
    pub common_prefixes: Vec<&'a str>,
    /// The last entry of the page, if entries follow it.
    pub next_marker: Option<&'a str>,
}

/// Reads the request.
///
/// # Errors
/// `InvalidArgument` for a page size or encoding that is none; `InvalidURI` for texts that are not UTF-8.
pub fn decode(head: &RequestHead<'_>, bucket: BucketName) -> Result<ListObjects, OperationError> {
    let query = head.query();
    Ok(ListObjects {
        bucket,
        prefix: query.get_filled("prefix")?,
        delimiter: query.get_filled("delimiter")?,
        marker: query.get_filled("marker")?,
        max_keys: page_size(query.get("max-keys")?.as_deref(), "max-keys")?,
        encoding: EncodingType::decode(query)?,
    })
}

/// Writes the answer.
pub fn encode(request: &ListObjects, page: &ObjectPage<'_>) -> Answer {
    let encoding = request.encoding;
    let encoded = |text: &Option<String>| encoding.apply(text.as_deref().unwrap_or_default()).into_owned();
    document(XmlWriter::document("ListBucketResult", 1024 + page.objects.len() * 384, |xml| {
        xml.text("Name", request.bucket.as_str());
        xml.text("Prefix", &encoded(&request.prefix));
        xml.text("Marker", &encoded(&request.marker));
        xml.number("MaxKeys", u64::from(request.max_keys));
        if request.delimiter.is_some() {
            xml.text("Delimiter", &encoded(&request.delimiter));
        }
        encoding.write(xml);
        xml.boolean("IsTruncated", page.next_marker.is_some());
        xml.optional("NextMarker", page.next_marker.map(|marker| encoding.apply(marker)).as_deref());
        page.objects.iter().for_each(|object| object.write(xml, encoding, Some(page.owner)));
        write_common_prefixes(xml, encoding, &page.common_prefixes);
    }))
}
