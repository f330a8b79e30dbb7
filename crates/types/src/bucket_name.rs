//! Bucket names. Rules: R2 "Create new buckets".

use crate::limits::{BUCKET_NAME_BYTES_MAX, BUCKET_NAME_BYTES_MIN};
use std::fmt;

/// A valid bucket name: 3 to 63 of `a-z`, `0-9` and `-`, not beginning or ending with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Box<str>);

/// The text is no bucket name; the message says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBucketName;

impl fmt::Display for InvalidBucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The specified bucket name is not valid: use 3 to 63 lower-case letters, digits and hyphens, \
             not beginning or ending with a hyphen.",
        )
    }
}

impl std::error::Error for InvalidBucketName {}

impl BucketName {
    /// Checks `text` against R2's rules.
    pub fn parse(text: &str) -> Result<Self, InvalidBucketName> {
        let bytes = text.as_bytes();
        let right_length = (BUCKET_NAME_BYTES_MIN..=BUCKET_NAME_BYTES_MAX).contains(&bytes.len());
        let right_letters = bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let right_ends = !text.starts_with('-') && !text.ends_with('-');
        if right_length && right_letters && right_ends { Ok(Self(text.into())) } else { Err(InvalidBucketName) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_what_r2_accepts() {
        for good in ["abc", "a-b", "0-9", &"a".repeat(63)] {
            assert!(BucketName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "-ab", "ab-", "Abc", "a_b", "a.b", "a b", "ab\u{e9}", &"a".repeat(64)] {
            assert_eq!(BucketName::parse(bad), Err(InvalidBucketName), "{bad}");
        }
    }
}
