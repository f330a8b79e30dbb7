//! ListObjectsV2. Sources: R2 "Release notes" 2022-04-14, 2022-06-10, 2022-06-13, 2022-06-17.

use super::Answer;
use super::listing::{EncodingType, ListedObject, page_size, write_common_prefixes};
use super::shared::{document, invalid_argument};
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use types::{AccountId, BucketName, OperationError};

/// Which objects to list. Empty texts count as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListObjectsV2 {
    /// Where to look.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: Option<String>,
    /// Keys that hold this after the prefix are rolled up.
    pub delimiter: Option<String>,
    /// Only keys after this one; the continuation token goes before it.
    pub start_after: Option<String>,
    /// Where an earlier page ended, opaque.
    pub continuation_token: Option<String>,
    /// Entries of one page, at most `types::limits::LIST_PAGE_MAX`; may be 0.
    pub max_keys: u16,
    /// Whether to show the owner of each object.
    pub fetch_owner: bool,
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
    /// Where the next page begins, if there is one.
    pub next_token: Option<String>,
}

/// Reads the request.
///
/// # Errors
/// `InvalidArgument` for a page size, encoding or token that is none; `InvalidURI` for texts that are not UTF-8.
pub fn decode(head: &RequestHead<'_>, bucket: BucketName) -> Result<ListObjectsV2, OperationError> {
    let query = head.query();
    let continuation_token = query.get("continuation-token")?.map(|token| token.into_owned());
    if continuation_token.as_deref() == Some("") {
        return Err(invalid_argument("The continuation token provided is incorrect: send the one of the last answer."));
    }
    Ok(ListObjectsV2 {
        bucket,
        prefix: query.get_filled("prefix")?,
        delimiter: query.get_filled("delimiter")?,
        start_after: query.get_filled("start-after")?,
        continuation_token,
        max_keys: page_size(query.get("max-keys")?.as_deref(), "max-keys")?,
        fetch_owner: query.get("fetch-owner")?.is_some_and(|text| text.eq_ignore_ascii_case("true")),
        encoding: EncodingType::decode(query)?,
    })
}

/// Writes the answer. `KeyCount` counts keys and common prefixes.
pub fn encode(request: &ListObjectsV2, page: &ObjectPage<'_>) -> Answer {
    let encoding = request.encoding;
    let encoded = |text: &Option<String>| text.as_deref().map(|text| encoding.apply(text).into_owned());
    let owner = request.fetch_owner.then_some(page.owner);
    document(XmlWriter::document("ListBucketResult", 1024 + page.objects.len() * 320, |xml| {
        xml.text("Name", request.bucket.as_str());
        xml.text("Prefix", &encoded(&request.prefix).unwrap_or_default());
        xml.optional("Delimiter", encoded(&request.delimiter).as_deref());
        xml.optional("StartAfter", encoded(&request.start_after).as_deref());
        xml.number("MaxKeys", u64::from(request.max_keys));
        xml.number("KeyCount", (page.objects.len() + page.common_prefixes.len()) as u64);
        encoding.write(xml);
        xml.boolean("IsTruncated", page.next_token.is_some());
        xml.optional("ContinuationToken", request.continuation_token.as_deref());
        xml.optional("NextContinuationToken", page.next_token.as_deref());
        page.objects.iter().for_each(|object| object.write(xml, encoding, owner));
        write_common_prefixes(xml, encoding, &page.common_prefixes);
    }))
}
