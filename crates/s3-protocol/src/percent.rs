//! Percent-encoding as S3 does it: once, with the unreserved characters of RFC 3986 and nothing else left bare.

use std::borrow::Cow;
use types::{ErrorCode, OperationError};

/// What `/` and `+` mean in the text at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A path: `/` separates, `+` is a plus.
    Path,
    /// A name or value of the query: `/` is a character, `+` is a space, as in HTML forms.
    Query,
}

/// `A-Z a-z 0-9 - _ . ~`: what SigV4 leaves as it is.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The byte that `%XY` at the start of `text` stands for.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => Some((hex_value(*high)? << 4) | hex_value(*low)?),
        _ => None,
    }
}

/// Decodes exactly once. Borrows where nothing is encoded.
///
/// # Errors
/// `InvalidURI` for a `%` that two hexadecimal digits do not follow.
pub fn decode(text: &str, part: Part) -> Result<Cow<'_, [u8]>, OperationError> {
    let bytes = text.as_bytes();
    let plus_is_space = part == Part::Query;
    let first = if plus_is_space { memchr::memchr2(b'%', b'+', bytes) } else { memchr::memchr(b'%', bytes) };
    let Some(first) = first else { return Ok(Cow::Borrowed(bytes)) };
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut rest = &bytes[first..];
    while let [byte, tail @ ..] = rest {
        let (raw, next) = match byte {
            b'%' => (escaped_byte(rest).ok_or_else(malformed_escape)?, &rest[3..]),
            b'+' if plus_is_space => (b' ', tail),
            other => (*other, tail),
        };
        decoded.push(raw);
        rest = next;
    }
    Ok(Cow::Owned(decoded))
}

/// As [`decode`], for text that must be UTF-8.
///
/// # Errors
/// `InvalidURI` for a malformed escape or bytes that are not UTF-8.
pub fn decode_text(text: &str, part: Part) -> Result<Cow<'_, str>, OperationError> {
    match decode(text, part)? {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(text)),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| {
            OperationError::new(ErrorCode::InvalidUri, "The URI is not valid: its escapes do not decode to UTF-8.")
        }),
    }
}

fn malformed_escape() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidUri,
        "Could not parse the specified URI: a '%' must be followed by two hexadecimal digits; write '%' itself as %25.",
    )
}

/// Appends one byte, bare or as `%XY`.
fn push_encoded(out: &mut Vec<u8>, byte: u8, part: Part) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if is_unreserved(byte) || (byte == b'/' && part == Part::Path) {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Appends raw bytes in S3's encoding.
pub fn encode_into(out: &mut Vec<u8>, raw: &[u8], part: Part) {
    for byte in raw {
        push_encoded(out, *byte, part);
    }
}

/// Raw text in S3's encoding.
pub fn encode(raw: &str, part: Part) -> String {
    let mut out = Vec::with_capacity(raw.len() + 8);
    encode_into(&mut out, raw.as_bytes(), part);
    // Only ASCII was pushed, so nothing is lost.
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends text that may be encoded already, in whatever way, in S3's one encoding: decode, then encode.
/// A `%` that begins no escape counts as itself.
pub(crate) fn normalize_into(out: &mut Vec<u8>, sent: &str, part: Part) {
    let sent = sent.as_bytes();
    let stays = |byte: &u8| is_unreserved(*byte) || (*byte == b'/' && part == Part::Path);
    let (bare, mut rest) = sent.split_at(sent.iter().position(|byte| !stays(byte)).unwrap_or(sent.len()));
    out.extend_from_slice(bare);
    while let [byte, tail @ ..] = rest {
        let (raw, next) = match escaped_byte(rest) {
            Some(decoded) => (decoded, &rest[3..]),
            None if *byte == b'+' && part == Part::Query => (b' ', tail),
            None => (*byte, tail),
        };
        push_encoded(out, raw, part);
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normalized(sent: &str, part: Part) -> String {
        let mut out = Vec::new();
        normalize_into(&mut out, sent, part);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plus_is_a_space_only_in_queries() {
        assert_eq!(&*decode("a+b%2Bc", Part::Path).unwrap(), b"a+b+c");
        assert_eq!(&*decode("a+b%2Bc", Part::Query).unwrap(), b"a b+c");
    }

    #[test]
    fn decoding_happens_exactly_once() {
        assert_eq!(&*decode("%2541", Part::Path).unwrap(), b"%41");
        assert_eq!(&*decode("%e2%82%AC", Part::Path).unwrap(), "\u{20ac}".as_bytes());
    }

    #[test]
    fn a_malformed_escape_is_refused() {
        for bad in ["%", "a%", "%4", "%zz", "%%41", "a%2"] {
            assert_eq!(decode(bad, Part::Path).unwrap_err().code, ErrorCode::InvalidUri, "{bad}");
        }
        assert_eq!(decode_text("%ff", Part::Path).unwrap_err().code, ErrorCode::InvalidUri);
    }

    #[test]
    fn clients_that_encode_differently_have_one_normal_form() {
        for sent in ["/a b/c", "/a%20b/c", "/%61%20b%2fc", "/a%20b%2Fc"] {
            assert_eq!(normalized(sent, Part::Path), "/a%20b/c", "{sent}");
        }
        assert_eq!(normalized("a+b/c%", Part::Query), "a%20b%2Fc%25");
        assert_eq!(normalized("!'()*~", Part::Path), "%21%27%28%29%2A~");
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(text in any::<String>()) {
            for part in [Part::Path, Part::Query] {
                let encoded = encode(&text, part);
                prop_assert_eq!(&*decode_text(&encoded, part).unwrap(), text.as_str());
                prop_assert_eq!(normalized(&encoded, part), encoded);
            }
        }
    }
}
