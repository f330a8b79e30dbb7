//! aws-chunked bodies: any split says the same as the whole, and what we frame decodes to itself.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use s3_protocol::chunked::{ChunkedDecoder, ChunkedEncoder};
use s3_protocol::payload::{Payload, PayloadMode};
use s3_protocol::sigv4::{ChunkSignatures, Credentials, sign};
use types::{Checksum, ChecksumAlgorithm, ErrorCode, Timestamp};

type Decoded = Result<(Vec<u8>, Vec<Checksum>), ErrorCode>;

fn signatures() -> ChunkSignatures {
    let (mut parts, ()) = http::Request::put("http://h/b/k").body(()).expect("a request").into_parts();
    let credentials =
        Credentials { access_key_id: "AKID", secret_access_key: "secret", session_token: None, region: "auto" };
    sign(&mut parts, &credentials, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Timestamp(0)).expect("signing does not fail")
}

fn decode<'a>(payload: &Payload, pieces: impl Iterator<Item = &'a [u8]>) -> Decoded {
    let decoder = ChunkedDecoder::new(payload, Some(signatures())).map_err(|error| error.code)?;
    let mut decoder = decoder.expect("a chunked mode");
    let mut data = Vec::new();
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(bytes) = decoder.decode(&mut input).map_err(|error| error.code)? {
            assert!(!bytes.is_empty());
            data.extend_from_slice(&bytes);
            assert!(data.len() as u64 <= payload.length.unwrap_or_default(), "more bytes than announced");
        }
        assert!(input.is_empty());
    }
    Ok((data, decoder.finish().map_err(|error| error.code)?))
}

/// Pieces whose lengths follow from `seed`.
fn pieces(body: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed) + 1;
    let (mut rest, mut pieces) = (body, Vec::new());
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = 1 + (state >> 24) as usize % if seed % 2 == 0 { 3 } else { 90 };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn encode(data: &[u8], mode: PayloadMode, chunk_bytes: usize, trailers: &[Checksum]) -> Vec<u8> {
    let signed = mode != PayloadMode::UnsignedChunksTrailer;
    let mut encoder = ChunkedEncoder::new(signed.then(signatures));
    let mut body = Vec::new();
    data.chunks(chunk_bytes).for_each(|chunk| encoder.chunk(&mut body, chunk));
    if mode.has_trailers() {
        encoder.end_with_trailers(&mut body, trailers)
    } else {
        encoder.end(&mut body)
    }
    body
}

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (mode, seed, length, body) = input;
    let mode = match mode % 3 {
        0 => PayloadMode::SignedChunks,
        1 => PayloadMode::SignedChunksTrailer,
        _ => PayloadMode::UnsignedChunksTrailer,
    };
    let trailers = if mode.has_trailers() { vec![ChecksumAlgorithm::Crc32] } else { Vec::new() };
    let payload =
        |length: u64| Payload {
            mode,
            length: Some(length),
            has_own_end: false,
            checksums: Vec::new(),
            trailers: trailers.clone(),
        };

    let broken = payload(u64::from(length));
    assert_eq!(decode(&broken, [body].into_iter()), decode(&broken, pieces(body, seed).into_iter()));

    let crc32 = Checksum::new(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]).expect("four bytes");
    let framed = encode(body, mode, usize::from(length) + 1, &[crc32]);
    let whole = payload(body.len() as u64);
    let expected = (body.to_vec(), if mode.has_trailers() { vec![crc32] } else { Vec::new() });
    assert_eq!(decode(&whole, pieces(&framed, seed).into_iter()), Ok(expected));
});
