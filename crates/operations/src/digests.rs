//! Digests a client promised, checked against what arrived.

use blobs::{Body, Digester, Digests};
use types::{Checksum, ChecksumAlgorithm, ErrorCode, OperationError};

/// A digest the body must have.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedDigest {
    /// The digest.
    pub checksum: Checksum,
    /// Where it came from, which decides the error.
    pub source: DigestSource,
}

/// Where a promised digest came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestSource {
    /// `Content-MD5` or `x-amz-checksum-*`.
    Checksum,
    /// `x-amz-content-sha256`, which the signature covers.
    SignedPayload,
}

impl ExpectedDigest {
    fn verify(&self, digests: &Digests) -> Result<(), OperationError> {
        if digests.get(self.checksum.algorithm()).as_ref() == Some(&self.checksum) {
            return Ok(());
        }
        Err(match self.source {
            DigestSource::SignedPayload => ErrorCode::ContentSha256Mismatch.into(),
            DigestSource::Checksum => mismatch(self.checksum.algorithm()),
        })
    }
}

fn mismatch(algorithm: ChecksumAlgorithm) -> OperationError {
    let name = algorithm.s3_name();
    OperationError::new(ErrorCode::BadDigest, format!("The {name} you specified did not match what we received."))
}

/// Every promised digest, in headers and in the trailers of `body`, must be that of what arrived.
///
/// # Errors
/// `BadDigest` or `ContentSha256Mismatch`.
pub(crate) fn verify(expected: &[ExpectedDigest], body: &dyn Body, digests: &Digests) -> Result<(), OperationError> {
    expected.iter().try_for_each(|digest| digest.verify(digests))?;
    body.trailer_checksums()
        .iter()
        .try_for_each(|checksum| ExpectedDigest { checksum: *checksum, source: DigestSource::Checksum }.verify(digests))
}

/// A small document must have every digest that was promised for it.
///
/// # Errors
/// `BadDigest` or `ContentSha256Mismatch`.
pub fn verify_document(expected: &[ExpectedDigest], document: &[u8]) -> Result<(), OperationError> {
    let mut digester = Digester::new(&algorithms(expected, &[]));
    digester.update(document);
    let digests = digester.finish();
    expected.iter().try_for_each(|digest| digest.verify(&digests))
}

/// What to compute while the body streams: what headers promise and what trailers will.
pub(crate) fn algorithms(expected: &[ExpectedDigest], trailers: &[ChecksumAlgorithm]) -> Vec<ChecksumAlgorithm> {
    let mut all: Vec<_> =
        expected.iter().map(|digest| digest.checksum.algorithm()).chain(trailers.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The checksum to keep with the object: the one the client chose, in a header or a trailer.
pub(crate) fn chosen(expected: &[ExpectedDigest], body: &dyn Body) -> Option<Checksum> {
    let header = expected.iter().filter(|digest| digest.source == DigestSource::Checksum).map(|digest| digest.checksum);
    let mut offered = header.chain(body.trailer_checksums().iter().copied());
    offered.find(|checksum| checksum.algorithm() != ChecksumAlgorithm::Md5)
}
