//! ListBuckets, with R2's paging and that of S3. Source: R2 "Extensions", `ListBuckets`; AWS, `ListBuckets`.

use super::Answer;
use super::listing::{page_size, write_identity};
use super::shared::document;
use crate::header;
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use http::header::{HeaderName, HeaderValue};
use types::{AccountId, OperationError, Timestamp};

/// Which buckets to list. Empty texts count as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListBuckets {
    /// Only names that begin with this.
    pub prefix: Option<String>,
    /// Only names after this one.
    pub start_after: Option<String>,
    /// Where an earlier page ended, opaque.
    pub continuation_token: Option<String>,
    /// Names of one page, at most `types::limits::LIST_PAGE_MAX`; may be 0.
    pub max_keys: u16,
    /// The size came as `max-buckets`, which only S3's paging has: its clients read the token of the next page where
    /// R2 repeats that of this one.
    pub paged_as_s3: bool,
}

/// One bucket.
#[derive(Clone, Copy, Debug)]
pub struct ListedBucket<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was made.
    pub created: Timestamp,
}

/// One page.
#[derive(Clone, Debug)]
pub struct BucketPage<'a> {
    /// Whose buckets these are.
    pub owner: AccountId,
    /// In the order of their names.
    pub buckets: Vec<ListedBucket<'a>>,
    /// Where the next page begins, if there is one.
    pub next_token: Option<String>,
}

/// Reads the request. Headers go before parameters, since many clients cannot set the latter.
///
/// # Errors
/// `InvalidArgument` for a page size that is none.
pub fn decode(head: &RequestHead<'_>) -> Result<ListBuckets, OperationError> {
    let query = head.query();
    let either = |header_name, parameter| match header::owned(head.headers, header_name)? {
        Some(text) => Ok(Some(text)),
        None => query.get_filled(parameter),
    };
    let max_keys = either("cf-max-keys", "max-keys")?;
    // `max-buckets` is what S3 itself calls it since 2024.
    let max_buckets = if max_keys.is_none() { query.get_filled("max-buckets")? } else { None };
    Ok(ListBuckets {
        prefix: either("cf-prefix", "prefix")?,
        start_after: either("cf-start-after", "start-after")?,
        continuation_token: either("cf-continuation-token", "continuation-token")?,
        paged_as_s3: max_buckets.is_some(),
        max_keys: match max_buckets {
            Some(text) => page_size(Some(&text), "max-buckets")?,
            None => page_size(max_keys.as_deref(), "max-keys")?,
        },
    })
}

/// Writes the answer: in XML, and what follows also in headers.
pub fn encode(request: &ListBuckets, page: &BucketPage<'_>) -> Answer {
    let text = XmlWriter::document("ListAllMyBucketsResult", 512 + page.buckets.len() * 128, |xml| {
        xml.element("Buckets", |xml| page.buckets.iter().for_each(|bucket| write_bucket(xml, bucket)));
        write_identity(xml, "Owner", page.owner);
        xml.boolean("IsTruncated", page.next_token.is_some());
        if request.paged_as_s3 {
            xml.optional("ContinuationToken", page.next_token.as_deref());
        } else {
            xml.optional("NextContinuationToken", page.next_token.as_deref());
            xml.optional("ContinuationToken", request.continuation_token.as_deref());
        }
        xml.optional("Prefix", request.prefix.as_deref());
        xml.optional("StartAfter", request.start_after.as_deref());
        xml.number("KeyCount", page.buckets.len() as u64);
        xml.number("MaxKeys", u64::from(request.max_keys));
    });
    let mut answer = document(text);
    if let Some(token) = &page.next_token {
        let headers = answer.headers_mut();
        headers.insert(HeaderName::from_static("cf-is-truncated"), HeaderValue::from_static("true"));
        header::put(headers, HeaderName::from_static("cf-next-continuation-token"), token);
    }
    answer
}

fn write_bucket(xml: &mut XmlWriter, bucket: &ListedBucket<'_>) {
    xml.element("Bucket", |xml| {
        xml.text("Name", bucket.name);
        xml.plain("CreationDate", &bucket.created.to_iso8601());
    });
}
