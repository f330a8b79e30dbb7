//! The bytes of an upload as they arrive, whoever sends them.

use bytes::Bytes;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use types::{Checksum, OperationError};

/// A stream of bytes with what its sender says about them at the end.
pub trait Body: Send {
    /// The next bytes, of any number; `None` at the end. Not called again after the end or an error.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>>;

    /// Checksums that came behind the bytes. Complete once the end was seen.
    fn trailer_checksums(&self) -> &[Checksum] {
        &[]
    }
}

/// Waits for a body's next bytes. Cancel safe.
pub async fn next(body: &mut dyn Body) -> Result<Option<Bytes>, OperationError> {
    poll_fn(|cx| body.poll_next(cx)).await
}

/// A body that is in memory already.
#[derive(Debug, Default)]
pub struct BytesBody {
    frames: VecDeque<Result<Bytes, OperationError>>,
    trailers: Vec<Checksum>,
}

impl BytesBody {
    /// All bytes at once.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self::from_frames([Ok(bytes.into())])
    }

    /// Frame by frame, with failures between them.
    pub fn from_frames(frames: impl IntoIterator<Item = Result<Bytes, OperationError>>) -> Self {
        Self { frames: frames.into_iter().collect(), trailers: Vec::new() }
    }

    /// Adds checksums behind the bytes.
    #[must_use]
    pub fn with_trailers(mut self, trailers: Vec<Checksum>) -> Self {
        self.trailers = trailers;
        self
    }
}

impl Body for BytesBody {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        Poll::Ready(self.frames.pop_front().transpose())
    }

    fn trailer_checksums(&self) -> &[Checksum] {
        &self.trailers
    }
}
