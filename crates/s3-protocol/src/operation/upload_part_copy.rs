//! UploadPartCopy. R2 promises no conditions on its source (R2 "S3 API compatibility"), but boto3 and the aws CLI send
//! them with every copy above 8 MiB, so they are honoured.

use super::copy_object::write_result;
use super::customer_key::{self, Subject};
use super::shared::{CopySource, SOURCE_CONDITIONS, document, invalid_argument};
use super::upload_part::PartTarget;
use super::{Answer, ObjectTarget, checksums};
use crate::header;
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use http::header::HeaderMap;
use types::{Checksum, Conditions, CustomerKey, ETag, OperationError, RangeSpec, StoredChecksum, Timestamp};

/// A part to store from an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPartCopy {
    /// The object it will be part of.
    pub target: ObjectTarget,
    /// Its place.
    pub part: PartTarget,
    /// The source.
    pub source: CopySource,
    /// What must hold of the source.
    pub source_conditions: Conditions,
    /// The customer's key that the source is encrypted with, if there is one.
    pub source_customer_key: Option<CustomerKey>,
    /// The customer's key that its upload began with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Which bytes of the source, always with first and last; all of them if `None`.
    pub range: Option<RangeSpec>,
}

/// Reads the request.
///
/// # Errors
/// `InvalidArgument` for a part number or range that is none, `NoSuchUpload`, and as for CopyObject's source.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<UploadPartCopy, OperationError> {
    Ok(UploadPartCopy {
        target,
        part: PartTarget::decode(head.query())?,
        source: CopySource::decode(head.headers)?,
        source_conditions: header::conditions(head.headers, &SOURCE_CONDITIONS)?,
        source_customer_key: customer_key::decode(head.headers, Subject::Source)?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        range: range(head.headers)?,
    })
}

/// Unlike `Range`, a range of a copy must be well formed.
fn range(headers: &HeaderMap) -> Result<Option<RangeSpec>, OperationError> {
    let Some(text) = header::text(headers, "x-amz-copy-source-range")? else { return Ok(None) };
    match RangeSpec::parse(text) {
        Some(range @ RangeSpec::Inclusive { .. }) => Ok(Some(range)),
        _ => Err(invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
             zero-based offsets of the first and last bytes to copy.",
        )),
    }
}

/// 200: the part is stored.
pub fn encode(etag: &ETag, modified: Timestamp, checksum: Option<Checksum>) -> Answer {
    document(XmlWriter::document("CopyPartResult", 256, |xml| {
        write_result(xml, etag, modified);
        checksums::write(xml, checksum.map(StoredChecksum::from));
    }))
}
