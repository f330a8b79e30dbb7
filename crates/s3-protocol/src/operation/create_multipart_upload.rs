//! CreateMultipartUpload. Sources: R2 "S3 API compatibility", R2 "Multipart upload".

use super::customer_key::{self, Subject};
use super::put_object::create_bucket_if_missing;
use super::shared::document;
use super::{Answer, ObjectMetadata, ObjectTarget, checksums};
use crate::header;
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use types::{ChecksumAlgorithm, Conditions, CustomerKey, OperationError, UploadId};

/// An upload to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMultipartUpload {
    /// Where the object will be.
    pub target: ObjectTarget,
    /// What is stored with it.
    pub metadata: ObjectMetadata,
    /// What must hold of the object that is there now.
    pub conditions: Conditions,
    /// The checksum the client will send with each part.
    pub checksum_algorithm: Option<ChecksumAlgorithm>,
    /// The customer's key that encrypts every part, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Whether to make the bucket if it is not there.
    pub create_bucket_if_missing: bool,
}

/// Reads the request.
///
/// # Errors
/// `MetadataTooLarge`, `NotImplemented`, `InvalidRequest` for a checksum algorithm or type that R2 has not.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<CreateMultipartUpload, OperationError> {
    Ok(CreateMultipartUpload {
        target,
        metadata: ObjectMetadata::decode(head.headers)?,
        conditions: header::conditions(head.headers, &header::CONDITIONS)?,
        checksum_algorithm: checksums::of_upload(head.headers)?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        create_bucket_if_missing: create_bucket_if_missing(head.headers)?,
    })
}

/// 200: the upload has begun.
pub fn encode(target: &ObjectTarget, upload: UploadId, checksum: Option<ChecksumAlgorithm>) -> Answer {
    let mut answer = document(XmlWriter::document("InitiateMultipartUploadResult", 256, |xml| {
        xml.text("Bucket", target.bucket.as_str());
        xml.text("Key", target.key.as_sent());
        xml.plain("UploadId", &upload.to_string());
    }));
    checksums::put_upload(answer.headers_mut(), checksum);
    answer
}
