//! ETags. Source: R2 "Multipart upload", section ETags. Quotes exist only on the wire.

use std::fmt;

/// An MD5 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Md5(pub [u8; 16]);

impl Md5 {
    /// From 32 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::ids::parse_hex(text).map(Self)
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::ids::write_hex(&self.0, f)
    }
}

impl fmt::Debug for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What identifies an object's content to HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ETag {
    /// The MD5 of the bytes: PutObject, CopyObject of a whole object, a part.
    Whole(Md5),
    /// The MD5 of the parts' MD5s, and their number.
    Multipart {
        /// MD5 over the concatenated binary digests of the parts.
        digest: Md5,
        /// Number of parts.
        parts: u16,
    },
}

impl ETag {
    /// Reads the form without quotes: `<32 hex>` or `<32 hex>-<parts>`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('-') {
            None => Md5::from_hex(text).map(Self::Whole),
            Some((digest, parts)) => {
                Some(Self::Multipart { digest: Md5::from_hex(digest)?, parts: parts.parse().ok()? })
            }
        }
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(digest) => write!(f, "{digest}"),
            Self::Multipart { digest, parts } => write!(f, "{digest}-{parts}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_survive_a_round_trip() {
        for text in ["f77dc0eecdebcd774a2a22cb393ad2ff-2", "bce6bf66aeb76c7040fdd5f4eccb78e6"] {
            assert_eq!(ETag::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "x", "f77dc0eecdebcd774a2a22cb393ad2ff-", "f77dc0eecdebcd774a2a22cb393ad2ff-99999"] {
            assert_eq!(ETag::parse(bad), None, "{bad}");
        }
    }
}
