//! What S3 has and R2 has not, or what is not built yet: refused by name with 501, never taken for something else.
//! Sources: the tables of unimplemented features in R2 "S3 API compatibility"; "Release notes" 2022-05-05,
//! 2022-07-01 and 2022-11-30.

use crate::operation::customer_key;
use crate::request::is_amz;
use http::Method;
use http::header::{HeaderMap, HeaderValue};
use types::{ErrorCode, OperationError};

/// Parameters that select another operation on a bucket, and what S3 calls its subject.
const BUCKET_SUBRESOURCES: [(&str, &str); 25] = [
    ("accelerate", "BucketAccelerateConfiguration"),
    ("acl", "BucketAcl"),
    ("analytics", "BucketAnalyticsConfiguration"),
    ("cors", "BucketCors"),
    ("encryption", "BucketEncryption"),
    ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
    ("inventory", "BucketInventoryConfiguration"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("logging", "BucketLogging"),
    ("metadataConfiguration", "BucketMetadataConfiguration"),
    ("metadataTable", "BucketMetadataTableConfiguration"),
    ("metrics", "BucketMetricsConfiguration"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("requestPayment", "BucketRequestPayment"),
    ("session", "Session"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("versions", "ObjectVersions"),
    ("website", "BucketWebsite"),
];

/// Parameters that select another operation on an object, and what S3 calls its subject.
const OBJECT_SUBRESOURCES: [(&str, &str); 12] = [
    ("acl", "ObjectAcl"),
    ("attributes", "ObjectAttributes"),
    ("encryption", "ObjectEncryption"),
    ("legal-hold", "ObjectLegalHold"),
    ("renameObject", "ObjectRename"),
    ("restore", "ObjectRestore"),
    ("retention", "ObjectRetention"),
    ("select", "ObjectContentSelection"),
    ("tagging", "ObjectTagging"),
    ("torrent", "ObjectTorrent"),
    ("versionId", "ObjectVersion"),
    ("append", "ObjectAppend"),
];

/// A bucket has other operations than an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Bucket,
    Object,
}

/// The refusal of an operation that this parameter selects, if it selects one.
pub(super) fn subresource(level: Level, method: &Method, parameter: &str) -> Option<OperationError> {
    let table: &[(&str, &str)] = match level {
        Level::Bucket => &BUCKET_SUBRESOURCES,
        Level::Object => &OBJECT_SUBRESOURCES,
    };
    let (_, subject) = table.iter().find(|(name, _)| *name == parameter)?;
    let verb = match (method.as_str(), *subject) {
        ("GET", "ObjectVersions") => "List",
        (_, "Session") => "Create",
        ("PUT" | "POST", _) => "Put",
        ("DELETE", _) => "Delete",
        _ => "Get",
    };
    Some(not_implemented(format!("{verb}{subject} (query parameter '{parameter}') is not implemented.")))
}

/// The refusal of a parameter that the operation does not know.
pub(super) fn parameter(operation: &str, parameter: &str) -> OperationError {
    not_implemented(format!("{operation} query parameter '{parameter}' is not implemented: leave it out."))
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
