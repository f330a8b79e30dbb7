//! Request bodies: frames with a limit on silence, so that slow or vanished clients hold nothing for ever.

use bytes::Bytes;
use environment::Clock;
use environment::clock::Sleep;
use http::HeaderMap;
use http::header::EXPECT;
use http_body::Body;
use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use types::{ErrorCode, OperationError};

/// Longest silence of a client that has a body to send.
pub const BODY_SILENCE_MAX: Duration = Duration::from_secs(60);

/// Most bytes of an unread body that are read and thrown away, so that its client hears the answer before the
/// connection closes under it.
const DRAIN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Longest time spent on throwing a body away: whoever is refused holds a connection no longer.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(5);

/// True if the client sends its body only once it is told to.
pub fn waits_for_continue(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// The body of a request.
pub struct RequestBody<B> {
    inner: B,
    clock: Arc<dyn Clock>,
    /// Runs while the client is silent.
    silence: Option<Sleep>,
    ended: bool,
    /// True once the client was asked for the body: then it was told `100 Continue` if it waits for that.
    asked_for: bool,
}

impl<B> RequestBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Watches over `inner`.
    pub fn new(inner: B, clock: Arc<dyn Clock>) -> Self {
        Self { ended: inner.is_end_stream(), inner, clock, silence: None, asked_for: false }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// `RequestTimeout` after [`BODY_SILENCE_MAX`] of silence; `IncompleteBody` if the connection ends early.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        self.asked_for |= !self.ended;
        loop {
            match Pin::new(&mut self.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.silence = None;
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Ok(Some(bytes)));
                    }
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.ended = true;
                    return Poll::Ready(Err(OperationError::from(ErrorCode::IncompleteBody).caused_by(error)));
                }
                Poll::Pending => return self.poll_silence(cx),
            }
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        let silence = self.silence.get_or_insert_with(|| self.clock.sleep(BODY_SILENCE_MAX));
        match silence.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.ended = true;
                Poll::Ready(Err(ErrorCode::RequestTimeout.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// True once the client was asked for the body, and so was told `100 Continue` if it waits for that.
    pub fn was_asked_for(&self) -> bool {
        self.asked_for
    }

    /// Reads a body that no answer needs to its end, within bounds of size and time; more than that closes the
    /// connection.
    pub async fn drain(&mut self) {
        if self.ended {
            return;
        }
        let deadline = self.clock.sleep(DRAIN_WAIT_MAX);
        tokio::select! {
            () = self.drain_bytes() => {}
            () = deadline => {}
        }
    }

    async fn drain_bytes(&mut self) {
        let mut left = DRAIN_BYTES_MAX;
        while !self.ended && left > 0 {
            match poll_fn(|cx| self.poll_frame(cx)).await {
                Ok(Some(bytes)) => left = left.saturating_sub(bytes.len()),
                Ok(None) | Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemClock;
    use http_body_util::Full;

    #[tokio::test]
    async fn frames_come_through_and_end() {
        let mut body = RequestBody::new(Full::new(Bytes::from_static(b"hello")), Arc::new(SystemClock::new()));
        assert_eq!(poll_fn(|cx| body.poll_frame(cx)).await.unwrap().as_deref(), Some(&b"hello"[..]));
        assert_eq!(poll_fn(|cx| body.poll_frame(cx)).await.unwrap(), None);
        body.drain().await;
    }
}
