//! aws-chunked bodies: a sans-I/O decoder, and the encoder for clients. Source: AWS "Signature Calculations:
//! Transferring Payload in Multiple Chunks" and "… including trailing headers".
//!
//! ```text
//! <hex size>[;chunk-signature=<64 hex>]\r\n <size bytes> \r\n      any number of times
//! 0[;chunk-signature=<64 hex>]\r\n                                 the last chunk
//! <name>:<value>\r\n                                               trailers, if the mode has them
//! x-amz-trailer-signature:<64 hex>\r\n                             if the mode signs them
//! \r\n
//! ```
//!
//! Data flows on before its chunk's signature is checked: nothing of an upload is visible before its end, and
//! [`ChunkedDecoder::finish`] never succeeds unless every signature did.

mod encoder;

#[cfg(test)]
mod tests;

pub use encoder::ChunkedEncoder;

use crate::payload::{self, Payload, PayloadMode};
use crate::sigv4::{ChunkSignatures, check_signature};
use aws_lc_rs::digest;
use bytes::{Buf, Bytes};
use types::limits::{CHUNK_LINE_BYTES_MAX, CHUNK_TRAILERS_MAX};
use types::{Checksum, ChecksumAlgorithm, ErrorCode, OperationError};

const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Takes a body apart, in whatever pieces it arrives. Holds at most one line of it.
pub struct ChunkedDecoder {
    state: State,
    signing: Option<Signing>,
    /// Bytes of the object that are still to come.
    remaining: u64,
    /// The line that is being read. At most `CHUNK_LINE_BYTES_MAX` bytes.
    line: Vec<u8>,
    trailers: Option<Trailers>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In a line that says how long a chunk is.
    Header,
    /// In a chunk; so many bytes of it are still to come.
    Data(u64),
    /// In the line break after a chunk.
    DataEnd,
    /// In a trailer, or the empty line that ends the body.
    Trailer,
    /// Past the end.
    End,
}

/// What signed chunks need besides.
struct Signing {
    signatures: ChunkSignatures,
    /// Over the data of the chunk so far.
    sha256: digest::Context,
    /// What the chunk's header says.
    announced: [u8; 32],
}

impl std::fmt::Debug for ChunkedDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkedDecoder")
            .field("state", &self.state)
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

/// The trailers of a body, for the modes that have them.
struct Trailers {
    /// Those that `x-amz-trailer` announced and that have not come yet.
    expected: Vec<ChecksumAlgorithm>,
    found: Vec<Checksum>,
    /// Lines read, of whatever kind.
    lines: usize,
    /// Over the `name:value\n` lines so far, where they are signed.
    sha256: digest::Context,
    signature_seen: bool,
}

impl ChunkedDecoder {
    /// For the body that `payload` announces; `None` if it is not chunked. Boxed: most requests have none, and its
    /// state is a kilobyte. `signatures` are those of the request: a
    /// mode with signed chunks needs them.
    ///
    /// # Errors
    /// `AccessDenied` for signed chunks of a request that is not signed.
    pub fn new(payload: &Payload, signatures: Option<ChunkSignatures>) -> Result<Option<Box<Self>>, OperationError> {
        let signing = match (payload.mode, signatures) {
            (PayloadMode::SignedChunks | PayloadMode::SignedChunksTrailer, Some(signatures)) => {
                Some(Signing { signatures, sha256: digest::Context::new(&digest::SHA256), announced: [0; 32] })
            }
            (PayloadMode::SignedChunks | PayloadMode::SignedChunksTrailer, None) => {
                return Err(OperationError::new(
                    ErrorCode::AccessDenied,
                    "Signed chunks need a signed request: sign it, or send the body unsigned.",
                ));
            }
            (PayloadMode::UnsignedChunksTrailer, _) => None,
            (PayloadMode::Sha256(_) | PayloadMode::Unsigned, _) => return Ok(None),
        };
        let trailers = payload.mode.has_trailers().then(|| Trailers {
            expected: payload.trailers.clone(),
            found: Vec::new(),
            lines: 0,
            sha256: digest::Context::new(&digest::SHA256),
            signature_seen: false,
        });
        let remaining = payload.length.unwrap_or_default();
        Ok(Some(Box::new(Self { state: State::Header, signing, remaining, line: Vec::new(), trailers })))
    }

    /// Takes from the front of `input` and answers the next bytes of the object, without copying them; `None` once
    /// all of `input` is taken. Bytes are never empty.
    ///
    /// # Errors
    /// `InvalidRequest` for framing that cannot be read or more bytes than announced, `IncompleteBody` for fewer,
    /// `SignatureDoesNotMatch`, `MalformedTrailerError`, `InvalidDigest`. The decoder is of no use after an error.
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, OperationError> {
        while !input.is_empty() {
            if let State::Data(left) = self.state {
                return Ok(Some(self.take_data(input, left)));
            }
            if self.state == State::End {
                return Err(malformed("bytes follow the end of the body"));
            }
            if self.take_line(input)? {
                let line = std::mem::take(&mut self.line);
                self.end_line(&line)?;
                self.line = line;
                self.line.clear();
            }
        }
        Ok(None)
    }

    /// The body has ended: answers the checksums of its trailers.
    ///
    /// # Errors
    /// `IncompleteBody` if it ended early.
    pub fn finish(self) -> Result<Vec<Checksum>, OperationError> {
        if self.state != State::End {
            return Err(OperationError::new(
                ErrorCode::IncompleteBody,
                "The aws-chunked body ended before its last chunk and trailers.",
            ));
        }
        Ok(self.trailers.map(|trailers| trailers.found).unwrap_or_default())
    }

    fn take_data(&mut self, input: &mut Bytes, left: u64) -> Bytes {
        let available = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let data = input.split_to(available);
        if let Some(signing) = &mut self.signing {
            signing.sha256.update(&data);
        }
        let left = left - data.len() as u64;
        self.remaining -= data.len() as u64;
        self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
        data
    }

    /// Moves bytes up to and with a line feed into `self.line`, which then ends without its line break; true if the
    /// line is whole.
    fn take_line(&mut self, input: &mut Bytes) -> Result<bool, OperationError> {
        let end = memchr::memchr(b'\n', input);
        let taken = end.unwrap_or(input.len());
        if self.line.len() + taken > CHUNK_LINE_BYTES_MAX {
            return Err(malformed(format!("a line has more than {CHUNK_LINE_BYTES_MAX} bytes")));
        }
        self.line.extend_from_slice(&input[..taken]);
        input.advance(taken + usize::from(end.is_some()));
        if end.is_some() && self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(end.is_some())
    }

    fn end_line(&mut self, line: &[u8]) -> Result<(), OperationError> {
        let text = std::str::from_utf8(line).map_err(|_| malformed("a line is not text"))?;
        match self.state {
            State::Header => self.begin_chunk(text),
            State::DataEnd if text.is_empty() => self.end_chunk(),
            State::DataEnd => Err(malformed("a chunk is longer than its header says")),
            State::Trailer => self.end_trailer_line(text),
            State::Data(_) | State::End => Ok(()),
        }
    }

    fn begin_chunk(&mut self, line: &str) -> Result<(), OperationError> {
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let size = chunk_size(size.trim())?;
        if size > self.remaining {
            return Err(malformed("it has more bytes than x-amz-decoded-content-length says"));
        }
        if let Some(signing) = &mut self.signing {
            let signature = extension.trim().strip_prefix("chunk-signature=").and_then(types::ids::parse_hex);
            signing.announced = signature.ok_or_else(|| malformed("a chunk has no chunk-signature"))?;
        }
        if size > 0 {
            self.state = State::Data(size);
            return Ok(());
        }
        self.check_chunk_signature()?;
        if self.remaining > 0 {
            return Err(OperationError::new(
                ErrorCode::IncompleteBody,
                format!(
                    "The aws-chunked body lacks {} of the bytes that x-amz-decoded-content-length says.",
                    self.remaining
                ),
            ));
        }
        self.state = State::Trailer;
        Ok(())
    }

    fn end_chunk(&mut self) -> Result<(), OperationError> {
        self.state = State::Header;
        self.check_chunk_signature()
    }

    fn check_chunk_signature(&mut self) -> Result<(), OperationError> {
        let Some(signing) = &mut self.signing else { return Ok(()) };
        let sha256 = std::mem::replace(&mut signing.sha256, digest::Context::new(&digest::SHA256)).finish();
        let ours = signing.signatures.sign_chunk(sha256.as_ref());
        check_signature(&ours, &signing.announced, "a chunk")
    }

    fn end_trailer_line(&mut self, line: &str) -> Result<(), OperationError> {
        let Some(trailers) = &mut self.trailers else {
            self.state = State::End;
            return if line.is_empty() { Ok(()) } else { Err(malformed("a trailer stands where none may")) };
        };
        trailers.lines += 1;
        if trailers.lines > CHUNK_TRAILERS_MAX {
            return Err(malformed_trailer(format!("it may have at most {CHUNK_TRAILERS_MAX} trailers")));
        }
        match (line.split_once(':'), &mut self.signing) {
            (Some((name, value)), Some(signing)) if name.trim().eq_ignore_ascii_case(TRAILER_SIGNATURE) => {
                trailers.check_signature(&mut signing.signatures, value.trim())
            }
            (Some((name, value)), _) => trailers.add(name.trim(), value.trim()),
            // Clients that follow AWS's example to the letter have an empty line before the trailers' signature.
            (None, Some(_)) if line.is_empty() && !trailers.signature_seen => Ok(()),
            (None, _) if line.is_empty() => {
                self.state = State::End;
                trailers.check_complete()
            }
            (None, _) => Err(malformed_trailer("a trailer must be of the form name:value")),
        }
    }
}

impl Trailers {
    fn add(&mut self, name: &str, value: &str) -> Result<(), OperationError> {
        if self.signature_seen {
            return Err(malformed_trailer("a trailer follows the trailers' signature"));
        }
        let expected = payload::trailer_algorithm(name)
            .and_then(|algorithm| self.expected.iter().position(|expected| *expected == algorithm));
        let Some(position) = expected else {
            return Err(malformed_trailer(format!(
                "the trailer '{name}' comes twice, or x-amz-trailer does not announce it"
            )));
        };
        let algorithm = self.expected.swap_remove(position);
        let checksum = Checksum::parse_base64(algorithm, value);
        self.found.push(checksum.ok_or_else(|| payload::invalid_digest(payload::checksum_header(algorithm)))?);
        for part in [&name.to_ascii_lowercase(), ":", value, "\n"] {
            self.sha256.update(part.as_bytes());
        }
        Ok(())
    }

    fn check_signature(&mut self, signatures: &mut ChunkSignatures, text: &str) -> Result<(), OperationError> {
        if self.signature_seen {
            return Err(malformed_trailer("the trailers' signature comes twice"));
        }
        self.signature_seen = true;
        let announced = types::ids::parse_hex(text).ok_or(ErrorCode::SignatureDoesNotMatch)?;
        let sha256 = self.sha256.clone().finish();
        check_signature(&signatures.sign_trailers(sha256.as_ref()), &announced, "the trailers")
    }

    fn check_complete(&self) -> Result<(), OperationError> {
        match self.expected.first() {
            None => Ok(()),
            Some(missing) => {
                Err(malformed_trailer(format!("the trailer '{}' is missing", payload::checksum_header(*missing))))
            }
        }
    }
}

/// Hexadecimal digits that fit.
fn chunk_size(text: &str) -> Result<u64, OperationError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    size.ok_or_else(|| malformed("a chunk must begin with its size in hexadecimal"))
}

fn malformed(what: impl std::fmt::Display) -> OperationError {
    OperationError::new(ErrorCode::InvalidChunk, format!("The aws-chunked body is malformed: {what}."))
}

fn malformed_trailer(what: impl std::fmt::Display) -> OperationError {
    OperationError::new(
        ErrorCode::MalformedTrailer,
        format!(
            "The request contained trailing data that was not well-formed or did not conform to our published schema: {what}."
        ),
    )
}
