//! Object keys: identity by Unicode NFC, shown as last sent. Source: R2 "Unicode interoperability".

use crate::limits::KEY_BYTES_MAX;
use std::fmt;
use std::hash::{Hash, Hasher};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// An object key: the text the client sent, and the form that decides identity.
///
/// R2 compares keys in Unicode NFC and lists the last form sent. 1 to [`KEY_BYTES_MAX`] bytes in either form.
/// A leading `/`, `..` and `//` are ordinary characters.
#[derive(Clone)]
pub struct ObjectKey {
    as_sent: Box<str>,
    /// `None` while the text as sent is already in NFC: nearly always.
    identity: Option<Box<str>>,
}

/// The bytes are no object key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidObjectKey {
    /// Not UTF-8.
    NotUtf8,
    /// More than [`KEY_BYTES_MAX`] bytes, as sent or in NFC.
    TooLong,
    /// No byte at all.
    Empty,
}

impl fmt::Display for InvalidObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "The specified object name is not valid: it must be UTF-8.",
            Self::TooLong => "The specified object name is not valid: it may have at most 1024 bytes.",
            Self::Empty => "The specified object name is not valid: it must have at least one byte.",
        })
    }
}

impl std::error::Error for InvalidObjectKey {}

impl ObjectKey {
    /// Checks `text` and derives its identity.
    pub fn parse(text: &str) -> Result<Self, InvalidObjectKey> {
        if text.is_empty() {
            return Err(InvalidObjectKey::Empty);
        }
        if text.len() > KEY_BYTES_MAX {
            return Err(InvalidObjectKey::TooLong);
        }
        let identity = normal_form(text);
        if identity.as_ref().is_some_and(|form| form.len() > KEY_BYTES_MAX) {
            return Err(InvalidObjectKey::TooLong);
        }
        Ok(Self { as_sent: text.into(), identity })
    }

    /// As [`ObjectKey::parse`], for bytes that may not be text.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, InvalidObjectKey> {
        Self::parse(std::str::from_utf8(bytes).map_err(|_| InvalidObjectKey::NotUtf8)?)
    }

    /// The key as the client wrote it: what listings show.
    pub fn as_sent(&self) -> &str {
        &self.as_sent
    }

    /// The key in NFC: what decides equality and order.
    pub fn identity(&self) -> &str {
        self.identity.as_deref().unwrap_or(&self.as_sent)
    }

    /// Text in the form that keys are ordered by: for prefixes, markers and delimiters.
    pub fn normalize(text: &str) -> String {
        normal_form(text).map_or_else(|| text.to_owned(), String::from)
    }
}

/// The NFC form where it differs from `text`.
fn normal_form(text: &str) -> Option<Box<str>> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let form: String = text.nfc().collect();
    (form != text).then(|| form.into_boxed_str())
}

impl PartialEq for ObjectKey {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for ObjectKey {}

impl Hash for ObjectKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_sent, f)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_forms_of_one_name_are_one_key() {
        let composed = ObjectKey::parse("H\u{e9}llo").unwrap();
        let decomposed = ObjectKey::parse("He\u{301}llo").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(decomposed.as_sent(), "He\u{301}llo");
        assert_eq!(decomposed.identity(), "H\u{e9}llo");
    }

    #[test]
    fn slashes_dots_and_spaces_are_ordinary() {
        for key in ["/a", "a//b", "../x", " a ", "a/"] {
            assert_eq!(ObjectKey::parse(key).unwrap().identity(), key);
        }
    }

    #[test]
    fn length_counts_bytes_of_both_forms() {
        assert!(ObjectKey::parse(&"a".repeat(1024)).is_ok());
        assert_eq!(ObjectKey::parse(&"a".repeat(1025)), Err(InvalidObjectKey::TooLong));
        // U+0344 has the canonical decomposition U+0308 U+0301: two bytes become four.
        assert_eq!(ObjectKey::parse(&"\u{344}".repeat(512)), Err(InvalidObjectKey::TooLong));
        assert_eq!(ObjectKey::parse_bytes(b"\xff"), Err(InvalidObjectKey::NotUtf8));
        assert_eq!(ObjectKey::parse(""), Err(InvalidObjectKey::Empty));
    }
}
