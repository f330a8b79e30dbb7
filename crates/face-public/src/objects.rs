//! Objects as everybody gets them: the bytes and the HTTP headers stored with them, and nothing of S3.
//! Sources: R2 "Public buckets"; "Release notes" 2022-09-28 (`Content-Range` for ranges only), 2023-03-16
//! (`Content-Encoding`).

use crate::conditions;
use crate::handle::Answered;
use crate::object_headers::ObjectHeaders;
use bytes::Bytes;
use http::header::{CONTENT_RANGE, HeaderValue};
use http::request::Parts;
use http::{Method, Response};
use http_support::AnswerBody;
use operations::get_object::{Found, GetObject, Portion};
use operations::hold_object::HeldObject;
use operations::public_bucket::PublicBucket;
use operations::{Caller, Store};
use percent_encoding::percent_decode_str;
use types::{ByteRange, Conditions, ErrorCode, ObjectKey, OperationError, ReadVerdict};

/// The key is all of the path behind its first slash, unescaped once. `..` and `//` are ordinary text, the query says
/// nothing.
///
/// # Errors
/// `NoSuchKey` for the root, where nothing is listed; `InvalidUri` for what can be no key.
pub(crate) fn key(parts: &Parts) -> Result<ObjectKey, OperationError> {
    let path = parts.uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Err(ErrorCode::NoSuchKey.into());
    }
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    let invalid = |error: types::InvalidObjectKey| OperationError::new(ErrorCode::InvalidUri, error.to_string());
    ObjectKey::parse_bytes(&bytes).map_err(invalid)
}

/// What to read.
///
/// # Errors
/// As [`key`].
fn request(bucket: &PublicBucket, parts: &Parts) -> Result<GetObject, OperationError> {
    Ok(GetObject {
        bucket: bucket.domain.bucket.clone(),
        key: key(parts)?,
        conditions: conditions::conditions(&parts.headers),
        part: Portion::Whole,
        with_checksum: false,
        // Whoever may have the key to an object does not send it to a public name.
        customer_key: None,
    })
}

/// Reads an object, or the range of it that is asked for.
///
/// # Errors
/// `NoSuchKey`, `PreconditionFailed`, `InvalidUri`; `InvalidRequest` for an object that a customer's key encrypts.
pub(crate) async fn get(store: &Store, caller: &Caller, bucket: &PublicBucket, parts: &Parts) -> Answered {
    let mut operation = request(bucket, parts)?;
    if let Some(range) = conditions::range(&parts.headers) {
        operation.part = Portion::Range(range);
    }
    let (found, mut reader) = match store.get_object(caller, &operation).await {
        Ok(Found::NotModified(row)) => return Ok(ObjectHeaders::of(&row).not_modified()),
        Ok(Found::Object(found)) => found,
        Err(error) if error.code == ErrorCode::InvalidRange => {
            return unsatisfiable(store, caller, operation, error).await;
        }
        Err(error) => return Err(error),
    };
    let body = match reader.ready() {
        Some(bytes) => AnswerBody::Full(bytes),
        None => AnswerBody::Object { stream: reader.into_stream(), remaining: found.range.length },
    };
    let range = matches!(found.part, Portion::Range(_)).then_some(found.range);
    Ok(ObjectHeaders::of(&found.row).answer(range, body))
}

/// Reads the headers of an object. Ranges are of GET only (RFC 9110 section 14.2).
///
/// # Errors
/// As [`get`].
pub(crate) async fn head(store: &Store, caller: &Caller, bucket: &PublicBucket, parts: &Parts) -> Answered {
    match store.head_object(caller, &request(bucket, parts)?).await? {
        Found::NotModified(row) => Ok(ObjectHeaders::of(&row).not_modified()),
        Found::Object(found) => Ok(ObjectHeaders::of(&found.row).answer(None, AnswerBody::Full(Bytes::new()))),
    }
}

/// 416, with the size that ranges must be within.
async fn unsatisfiable(store: &Store, caller: &Caller, asked: GetObject, error: OperationError) -> Answered {
    let whole = GetObject { part: Portion::Whole, conditions: Conditions::default(), ..asked };
    let Found::Object(found) = store.head_object(caller, &whole).await? else { return Err(error) };
    Ok(out_of_range(&error, found.row.size))
}

fn out_of_range(error: &OperationError, size: u64) -> Response<AnswerBody> {
    let mut answer = crate::pages::page(error, false);
    if let Ok(value) = HeaderValue::try_from(format!("bytes */{size}")) {
        answer.headers_mut().insert(CONTENT_RANGE, value);
    }
    answer
}

/// What a request gets of an object that is held, and of its headers: as [`get`] and [`head`] would answer it.
///
/// # Errors
/// `InternalError` if what is stored fails its check.
pub(crate) async fn show(
    held: &HeldObject,
    headers: &ObjectHeaders,
    conditions: Conditions,
    parts: &Parts,
) -> Answered {
    let (row, is_head) = (&*held.row, parts.method == Method::HEAD);
    match conditions.judge_read(&row.etag, row.modified) {
        ReadVerdict::Proceed => {}
        ReadVerdict::NotModified => return Ok(headers.not_modified()),
        ReadVerdict::Failed => return Ok(crate::pages::page(&ErrorCode::PreconditionFailed.into(), is_head)),
    }
    if is_head {
        return Ok(headers.answer(None, AnswerBody::Full(Bytes::new())));
    }
    let asked = conditions::range(&parts.headers).filter(|_| conditions.allow_range(&row.etag, row.modified));
    let range = match asked.map(|asked| asked.resolve(row.size)) {
        None => None,
        Some(Some(range)) => Some(range),
        Some(None) => return Ok(out_of_range(&ErrorCode::InvalidRange.into(), row.size)),
    };
    let covered = range.unwrap_or(ByteRange::whole(row.size));
    let body = match held.read(covered).await? {
        Some(reader) => AnswerBody::Object { stream: reader.into_stream(), remaining: covered.length },
        None => AnswerBody::Full(held.in_memory(covered).unwrap_or_default()),
    };
    Ok(headers.answer(range, body))
}
