//! UploadPartCopy: a part from a range of an object.

use crate::caller::Caller;
use crate::get_object::{Found, GetObject, Portion};
use crate::object_reader::ObjectStream;
use crate::permissions::Action;
use crate::store::Store;
use crate::upload_part::{PartSource, PartTarget, StoredPart, UploadPart};
use blobs::Body;
use bytes::Bytes;
use std::task::{Context, Poll};
use types::limits::UPLOAD_BYTES_MAX;
use types::{BucketName, Conditions, CustomerKey, ErrorCode, ObjectKey, OperationError, RangeSpec, Resource};

/// A part to be copied.
#[derive(Clone, Debug)]
pub struct UploadPartCopy {
    /// Where it belongs.
    pub target: PartTarget,
    /// From which bucket.
    pub source_bucket: BucketName,
    /// Which object.
    pub source_key: ObjectKey,
    /// What must hold of it.
    pub source_conditions: Conditions,
    /// The customer's key that the source is encrypted with, if there is one.
    pub source_customer_key: Option<CustomerKey>,
    /// The customer's key that the upload began with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Which of its bytes: `first` and `last`, both inside the object. `None`: all.
    pub range: Option<(u64, u64)>,
}

impl Store {
    /// Writes a part from an object's bytes.
    ///
    /// # Errors
    /// As [`Store::get_object`] of the source and [`Store::upload_part`] of the target; a range that reaches past
    /// the source is `InvalidRange`.
    pub async fn upload_part_copy(
        &self,
        caller: &Caller,
        request: &UploadPartCopy,
    ) -> Result<StoredPart, OperationError> {
        caller.authorize(Action::UploadPartCopy, Resource::Object(&request.target.bucket, &request.target.key))?;
        caller
            .authorize_source(Action::UploadPartCopy, Resource::Object(&request.source_bucket, &request.source_key))?;
        let part = match request.range {
            Some((first, last)) => Portion::Range(RangeSpec::Inclusive { first, last }),
            None => Portion::Whole,
        };
        let source = GetObject {
            bucket: request.source_bucket.clone(),
            key: request.source_key.clone(),
            conditions: request.source_conditions.clone(),
            part,
            with_checksum: false,
            customer_key: request.source_customer_key.clone(),
        };
        let Found::Object((found, reader)) = self.read_object(caller, &source).await? else {
            return Err(ErrorCode::PreconditionFailed.into());
        };
        if request.range.is_some_and(|(_, last)| last >= found.row.size) {
            return Err(OperationError::new(
                ErrorCode::InvalidRange,
                format!("The range must lie inside the source object of {} bytes.", found.row.size),
            ));
        }
        check_length(found.range.length)?;
        let target = request.target.clone();
        let part = UploadPart {
            target,
            length: Some(found.range.length),
            customer_key: request.customer_key.clone(),
            expected: Vec::new(),
            trailers: Vec::new(),
        };
        self.write_part(caller, &part, PartSource::Object, &mut CopyBody(reader.into_stream())).await
    }
}

/// A part is no larger for being copied (R2 "Limits", note 4).
fn check_length(bytes: u64) -> Result<(), OperationError> {
    if bytes > UPLOAD_BYTES_MAX { Err(ErrorCode::EntityTooLarge.into()) } else { Ok(()) }
}

/// The bytes of an object as the body of an upload.
pub(crate) struct CopyBody(pub(crate) ObjectStream);

impl Body for CopyBody {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        self.0.as_mut().poll_next(cx).map(Option::transpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_part_is_no_larger_than_an_uploaded_one() {
        assert!(check_length(UPLOAD_BYTES_MAX).is_ok());
        assert_eq!(check_length(UPLOAD_BYTES_MAX + 1).map_err(|error| error.code), Err(ErrorCode::EntityTooLarge));
    }
}
