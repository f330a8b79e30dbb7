//! Objects: read, written, removed one by one. Their bytes go through without an envelope. Source: R2's API,
//! `r2.buckets.objects`; the Objects REST document.

use crate::buckets::{STORAGE_CLASS, class};
use crate::envelope;
use crate::error::RestError;
use crate::request::{Answered, Call, CallBody};
use crate::sized_body::SizedBody;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use http::{Method, Response, StatusCode};
use http_support::AnswerBody;
use operations::ObjectRow;
use operations::get_object::{Found, GetObject, Portion};
use operations::put_object::PutObject;
use percent_encoding::percent_decode_str;
use serde_json::json;
use types::limits::REST_UPLOAD_BYTES_MAX;
use types::{
    ByteRange, Conditions, ETagList, ErrorCode, HttpMetadata, IfRange, ObjectKey, RangeSpec, Timestamp, UserMetadata,
    ids,
};

/// The key in the path: all that is behind `objects/`. Clients send its slashes as they are, or as `%2F`.
///
/// # Errors
/// 10020 for what can be no key.
fn key(call: &Call<'_>) -> Result<ObjectKey, RestError> {
    let bytes: Vec<u8> = percent_decode_str(call.path.raw("key").unwrap_or_default()).collect();
    Ok(ObjectKey::parse_bytes(&bytes).map_err(|_| ErrorCode::InvalidObjectName)?)
}

/// Writes an object.
///
/// # Errors
/// 10006, 10020, 10062; `EntityTooLarge` above [`REST_UPLOAD_BYTES_MAX`].
pub(crate) async fn put(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let length = length(&call)?;
    if length.is_some_and(|length| length > REST_UPLOAD_BYTES_MAX) {
        return Err(crate::sized_body::too_large().into());
    }
    let request = PutObject {
        bucket: call.bucket()?,
        key: key(&call)?,
        length,
        http: stored_headers(&call)?,
        user: UserMetadata::default(),
        class: class(&call)?,
        // R2's own ignores conditions here.
        conditions: Conditions::default(),
        customer_key: None,
        expected: Vec::new(),
        trailers: Vec::new(),
    };
    let mut body = SizedBody::new(body);
    let stored = call.store.put_object(call.caller, &request, &mut body).await?;
    envelope::success(&json!({
        "key": request.key.as_sent(),
        "etag": stored.etag.to_string(),
        "size": body.bytes().to_string(),
        "version": uuid(&stored.version),
        "uploaded": stored.modified.to_iso8601(),
        "storage_class": stored.class.name(),
    }))
}

/// What of a call that reads an object is no part of its path.
pub(crate) const READ_HEADERS: &[&str] =
    &["range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];

/// What is kept with an object that is written. OpenAPI names `Content-Type` with the body.
pub(crate) const STORED_HEADERS: &[&str] =
    &[STORAGE_CLASS, "cache-control", "content-disposition", "content-encoding", "content-language", "expires"];

/// Bytes of the body, if its sender says how many.
fn length(call: &Call<'_>) -> Result<Option<u64>, RestError> {
    let text = call.header(CONTENT_LENGTH.as_str())?;
    text.map(|text| text.parse().map_err(|_| RestError::argument("Content-Length is not valid."))).transpose()
}

fn stored_headers(call: &Call<'_>) -> Result<HttpMetadata, RestError> {
    let text = |name: HeaderName| call.header(name.as_str()).map(|text| text.map(str::to_owned));
    Ok(HttpMetadata {
        content_type: text(CONTENT_TYPE)?,
        cache_control: text(CACHE_CONTROL)?,
        content_disposition: text(CONTENT_DISPOSITION)?,
        content_encoding: text(CONTENT_ENCODING)?,
        content_language: text(CONTENT_LANGUAGE)?,
        expires: text(EXPIRES)?,
    })
}

/// A version in the form of a UUID.
fn uuid(version: &[u8; 16]) -> String {
    let hex = ids::hex(version);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Reads an object, or only its headers.
///
/// # Errors
/// 10006, 10007, 10031, 10039.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let range = call.header(RANGE.as_str())?.and_then(RangeSpec::parse);
    let part = range.map_or(Portion::Whole, Portion::Range);
    let (bucket, key, conditions) = (call.bucket()?, key(&call)?, conditions(&call)?);
    let request = GetObject { bucket, key, conditions, part, customer_key: None, with_checksum: false };
    if call.head.method == Method::HEAD {
        return Ok(match call.store.head_object(call.caller, &request).await? {
            Found::NotModified(row) => not_modified(&row),
            Found::Object(found) => {
                let body = AnswerBody::Full(bytes::Bytes::new());
                object(&found.row, range.map(|_| found.range), body)
            }
        });
    }
    let (found, mut reader) = match call.store.get_object(call.caller, &request).await? {
        Found::NotModified(row) => return Ok(not_modified(&row)),
        Found::Object(found) => found,
    };
    let body = match reader.ready() {
        Some(bytes) => AnswerBody::Full(bytes),
        None => AnswerBody::Object { stream: reader.into_stream(), remaining: found.range.length },
    };
    Ok(object(&found.row, range.map(|_| found.range), body))
}

fn conditions(call: &Call<'_>) -> Result<Conditions, RestError> {
    let date = |name: HeaderName| Ok::<_, RestError>(call.header(name.as_str())?.and_then(Timestamp::parse_http_date));
    Ok(Conditions {
        if_match: call.header(IF_MATCH.as_str())?.map(ETagList::parse),
        if_none_match: call.header(IF_NONE_MATCH.as_str())?.map(ETagList::parse),
        if_modified_since: date(IF_MODIFIED_SINCE)?,
        if_unmodified_since: date(IF_UNMODIFIED_SINCE)?,
        if_range: call.header(IF_RANGE.as_str())?.map(IfRange::parse),
    })
}

/// The object, or the range of it that was asked for.
fn object(row: &ObjectRow, range: Option<ByteRange>, body: AnswerBody) -> Response<AnswerBody> {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    put_headers(headers, row);
    let http = &row.http;
    let content_type = Some(http.content_type.as_deref().unwrap_or("application/octet-stream"));
    put_text(headers, CONTENT_TYPE, content_type);
    put_text(headers, CONTENT_ENCODING, http.content_encoding.as_deref());
    put_text(headers, CONTENT_DISPOSITION, http.content_disposition.as_deref());
    put_text(headers, CONTENT_LANGUAGE, http.content_language.as_deref());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.map_or(row.size, |range| range.length)));
    if let Some(range) = range {
        let last = range.end().saturating_sub(1);
        put_text(headers, CONTENT_RANGE, Some(&format!("bytes {}-{last}/{}", range.start, row.size)));
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    answer
}

fn not_modified(row: &ObjectRow) -> Response<AnswerBody> {
    let mut answer = Response::new(AnswerBody::Full(bytes::Bytes::new()));
    *answer.status_mut() = StatusCode::NOT_MODIFIED;
    put_headers(answer.headers_mut(), row);
    answer
}

/// What a cache needs to know, also of 304.
fn put_headers(headers: &mut HeaderMap, row: &ObjectRow) {
    put_text(headers, ETAG, Some(&format!("\"{}\"", row.etag)));
    put_text(headers, LAST_MODIFIED, Some(&row.modified.to_http_date()));
    put_text(headers, CACHE_CONTROL, row.http.cache_control.as_deref());
    put_text(headers, EXPIRES, row.http.expires.as_deref());
    headers.insert(HeaderName::from_static(STORAGE_CLASS), HeaderValue::from_static(row.class.name()));
}

/// Values that no header can carry, of another face, are left out.
fn put_text(headers: &mut HeaderMap, name: HeaderName, text: Option<&str>) {
    if let Some(value) = text.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok()) {
        headers.insert(name, value);
    }
}

/// Removes an object; one that is not there is no error.
///
/// # Errors
/// 10006.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    let key = key(&call)?;
    call.store.delete_object(call.caller, &call.bucket()?, &key).await?;
    envelope::success(&json!({ "key": key.as_sent() }))
}
