//! UploadPart. A part may be empty (R2 "Release notes", 2022-05-06).

use super::customer_key::{self, Subject};
use super::shared::{empty, invalid_argument, part_number, put_etag, upload_id};
use super::{Answer, ObjectTarget, checksums};
use crate::payload::Payload;
use crate::query::Query;
use crate::request::RequestHead;
use http::StatusCode;
use types::{Checksum, CustomerKey, ETag, OperationError, StoredChecksum, UploadId};

/// The place of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartTarget {
    /// The upload.
    pub upload: UploadId,
    /// `1..=types::limits::PARTS_MAX`.
    pub number: u16,
}

impl PartTarget {
    pub(super) fn decode(query: Query<'_>) -> Result<Self, OperationError> {
        let number =
            part_number(query)?.ok_or_else(|| invalid_argument("The query parameter partNumber is missing."))?;
        Ok(Self { upload: upload_id(query)?, number })
    }
}

/// A part to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPart {
    /// The object it will be part of.
    pub target: ObjectTarget,
    /// Its place.
    pub part: PartTarget,
    /// Its bytes, at most `types::limits::UPLOAD_BYTES_MAX`; `None` if only its end tells.
    pub length: Option<u64>,
    /// The customer's key that its upload began with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// What its bytes must have, besides what trailers say.
    pub checksums: Vec<Checksum>,
}

/// Reads the head of the request.
///
/// # Errors
/// `InvalidArgument` for a part number out of bounds; `NoSuchUpload`; `MissingContentLength`; `EntityTooLarge`.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget, payload: &Payload) -> Result<UploadPart, OperationError> {
    Ok(UploadPart {
        target,
        part: PartTarget::decode(head.query())?,
        length: payload.upload_length()?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        checksums: payload.checksums.clone(),
    })
}

/// 200: the part is stored.
pub fn encode(etag: &ETag, checksum: Option<Checksum>) -> Answer {
    let mut answer = empty(StatusCode::OK);
    put_etag(answer.headers_mut(), etag);
    checksums::put(answer.headers_mut(), checksum.map(StoredChecksum::from));
    answer
}
