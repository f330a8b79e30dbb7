//! AbortMultipartUpload. Aborting what is aborted already succeeds (R2 "Release notes", 2022-06-10).

use super::shared::{empty, upload_id};
use super::{Answer, ObjectTarget};
use crate::request::RequestHead;
use http::StatusCode;
use types::{OperationError, UploadId};

/// An upload to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbortMultipartUpload {
    /// Where its object would have been.
    pub target: ObjectTarget,
    /// The upload.
    pub upload: UploadId,
}

/// Reads the request.
///
/// # Errors
/// `NoSuchUpload`.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<AbortMultipartUpload, OperationError> {
    Ok(AbortMultipartUpload { target, upload: upload_id(head.query())? })
}

/// 204: the upload is gone.
pub fn encode() -> Answer {
    empty(StatusCode::NO_CONTENT)
}
