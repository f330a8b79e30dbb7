//! GetObject, and what HeadObject shares with it. Sources: R2 "S3 API compatibility"; R2 "Release notes" 2022-05-06,
//! 2022-09-27, 2022-11-17 (206 and `Content-Range` for ranges only, and always).

use super::customer_key::{self, Subject};
use super::object_headers::{ObjectHead, ResponseOverrides};
use super::shared::{empty, part_number};
use super::{Answer, ObjectTarget, checksums};
use crate::header;
use crate::query::Query;
use crate::request::RequestHead;
use http::StatusCode;
use http::header::{IF_RANGE, RANGE};
use types::{Conditions, CustomerKey, ErrorCode, HttpMetadata, IfRange, OperationError, RangeSpec};

/// An object to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetObject {
    /// Which.
    pub target: ObjectTarget,
    /// What must hold of it.
    pub conditions: Conditions,
    /// All of it, or which bytes.
    pub selection: Selection,
    /// The customer's key that it is encrypted with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Headers of this one answer in place of the stored ones.
    pub overrides: ResponseOverrides,
    /// Whether to answer its checksum.
    pub with_checksum: bool,
}

/// Which bytes of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    #[default]
    Whole,
    /// A range; a malformed `Range` header counts as none.
    Range(RangeSpec),
    /// Those of one part, `1..=types::limits::PARTS_MAX`; an object that was not uploaded in parts has one.
    Part(u16),
}

/// Reads the request.
///
/// # Errors
/// `InvalidRequest` for a range and a part at once; `InvalidArgument` for a part number out of bounds, and for a
/// customer's key that is none.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<GetObject, OperationError> {
    let range = header::text(head.headers, &RANGE)?.and_then(RangeSpec::parse);
    let selection = match (range, part_number(head.query())?) {
        (None, None) => Selection::Whole,
        (Some(range), None) => Selection::Range(range),
        (None, Some(part)) => Selection::Part(part),
        (Some(_), Some(_)) => {
            let message = "Cannot specify both Range header and partNumber query parameter.";
            return Err(OperationError::new(ErrorCode::InvalidRequest, message));
        }
    };
    let mut conditions = header::conditions(head.headers, &header::CONDITIONS)?;
    if matches!(selection, Selection::Range(_)) {
        conditions.if_range = header::text(head.headers, &IF_RANGE)?.map(IfRange::parse);
    }
    Ok(GetObject {
        target,
        conditions,
        selection,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        overrides: overrides(head.query())?,
        with_checksum: checksums::are_wanted(head.headers)?,
    })
}

/// The `response-*` parameters.
pub(super) fn overrides(query: Query<'_>) -> Result<ResponseOverrides, OperationError> {
    Ok(ResponseOverrides(HttpMetadata {
        content_type: query.get_filled("response-content-type")?,
        cache_control: query.get_filled("response-cache-control")?,
        content_disposition: query.get_filled("response-content-disposition")?,
        content_encoding: query.get_filled("response-content-encoding")?,
        content_language: query.get_filled("response-content-language")?,
        expires: query.get_filled("response-expires")?,
    }))
}

/// 200, or 206 where `object.range` is set; the caller streams the body.
pub fn encode(object: &ObjectHead<'_>, overrides: &ResponseOverrides) -> Answer {
    let status = if object.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = empty(status);
    *answer.headers_mut() = object.headers(overrides);
    answer
}

/// 304: the client's copy is good.
pub fn encode_not_modified(object: &ObjectHead<'_>) -> Answer {
    let mut answer = empty(StatusCode::NOT_MODIFIED);
    *answer.headers_mut() = object.not_modified_headers();
    answer
}
