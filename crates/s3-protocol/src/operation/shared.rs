//! What several operations decode and encode alike: answers, copy sources, parts, upload ids.

use super::Answer;
use crate::header;
use crate::percent::{self, Part};
use crate::query::Query;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use types::limits::PARTS_MAX;
use types::{BucketName, ETag, ErrorCode, Expiration, ObjectKey, OperationError, Timestamp, UploadId};

use super::ObjectTarget;

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// 200 with an XML document.
pub(super) fn document(text: String) -> Answer {
    let mut answer = Response::new(Bytes::from(text));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}

/// The ETag in its quotes.
pub(super) fn put_etag(headers: &mut HeaderMap, etag: &ETag) {
    header::put(headers, ETAG, quoted(etag));
}

/// `x-amz-version-id`: what a write stored. R2 has no versioning, so no request can ask for it (R2 "Release notes",
/// 2022-09-06).
pub(super) fn put_version(headers: &mut HeaderMap, version: &[u8; 16]) {
    header::put(headers, HeaderName::from_static("x-amz-version-id"), types::ids::hex(version));
}

/// `x-amz-expiration`: when a lifecycle rule will remove an object, rounded up to the second, and which.
pub(super) fn put_expiration(headers: &mut HeaderMap, expiration: Option<&Expiration>) {
    let Some(Expiration { at, rule }) = expiration else { return };
    let date = Timestamp::from_seconds(at.0.div_ceil(1000)).to_http_date();
    let text = format!("expiry-date=\"{date}\", rule-id=\"{}\"", percent::encode(rule, Part::Query));
    header::put(headers, HeaderName::from_static("x-amz-expiration"), text);
}

/// `"<etag>"`.
pub(super) fn quoted(etag: &ETag) -> String {
    // Of the exact length where it can be known: a header then takes the text over as it is.
    let (digest, parts, length) = match etag {
        ETag::Whole(digest) => (digest, None, 34),
        ETag::Multipart { digest, parts } => (digest, Some(parts), 40),
    };
    // Reads and listings call it often, hence not by way of `Display`.
    let mut text = String::with_capacity(length);
    text.push('"');
    types::ids::push_hex(&mut text, &digest.0);
    if let Some(parts) = parts {
        text.push('-');
        text.push_str(&parts.to_string());
    }
    text.push('"');
    text
}

/// Refuses a parameter or header with words.
pub(super) fn invalid_argument(message: impl Into<std::borrow::Cow<'static, str>>) -> OperationError {
    OperationError::new(ErrorCode::InvalidArgument, message)
}

/// 501 with words.
pub(super) fn not_implemented(message: impl Into<std::borrow::Cow<'static, str>>) -> OperationError {
    OperationError::new(ErrorCode::NotImplemented, message)
}

/// The `uploadId` parameter. What is no id of ours is an upload that does not exist.
pub(super) fn upload_id(query: Query<'_>) -> Result<UploadId, OperationError> {
    let text = query.get("uploadId")?.unwrap_or_default();
    UploadId::parse(&text).ok_or_else(|| ErrorCode::NoSuchUpload.into())
}

/// The `partNumber` parameter, `1..=PARTS_MAX`.
pub(super) fn part_number(query: Query<'_>) -> Result<Option<u16>, OperationError> {
    query.get("partNumber")?.map(|text| parse_part_number(&text)).transpose()
}

/// A part number, `1..=PARTS_MAX`.
pub(crate) fn parse_part_number(text: &str) -> Result<u16, OperationError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..=PARTS_MAX).contains(number));
    number.ok_or_else(|| invalid_argument("Part number must be an integer between 1 and 10000, inclusive."))
}

/// Where a copy takes its bytes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    /// The source's bucket and key.
    pub object: ObjectTarget,
}

impl CopySource {
    /// Reads `x-amz-copy-source`: `/bucket/key` or `bucket/key`, percent-encoded, where `+` is a plus.
    ///
    /// # Errors
    /// `NotImplemented` with a version id, `InvalidArgument` without a key, `InvalidBucketName`, `InvalidObjectName`.
    pub(super) fn decode(headers: &HeaderMap) -> Result<Self, OperationError> {
        let sent = header::text(headers, "x-amz-copy-source")?.unwrap_or_default();
        if sent.contains("?versionId=") {
            return Err(not_implemented("A version id in x-amz-copy-source is not implemented: leave it out."));
        }
        let path = percent::decode(sent, Part::Path)
            .map_err(|_| invalid_argument("Invalid copy source encoding: percent-encode x-amz-copy-source."))?;
        let path = path.strip_prefix(b"/").unwrap_or(&path);
        let split = path.iter().position(|byte| *byte == b'/').map(|at| (&path[..at], &path[at + 1..]));
        let (bucket, key) = split.filter(|(_, key)| !key.is_empty()).ok_or_else(|| {
            invalid_argument("Invalid copy source object key: x-amz-copy-source must be /<bucket>/<key>.")
        })?;
        let bucket = BucketName::parse(&String::from_utf8_lossy(bucket))
            .map_err(|invalid| OperationError::new(ErrorCode::InvalidBucketName, invalid.to_string()))?;
        let key = ObjectKey::parse_bytes(key)
            .map_err(|invalid| OperationError::new(ErrorCode::InvalidObjectName, invalid.to_string()))?;
        Ok(Self { object: ObjectTarget { bucket, key } })
    }
}

/// The conditions on the source of a copy.
pub(super) static SOURCE_CONDITIONS: header::ConditionNames = header::ConditionNames {
    if_match: HeaderName::from_static("x-amz-copy-source-if-match"),
    if_none_match: HeaderName::from_static("x-amz-copy-source-if-none-match"),
    if_modified_since: HeaderName::from_static("x-amz-copy-source-if-modified-since"),
    if_unmodified_since: HeaderName::from_static("x-amz-copy-source-if-unmodified-since"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use types::Md5;

    fn source(text: &'static str) -> Result<(String, String), ErrorCode> {
        let name = HeaderName::from_static("x-amz-copy-source");
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(text))]);
        let object = CopySource::decode(&headers).map_err(|error| error.code)?.object;
        Ok((object.bucket.to_string(), object.key.to_string()))
    }

    #[test]
    fn copy_sources_have_an_optional_slash_and_are_decoded_once() {
        let found = |bucket: &str, key: &str| Ok((bucket.to_owned(), key.to_owned()));
        assert_eq!(source("/bucket/a/b"), found("bucket", "a/b"));
        assert_eq!(source("bucket/a%2Fb%20%2541+c"), found("bucket", "a/b %41+c"));
        assert_eq!(source("bucket%2Fkey"), found("bucket", "key"));
        assert_eq!(source("bucket//key"), found("bucket", "/key"));
        assert_eq!(source("/bucket/a?b"), found("bucket", "a?b"));
    }

    #[test]
    fn copy_sources_that_name_no_object_are_refused() {
        assert_eq!(source("/bucket"), Err(ErrorCode::InvalidArgument));
        assert_eq!(source("/bucket/"), Err(ErrorCode::InvalidArgument));
        assert_eq!(source("/b/key"), Err(ErrorCode::InvalidBucketName));
        assert_eq!(source("/bucket/%ff"), Err(ErrorCode::InvalidObjectName));
        assert_eq!(source("/bucket/%zz"), Err(ErrorCode::InvalidArgument));
        assert_eq!(source("/bucket/key?versionId=1"), Err(ErrorCode::NotImplemented));
    }

    #[test]
    fn etags_stand_in_quotes() {
        let digest = Md5([0xab; 16]);
        assert_eq!(quoted(&ETag::Whole(digest)), format!("\"{}\"", "ab".repeat(16)));
        assert_eq!(quoted(&ETag::Multipart { digest, parts: 12 }), format!("\"{}-12\"", "ab".repeat(16)));
    }

    #[test]
    fn part_numbers_run_from_1_to_10000() {
        assert_eq!(parse_part_number("10000").unwrap(), 10_000);
        for bad in ["", "0", "10001", "+1", "-1", "1.0", "99999999999"] {
            assert!(parse_part_number(bad).is_err(), "{bad}");
        }
    }
}
