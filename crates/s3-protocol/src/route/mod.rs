//! From method, host, path and query to one [`Operation`] with its bucket and key.
//!
//! Keys are decoded exactly once and are otherwise left alone: `//`, a leading `/` and `..` are ordinary, `+` is a
//! plus. A parameter that the operation does not know is refused with 501 rather than ignored, so that nothing ever
//! becomes a ListObjects, CreateBucket or DeleteBucket by accident (R2 "Release notes", 2022-05-05).

mod configurations;
mod host;
mod unsupported;

#[cfg(test)]
mod tests;

pub use crate::operation::{ObjectTarget, Operation};
pub use host::{HostMatch, HostRules};

use crate::percent::{self, Part};
use crate::query::Query;
use crate::request::{RequestHead, is_amz};
use http::Method;
use http::header::HeaderMap;
use types::{AccountId, AllowedMethods, BucketName, ErrorCode, Jurisdiction, ObjectKey, OperationError};
pub(crate) use unsupported::check_headers;

/// Where a request goes.
#[derive(Clone, Debug)]
pub struct Route {
    /// The account of the endpoint's host name, if it has one.
    pub account: Option<AccountId>,
    /// The jurisdiction of the endpoint's host name.
    pub jurisdiction: Jurisdiction,
    /// What is asked, and of what.
    pub operation: Operation,
}

/// Names the operation. Headers that stand in the query of a presigned URL must be in `head.headers` already.
///
/// # Errors
/// `NotImplemented` for what R2 has not, `MethodNotAllowed`, `InvalidBucketName`, `InvalidObjectName`, `InvalidURI`,
/// `InvalidArgument` for parameters that contradict each other.
pub fn route(head: &RequestHead<'_>, hosts: &HostRules) -> Result<Route, OperationError> {
    let HostMatch { account, jurisdiction, bucket } = hosts.resolve(head.host)?;
    unsupported::check_headers(head.headers)?;
    let (bucket, key) = split_path(head.path, bucket.as_deref());
    let operation = match (bucket, key) {
        ("", "") if !head.path.starts_with("//") => account_operation(head)?,
        (bucket, "") => bucket_operation(head, bucket)?,
        (bucket, key) => object_operation(head, bucket, key)?,
    };
    Ok(Route { account, jurisdiction, operation })
}

/// Bucket and key as sent. `hosted`: the bucket of the host name, if it has one.
fn split_path<'a>(path: &'a str, hosted: Option<&'a str>) -> (&'a str, &'a str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match hosted {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    }
}

/// The bucket of a URL, and the account and jurisdiction of its host name: what a preflight is about. Nothing else of
/// the request is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressedBucket {
    /// The account of the endpoint's host name, if it has one.
    pub account: Option<AccountId>,
    /// The jurisdiction of the endpoint's host name.
    pub jurisdiction: Jurisdiction,
    /// The bucket.
    pub bucket: BucketName,
}

impl AddressedBucket {
    /// Finds the bucket of a URL; `None` for one that names none.
    pub fn of(head: &RequestHead<'_>, hosts: &HostRules) -> Option<Self> {
        let HostMatch { account, jurisdiction, bucket } = hosts.resolve(head.host).ok()?;
        let bucket = bucket_name(split_path(head.path, bucket.as_deref()).0).ok()?;
        Some(Self { account, jurisdiction, bucket })
    }
}

/// How an operation is made of its target, and the parameters it knows.
struct Row<T> {
    build: fn(T) -> Operation,
    parameters: &'static [&'static str],
}

fn account_operation(head: &RequestHead<'_>) -> Result<Operation, OperationError> {
    if head.method != Method::GET {
        return Err(method_not_allowed(head.method, "the list of buckets: use GET", "GET"));
    }
    check_parameters(head, LIST_BUCKETS_PARAMETERS, &Operation::ListBuckets)?;
    Ok(Operation::ListBuckets)
}

fn bucket_operation(head: &RequestHead<'_>, bucket: &str) -> Result<Operation, OperationError> {
    let bucket = bucket_name(bucket)?;
    let row = match configurations::row(head)? {
        Some(row) => row,
        None => bucket_row(head)?,
    };
    let operation = (row.build)(bucket);
    check_parameters(head, row.parameters, &operation)?;
    Ok(operation)
}

fn bucket_row(head: &RequestHead<'_>) -> Result<Row<BucketName>, OperationError> {
    let query = head.query();
    let row = |build, parameters| Ok(Row { build, parameters });
    match head.method.as_str() {
        "GET" if query.has("location") => row(Operation::GetBucketLocation, &["location"]),
        "GET" if query.has("uploads") => row(Operation::ListMultipartUploads, LIST_UPLOADS_PARAMETERS),
        "GET" => match query.get("list-type")?.as_deref() {
            None => row(Operation::ListObjects, LIST_PARAMETERS),
            Some("2") => row(Operation::ListObjectsV2, LIST_V2_PARAMETERS),
            Some(_) => {
                Err(invalid_argument("Invalid List Type specified in Request: list-type must be 2 or left out."))
            }
        },
        "HEAD" => row(Operation::HeadBucket, &[]),
        "PUT" => row(Operation::CreateBucket, &[]),
        "DELETE" => row(Operation::DeleteBucket, &[]),
        "POST" if query.has("delete") => row(Operation::DeleteObjects, &["delete"]),
        "POST" => row(Operation::PostObject, &[]),
        _ => Err(method_not_allowed(head.method, "a bucket", METHODS)),
    }
}

const LIST_BUCKETS_PARAMETERS: &[&str] = &[
    "prefix",
    "start-after",
    "continuation-token",
    "max-keys",
    "max-buckets",
    // These change nothing in a list of buckets.
    "list-type",
    "encoding-type",
    "fetch-owner",
];
const LIST_PARAMETERS: &[&str] = &["delimiter", "encoding-type", "marker", "max-keys", "prefix"];
const LIST_V2_PARAMETERS: &[&str] = &[
    "list-type",
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "max-keys",
    "prefix",
    "start-after",
];
const LIST_UPLOADS_PARAMETERS: &[&str] =
    &["uploads", "delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"];

fn object_operation(head: &RequestHead<'_>, bucket: &str, key: &str) -> Result<Operation, OperationError> {
    let target = ObjectTarget { bucket: bucket_name(bucket)?, key: object_key(key)? };
    let row = object_row(head)?;
    let operation = (row.build)(target);
    check_parameters(head, row.parameters, &operation)?;
    Ok(operation)
}

fn object_row(head: &RequestHead<'_>) -> Result<Row<ObjectTarget>, OperationError> {
    let query = head.query();
    let row = |build, parameters| Ok(Row { build, parameters });
    match head.method.as_str() {
        "GET" if query.has("uploadId") => {
            row(Operation::ListParts, &["uploadId", "max-parts", "part-number-marker", "encoding-type"])
        }
        "GET" => row(Operation::GetObject, READ_PARAMETERS),
        "HEAD" => row(Operation::HeadObject, READ_PARAMETERS),
        "PUT" if query.has("uploadId") || query.has("partNumber") => part_row(query, head.headers),
        "PUT" if is_copy(head.headers) => row(Operation::CopyObject, &[]),
        "PUT" => row(Operation::PutObject, &[]),
        "POST" if query.has("uploads") => row(Operation::CreateMultipartUpload, &["uploads"]),
        "POST" if query.has("uploadId") => row(Operation::CompleteMultipartUpload, &["uploadId"]),
        "POST" if is_copy(head.headers) => Err(method_not_allowed(head.method, "a copy: use PUT", COPY_METHODS)),
        // s3cmd sends PutObject by POST (R2 "Release notes", 2022-04-14).
        "POST" => row(Operation::PutObject, &[]),
        "DELETE" if query.has("uploadId") => row(Operation::AbortMultipartUpload, &["uploadId"]),
        "DELETE" => row(Operation::DeleteObject, &[]),
        _ => Err(method_not_allowed(head.method, "an object", METHODS)),
    }
}

const READ_PARAMETERS: &[&str] = &[
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
];

fn part_row(query: Query<'_>, headers: &HeaderMap) -> Result<Row<ObjectTarget>, OperationError> {
    if !(query.has("uploadId") && query.has("partNumber")) {
        return Err(invalid_argument("A part needs both query parameters, partNumber and uploadId."));
    }
    let build = if is_copy(headers) { Operation::UploadPartCopy } else { Operation::UploadPart };
    Ok(Row { build, parameters: &["partNumber", "uploadId"] })
}

fn is_copy(headers: &HeaderMap) -> bool {
    headers.contains_key("x-amz-copy-source")
}

/// Refuses parameters that are neither the operation's, nor a signature's, nor ignored by R2.
fn check_parameters(head: &RequestHead<'_>, known: &[&str], operation: &Operation) -> Result<(), OperationError> {
    for name in head.query().names() {
        let (name, _) = name?;
        // R2 "Release notes" 2023-12-11 and 2024-06-06.
        let ignored = matches!(&*name, "x-id" | "x-purpose") || is_amz(&name);
        if !ignored && !known.contains(&&*name) {
            return Err(unsupported::parameter(head, operation, &name));
        }
    }
    Ok(())
}

fn bucket_name(sent: &str) -> Result<BucketName, OperationError> {
    let name = percent::decode_text(sent, Part::Path)?;
    BucketName::parse(&name).map_err(|invalid| OperationError::new(ErrorCode::InvalidBucketName, invalid.to_string()))
}

fn object_key(sent: &str) -> Result<ObjectKey, OperationError> {
    let bytes = percent::decode(sent, Part::Path)?;
    ObjectKey::parse_bytes(&bytes)
        .map_err(|invalid| OperationError::new(ErrorCode::InvalidObjectName, invalid.to_string()))
}

/// The methods of buckets and objects. `OPTIONS` is a browser's, and answered before a request is routed.
const METHODS: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

/// The methods of objects without the one that makes no copy.
const COPY_METHODS: &str = "GET, HEAD, PUT, DELETE, OPTIONS";

fn method_not_allowed(method: &Method, resource: &str, allowed: &'static str) -> OperationError {
    OperationError::new(
        ErrorCode::MethodNotAllowed,
        format!("The method {method} is not allowed against this resource, {resource}."),
    )
    .caused_by(AllowedMethods(allowed))
}

fn invalid_argument(message: &'static str) -> OperationError {
    OperationError::new(ErrorCode::InvalidArgument, message)
}
