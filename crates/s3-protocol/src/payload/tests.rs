//! Which heads announce which bodies.

use super::*;
use http::{HeaderName, HeaderValue, Method};

fn parse(headers: &[(&'static str, &'static str)]) -> Result<Payload, ErrorCode> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let head = RequestHead { method: &Method::PUT, path: "/b/k", query: None, host: "h", headers: &map };
    Payload::parse(&head, WithoutHash::Refused, ChecksumHeaders::OfBody).map_err(|error| error.code)
}

const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const TRAILER: (&str, &str) = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
const UNSIGNED: (&str, &str) = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
const CRC32: (&str, &str) = ("x-amz-checksum-crc32", "AAAAAA==");

#[test]
fn plain_bodies_have_their_content_length() {
    let payload = parse(&[("x-amz-content-sha256", HASH), ("content-length", "5")]).unwrap();
    assert_eq!(payload.length, Some(5));
    assert!(matches!(payload.mode, PayloadMode::Sha256(digest) if digest[0] == 0xe3));
    assert_eq!(parse(&[UNSIGNED]).unwrap().upload_length().unwrap_err().code, ErrorCode::MissingContentLength);
    let largest = parse(&[UNSIGNED, ("content-length", "5363466240")]).unwrap();
    assert_eq!(largest.upload_length().unwrap(), Some(types::limits::UPLOAD_BYTES_MAX));
    let huge = parse(&[UNSIGNED, ("content-length", "5363466241")]).unwrap();
    assert_eq!(huge.upload_length().unwrap_err().code, ErrorCode::EntityTooLarge);
}

#[test]
fn a_body_with_an_end_of_its_own_needs_no_length() {
    let chunked = ("transfer-encoding", "chunked");
    assert_eq!(parse(&[UNSIGNED, chunked]).unwrap().upload_length().unwrap(), None);
    let told = parse(&[UNSIGNED, chunked, ("x-amz-decoded-content-length", "5")]).unwrap();
    assert_eq!(told.upload_length().unwrap(), Some(5), "what the client says counts all the same");
    assert_eq!(parse(&[TRAILER, chunked]), Err(ErrorCode::MissingContentLength), "aws-chunked needs it all the same");
}

#[test]
fn chunked_bodies_have_their_decoded_length_even_without_content_length() {
    let payload = parse(&[TRAILER, ("x-amz-decoded-content-length", "5"), ("x-amz-trailer", "x-amz-checksum-crc32")]);
    let payload = payload.unwrap();
    assert_eq!((payload.length, payload.trailers), (Some(5), vec![ChecksumAlgorithm::Crc32]));
    assert_eq!(parse(&[TRAILER, ("content-length", "5")]), Err(ErrorCode::MissingContentLength));
}

#[test]
fn what_contradicts_itself_or_does_not_parse_is_refused() {
    let decoded = ("x-amz-decoded-content-length", "5");
    for (headers, code) in [
        (vec![], ErrorCode::InvalidRequest),
        (vec![("x-amz-content-sha256", "abc")], ErrorCode::InvalidArgument),
        (vec![("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")], ErrorCode::NotImplemented),
        (vec![TRAILER, ("x-amz-decoded-content-length", "-5")], ErrorCode::InvalidArgument),
        (vec![TRAILER, decoded, ("x-amz-trailer", "x-amz-meta-a")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, ("x-amz-trailer", "x-amz-checksum-crc32")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, ("content-md5", "AAAA")], ErrorCode::InvalidDigest),
        (vec![UNSIGNED, ("x-amz-checksum-sha1", "AAAAAA==")], ErrorCode::InvalidDigest),
        (vec![UNSIGNED, ("x-amz-sdk-checksum-algorithm", "CRC32")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, ("x-amz-sdk-checksum-algorithm", "MD4")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, ("x-amz-sdk-checksum-algorithm", "")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, CRC32, ("x-amz-sdk-checksum-algorithm", "SHA1")], ErrorCode::BadDigest),
        (vec![UNSIGNED, CRC32, ("x-amz-checksum-crc32c", "AAAAAA==")], ErrorCode::InvalidRequest),
        (vec![UNSIGNED, CRC32, CRC32], ErrorCode::InvalidRequest),
        (vec![TRAILER, decoded, CRC32, ("x-amz-trailer", "x-amz-checksum-crc32")], ErrorCode::InvalidRequest),
        (
            vec![TRAILER, decoded, ("x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-sha1")],
            ErrorCode::InvalidRequest,
        ),
        (
            vec![TRAILER, decoded, ("x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-crc32")],
            ErrorCode::InvalidRequest,
        ),
    ] {
        assert_eq!(parse(&headers), Err(code), "{headers:?}");
    }
}

#[test]
fn every_checksum_of_the_head_is_collected() {
    let payload = parse(&[
        UNSIGNED,
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-sdk-checksum-algorithm", "CRC64NVME"),
    ]);
    let algorithms: Vec<_> = payload.unwrap().checksums.iter().map(Checksum::algorithm).collect();
    assert_eq!(algorithms, [ChecksumAlgorithm::Md5, ChecksumAlgorithm::Crc64Nvme]);
}

#[test]
fn the_checksum_headers_of_a_completion_are_not_about_its_document() {
    let headers = [UNSIGNED, ("x-amz-checksum-crc32", "AAAAAA==-2"), ("x-amz-sdk-checksum-algorithm", "CRC32")];
    let map = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let map = HeaderMap::from_iter(map);
    let head = RequestHead { method: &Method::POST, path: "/b/k", query: None, host: "h", headers: &map };
    let payload = Payload::parse(&head, WithoutHash::Refused, ChecksumHeaders::OfObject).unwrap();
    assert_eq!(payload.checksums, []);
}

#[test]
fn aws_chunked_is_not_stored() {
    assert_eq!(stored_content_encoding("aws-chunked"), None);
    assert_eq!(stored_content_encoding("gzip, aws-chunked").as_deref(), Some("gzip"));
    assert_eq!(stored_content_encoding("AWS-Chunked,br, gzip").as_deref(), Some("br,gzip"));
    assert_eq!(stored_content_encoding("gzip, br").as_deref(), Some("gzip, br"));
    assert_eq!(stored_content_encoding(""), None);
}

#[test]
fn a_hash_in_a_presigned_url_binds_the_body() {
    let mode = |query, header: Option<&'static str>| {
        let headers = header.map(|value| (HeaderName::from_static(CONTENT_SHA256), HeaderValue::from_static(value)));
        let map = HeaderMap::from_iter(headers);
        let head = RequestHead { method: &Method::PUT, path: "/b/k", query, host: "h", headers: &map };
        super::mode(&head, WithoutHash::Unsigned)
    };
    let hashed = format!("X-Amz-Content-Sha256={HASH}");
    assert!(matches!(mode(Some(&hashed), Some("UNSIGNED-PAYLOAD")), Ok(PayloadMode::Sha256(_))));
    let unsigned = Some("X-Amz-Content-Sha256=UNSIGNED-PAYLOAD");
    assert_eq!(mode(unsigned, None).ok(), Some(PayloadMode::Unsigned));
    assert_eq!(mode(unsigned, Some(TRAILER.1)).ok(), Some(PayloadMode::UnsignedChunksTrailer));
    assert_eq!(mode(None, None).ok(), Some(PayloadMode::Unsigned));
}
