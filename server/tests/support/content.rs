//! Object contents that can be made again from an id and a length, so that no test keeps them, and their digests.

use super::Random;
use aws_lc_rs::digest::{SHA256, digest};

/// `length` bytes that no other id has. The first 8 are the id, as far as there is room.
pub(crate) fn body_of(id: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(id);
    let mut body = Vec::with_capacity(length + 8);
    body.extend_from_slice(&id.to_le_bytes());
    while body.len() < length {
        body.extend_from_slice(&random.next().to_le_bytes());
    }
    body.truncate(length);
    body
}

/// The MD5 of `bytes`.
pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut md5 = fast_md5::Md5::new();
    md5.update(bytes);
    md5.finalize()
}

/// The ETag of an object that was put at once, in its quotes.
pub(crate) fn etag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", types::ids::hex(&md5(bytes)))
}

/// The ETag of an object of these parts, in its quotes.
pub(crate) fn etag_of_parts<P: AsRef<[u8]>>(parts: &[P]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|part| md5(part.as_ref())).collect();
    format!("\"{}-{}\"", types::ids::hex(&md5(&digests)), parts.len())
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    types::ids::hex(digest(&SHA256, bytes).as_ref())
}

/// `text` as it stands in a URL; a slash stays one.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Text without its percent-encoding.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).expect("two digits follow a percent sign");
        bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("keys are UTF-8")
}
