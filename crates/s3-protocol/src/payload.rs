//! How a body is sent: what `x-amz-content-sha256` and its companions say about framing, length and checksums.
//! Source: AWS "Authenticating Requests: Using the Authorization Header"; R2 "Release notes" 2022-04-14.

use crate::header::{self, names};
use crate::request::RequestHead;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, TRANSFER_ENCODING};
use types::{Checksum, ChecksumAlgorithm, ErrorCode, OperationError};

/// The name of the header that says how the body was signed.
pub const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// The text of [`CONTENT_SHA256`] for a body outside the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The framing of a body, and what its signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadMode {
    /// The plain body, whose SHA-256 is signed and must be verified (`XAmzContentSHA256Mismatch` if it differs).
    Sha256([u8; 32]),
    /// The plain body, not signed.
    Unsigned,
    /// aws-chunked; each chunk signed.
    SignedChunks,
    /// aws-chunked; each chunk and the trailers signed.
    SignedChunksTrailer,
    /// aws-chunked with trailers; nothing signed.
    UnsignedChunksTrailer,
}

impl PayloadMode {
    /// Reads the header's text.
    ///
    /// # Errors
    /// `NotImplemented` for the ECDSA forms, `InvalidArgument` for anything else.
    pub fn parse(text: &str) -> Result<Self, OperationError> {
        match text {
            UNSIGNED_PAYLOAD => Ok(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Self::SignedChunks),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Ok(Self::SignedChunksTrailer),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Self::UnsignedChunksTrailer),
            _ => match types::ids::parse_hex(text) {
                Some(digest) => Ok(Self::Sha256(digest)),
                None => Err(unknown_mode(text)),
            },
        }
    }

    /// True for aws-chunked framing: the body goes through [`crate::chunked::ChunkedDecoder`].
    pub fn is_chunked(self) -> bool {
        matches!(self, Self::SignedChunks | Self::SignedChunksTrailer | Self::UnsignedChunksTrailer)
    }

    /// True if trailers may follow the chunks.
    pub fn has_trailers(self) -> bool {
        matches!(self, Self::SignedChunksTrailer | Self::UnsignedChunksTrailer)
    }
}

fn unknown_mode(text: &str) -> OperationError {
    if text.starts_with("STREAMING-AWS4-ECDSA") {
        return OperationError::new(
            ErrorCode::NotImplemented,
            "Signature Version 4A (ECDSA) is not implemented: sign with AWS4-HMAC-SHA256.",
        );
    }
    OperationError::new(
        ErrorCode::InvalidArgument,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER or a SHA-256 in hexadecimal.",
    )
}

/// Whether `x-amz-content-sha256` may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutHash {
    /// Presigned URLs and anonymous requests: the body is then unsigned.
    Unsigned,
    /// The `Authorization` header: the hash is part of what is signed.
    Refused,
}

/// What the `x-amz-checksum-*` headers of a request are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumHeaders {
    /// Its body.
    OfBody,
    /// The object that the request makes of parts: CompleteMultipartUpload, whose body is a document.
    OfObject,
}

/// The body as announced by the head of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Framing and signature.
    pub mode: PayloadMode,
    /// Bytes of the object, without any framing; `None` if the client does not say.
    pub length: Option<u64>,
    /// True if the body has an end of its own (`Transfer-Encoding: chunked`), so that it needs no length.
    pub has_own_end: bool,
    /// Checksums in the head (`Content-MD5`, `x-amz-checksum-*`): to be verified while the body streams.
    pub checksums: Vec<Checksum>,
    /// Checksums that will follow the chunks: to be calculated while the body streams. With `checksums` at most one
    /// besides MD5.
    pub trailers: Vec<ChecksumAlgorithm>,
}

impl Payload {
    /// Reads the head.
    ///
    /// # Errors
    /// `InvalidRequest` for a missing hash, trailers without chunks, several checksums or an announced one that is
    /// nowhere; `BadDigest` for one of another algorithm than announced; `InvalidArgument` for values that do not
    /// parse; `InvalidDigest` for checksums that do not; `MissingContentLength` for chunks without
    /// `x-amz-decoded-content-length`.
    pub fn parse(
        head: &RequestHead<'_>,
        without_hash: WithoutHash,
        about: ChecksumHeaders,
    ) -> Result<Self, OperationError> {
        let mode = mode(head, without_hash)?;
        let decoded_length = header::number(head.headers, &names::DECODED_CONTENT_LENGTH)?;
        if mode.is_chunked() && decoded_length.is_none() {
            return Err(OperationError::new(
                ErrorCode::MissingContentLength,
                "An aws-chunked body needs the header x-amz-decoded-content-length: the object's size in bytes.",
            ));
        }
        let plain_length = header::number(head.headers, &CONTENT_LENGTH)?;
        let payload = Self {
            mode,
            length: if mode.is_chunked() { decoded_length } else { plain_length.or(decoded_length) },
            has_own_end: head.headers.contains_key(TRANSFER_ENCODING),
            checksums: checksums(head.headers, about)?,
            trailers: trailers(head.headers, mode)?,
        };
        if about == ChecksumHeaders::OfBody {
            payload.check_announced_algorithm(head.headers)?;
        }
        payload.check_single_checksum()?;
        Ok(payload)
    }

    /// The bytes of the object; `None` if the client does not say and need not: R2 refuses such a body with 411, we
    /// store it with the length it turns out to have.
    ///
    /// # Errors
    /// `MissingContentLength` if nothing tells where the body ends; `EntityTooLarge` over
    /// `types::limits::UPLOAD_BYTES_MAX`.
    pub fn upload_length(&self) -> Result<Option<u64>, OperationError> {
        let Some(length) = self.length else {
            return if self.has_own_end { Ok(None) } else { Err(ErrorCode::MissingContentLength.into()) };
        };
        if length > types::limits::UPLOAD_BYTES_MAX {
            return Err(OperationError::new(
                ErrorCode::EntityTooLarge,
                "Your proposed upload exceeds the maximum of 5 GiB less 5 MiB for one request: use a multipart upload.",
            ));
        }
        Ok(Some(length))
    }

    /// The checksum besides MD5 that comes with the body, in the head or behind it.
    fn amz_algorithms(&self) -> impl Iterator<Item = ChecksumAlgorithm> {
        let head =
            self.checksums.iter().map(Checksum::algorithm).filter(|algorithm| *algorithm != ChecksumAlgorithm::Md5);
        head.chain(self.trailers.iter().copied())
    }

    /// `x-amz-sdk-checksum-algorithm` promises a checksum: one of this algorithm must be there or follow.
    fn check_announced_algorithm(&self, headers: &HeaderMap) -> Result<(), OperationError> {
        let Some(name) = header::text(headers, &names::SDK_CHECKSUM_ALGORITHM)? else { return Ok(()) };
        let announced = algorithm_named(name)?;
        if self.amz_algorithms().any(|algorithm| algorithm == announced) {
            return Ok(());
        }
        Err(match self.amz_algorithms().next() {
            // S3's own choice of code: API reference, PutObject, `ChecksumAlgorithm`.
            Some(algorithm) => OperationError::new(
                ErrorCode::BadDigest,
                format!(
                    "x-amz-sdk-checksum-algorithm announces {}, but the checksum that was sent is a {}.",
                    announced.s3_name(),
                    algorithm.s3_name()
                ),
            ),
            None => OperationError::new(
                ErrorCode::InvalidRequest,
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
                 headers were found.",
            ),
        })
    }

    fn check_single_checksum(&self) -> Result<(), OperationError> {
        match self.amz_algorithms().nth(1) {
            None => Ok(()),
            Some(_) => Err(several_checksums()),
        }
    }
}

/// More than one `x-amz-checksum-*` in head and trailers together.
pub(crate) fn several_checksums() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidRequest,
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )
}

/// The mode of a request. The hash in the query of a presigned URL, if there is one, binds whoever uses it.
fn mode(head: &RequestHead<'_>, without_hash: WithoutHash) -> Result<PayloadMode, OperationError> {
    let sent = header::text(head.headers, &names::CONTENT_SHA256)?;
    if without_hash == WithoutHash::Refused {
        return PayloadMode::parse(sent.ok_or_else(missing_hash)?);
    }
    let presigned = head.query().get("X-Amz-Content-Sha256")?;
    let presigned = presigned.as_deref().filter(|text| *text != UNSIGNED_PAYLOAD);
    presigned.or(sent).map_or(Ok(PayloadMode::Unsigned), PayloadMode::parse)
}

/// The `Authorization` header signs the body's hash, so it must be there.
pub(crate) fn missing_hash() -> OperationError {
    OperationError::new(ErrorCode::InvalidRequest, "Missing required header for this request: x-amz-content-sha256")
}

/// The algorithm of a name such as `CRC64NVME`.
///
/// # Errors
/// `InvalidRequest` for another name.
pub(crate) fn algorithm_named(name: &str) -> Result<ChecksumAlgorithm, OperationError> {
    ChecksumAlgorithm::AMZ.into_iter().find(|algorithm| algorithm.s3_name().eq_ignore_ascii_case(name)).ok_or_else(
        || {
            OperationError::new(
                ErrorCode::InvalidRequest,
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            )
        },
    )
}

/// The header of an algorithm.
pub(crate) fn checksum_header(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Md5 => "content-md5",
        ChecksumAlgorithm::Crc32 => "x-amz-checksum-crc32",
        ChecksumAlgorithm::Crc32c => "x-amz-checksum-crc32c",
        ChecksumAlgorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        ChecksumAlgorithm::Sha1 => "x-amz-checksum-sha1",
        ChecksumAlgorithm::Sha256 => "x-amz-checksum-sha256",
    }
}

/// Every checksum of the head that is about the body.
fn checksums(headers: &HeaderMap, about: ChecksumHeaders) -> Result<Vec<Checksum>, OperationError> {
    let amz: &[ChecksumAlgorithm] = match about {
        ChecksumHeaders::OfBody => &ChecksumAlgorithm::AMZ,
        ChecksumHeaders::OfObject => &[],
    };
    let mut found = Vec::new();
    // Most requests have none, and one pass over their names is cheaper than a search for each.
    if !headers.keys().any(is_checksum_header) {
        return Ok(found);
    }
    for algorithm in [ChecksumAlgorithm::Md5].iter().chain(amz) {
        let name = checksum_header(*algorithm);
        if let Some(text) = checksum_text(headers, name)? {
            found.push(Checksum::parse_base64(*algorithm, text).ok_or_else(|| invalid_digest(name))?);
        }
    }
    Ok(found)
}

fn is_checksum_header(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-amz-checksum-") || name.as_str() == checksum_header(ChecksumAlgorithm::Md5)
}

/// The text of a checksum's header, which may be there once.
pub(crate) fn checksum_text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, OperationError> {
    let text = header::text(headers, name)?;
    if text.is_some() && headers.get_all(name).iter().nth(1).is_some() {
        return Err(OperationError::new(ErrorCode::InvalidRequest, format!("Expecting a single {name} header.")));
    }
    Ok(text)
}

/// A checksum, in the head or a trailer, that is not the base64 text of a digest of its algorithm.
pub(crate) fn invalid_digest(name: &str) -> OperationError {
    OperationError::new(
        ErrorCode::InvalidDigest,
        format!("Value for {name} is invalid: it must be the base64 text of a digest of the right length."),
    )
}

/// The checksums that `x-amz-trailer` announces.
fn trailers(headers: &HeaderMap, mode: PayloadMode) -> Result<Vec<ChecksumAlgorithm>, OperationError> {
    let mut announced = Vec::new();
    for value in headers.get_all(&names::TRAILER) {
        let text = value.to_str().map_err(|_| unknown_trailer())?;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            announced.push(trailer_algorithm(name).ok_or_else(unknown_trailer)?);
        }
    }
    if announced.is_empty() || mode.has_trailers() {
        return Ok(announced);
    }
    Err(OperationError::new(
        ErrorCode::InvalidRequest,
        "x-amz-trailer needs an x-amz-content-sha256 that ends in -TRAILER: no trailer can follow this body.",
    ))
}

/// The algorithm whose header this is, in any case.
pub(crate) fn trailer_algorithm(name: &str) -> Option<ChecksumAlgorithm> {
    ChecksumAlgorithm::AMZ.into_iter().find(|algorithm| checksum_header(*algorithm).eq_ignore_ascii_case(name))
}

fn unknown_trailer() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidRequest,
        "The value specified in the x-amz-trailer header is not supported: it may name x-amz-checksum-crc32, -crc32c, \
         -crc64nvme, -sha1 and -sha256.",
    )
}

/// The `Content-Encoding` to store: without `aws-chunked`, which is about this transfer only.
pub(crate) fn stored_content_encoding(sent: &str) -> Option<String> {
    if !sent.to_ascii_lowercase().contains("aws-chunked") {
        return (!sent.is_empty()).then(|| sent.to_owned());
    }
    let kept: Vec<_> = sent
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

#[cfg(test)]
mod tests;
