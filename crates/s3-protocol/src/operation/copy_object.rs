//! CopyObject. Sources: R2 "S3 API compatibility"; R2 "Extensions", MERGE and conditions on the destination.

use super::customer_key::{self, Subject};
use super::put_object::create_bucket_if_missing;
use super::shared::{
    CopySource, SOURCE_CONDITIONS, document, invalid_argument, not_implemented, put_expiration, put_version, quoted,
};
use super::{Answer, ObjectMetadata, ObjectTarget, checksums};
use crate::header;
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use http::header::{HeaderMap, HeaderName};
use types::{Conditions, CustomerKey, ETag, Expiration, OperationError, StoredChecksum, Timestamp};

/// An object to store from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyObject {
    /// The destination.
    pub target: ObjectTarget,
    /// The source.
    pub source: CopySource,
    /// What must hold of the source.
    pub source_conditions: Conditions,
    /// What must hold of the object it replaces.
    pub conditions: Conditions,
    /// Whose metadata the copy has.
    pub directive: MetadataDirective,
    /// The metadata of the request; the storage class counts under every directive.
    pub metadata: ObjectMetadata,
    /// The customer's key that the source is encrypted with, if there is one.
    pub source_customer_key: Option<CustomerKey>,
    /// The customer's key that encrypts the copy, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Whether to make the bucket if it is not there.
    pub create_bucket_if_missing: bool,
}

/// `x-amz-metadata-directive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataDirective {
    /// The source's.
    #[default]
    Copy,
    /// The request's.
    Replace,
    /// The source's, and over it the request's: of R2's own.
    Merge,
}

/// R2's conditions on the destination.
static DESTINATION_CONDITIONS: header::ConditionNames = header::ConditionNames {
    if_match: HeaderName::from_static("cf-copy-destination-if-match"),
    if_none_match: HeaderName::from_static("cf-copy-destination-if-none-match"),
    if_modified_since: HeaderName::from_static("cf-copy-destination-if-modified-since"),
    if_unmodified_since: HeaderName::from_static("cf-copy-destination-if-unmodified-since"),
};

/// Reads the request.
///
/// # Errors
/// `InvalidArgument`, `InvalidBucketName`, `InvalidObjectName` for a source that is none; `NotImplemented`;
/// `MetadataTooLarge`.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<CopyObject, OperationError> {
    if header::text(head.headers, "x-amz-checksum-algorithm")?.is_some() {
        return Err(not_implemented("CopyObject with x-amz-checksum-algorithm is not implemented: leave it out."));
    }
    if !header::conditions(head.headers, &header::CONDITIONS)?.is_empty() {
        return Err(not_implemented(
            "CopyObject with If-Match and its like is not implemented: use cf-copy-destination-if-*.",
        ));
    }
    Ok(CopyObject {
        target,
        source: CopySource::decode(head.headers)?,
        source_conditions: header::conditions(head.headers, &SOURCE_CONDITIONS)?,
        conditions: header::conditions(head.headers, &DESTINATION_CONDITIONS)?,
        directive: directive(head.headers)?,
        metadata: ObjectMetadata::decode(head.headers)?,
        source_customer_key: customer_key::decode(head.headers, Subject::Source)?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        create_bucket_if_missing: create_bucket_if_missing(head.headers)?,
    })
}

fn directive(headers: &HeaderMap) -> Result<MetadataDirective, OperationError> {
    match header::text(headers, "x-amz-metadata-directive")? {
        None | Some("COPY") => Ok(MetadataDirective::Copy),
        Some("REPLACE") => Ok(MetadataDirective::Replace),
        Some("MERGE") => Ok(MetadataDirective::Merge),
        Some(_) => Err(invalid_argument(
            "Unknown metadata directive: x-amz-metadata-directive must be COPY, REPLACE or MERGE.",
        )),
    }
}

/// The version a copy was stored as, and the version of the source it was made from.
#[derive(Clone, Copy, Debug)]
pub struct CopyVersions {
    /// Of the copy.
    pub copy: [u8; 16],
    /// Of the source.
    pub source: [u8; 16],
}

/// 200: the copy is stored.
pub fn encode(
    etag: &ETag,
    modified: Timestamp,
    versions: &CopyVersions,
    checksum: Option<StoredChecksum>,
    expiration: Option<&Expiration>,
) -> Answer {
    let mut answer = document(XmlWriter::document("CopyObjectResult", 256, |xml| {
        write_result(xml, etag, modified);
        checksums::write_with_type(xml, checksum);
    }));
    put_version(answer.headers_mut(), &versions.copy);
    let name = HeaderName::from_static("x-amz-copy-source-version-id");
    header::put(answer.headers_mut(), name, types::ids::hex(&versions.source));
    put_expiration(answer.headers_mut(), expiration);
    answer
}

/// What copies of objects and of parts answer alike.
pub(super) fn write_result(xml: &mut XmlWriter, etag: &ETag, modified: Timestamp) {
    xml.text("ETag", &quoted(etag));
    xml.plain("LastModified", &modified.to_iso8601());
}
