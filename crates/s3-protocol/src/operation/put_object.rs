//! PutObject. Sources: R2 "S3 API compatibility"; R2 "Extensions", conditional operations and
//! `cf-create-bucket-if-missing`.

use super::customer_key::{self, Subject};
use super::shared::{empty, put_etag, put_expiration, put_version};
use super::{Answer, ObjectMetadata, ObjectTarget, checksums};
use crate::header;
use crate::payload::Payload;
use crate::request::RequestHead;
use http::StatusCode;
use http::header::HeaderMap;
use types::{Checksum, Conditions, CustomerKey, ETag, Expiration, OperationError, ShownChecksum, StoredChecksum};

/// An object to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutObject {
    /// Where.
    pub target: ObjectTarget,
    /// Bytes of the object, at most `types::limits::UPLOAD_BYTES_MAX`; `None` if only its end tells.
    pub length: Option<u64>,
    /// What is stored with it.
    pub metadata: ObjectMetadata,
    /// What must hold of the object it replaces.
    pub conditions: Conditions,
    /// The customer's key that encrypts it, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// What its bytes must have, besides what trailers say.
    pub checksums: Vec<Checksum>,
    /// Whether to make the bucket if it is not there.
    pub create_bucket_if_missing: bool,
}

/// Reads the head of the request.
///
/// # Errors
/// `MissingContentLength`, `EntityTooLarge`, `MetadataTooLarge`, `NotImplemented`, `InvalidArgument`,
/// `InvalidEncryptionAlgorithmError`.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget, payload: &Payload) -> Result<PutObject, OperationError> {
    Ok(PutObject {
        target,
        length: payload.upload_length()?,
        metadata: ObjectMetadata::decode(head.headers)?,
        conditions: header::conditions(head.headers, &header::CONDITIONS)?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        checksums: payload.checksums.clone(),
        create_bucket_if_missing: create_bucket_if_missing(head.headers)?,
    })
}

/// `cf-create-bucket-if-missing: true`.
pub(super) fn create_bucket_if_missing(headers: &HeaderMap) -> Result<bool, OperationError> {
    Ok(header::text(headers, "cf-create-bucket-if-missing")?.is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// 200: the object is stored.
pub fn encode(
    etag: &ETag,
    version: &[u8; 16],
    checksum: Option<StoredChecksum>,
    expiration: Option<&Expiration>,
) -> Answer {
    let mut answer = empty(StatusCode::OK);
    put_etag(answer.headers_mut(), etag);
    put_version(answer.headers_mut(), version);
    checksums::put_with_type(answer.headers_mut(), checksum.map(ShownChecksum::from));
    put_expiration(answer.headers_mut(), expiration);
    answer
}
