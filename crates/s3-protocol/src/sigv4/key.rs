//! Signing keys, and what they sign: requests and the chunks of their bodies.

use super::ALGORITHM;
use super::credential::Credential;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use std::sync::Arc;
use types::{ErrorCode, OperationError};

/// A key derived from a secret for one day and region. Holds no secret in clear and prints none.
#[derive(Clone, Debug)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key: four HMACs. `date` is the day of the scope, `20220518`; `region` as in the scope.
    pub fn derive(secret_access_key: &str, date: &str, region: &str) -> Self {
        let secret = ["AWS4", secret_access_key].concat();
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        for part in [date, region, "s3", "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self(key)
    }

    fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut signature = [0; 32];
        signature.copy_from_slice(hmac::sign(&self.0, text).as_ref());
        signature
    }

    /// The signature of a form's policy, given in base64 as it is sent.
    pub fn sign_policy(&self, policy: &str) -> [u8; 32] {
        self.sign(policy.as_bytes())
    }

    /// Signs the canonical request in `buffer`, which then holds the string that was signed.
    pub(super) fn sign_request(&self, buffer: &mut Vec<u8>, time: &[u8; 16], credential: &Credential<'_>) -> [u8; 32] {
        let hash = digest::digest(&digest::SHA256, buffer);
        buffer.clear();
        buffer.extend_from_slice(ALGORITHM.as_bytes());
        buffer.push(b'\n');
        buffer.extend_from_slice(time);
        buffer.push(b'\n');
        credential.write_scope(buffer);
        buffer.push(b'\n');
        push_hex(buffer, hash.as_ref());
        self.sign(buffer)
    }
}

/// Appends bytes in lower-case hexadecimal.
fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend(bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
}

/// The chain of signatures over the chunks of a body: each covers the one before it; the first covers the request's.
#[derive(Clone, Debug)]
pub struct ChunkSignatures {
    /// Shared: a prepared key is over a kilobyte.
    key: Arc<SigningKey>,
    /// `<time>\n<scope>\n`.
    context: Vec<u8>,
    previous: [u8; 32],
}

impl ChunkSignatures {
    pub(super) fn new(key: Arc<SigningKey>, time: &[u8; 16], scope: &str, seed: [u8; 32]) -> Self {
        let context = [&time[..], b"\n", scope.as_bytes(), b"\n"].concat();
        Self { key, context, previous: seed }
    }

    /// The signature of the next chunk, given the SHA-256 of its data.
    pub(crate) fn sign_chunk(&mut self, data_sha256: &[u8]) -> [u8; 32] {
        const EMPTY_SHA256: &[u8] = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
        self.sign_next(b"AWS4-HMAC-SHA256-PAYLOAD\n", EMPTY_SHA256, data_sha256)
    }

    /// The signature of the trailers, given the SHA-256 of their `name:value\n` lines.
    pub(crate) fn sign_trailers(&mut self, lines_sha256: &[u8]) -> [u8; 32] {
        self.sign_next(b"AWS4-HMAC-SHA256-TRAILER\n", b"", lines_sha256)
    }

    fn sign_next(&mut self, algorithm: &[u8], constant: &[u8], sha256: &[u8]) -> [u8; 32] {
        let mut text = Vec::with_capacity(320);
        text.extend_from_slice(algorithm);
        text.extend_from_slice(&self.context);
        push_hex(&mut text, &self.previous);
        text.push(b'\n');
        text.extend_from_slice(constant);
        push_hex(&mut text, sha256);
        self.previous = self.key.sign(&text);
        self.previous
    }
}

/// Compares in constant time.
///
/// # Errors
/// `SignatureDoesNotMatch`, naming `what`.
pub(crate) fn check_signature(ours: &[u8; 32], theirs: &[u8; 32], what: &str) -> Result<(), OperationError> {
    verify_slices_are_equal(ours, theirs).map_err(|_| {
        OperationError::new(
            ErrorCode::SignatureDoesNotMatch,
            format!("The signature we calculated for {what} does not match the one you provided."),
        )
    })
}
