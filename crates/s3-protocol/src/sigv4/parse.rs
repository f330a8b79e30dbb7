//! Reads the claim of a request: the `Authorization` header or the parameters of a presigned URL.

use super::credential::Credential;
use super::{ALGORITHM, Authentication, Place, SignedRequest};
use crate::header::{self, names};
use crate::query::Query;
use crate::request::RequestHead;
use http::header::{AUTHORIZATION, DATE, HeaderMap};
use std::borrow::Cow;
use types::limits::PRESIGNED_SECONDS_MAX;
use types::{ErrorCode, OperationError, Timestamp};

/// Reads who a request claims to be from.
///
/// # Errors
/// `InvalidArgument` for two claims at once or another kind of authorization, `InvalidRequest` for Signature Version 2,
/// `AuthorizationHeaderMalformed` or `AuthorizationQueryParametersError` for a claim that cannot be read or names
/// another region or service, `AccessDenied` without a date.
pub fn parse<'a>(head: &RequestHead<'a>) -> Result<Authentication<'a>, OperationError> {
    let query = head.query();
    let presigned = query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature") || query.has("X-Amz-Credential");
    match (head.headers.contains_key(AUTHORIZATION), presigned) {
        (true, true) => Err(OperationError::new(
            ErrorCode::InvalidArgument,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header \
             should be specified.",
        )),
        (true, false) => from_header(head.headers).map(Authentication::Signed),
        (false, true) => from_query(query).map(Authentication::Signed),
        (false, false) if query.has("AWSAccessKeyId") => Err(signature_version_2()),
        (false, false) => Ok(Authentication::Anonymous),
    }
}

pub(super) fn signature_version_2() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

fn from_header(headers: &HeaderMap) -> Result<SignedRequest<'_>, OperationError> {
    let malformed = |message: &'static str| OperationError::new(ErrorCode::AuthorizationHeaderMalformed, message);
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(malformed("The authorization header is malformed; send it once."));
    }
    let text = header::text(headers, &AUTHORIZATION)?.unwrap_or_default();
    let fields = header_fields(text)?;
    let signature = types::ids::parse_hex(fields.signature).ok_or(ErrorCode::SignatureDoesNotMatch)?;
    let credential = Credential::parse(fields.credential.into(), ErrorCode::AuthorizationHeaderMalformed)?;
    let (time, time_text) = header_time(headers)?;
    if !time_text.starts_with(credential.date.as_bytes()) {
        return Err(malformed(
            "The authorization header is malformed; the Credential's date is not that of x-amz-date.",
        ));
    }
    Ok(SignedRequest {
        place: Place::Header,
        credential,
        signed_headers: fields.signed_headers.into(),
        signature,
        time_text,
        time,
        session_token: header::text(headers, &names::SECURITY_TOKEN)?.map(Cow::Borrowed),
    })
}

struct HeaderFields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order, blanks optional.
fn header_fields(text: &str) -> Result<HeaderFields<'_>, OperationError> {
    let malformed = |message: &'static str| OperationError::new(ErrorCode::AuthorizationHeaderMalformed, message);
    let Some(fields) = text.strip_prefix(ALGORITHM) else { return Err(other_mechanism(text)) };
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let slot = match name.trim_end() {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => {
                return Err(malformed(
                    "The authorization header is malformed; it has a field other than Credential, \
                                       SignedHeaders and Signature.",
                ));
            }
        };
        if slot.replace(value.trim_start()).is_some() {
            return Err(malformed("The authorization header is malformed; it has a field twice."));
        }
    }
    match (credential, signed_headers, signature) {
        (Some(credential), Some(signed_headers), Some(signature)) => {
            Ok(HeaderFields { credential, signed_headers, signature })
        }
        _ => Err(malformed(
            "The authorization header is malformed; expecting \"AWS4-HMAC-SHA256 Credential=…, \
                            SignedHeaders=…, Signature=…\".",
        )),
    }
}

fn other_mechanism(text: &str) -> OperationError {
    if text.starts_with("AWS ") || text.starts_with("AWS4-ECDSA") {
        return signature_version_2();
    }
    OperationError::new(ErrorCode::InvalidArgument, "Unsupported Authorization Type: use AWS4-HMAC-SHA256.")
}

/// `x-amz-date`, or `Date` in either form.
fn header_time(headers: &HeaderMap) -> Result<(Timestamp, [u8; 16]), OperationError> {
    let amz = header::text(headers, &names::AMZ_DATE)?;
    let time = match amz {
        Some(text) => Timestamp::parse_amz_date(text),
        None => header::text(headers, &DATE)?
            .and_then(|text| Timestamp::parse_http_date(text).or_else(|| Timestamp::parse_amz_date(text))),
    };
    let time = time.ok_or_else(|| {
        OperationError::new(
            ErrorCode::AccessDenied,
            "AWS authentication requires a valid Date or x-amz-date header, such as 20220518T171959Z.",
        )
    })?;
    let text = amz.map_or_else(|| Cow::Owned(time.to_amz_date()), Cow::Borrowed);
    let text = text.as_bytes().try_into().map_err(|_| ErrorCode::AccessDenied)?;
    Ok((time, text))
}

fn from_query(query: Query<'_>) -> Result<SignedRequest<'_>, OperationError> {
    let error = |message: &'static str| OperationError::new(ErrorCode::AuthorizationQueryParametersError, message);
    let field = |name| {
        query.get(name)?.ok_or_else(|| {
            error(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                 X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            )
        })
    };
    if field("X-Amz-Algorithm")? != ALGORITHM {
        return Err(error("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"."));
    }
    let credential = Credential::parse(field("X-Amz-Credential")?, ErrorCode::AuthorizationQueryParametersError)?;
    let time_text = field("X-Amz-Date")?;
    let time = Timestamp::parse_amz_date(&time_text)
        .ok_or_else(|| error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"."))?;
    let signature = types::ids::parse_hex(&field("X-Amz-Signature")?).ok_or(ErrorCode::SignatureDoesNotMatch)?;
    Ok(SignedRequest {
        place: Place::Query { expires_seconds: expires_seconds(&field("X-Amz-Expires")?) },
        credential,
        signed_headers: field("X-Amz-SignedHeaders")?,
        signature,
        time_text: time_text.as_bytes().try_into().map_err(|_| ErrorCode::AuthorizationQueryParametersError)?,
        time,
        session_token: query.get("X-Amz-Security-Token")?,
    })
}

/// Seconds from one to a week. `None` otherwise: refused once the signature shows that nobody tampered with them.
fn expires_seconds(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seconds| digits && (1..=PRESIGNED_SECONDS_MAX).contains(seconds))
}
