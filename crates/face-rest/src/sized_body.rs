//! The body of an upload: counted, and no longer than this face takes.

use bytes::Bytes;
use operations::Body;
use std::task::{Context, Poll, ready};
use types::limits::REST_UPLOAD_BYTES_MAX;
use types::{Checksum, ErrorCode, OperationError};

/// Counts the bytes of a body and fails above [`REST_UPLOAD_BYTES_MAX`].
pub(crate) struct SizedBody<'a> {
    body: &'a mut (dyn Body + 'a),
    bytes: u64,
}

/// The failure of an upload that is too large here.
pub(crate) fn too_large() -> OperationError {
    let message = format!(
        "Uploads through this API have at most {REST_UPLOAD_BYTES_MAX} bytes: use the S3 API for larger objects."
    );
    OperationError::new(ErrorCode::EntityTooLarge, message)
}

impl<'a> SizedBody<'a> {
    /// Counts the bytes of `body`.
    pub(crate) fn new(body: &'a mut (dyn Body + 'a)) -> Self {
        Self { body, bytes: 0 }
    }

    /// Bytes that came so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Body for SizedBody<'_> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        let next = ready!(self.body.poll_next(cx))?;
        self.bytes += next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Poll::Ready(if self.bytes > REST_UPLOAD_BYTES_MAX { Err(too_large()) } else { Ok(next) })
    }

    fn trailer_checksums(&self) -> &[Checksum] {
        self.body.trailer_checksums()
    }
}
