//! A body read against the length it announced: not a byte less, not a byte more. One that announced none is read to
//! its end, within a limit.

use crate::body::{Body, next};
use bytes::{Buf, Bytes};
use types::{ErrorCode, OperationError};

pub(crate) struct AnnouncedBody<'a> {
    body: &'a mut dyn Body,
    /// Arrived, not yet taken.
    frame: Bytes,
    /// Behind `frame`: what was there when bytes were given back.
    behind: Bytes,
    rest: Rest,
    /// Bytes taken so far.
    taken: u64,
}

/// What is still to come.
enum Rest {
    /// Exactly so many bytes.
    Known(u64),
    /// At most so many bytes.
    AtMost(u64),
    /// None: the end was seen.
    Ended,
}

impl<'a> AnnouncedBody<'a> {
    /// Of exactly `length` bytes.
    pub(crate) fn new(body: &'a mut dyn Body, length: u64) -> Self {
        Self::with(body, Rest::Known(length))
    }

    /// Of as many bytes as come, up to `limit`.
    pub(crate) fn unannounced(body: &'a mut dyn Body, limit: u64) -> Self {
        Self::with(body, Rest::AtMost(limit))
    }

    fn with(body: &'a mut dyn Body, rest: Rest) -> Self {
        Self { body, frame: Bytes::new(), behind: Bytes::new(), rest, taken: 0 }
    }

    /// Bytes taken so far, without those given back.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether bytes are still to come. Waits for the next of them only where their number was not announced.
    ///
    /// # Errors
    /// Whatever the body says.
    pub(crate) async fn has_more(&mut self) -> Result<bool, OperationError> {
        match self.rest {
            Rest::Known(remaining) => Ok(remaining > 0),
            Rest::Ended => Ok(false),
            Rest::AtMost(_) => {
                let more = self.fill_frame().await?;
                if !more {
                    self.rest = Rest::Ended;
                }
                Ok(more)
            }
        }
    }

    /// Appends the next `wanted` bytes to `buffer`, or all that are left if those are fewer.
    ///
    /// # Errors
    /// `IncompleteBody` if the body ends before what it announced, `EntityTooLarge` if it announced nothing and goes
    /// over the limit; whatever the body says.
    pub(crate) async fn take(&mut self, wanted: usize, buffer: &mut Vec<u8>) -> Result<(), OperationError> {
        let mut missing = match self.rest {
            Rest::Known(remaining) => usize::try_from(remaining).map_or(wanted, |remaining| remaining.min(wanted)),
            Rest::AtMost(_) => wanted,
            Rest::Ended => 0,
        };
        while missing > 0 {
            if self.frame.is_empty() && !self.fill_frame().await? {
                return self.ended_within_take();
            }
            let count = missing.min(self.frame.len());
            self.count_off(count as u64)?;
            buffer.extend_from_slice(&self.frame[..count]);
            self.frame.advance(count);
            missing -= count;
        }
        Ok(())
    }

    /// The next bytes taken are `bytes`, which were the last ones taken.
    pub(crate) fn give_back(&mut self, bytes: Bytes) {
        assert!(self.behind.is_empty(), "bytes are given back once");
        let count = bytes.len() as u64;
        self.behind = std::mem::replace(&mut self.frame, bytes);
        self.taken -= count;
        if let Rest::Known(rest) | Rest::AtMost(rest) = &mut self.rest {
            *rest += count;
        }
    }

    /// Sees the body's end, behind which its trailers are.
    ///
    /// # Errors
    /// `InvalidRequest` if bytes come that were not announced; whatever the body says.
    pub(crate) async fn end(mut self) -> Result<(), OperationError> {
        match self.rest {
            Rest::Ended => return Ok(()),
            Rest::Known(remaining) => assert_eq!(remaining, 0, "the end is behind all bytes announced"),
            Rest::AtMost(_) => unreachable!("a body without a length is at its end once that was seen"),
        }
        if self.fill_frame().await? {
            return Err(OperationError::new(
                ErrorCode::InvalidRequest,
                "The body is longer than the length you announced.",
            ));
        }
        Ok(())
    }

    /// Makes sure that `frame` has bytes; false at the body's end.
    async fn fill_frame(&mut self) -> Result<bool, OperationError> {
        while self.frame.is_empty() {
            if !self.behind.is_empty() {
                self.frame = std::mem::take(&mut self.behind);
                break;
            }
            match next(self.body).await? {
                Some(frame) => self.frame = frame,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn ended_within_take(&mut self) -> Result<(), OperationError> {
        if matches!(self.rest, Rest::Known(_)) {
            return Err(ErrorCode::IncompleteBody.into());
        }
        self.rest = Rest::Ended;
        Ok(())
    }

    fn count_off(&mut self, count: u64) -> Result<(), OperationError> {
        if let Rest::Known(rest) | Rest::AtMost(rest) = &mut self.rest {
            // More than announced is never asked for, so only a body that announced nothing can go over.
            *rest = rest.checked_sub(count).ok_or(ErrorCode::EntityTooLarge)?;
        }
        self.taken += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::BytesBody;

    fn body(frames: &[&'static [u8]]) -> BytesBody {
        BytesBody::from_frames(frames.iter().map(|frame| Ok(Bytes::from_static(frame))))
    }

    #[tokio::test]
    async fn a_body_without_a_length_ends_where_it_ends() {
        for frames in [&[&b"hello"[..]][..], &[b"he", b"", b"llo", b""]] {
            let mut source = body(frames);
            let mut announced = AnnouncedBody::unannounced(&mut source, 5);
            let mut taken = Vec::new();
            announced.take(2, &mut taken).await.unwrap();
            assert!(announced.has_more().await.unwrap());
            announced.take(10, &mut taken).await.unwrap();
            assert!(!announced.has_more().await.unwrap());
            assert_eq!((taken.as_slice(), announced.taken()), (&b"hello"[..], 5));
            announced.end().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_body_without_a_length_may_not_go_over_the_limit() {
        for (limit, outcome) in [(5, Ok(())), (4, Err(ErrorCode::EntityTooLarge)), (0, Err(ErrorCode::EntityTooLarge))]
        {
            let mut source = body(&[b"he", b"llo"]);
            let mut announced = AnnouncedBody::unannounced(&mut source, limit);
            let answer = announced.take(10, &mut Vec::new()).await.map_err(|error| error.code);
            assert_eq!(answer, outcome, "{limit}");
        }
    }

    #[tokio::test]
    async fn bytes_given_back_are_taken_again_before_the_others() {
        let mut source = body(&[b"hello", b" world"]);
        let mut announced = AnnouncedBody::unannounced(&mut source, 11);
        let mut taken = Vec::new();
        announced.take(3, &mut taken).await.unwrap();
        announced.give_back(Bytes::from(std::mem::take(&mut taken)));
        assert_eq!(announced.taken(), 0);
        announced.take(100, &mut taken).await.unwrap();
        assert_eq!((taken.as_slice(), announced.taken()), (&b"hello world"[..], 11));
    }
}
