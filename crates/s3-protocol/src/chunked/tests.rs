//! AWS's own examples, any split of a body, and every way a body can be wrong.

use super::*;
use crate::request::RequestHead;
use crate::sigv4::{Authentication, Credentials, SigningKey, parse, sign};
use http::request::Parts;
use proptest::prelude::*;
use std::sync::Arc;
use types::Timestamp;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const MAY_24: Timestamp = Timestamp(1_369_353_600_000);

/// The signatures of AWS's example, checked against the seed it prints.
fn example_signatures(trailer: bool) -> ChunkSignatures {
    let (mode, signed, seed) = if trailer {
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        )
    } else {
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        )
    };
    let request = http::Request::put("http://s3.amazonaws.com/examplebucket/chunkObject.txt")
        .header("host", "s3.amazonaws.com")
        .header("x-amz-date", "20130524T000000Z")
        .header("x-amz-storage-class", "REDUCED_REDUNDANCY")
        .header("x-amz-content-sha256", mode)
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "66560")
        .header("content-length", "66824");
    let request = if trailer { request.header("x-amz-trailer", "x-amz-checksum-crc32c") } else { request };
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders={signed}, \
         Signature={seed}"
    );
    let parts = request.header("authorization", authorization).body(()).unwrap().into_parts().0;
    let head = RequestHead::new(&parts);
    let Authentication::Signed(claim) = parse(&head).unwrap() else { panic!("anonymous") };
    let key = SigningKey::derive(SECRET, claim.date(), claim.region());
    claim.verify(&head, &key, MAY_24).unwrap();
    claim.chunk_signatures(Arc::new(key))
}

fn payload(mode: PayloadMode, length: u64, trailers: &[ChecksumAlgorithm]) -> Payload {
    Payload { mode, length: Some(length), has_own_end: false, checksums: Vec::new(), trailers: trailers.to_vec() }
}

fn decode_pieces(mut decoder: ChunkedDecoder, pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<Checksum>), ErrorCode> {
    let mut read = || {
        let mut data = Vec::new();
        for piece in pieces {
            let mut input = Bytes::copy_from_slice(piece);
            while let Some(bytes) = decoder.decode(&mut input)? {
                assert!(!bytes.is_empty());
                data.extend_from_slice(&bytes);
            }
            assert!(input.is_empty());
        }
        Ok::<_, OperationError>(data)
    };
    let data = read().map_err(|error| error.code)?;
    Ok((data, decoder.finish().map_err(|error| error.code)?))
}

fn decoder(payload: &Payload, signatures: Option<ChunkSignatures>) -> ChunkedDecoder {
    *ChunkedDecoder::new(payload, signatures).unwrap().unwrap()
}

/// An unsigned body with trailers in one piece, and one byte at a time: both must say the same.
fn unsigned(body: &str, length: u64, trailers: &[ChecksumAlgorithm]) -> Result<(Vec<u8>, Vec<Checksum>), ErrorCode> {
    let payload = payload(PayloadMode::UnsignedChunksTrailer, length, trailers);
    let whole = decode_pieces(decoder(&payload, None), &[body.as_bytes()]);
    let bytes: Vec<_> = body.as_bytes().chunks(1).collect();
    assert_eq!(decode_pieces(decoder(&payload, None), &bytes), whole, "{body}");
    whole
}

#[test]
fn awss_example_of_signed_chunks_decodes() {
    let (first, second) = ("a".repeat(65_536), "a".repeat(1024));
    let body = format!(
        "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n{first}\r\n\
         400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n{second}\r\n\
         0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
    );
    assert_eq!(body.len(), 66_824);
    let payload = payload(PayloadMode::SignedChunks, 66_560, &[]);
    let decoded = decode_pieces(decoder(&payload, Some(example_signatures(false))), &[body.as_bytes()]);
    assert_eq!(decoded, Ok(("a".repeat(66_560).into_bytes(), vec![])));
    for (from, to) in [("aaaa", "aaab"), ("ad80", "ad81"), ("b6c6", "b6c7")] {
        let changed = body.replacen(from, to, 1);
        let decoded = decode_pieces(decoder(&payload, Some(example_signatures(false))), &[changed.as_bytes()]);
        assert_eq!(decoded, Err(ErrorCode::SignatureDoesNotMatch), "{to}");
    }
    let unsigned = body.replacen(";chunk-signature=", ";signature=", 1);
    let decoded = decode_pieces(decoder(&payload, Some(example_signatures(false))), &[unsigned.as_bytes()]);
    assert_eq!(decoded, Err(ErrorCode::InvalidChunk));
}

#[test]
fn awss_example_of_signed_trailers_decodes_in_both_spellings() {
    let (first, second) = ("a".repeat(65_536), "a".repeat(1024));
    let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    let chunks = format!(
        "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n{first}\r\n\
         400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n{second}\r\n\
         0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    );
    let payload = payload(PayloadMode::SignedChunksTrailer, 66_560, &[ChecksumAlgorithm::Crc32c]);
    let decode = |trailers: String| {
        let body = [chunks.as_str(), &trailers].concat();
        decode_pieces(decoder(&payload, Some(example_signatures(true))), &[body.as_bytes()]).map(|(_, found)| found)
    };
    let crc32c = Checksum::parse_base64(ChecksumAlgorithm::Crc32c, "sOO8/Q==").unwrap();
    let line = "x-amz-checksum-crc32c:sOO8/Q==";
    assert_eq!(decode(format!("{line}\r\nx-amz-trailer-signature:{signature}\r\n\r\n")), Ok(vec![crc32c]));
    assert_eq!(decode(format!("{line}\n\r\nx-amz-trailer-signature:{signature}\r\n\r\n")), Ok(vec![crc32c]));
    let other = line.replace("sOO8", "sOO9");
    let mismatch = Err(ErrorCode::SignatureDoesNotMatch);
    assert_eq!(decode(format!("{other}\r\nx-amz-trailer-signature:{signature}\r\n\r\n")), mismatch);
    assert_eq!(decode(format!("{line}\r\nx-amz-trailer-signature:zz\r\n\r\n")), mismatch);
    assert_eq!(decode(format!("{line}\r\n\r\n")), Err(ErrorCode::IncompleteBody));
    let after = format!("x-amz-trailer-signature:{signature}\r\n{line}\r\n\r\n");
    assert!(decode(after).is_err());
}

#[test]
fn an_unsigned_body_decodes_with_and_without_trailers() {
    let crc32 = Checksum::parse_base64(ChecksumAlgorithm::Crc32, "NhCmhg==").unwrap();
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    assert_eq!(unsigned(body, 5, &[ChecksumAlgorithm::Crc32]), Ok((b"hello".to_vec(), vec![crc32])));
    let spelled = "3\r\nhel\r\n02;x=y\r\nlo\r\n0\r\nX-Amz-Checksum-CRC32 : NhCmhg==\n\r\n";
    assert_eq!(unsigned(spelled, 5, &[ChecksumAlgorithm::Crc32]), Ok((b"hello".to_vec(), vec![crc32])));
    assert_eq!(unsigned("0\r\n\r\n", 0, &[]), Ok((vec![], vec![])));
}

#[test]
fn bodies_that_are_wrong_are_refused() {
    let crc32 = [ChecksumAlgorithm::Crc32];
    let huge_line = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(CHUNK_LINE_BYTES_MAX));
    for (body, trailers, code) in [
        ("", &crc32[..0], ErrorCode::IncompleteBody),
        ("5\r\nhel", &[], ErrorCode::IncompleteBody),
        ("5\r\nhello\r\n", &[], ErrorCode::IncompleteBody),
        ("5\r\nhello\r\n0\r\n", &[], ErrorCode::IncompleteBody),
        ("4\r\nhell\r\n0\r\n\r\n", &[], ErrorCode::IncompleteBody),
        ("6\r\nhello!\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("4\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("5\r\nhello\r\n0\r\n\r\nmore", &[], ErrorCode::InvalidChunk),
        ("5\r\nhello\r\n0\r\n\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("-5\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("x\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("\r\n5\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("10000000000000005\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        ("ffffffffffffffff\r\nhello\r\n0\r\n\r\n", &[], ErrorCode::InvalidChunk),
        (&huge_line, &[], ErrorCode::InvalidChunk),
        ("5\r\nhello\r\n0\r\n\r\n", &crc32, ErrorCode::MalformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", &[], ErrorCode::MalformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-meta-a:b\r\n\r\n", &[], ErrorCode::MalformedTrailer),
        ("5\r\nhello\r\n0\r\nnonsense\r\n\r\n", &crc32, ErrorCode::MalformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:!\r\n\r\n", &crc32, ErrorCode::InvalidDigest),
        (
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
            &crc32,
            ErrorCode::MalformedTrailer,
        ),
    ] {
        assert_eq!(unsigned(body, 5, trailers), Err(code), "{body:.60}");
    }
}

#[test]
fn only_chunked_modes_have_a_decoder_and_signed_ones_need_a_signature() {
    assert!(ChunkedDecoder::new(&payload(PayloadMode::Unsigned, 1, &[]), None).unwrap().is_none());
    let refused = ChunkedDecoder::new(&payload(PayloadMode::SignedChunks, 1, &[]), None).unwrap_err();
    assert_eq!(refused.code, ErrorCode::AccessDenied);
    let body = "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\nx: y\r\n";
    let signed = payload(PayloadMode::SignedChunks, 0, &[]);
    assert!(decode_pieces(decoder(&signed, Some(example_signatures(false))), &[body.as_bytes()]).is_err());
}

/// What a client of ours signs chunks with.
fn client_signatures() -> ChunkSignatures {
    let mut parts: Parts = http::Request::put("http://h/b/k").body(()).unwrap().into_parts().0;
    let credentials =
        Credentials { access_key_id: "AKID", secret_access_key: SECRET, session_token: None, region: "auto" };
    sign(&mut parts, &credentials, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", MAY_24).unwrap()
}

fn encode(chunks: &[Vec<u8>], mode: PayloadMode, trailers: &[Checksum]) -> Vec<u8> {
    let signed = mode != PayloadMode::UnsignedChunksTrailer;
    let mut encoder = ChunkedEncoder::new(signed.then(client_signatures));
    let mut body = Vec::new();
    chunks.iter().for_each(|chunk| encoder.chunk(&mut body, chunk));
    match mode.has_trailers() {
        true => encoder.end_with_trailers(&mut body, trailers),
        false => encoder.end(&mut body),
    }
    body
}

proptest! {
    #[test]
    fn any_split_of_a_body_decodes_to_the_same(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        mode in prop::sample::select(vec![
            PayloadMode::SignedChunks, PayloadMode::SignedChunksTrailer, PayloadMode::UnsignedChunksTrailer,
        ]),
        flip in any::<Option<prop::sample::Index>>(),
    ) {
        let sha1 = Checksum::new(ChecksumAlgorithm::Sha1, &[7; 20]).unwrap();
        let mut body = encode(&chunks, mode, &[sha1]);
        let data = chunks.concat();
        let announced = if mode.has_trailers() { vec![ChecksumAlgorithm::Sha1] } else { vec![] };
        let payload = payload(mode, data.len() as u64, &announced);
        if let Some(index) = flip {
            let at = index.index(body.len());
            body[at] ^= 1;
        }
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(body.len())).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect();
        let signatures = || Some(client_signatures());
        let whole = decode_pieces(decoder(&payload, signatures()), &[&body]);
        prop_assert_eq!(&decode_pieces(decoder(&payload, signatures()), &pieces), &whole);
        if flip.is_none() {
            prop_assert_eq!(whole, Ok((data, if mode.has_trailers() { vec![sha1] } else { vec![] })));
        } else if mode == PayloadMode::SignedChunks {
            // A changed byte is noticed, unless it is one that means the same: hexadecimal of the other case.
            prop_assert!(whole.is_err() || whole == Ok((data, vec![])));
        }
    }
}
