//! Checksums as operations ask for them and answer them: headers and elements beside those of the body itself, which
//! [`crate::payload`] reads. Sources: R2 "S3 API compatibility", Checksum Types; S3 "Checking object integrity".

use crate::header;
use crate::payload::{algorithm_named, checksum_header, checksum_text, invalid_digest, several_checksums};
use crate::xml::XmlWriter;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use types::{Checksum, ChecksumAlgorithm, ChecksumType, ErrorCode, OperationError, ShownChecksum, StoredChecksum};

static ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
static MODE: HeaderName = HeaderName::from_static("x-amz-checksum-mode");
static TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

/// True for `x-amz-checksum-mode: ENABLED`: the answer is to show the object's checksum.
pub(super) fn are_wanted(headers: &HeaderMap) -> Result<bool, OperationError> {
    Ok(header::text(headers, &MODE)?.is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")))
}

/// The algorithm that the parts of an upload are to have checksums by.
///
/// # Errors
/// `InvalidRequest` for an algorithm or type that there is not, a type without an algorithm, or one that the
/// algorithm does not have.
pub(super) fn of_upload(headers: &HeaderMap) -> Result<Option<ChecksumAlgorithm>, OperationError> {
    let algorithm = header::text(headers, &ALGORITHM)?.map(algorithm_named).transpose()?;
    match (algorithm, checksum_type(headers)?) {
        (Some(algorithm), Some(wanted)) if wanted != algorithm.multipart_type() => Err(invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            wanted.s3_name(),
            algorithm.s3_name().to_lowercase()
        ))),
        (None, Some(_)) => Err(invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )),
        (algorithm, _) => Ok(algorithm),
    }
}

/// `x-amz-checksum-type`.
///
/// # Errors
/// `InvalidRequest` for a type that there is not.
pub(super) fn checksum_type(headers: &HeaderMap) -> Result<Option<ChecksumType>, OperationError> {
    let Some(name) = header::text(headers, &TYPE)? else { return Ok(None) };
    let found = ChecksumType::ALL.into_iter().find(|known| known.s3_name().eq_ignore_ascii_case(name));
    found.map(Some).ok_or_else(|| invalid_request("Value for x-amz-checksum-type header is invalid."))
}

/// The checksum that the object made of parts must have.
///
/// # Errors
/// `InvalidDigest` for one that does not parse, `InvalidRequest` for several.
pub(super) fn of_object(headers: &HeaderMap) -> Result<Option<StoredChecksum>, OperationError> {
    let mut found = None;
    for algorithm in ChecksumAlgorithm::AMZ {
        let name = checksum_header(algorithm);
        let Some(text) = checksum_text(headers, name)? else { continue };
        let checksum = StoredChecksum::parse(algorithm, text).ok_or_else(|| invalid_digest(name))?;
        if found.replace(checksum).is_some() {
            return Err(several_checksums());
        }
    }
    Ok(found)
}

fn invalid_request(message: impl Into<std::borrow::Cow<'static, str>>) -> OperationError {
    OperationError::new(ErrorCode::InvalidRequest, message)
}

/// The checksum in its header; no more, as for a part.
pub(super) fn put(headers: &mut HeaderMap, checksum: Option<StoredChecksum>) {
    if let Some(checksum) = checksum {
        let name = HeaderName::from_static(checksum_header(checksum.checksum.algorithm()));
        header::put(headers, name, checksum.to_text());
    }
}

/// The checksum in its header, with its type.
pub(super) fn put_with_type(headers: &mut HeaderMap, checksum: Option<ShownChecksum>) {
    if let Some(checksum) = checksum {
        put(headers, Some(checksum.value));
        headers.insert(&TYPE, HeaderValue::from_static(checksum.object_type.s3_name()));
    }
}

/// What an upload was begun with.
pub(super) fn put_upload(headers: &mut HeaderMap, algorithm: Option<ChecksumAlgorithm>) {
    if let Some(algorithm) = algorithm {
        headers.insert(&ALGORITHM, HeaderValue::from_static(algorithm.s3_name()));
        headers.insert(&TYPE, HeaderValue::from_static(algorithm.multipart_type().s3_name()));
    }
}

/// The checksum in its element; no more, as for a part.
pub(super) fn write(xml: &mut XmlWriter, checksum: Option<StoredChecksum>) {
    if let Some(checksum) = checksum {
        xml.plain(element(checksum.checksum.algorithm()), &checksum.to_text());
    }
}

/// The checksum in its element, with its type.
pub(super) fn write_with_type(xml: &mut XmlWriter, checksum: Option<StoredChecksum>) {
    if let Some(checksum) = checksum {
        write(xml, Some(checksum));
        xml.plain("ChecksumType", checksum.checksum_type().s3_name());
    }
}

/// Algorithm and type of a listed object.
pub(super) fn write_kind(xml: &mut XmlWriter, kind: Option<(ChecksumAlgorithm, ChecksumType)>) {
    if let Some((algorithm, checksum_type)) = kind {
        xml.plain("ChecksumAlgorithm", algorithm.s3_name());
        xml.plain("ChecksumType", checksum_type.s3_name());
    }
}

/// Algorithm and type of an upload.
pub(super) fn write_upload(xml: &mut XmlWriter, algorithm: Option<ChecksumAlgorithm>) {
    write_kind(xml, algorithm.map(|algorithm| (algorithm, algorithm.multipart_type())));
}

/// The checksum of a part as a client lists it, in an element such as `ChecksumCRC32`; `None` for another element.
///
/// # Errors
/// `InvalidDigest`.
pub(super) fn read_element(name: &str, text: &str) -> Result<Option<Checksum>, OperationError> {
    let Some(algorithm) = ChecksumAlgorithm::AMZ.into_iter().find(|algorithm| element(*algorithm) == name) else {
        return Ok(None);
    };
    let checksum = Checksum::parse_base64(algorithm, text);
    checksum.map(Some).ok_or_else(|| invalid_digest(checksum_header(algorithm)))
}

fn element(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Md5 => "ChecksumMD5",
        ChecksumAlgorithm::Crc32 => "ChecksumCRC32",
        ChecksumAlgorithm::Crc32c => "ChecksumCRC32C",
        ChecksumAlgorithm::Crc64Nvme => "ChecksumCRC64NVME",
        ChecksumAlgorithm::Sha1 => "ChecksumSHA1",
        ChecksumAlgorithm::Sha256 => "ChecksumSHA256",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn each_algorithm_has_the_one_type_of_r2s_table() {
        for algorithm in ChecksumAlgorithm::AMZ {
            for checksum_type in ChecksumType::ALL {
                let headers = map(&[
                    ("x-amz-checksum-algorithm", algorithm.s3_name()),
                    ("x-amz-checksum-type", checksum_type.s3_name()),
                ]);
                let allowed =
                    (algorithm == ChecksumAlgorithm::Crc64Nvme) == (checksum_type == ChecksumType::FullObject);
                match of_upload(&headers) {
                    Ok(found) => assert!(allowed && found == Some(algorithm), "{headers:?}"),
                    Err(refused) => assert!(!allowed && refused.code == ErrorCode::InvalidRequest, "{headers:?}"),
                }
            }
        }
    }

    #[test]
    fn types_and_algorithms_that_there_are_not_are_refused() {
        for headers in [
            map(&[("x-amz-checksum-type", "COMPOSITE")]),
            map(&[("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "PARTIAL")]),
            map(&[("x-amz-checksum-algorithm", "SHA512")]),
            map(&[("x-amz-checksum-algorithm", "")]),
        ] {
            assert_eq!(of_upload(&headers).map_err(|error| error.code), Err(ErrorCode::InvalidRequest), "{headers:?}");
        }
    }

    #[test]
    fn an_object_is_asked_one_checksum_of_its_own() {
        let asked = |pairs| of_object(&map(pairs)).map_err(|error| error.code);
        assert_eq!(asked(&[]), Ok(None));
        let composite = asked(&[("x-amz-checksum-crc32", "AAAAAA==-2")]).unwrap().unwrap();
        assert_eq!(composite.composite_of, Some(2));
        assert_eq!(asked(&[("x-amz-checksum-crc32", "AAAA")]), Err(ErrorCode::InvalidDigest));
        let two = [("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")];
        assert_eq!(asked(&two), Err(ErrorCode::InvalidRequest));
    }
}
