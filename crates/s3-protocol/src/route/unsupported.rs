//! What S3 has and R2 has not, or what is not built yet: refused by name with 501, never taken for something else.
//! Sources: the tables of unimplemented features in R2 "S3 API compatibility"; "Release notes" 2022-05-05,
//! 2022-07-01 and 2022-11-30.

use crate::compatibility::{self, Level};
use crate::operation::{Operation, customer_key};
use crate::request::{RequestHead, is_amz};
use http::Method;
use http::header::{HeaderMap, HeaderValue};
use types::{ErrorCode, OperationError};

/// The refusal of a parameter that the operation does not know: by the name of the operation that it selects in S3, if
/// it selects one.
pub(super) fn parameter(head: &RequestHead<'_>, operation: &Operation, parameter: &str) -> OperationError {
    let level = match (operation.object(), operation.bucket()) {
        (Some(_), _) => Level::Object,
        (None, Some(_)) => Level::Bucket,
        (None, None) => Level::Account,
    };
    not_implemented(match compatibility::refused(level, head, parameter) {
        Some(entry) => format!("{} (query parameter '{parameter}') is not implemented.", entry.name),
        None => format!("{} query parameter '{parameter}' is not implemented: leave it out.", operation.name()),
    })
}

/// Refuses to choose another checksum for a configuration (R2 "S3 API compatibility"): those that are sent with it are
/// verified, whichever they are.
///
/// # Errors
/// `NotImplemented`, naming the header.
pub(super) fn check_configuration_headers(head: &RequestHead<'_>) -> Result<(), OperationError> {
    const ALGORITHM: &str = "x-amz-checksum-algorithm";
    if head.method == Method::PUT && head.headers.contains_key(ALGORITHM) {
        return Err(not_implemented(format!("Header '{ALGORITHM}' is not implemented: leave it out.")));
    }
    Ok(())
}

/// Refuses headers that ask for what is not there.
///
/// # Errors
/// `NotImplemented`, naming the header.
pub(crate) fn check_headers(headers: &HeaderMap) -> Result<(), OperationError> {
    match headers.iter().find(|(name, value)| is_amz(name.as_str()) && is_refused(name.as_str(), value)) {
        None => Ok(()),
        Some((name, value)) => {
            // Keys of SSE-C and tokens stay out of messages.
            let shown = if name.as_str().contains("customer") {
                "***".into()
            } else {
                String::from_utf8_lossy(value.as_bytes())
            };
            Err(not_implemented(format!("Header '{name}' with value '{shown}' is not implemented: leave it out.")))
        }
    }
}

fn is_refused(name: &str, value: &HeaderValue) -> bool {
    const PREFIXES: [&str; 6] = [
        "x-amz-grant-",
        "x-amz-object-lock-",
        "x-amz-server-side-encryption",
        "x-amz-copy-source-server-side-encryption",
        "x-amz-if-match-",
        "x-amz-rename-source",
    ];
    match name {
        // Without ACLs everything is private; R2 ignores public-read (2022-11-30).
        "x-amz-acl" => !matches!(value.as_bytes(), b"private" | b"public-read"),
        // R2 accepts "no lock" (2022-07-01).
        "x-amz-bucket-object-lock-enabled" => !value.as_bytes().eq_ignore_ascii_case(b"false"),
        "x-amz-bucket-object-lock-token"
        | "x-amz-bypass-governance-retention"
        | "x-amz-expected-bucket-owner"
        | "x-amz-mfa"
        | "x-amz-object-attributes"
        | "x-amz-object-ownership"
        | "x-amz-optional-object-attributes"
        | "x-amz-request-payer"
        | "x-amz-source-expected-bucket-owner"
        | "x-amz-tagging"
        | "x-amz-tagging-directive"
        | "x-amz-website-redirect-location"
        | "x-amz-write-offset-bytes" => true,
        // R2 "Use SSE-C".
        _ if customer_key::is_header(name) => false,
        _ => PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// 501 with words.
pub(super) fn not_implemented(message: String) -> OperationError {
    OperationError::new(ErrorCode::NotImplemented, message)
}
