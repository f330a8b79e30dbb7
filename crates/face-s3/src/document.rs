//! Request bodies that are small documents: collected, and checked against everything their head promises.

use crate::handle::Context;
use bytes::Bytes;
use http_body::Body as HttpBody;
use operations::{Body, DigestSource, ExpectedDigest, verify_document};
use s3_protocol::payload::{Payload, PayloadMode};
use std::error::Error;
use types::{Checksum, ChecksumAlgorithm, OperationError};

impl<B> Context<'_, B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// The document in the body.
    ///
    /// # Errors
    /// `MalformedXML` if it is too large; `BadDigest` and `XAmzContentSHA256Mismatch`.
    pub(crate) async fn verified_document(&mut self) -> Result<Vec<u8>, OperationError> {
        let document = self.body.collect_document().await?;
        let mut expected = expected_digests(self.payload);
        let trailers = self.body.trailer_checksums().iter();
        expected
            .extend(trailers.map(|checksum| ExpectedDigest { checksum: *checksum, source: DigestSource::Checksum }));
        verify_document(&expected, &document)?;
        Ok(document)
    }
}

/// Every digest that the head promises for the body.
pub(crate) fn expected_digests(payload: &Payload) -> Vec<ExpectedDigest> {
    let promised = |checksum: &Checksum| ExpectedDigest { checksum: *checksum, source: DigestSource::Checksum };
    let mut expected: Vec<_> = payload.checksums.iter().map(promised).collect();
    if let PayloadMode::Sha256(digest) = payload.mode
        && let Some(checksum) = Checksum::new(ChecksumAlgorithm::Sha256, &digest)
    {
        expected.push(ExpectedDigest { checksum, source: DigestSource::SignedPayload });
    }
    expected
}
