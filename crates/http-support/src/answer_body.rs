//! Bodies of answers: a document or a small object at once, or an object as it is read.

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use types::OperationError;

/// An object's bytes as they are read.
pub type ObjectStream = Pin<Box<dyn Stream<Item = Result<Bytes, OperationError>> + Send>>;

/// The body of an answer.
pub enum AnswerBody {
    /// All of it.
    Full(Bytes),
    /// Bytes as they are read, and how many are still to come.
    Object {
        /// The bytes.
        stream: ObjectStream,
        /// How many are still to come.
        remaining: u64,
    },
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = OperationError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OperationError>>> {
        match &mut *self {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Object { stream, remaining } => stream.as_mut().poll_next(cx).map(|unit| {
                unit.map(|unit| {
                    // The head is sent: all that is left is to cut the answer short, and to say why in the log.
                    let bytes =
                        unit.inspect_err(|error| tracing::error!(?error, "an object could not be read to its end"))?;
                    *remaining = remaining.saturating_sub(bytes.len() as u64);
                    Ok(Frame::data(bytes))
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Object { remaining, .. } => *remaining == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Object { remaining, .. } => SizeHint::with_exact(*remaining),
        }
    }
}
