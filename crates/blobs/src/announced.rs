//! A body read against the length it announced: not a byte less, not a byte more.

use crate::body::{Body, next};
use bytes::{Buf, Bytes};
use types::{ErrorCode, OperationError};

pub(crate) struct AnnouncedBody<'a> {
    body: &'a mut dyn Body,
    /// Arrived, not yet taken.
    frame: Bytes,
    /// Announced, not yet taken.
    remaining: u64,
}

impl<'a> AnnouncedBody<'a> {
    pub(crate) fn new(body: &'a mut dyn Body, length: u64) -> Self {
        Self { body, frame: Bytes::new(), remaining: length }
    }

    /// Bytes still to come.
    pub(crate) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Appends the next `wanted` bytes to `buffer`, or all that are left if those are fewer.
    ///
    /// # Errors
    /// `IncompleteBody` if the body ends before; whatever the body says.
    pub(crate) async fn take(&mut self, wanted: usize, buffer: &mut Vec<u8>) -> Result<(), OperationError> {
        let mut missing = usize::try_from(self.remaining).map_or(wanted, |remaining| remaining.min(wanted));
        while missing > 0 {
            if self.frame.is_empty() {
                self.frame = next(self.body).await?.ok_or(ErrorCode::IncompleteBody)?;
            }
            let count = missing.min(self.frame.len());
            buffer.extend_from_slice(&self.frame[..count]);
            self.frame.advance(count);
            self.remaining -= count as u64;
            missing -= count;
        }
        Ok(())
    }

    /// Sees the body's end, behind which its trailers are.
    ///
    /// # Errors
    /// `InvalidRequest` if bytes come that were not announced; whatever the body says.
    pub(crate) async fn end(mut self) -> Result<(), OperationError> {
        assert_eq!(self.remaining, 0, "the end is behind all bytes announced");
        while self.frame.is_empty() {
            match next(self.body).await? {
                Some(frame) => self.frame = frame,
                None => return Ok(()),
            }
        }
        Err(OperationError::new(ErrorCode::InvalidRequest, "The body is longer than the length you announced."))
    }
}
