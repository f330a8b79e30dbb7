//! HeadObject: GetObject without its body. `Range` has no effect (R2 "S3 API compatibility").

use super::customer_key::{self, Subject};
use super::get_object::{self, Selection};
use super::object_headers::{ObjectHead, ResponseOverrides};
use super::shared::part_number;
use super::{Answer, ObjectTarget, checksums};
use crate::header;
use crate::request::RequestHead;
use types::{Conditions, CustomerKey, OperationError};

/// An object to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadObject {
    /// Which.
    pub target: ObjectTarget,
    /// What must hold of it.
    pub conditions: Conditions,
    /// All of it or one part; never a range.
    pub selection: Selection,
    /// The customer's key that it is encrypted with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Headers of this one answer in place of the stored ones.
    pub overrides: ResponseOverrides,
    /// Whether to answer its checksum.
    pub with_checksum: bool,
}

/// Reads the request.
///
/// # Errors
/// `InvalidArgument` for a part number out of bounds, and for a customer's key that is none.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<HeadObject, OperationError> {
    Ok(HeadObject {
        target,
        conditions: header::conditions(head.headers, &header::CONDITIONS)?,
        selection: part_number(head.query())?.map_or(Selection::Whole, Selection::Part),
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        overrides: get_object::overrides(head.query())?,
        with_checksum: checksums::are_wanted(head.headers)?,
    })
}

/// As GetObject's answer; nothing is to be streamed, whatever `Content-Length` says.
pub fn encode(object: &ObjectHead<'_>, overrides: &ResponseOverrides) -> Answer {
    get_object::encode(object, overrides)
}

/// 304: the client's copy is good.
pub fn encode_not_modified(object: &ObjectHead<'_>) -> Answer {
    get_object::encode_not_modified(object)
}
