//! The file of a form, as it streams: everything behind the fields, to the end of the form.

use super::decoder::{FormDecoder, FormEvent};
use super::policy::FileSizes;
use bytes::Bytes;
use types::{ErrorCode, OperationError};

/// Takes the file out of the rest of a form. Its end is the form's, so that a form that is cut off never counts.
#[derive(Debug)]
pub struct FormFile {
    decoder: FormDecoder,
    sizes: FileSizes,
    /// Bytes seen so far.
    size: u64,
}

impl FormFile {
    /// Goes on behind [`FormEvent::File`]. The file must be of one of `sizes`.
    pub fn new(decoder: FormDecoder, sizes: FileSizes) -> Self {
        Self { decoder, sizes, size: 0 }
    }

    /// Takes from the front of `input` and answers the next bytes of the file, without copying them; `None` once all
    /// of `input` is taken. Bytes are never empty.
    ///
    /// # Errors
    /// As [`FormDecoder::decode`]; `EntityTooLarge` past the largest size.
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, OperationError> {
        while let Some(event) = self.decoder.decode(input)? {
            if let FormEvent::Data(bytes) = event {
                self.size += bytes.len() as u64;
                self.check_not_larger()?;
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The body has ended.
    ///
    /// # Errors
    /// As [`FormDecoder::finish`]; `EntityTooSmall` for a file under the smallest size.
    pub fn finish(&self) -> Result<(), OperationError> {
        self.decoder.finish()?;
        if self.size < self.sizes.min {
            return Err(OperationError::new(
                ErrorCode::EntityTooSmall,
                format!(
                    "Your proposed upload is smaller than the minimum allowed size: it has {} bytes, the policy asks for {}.",
                    self.size, self.sizes.min
                ),
            ));
        }
        Ok(())
    }

    fn check_not_larger(&self) -> Result<(), OperationError> {
        if self.size > self.sizes.max {
            return Err(OperationError::new(
                ErrorCode::EntityTooLarge,
                format!(
                    "Your proposed upload exceeds the maximum allowed size: the policy allows {} bytes.",
                    self.sizes.max
                ),
            ));
        }
        Ok(())
    }
}
