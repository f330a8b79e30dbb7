//! Checksums of what a test sends, computed apart from the server.

use super::md5;
use aws_lc_rs::digest::{self, digest};
use crc_fast::CrcAlgorithm;
use types::{Checksum, ChecksumAlgorithm};

/// The checksum of `bytes`.
pub(crate) fn checksum(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Checksum {
    let crc = |kind, width: usize| crc_fast::checksum(kind, bytes).to_be_bytes()[8 - width..].to_vec();
    let value = match algorithm {
        ChecksumAlgorithm::Md5 => md5(bytes).to_vec(),
        ChecksumAlgorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc, 4),
        ChecksumAlgorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi, 4),
        ChecksumAlgorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme, 8),
        ChecksumAlgorithm::Sha1 => digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec(),
        ChecksumAlgorithm::Sha256 => digest(&digest::SHA256, bytes).as_ref().to_vec(),
    };
    Checksum::new(algorithm, &value).expect("as many bytes as the algorithm has")
}

/// The header that carries it.
pub(crate) fn checksum_header(algorithm: ChecksumAlgorithm) -> String {
    match algorithm {
        ChecksumAlgorithm::Md5 => "content-md5".to_owned(),
        other => format!("x-amz-checksum-{}", other.s3_name().to_lowercase()),
    }
}
