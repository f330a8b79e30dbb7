//! DeleteObject: the request is its target.

use super::shared::{empty, not_implemented};
use super::{Answer, ObjectTarget};
use crate::header;
use crate::request::RequestHead;
use http::StatusCode;
use types::OperationError;

/// An object to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteObject {
    /// Which.
    pub target: ObjectTarget,
}

/// Reads the request.
///
/// # Errors
/// `NotImplemented` for a conditional delete: ignoring the condition would remove what the client means to keep.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<DeleteObject, OperationError> {
    if !header::conditions(head.headers, &header::CONDITIONS)?.is_empty() {
        return Err(not_implemented("DeleteObject with a conditional header is not implemented: leave it out."));
    }
    Ok(DeleteObject { target })
}

/// 204: no such object is left.
pub fn encode() -> Answer {
    empty(StatusCode::NO_CONTENT)
}
