//! Ids of different things, which do not mix. All print as lower-case hexadecimal.

use crate::time::Timestamp;
use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes bytes as lower-case hexadecimal, many digits at once: every answer has an ETag and a request id.
pub fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.chunks(16).try_for_each(|chunk| {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(chunk) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(str::from_utf8(&digits[..2 * chunk.len()]).map_err(|_| fmt::Error)?)
    })
}

/// Bytes as lower-case hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// Appends what [`hex`] gives.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
}

/// Exactly `N` bytes from `2 * N` hexadecimal digits of either case.
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let (mut bytes, mut seen) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (HEX_VALUES[usize::from(pair[0])], HEX_VALUES[usize::from(pair[1])]);
        *byte = (high << 4) | (low & 15);
        seen |= high | low;
    }
    (seen < 16).then_some(bytes)
}

/// The value of every byte as a hexadecimal digit; [`NO_DIGIT`] for those that are none. A signature has 64 of them.
const HEX_VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        values[digit as usize] = value as u8;
        values[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = 0xff;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// From its hexadecimal text.
            pub fn parse(text: &str) -> Option<Self> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// An account: 32 hexadecimal digits, part of the S3 endpoint's host name.
    AccountId,
    16
);
id!(
    /// An API token's id, which is also its S3 access key id. Source: R2 "Authentication".
    AccessKeyId,
    16
);
id!(
    /// A multipart upload.
    UploadId,
    16
);
id!(
    /// A job in the background. The first eight bytes are the millisecond it was made in, so that ids order as jobs
    /// were made.
    JobId,
    16
);
id!(
    /// Immutable stored bytes: one blob, or the manifest of a multipart object. The first four bytes are the
    /// epoch (one per start of a gateway) in which it was written, the next eight a number within it.
    BlobId,
    16
);
id!(
    /// A bucket in its public development URL: the digits of `pub-<32 hex>`. Never another's.
    PublicId,
    16
);
id!(
    /// One request; on every answer and every log line.
    RequestId,
    12
);

/// A bucket's stable id: renames, deletion and re-creation never mix rows. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId(pub u64);

impl JobId {
    /// The id of a job made at `created`.
    pub fn new(created: Timestamp, salt: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&created.0.to_be_bytes());
        bytes[8..].copy_from_slice(&salt);
        Self(bytes)
    }
}

impl BlobId {
    /// The id of the `number`th blob of an epoch.
    pub fn new(epoch: u32, number: u64, salt: [u8; 4]) -> Self {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&epoch.to_be_bytes());
        bytes[4..12].copy_from_slice(&number.to_be_bytes());
        bytes[12..].copy_from_slice(&salt);
        Self(bytes)
    }

    /// The epoch it was written in.
    pub fn epoch(&self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Its number within the epoch.
    pub fn number(&self) -> u64 {
        let [_, _, _, _, a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_they_parse() {
        let text = "0123456789abcdef0123456789abcdef";
        assert_eq!(AccountId::parse(text).unwrap().to_string(), text);
        assert_eq!(AccountId::parse(&text[1..]), None);
        assert_eq!(AccountId::parse(&text.replace('0', "g")), None);
    }

    #[test]
    fn blob_ids_tell_epoch_and_number() {
        let id = BlobId::new(7, 1 << 40, [1, 2, 3, 4]);
        assert_eq!((id.epoch(), id.number()), (7, 1 << 40));
    }
}
