//! Checksums a client can send with a body. Sources: R2 "S3 API compatibility", Checksum Types; S3.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// An algorithm a client can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChecksumAlgorithm {
    /// MD5: `Content-MD5`, and every ETag.
    Md5,
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ChecksumAlgorithm {
    /// The algorithms of `x-amz-checksum-*`: all but MD5.
    pub const AMZ: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// Bytes of one digest.
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// S3's name, as in `x-amz-sdk-checksum-algorithm`. MD5 has none of its own and is called `MD5`.
    pub fn s3_name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The type of a multipart object's checksum: R2 has exactly one for each algorithm. Source: R2 "S3 API
    /// compatibility", Checksum Types.
    pub fn multipart_type(self) -> ChecksumType {
        match self {
            Self::Crc64Nvme => ChecksumType::FullObject,
            Self::Md5 | Self::Crc32 | Self::Crc32c | Self::Sha1 | Self::Sha256 => ChecksumType::Composite,
        }
    }
}

/// What the checksum of an object is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumType {
    /// The bytes of the object.
    FullObject,
    /// The digests of its parts, one after the other.
    Composite,
}

impl ChecksumType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::FullObject, Self::Composite];

    /// S3's name, as in `x-amz-checksum-type`.
    pub fn s3_name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// A digest and how it was made. Holds exactly [`ChecksumAlgorithm::digest_bytes`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    digest: [u8; 32],
}

impl Checksum {
    /// From the digest's bytes; `None` if their number is not the algorithm's.
    pub fn new(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Option<Self> {
        let mut digest = [0; 32];
        if bytes.len() != algorithm.digest_bytes() {
            return None;
        }
        digest[..bytes.len()].copy_from_slice(bytes);
        Some(Self { algorithm, digest })
    }

    /// From the base64 text of a header.
    pub fn parse_base64(algorithm: ChecksumAlgorithm, text: &str) -> Option<Self> {
        Self::new(algorithm, &BASE64_STANDARD.decode(text.trim()).ok()?)
    }

    /// How it was made.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The digest's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.digest[..self.algorithm.digest_bytes()]
    }

    /// The text of a header.
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.bytes())
    }
}

/// The checksum of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredChecksum {
    /// The digest.
    pub checksum: Checksum,
    /// Parts it was composed of; `None`: over the full object.
    pub composite_of: Option<u16>,
}

impl StoredChecksum {
    /// From the text of a header: `<base64>`, or `<base64>-<parts>` if it is composed of the digests of parts.
    pub fn parse(algorithm: ChecksumAlgorithm, text: &str) -> Option<Self> {
        let (digest, composite_of) = match text.trim().split_once('-') {
            Some((digest, parts)) if parts.bytes().all(|byte| byte.is_ascii_digit()) => {
                (digest, Some(parts.parse().ok().filter(|parts| *parts > 0)?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        Some(Self { checksum: Checksum::parse_base64(algorithm, digest)?, composite_of })
    }

    /// What it is made of.
    pub fn checksum_type(&self) -> ChecksumType {
        match self.composite_of {
            Some(_) => ChecksumType::Composite,
            None => ChecksumType::FullObject,
        }
    }

    /// The text of a header.
    pub fn to_text(&self) -> String {
        let digest = self.checksum.to_base64();
        match self.composite_of {
            Some(parts) => format!("{digest}-{parts}"),
            None => digest,
        }
    }
}

impl From<Checksum> for StoredChecksum {
    /// Over the full object.
    fn from(checksum: Checksum) -> Self {
        Self { checksum, composite_of: None }
    }
}

/// A checksum as an answer shows it: that of an object, or of one part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownChecksum {
    /// Of the bytes that are answered.
    pub value: StoredChecksum,
    /// What the checksum of the whole object is made of.
    pub object_type: ChecksumType,
}

impl From<StoredChecksum> for ShownChecksum {
    fn from(value: StoredChecksum) -> Self {
        Self { value, object_type: value.checksum_type() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_the_wrong_length_does_not_parse() {
        assert!(Checksum::parse_base64(ChecksumAlgorithm::Crc32, "AAAAAA==").is_some());
        for bad in ["", "AAAA", "AAAAAAA=", "!!!!", "AAAAAAAA"] {
            assert_eq!(Checksum::parse_base64(ChecksumAlgorithm::Crc32, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_composite_checksum_says_of_how_many_parts() {
        let composite = StoredChecksum::parse(ChecksumAlgorithm::Crc32, "AAAAAA==-12").unwrap();
        assert_eq!((composite.composite_of, composite.checksum_type()), (Some(12), ChecksumType::Composite));
        assert_eq!(composite.to_text(), "AAAAAA==-12");
        let whole = StoredChecksum::parse(ChecksumAlgorithm::Crc32, "AAAAAA==").unwrap();
        assert_eq!((whole.checksum_type(), whole.to_text()), (ChecksumType::FullObject, "AAAAAA==".to_owned()));
        for bad in ["AAAAAA==-", "AAAAAA==-0", "AAAAAA==-x", "AAAAAA==--1", "AAAAAA==-70000", "AAAA-1", "-1"] {
            assert_eq!(StoredChecksum::parse(ChecksumAlgorithm::Crc32, bad), None, "{bad}");
        }
    }
}
