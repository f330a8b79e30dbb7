//! Checksums of multipart uploads: which one a part must bring, and what those of all parts make of the object.
//! Sources: R2 "S3 API compatibility", Checksum Types; S3 "Checking object integrity" for what the seeds leave open.
//!
//! The algorithm an upload was begun with binds its parts. An upload that was begun without one takes whatever
//! checksum a part brings, verifies it and keeps it with the part; its object then has none, unless the completion
//! asks for one.

use crate::crc64::JoinedCrc64;
use crate::digests::{DigestSource, ExpectedDigest};
use blobs::Digester;
use metadata::rows::PartRow;
use metadata::uploads::FoundPart;
use types::{Checksum, ChecksumAlgorithm, ChecksumType, ErrorCode, OperationError, StoredChecksum};

/// Refuses a part whose checksum is not by the algorithm that its upload was `begun_with`. Only where the object's
/// checksum is over its bytes may a part come without: the client need not know the parts' then.
///
/// # Errors
/// `InvalidRequest`.
pub(crate) fn check_part(
    begun_with: Option<ChecksumAlgorithm>,
    expected: &[ExpectedDigest],
    trailers: &[ChecksumAlgorithm],
) -> Result<(), OperationError> {
    let Some(wanted) = begun_with else { return Ok(()) };
    let head = expected.iter().filter(|digest| digest.source == DigestSource::Checksum);
    let head = head.map(|digest| digest.checksum.algorithm()).filter(|algorithm| *algorithm != ChecksumAlgorithm::Md5);
    match head.chain(trailers.iter().copied()).next() {
        Some(brought) if brought == wanted => Ok(()),
        Some(brought) => Err(mismatch(wanted, Some(brought))),
        None if wanted.multipart_type() == ChecksumType::FullObject => Ok(()),
        None => Err(mismatch(wanted, None)),
    }
}

fn mismatch(expected: ChecksumAlgorithm, actual: Option<ChecksumAlgorithm>) -> OperationError {
    let actual = actual.map_or_else(|| "null".to_owned(), lower);
    let expected = lower(expected);
    let message =
        format!("Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}");
    OperationError::new(ErrorCode::InvalidRequest, message)
}

/// As S3 writes algorithms in messages.
fn lower(algorithm: ChecksumAlgorithm) -> String {
    algorithm.s3_name().to_lowercase()
}

/// Refuses a completion that does not list the checksum of a part, where the object's is made of them: a client that
/// repeats them would notice if a part was not the one it sent.
///
/// # Errors
/// `InvalidRequest`.
pub(crate) fn check_listed(
    begun_with: Option<ChecksumAlgorithm>,
    part: u16,
    listed: Option<&Checksum>,
) -> Result<(), OperationError> {
    match begun_with {
        Some(algorithm) if listed.is_none() && algorithm.multipart_type() == ChecksumType::Composite => {
            Err(OperationError::new(
                ErrorCode::InvalidRequest,
                format!(
                    "The upload was created using a {} checksum. The complete request must include the checksum for \
                     each part. It was missing for part {part} in the request.",
                    lower(algorithm)
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// What a completion says about the checksum of the object.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedChecksum {
    /// What it must be.
    pub value: Option<StoredChecksum>,
    /// The type it must be of.
    pub checksum_type: Option<ChecksumType>,
}

/// The checksum of the object that `parts` make; `None` if nobody asked for one.
///
/// # Errors
/// `InvalidRequest` for another algorithm or type than the upload's, or if the parts have no such checksum;
/// `BadDigest` if it is not the asked one.
pub(crate) fn of_object(
    begun_with: Option<ChecksumAlgorithm>,
    asked: &AskedChecksum,
    parts: &[FoundPart],
) -> Result<Option<StoredChecksum>, OperationError> {
    let asked_algorithm = asked.value.map(|value| value.checksum.algorithm());
    let Some(algorithm) = begun_with.or(asked_algorithm) else { return Ok(None) };
    if asked_algorithm.is_some_and(|asked| asked != algorithm) {
        return Err(mismatch(algorithm, asked_algorithm));
    }
    let object_type = algorithm.multipart_type();
    if asked.checksum_type.is_some_and(|asked| asked != object_type) {
        let message = format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            object_type.s3_name()
        );
        return Err(OperationError::new(ErrorCode::InvalidRequest, message));
    }
    let checksum = match object_type {
        ChecksumType::FullObject => full_object(algorithm, parts)?,
        ChecksumType::Composite => composite(algorithm, parts)?,
    };
    match asked.value {
        Some(asked) if !is_same(&asked, &checksum) => Err(OperationError::new(
            ErrorCode::BadDigest,
            format!("The {} you specified did not match the calculated checksum.", algorithm.s3_name()),
        )),
        _ => Ok(Some(checksum)),
    }
}

/// A client may leave out of how many parts its composite checksum is.
fn is_same(asked: &StoredChecksum, found: &StoredChecksum) -> bool {
    asked.checksum == found.checksum && (asked.composite_of.is_none() || asked.composite_of == found.composite_of)
}

/// Only CRC-64/NVME is of this type.
fn full_object(algorithm: ChecksumAlgorithm, parts: &[FoundPart]) -> Result<StoredChecksum, OperationError> {
    let mut joined = JoinedCrc64::new();
    for part in parts {
        let checksum = part_checksum(algorithm, part.number, &part.stored.row)?;
        let crc = <[u8; 8]>::try_from(checksum.bytes()).map_err(OperationError::internal)?;
        joined.push(u64::from_be_bytes(crc), part.stored.row.size);
    }
    let checksum = Checksum::new(algorithm, &joined.finish().to_be_bytes());
    checksum.map(StoredChecksum::from).ok_or_else(|| no_digest(algorithm))
}

/// The digest of the digests.
fn composite(algorithm: ChecksumAlgorithm, parts: &[FoundPart]) -> Result<StoredChecksum, OperationError> {
    let mut digester = Digester::new(&[algorithm]);
    for part in parts {
        digester.update(part_checksum(algorithm, part.number, &part.stored.row)?.bytes());
    }
    let checksum = digester.finish().get(algorithm).ok_or_else(|| no_digest(algorithm))?;
    let composite_of = Some(u16::try_from(parts.len()).map_err(OperationError::internal)?);
    Ok(StoredChecksum { checksum, composite_of })
}

fn part_checksum(algorithm: ChecksumAlgorithm, number: u16, row: &PartRow) -> Result<&Checksum, OperationError> {
    let checksum = row.checksum.as_ref().filter(|checksum| checksum.algorithm() == algorithm);
    checksum.ok_or_else(|| {
        OperationError::new(
            ErrorCode::InvalidRequest,
            format!(
                "The object can have no {} checksum, since part {number} has none: name the algorithm when the upload \
                 begins.",
                lower(algorithm)
            ),
        )
    })
}

fn no_digest(algorithm: ChecksumAlgorithm) -> OperationError {
    OperationError::internal(format!("no digest of {} came out", algorithm.s3_name()))
}
