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
}
