//! The client's side: frames a body as aws-chunked. For migrations, tests and the bench driver.

use super::TRAILER_SIGNATURE;
use crate::payload;
use crate::sigv4::ChunkSignatures;
use aws_lc_rs::digest;
use types::Checksum;

/// Frames a body, chunk by chunk; signs if it was given what to sign with.
#[derive(Clone, Debug)]
pub struct ChunkedEncoder {
    signatures: Option<ChunkSignatures>,
}

impl ChunkedEncoder {
    /// `signatures`: what [`crate::sigv4::sign`] answered for this request; `None` for the unsigned mode.
    pub fn new(signatures: Option<ChunkSignatures>) -> Self {
        Self { signatures }
    }

    /// Appends one chunk; nothing for no data, since an empty chunk ends a body.
    pub fn chunk(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        if !data.is_empty() {
            self.header(out, data);
            out.extend_from_slice(data);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends the last chunk of a body without trailers.
    pub fn end(mut self, out: &mut Vec<u8>) {
        self.header(out, b"");
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the last chunk and the trailers, as announced in `x-amz-trailer`.
    pub fn end_with_trailers(mut self, out: &mut Vec<u8>, checksums: &[Checksum]) {
        self.header(out, b"");
        let mut sha256 = digest::Context::new(&digest::SHA256);
        for checksum in checksums {
            let line = format!("{}:{}", payload::checksum_header(checksum.algorithm()), checksum.to_base64());
            sha256.update(line.as_bytes());
            sha256.update(b"\n");
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if let Some(signatures) = &mut self.signatures {
            let signature = types::ids::hex(&signatures.sign_trailers(sha256.finish().as_ref()));
            out.extend_from_slice(format!("{TRAILER_SIGNATURE}:{signature}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn header(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        out.extend_from_slice(format!("{:x}", data.len()).as_bytes());
        if let Some(signatures) = &mut self.signatures {
            let sha256 = digest::digest(&digest::SHA256, data);
            let signature = types::ids::hex(&signatures.sign_chunk(sha256.as_ref()));
            out.extend_from_slice(format!(";chunk-signature={signature}").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
}
