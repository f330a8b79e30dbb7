//! Everything that is computed over an upload's plain bytes, in one pass.
//!
//! MD5 always, for the ETag; of the others only what the request names. MD5 is the floor of every large upload, the
//! rest is small beside it.

use crate::md5::{self, Md5State};
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use crc_fast::CrcAlgorithm;
use types::{Checksum, ChecksumAlgorithm, Md5};

/// Digests in the making.
pub struct Digester {
    md5: Md5State,
    others: Vec<Hasher>,
}

enum Hasher {
    Crc { algorithm: ChecksumAlgorithm, digest: Box<crc_fast::Digest> },
    Sha { algorithm: ChecksumAlgorithm, context: Context },
}

/// The finished digests of one upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of all bytes: the ETag of what was uploaded.
    pub md5: Md5,
    others: Vec<Checksum>,
}

impl Digester {
    /// Computes MD5 and each of `algorithms`; one named twice is computed once.
    pub fn new(algorithms: &[ChecksumAlgorithm]) -> Self {
        let mut others: Vec<Hasher> = Vec::new();
        for algorithm in algorithms {
            if !others.iter().any(|hasher| hasher.algorithm() == *algorithm) {
                others.extend(Hasher::new(*algorithm));
            }
        }
        Self { md5: Md5State::new(), others }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.update_others(bytes);
    }

    /// Adds bytes to each of several, which is cheaper than one after the other.
    pub(crate) fn update_together<'a>(all: impl Iterator<Item = (&'a mut Self, &'a [u8])>) {
        let mut streams: Vec<_> = all
            .map(|(digester, bytes)| {
                digester.update_others(bytes);
                md5::Next { state: &mut digester.md5, bytes }
            })
            .collect();
        md5::update_together(&mut streams);
    }

    fn update_others(&mut self, bytes: &[u8]) {
        for hasher in &mut self.others {
            match hasher {
                Hasher::Crc { digest, .. } => digest.update(bytes),
                Hasher::Sha { context, .. } => context.update(bytes),
            }
        }
    }

    /// The digests of all bytes added.
    pub fn finish(self) -> Digests {
        let others = self.others.into_iter().filter_map(Hasher::finish).collect();
        Digests { md5: self.md5.finish(), others }
    }
}

impl Hasher {
    /// None for MD5, which has its own place.
    fn new(algorithm: ChecksumAlgorithm) -> Option<Self> {
        let crc = |kind| Some(Self::Crc { algorithm, digest: Box::new(crc_fast::Digest::new(kind)) });
        match algorithm {
            ChecksumAlgorithm::Md5 => None,
            ChecksumAlgorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
            ChecksumAlgorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
            ChecksumAlgorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
            ChecksumAlgorithm::Sha1 => Some(Self::Sha { algorithm, context: Context::new(&SHA1_FOR_LEGACY_USE_ONLY) }),
            ChecksumAlgorithm::Sha256 => Some(Self::Sha { algorithm, context: Context::new(&SHA256) }),
        }
    }

    fn algorithm(&self) -> ChecksumAlgorithm {
        match self {
            Self::Crc { algorithm, .. } | Self::Sha { algorithm, .. } => *algorithm,
        }
    }

    /// CRCs are written as big-endian numbers of their own width. Source: S3 "Checking object integrity".
    fn finish(self) -> Option<Checksum> {
        match self {
            Self::Crc { algorithm, digest } => {
                let number = digest.finalize().to_be_bytes();
                Checksum::new(algorithm, &number[number.len() - algorithm.digest_bytes()..])
            }
            Self::Sha { algorithm, context } => Checksum::new(algorithm, context.finish().as_ref()),
        }
    }
}

impl Digests {
    /// The digest of one algorithm, if it was computed. MD5 always is.
    pub fn get(&self, algorithm: ChecksumAlgorithm) -> Option<Checksum> {
        match algorithm {
            ChecksumAlgorithm::Md5 => Checksum::new(algorithm, &self.md5.0),
            _ => self.others.iter().find(|checksum| checksum.algorithm() == algorithm).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ids::hex;

    /// The check values of the CRC catalogue, and the SHAs and MD5 of the same text.
    const OF_123456789: [(ChecksumAlgorithm, &str); 6] = [
        (ChecksumAlgorithm::Md5, "25f9e794323b453885f5181f1b624d0b"),
        (ChecksumAlgorithm::Crc32, "cbf43926"),
        (ChecksumAlgorithm::Crc32c, "e3069283"),
        (ChecksumAlgorithm::Crc64Nvme, "ae8b14860a799888"),
        (ChecksumAlgorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        (ChecksumAlgorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ];

    #[test]
    fn known_answers_come_out_however_the_bytes_are_cut() {
        for cut in 0..=9 {
            let mut digester = Digester::new(&ChecksumAlgorithm::AMZ);
            digester.update(&b"123456789"[..cut]);
            digester.update(&b"123456789"[cut..]);
            let digests = digester.finish();
            for (algorithm, expected) in OF_123456789 {
                assert_eq!(hex(digests.get(algorithm).unwrap().bytes()), expected, "{algorithm:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn only_what_was_named_is_computed_and_only_once() {
        let named = [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Md5];
        let digester = Digester::new(&named);
        assert_eq!(digester.others.len(), 1);
        let digests = digester.finish();
        assert_eq!(digests.get(ChecksumAlgorithm::Sha256), None);
        assert_eq!(hex(&digests.md5.0), "d41d8cd98f00b204e9800998ecf8427e", "of nothing");
    }
}
