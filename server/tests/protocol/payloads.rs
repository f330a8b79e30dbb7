//! Ways to send a body, and the checksums that come with it: a wrong one stores nothing.

use crate::server_with;
use crate::support::{
    Answer, Client, INLINE_BYTES_MAX, KIB, TestServer, body_of, checksum, checksum_header as header_of, etag_of,
    sha256_hex, wire,
};
use s3_protocol::chunked::ChunkedEncoder;
use types::{Checksum, ChecksumAlgorithm};

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// Sizes around everything that has a boundary.
const SIZES: [usize; 10] =
    [0, 1, 100, 8 * KIB, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 64 * KIB, 64 * KIB + 1, 256 * KIB, 700_001];

/// A body in aws-chunked framing.
#[derive(Clone, Copy)]
struct Streamed<'b> {
    mode: &'static str,
    body: &'b [u8],
    chunk_bytes: usize,
    trailers: &'b [Checksum],
    /// As `Transfer-Encoding: chunked`, without `Content-Length`.
    http_chunked: bool,
}

impl Streamed<'_> {
    fn wire(&self, client: &Client, target: &str) -> Vec<u8> {
        let mut request = client.request("PUT", target).payload_hash(self.mode).without_length();
        request = request.header("content-encoding", "aws-chunked");
        request = request.header("x-amz-decoded-content-length", self.body.len().to_string());
        for trailer in self.trailers {
            request = request.header("x-amz-trailer", header_of(trailer.algorithm()));
        }
        let (mut parts, _, signatures) = request.sign();
        let mut encoder = ChunkedEncoder::new((self.mode != UNSIGNED_TRAILER).then_some(signatures));
        let mut framed = Vec::new();
        self.body.chunks(self.chunk_bytes).for_each(|chunk| encoder.chunk(&mut framed, chunk));
        if self.mode == SIGNED {
            encoder.end(&mut framed);
        } else {
            encoder.end_with_trailers(&mut framed, self.trailers);
        }
        if self.http_chunked {
            parts.headers.insert("transfer-encoding", "chunked".parse().unwrap());
            return wire(&parts, &http_chunks(&framed));
        }
        parts.headers.insert("content-length", framed.len().to_string().parse().unwrap());
        wire(&parts, &framed)
    }

    async fn send(&self, client: &Client, target: &str) -> Answer {
        client.exchange_raw(&self.wire(client, target), false).await
    }
}

/// HTTP's own chunks, of a size that does not divide the other framing's.
pub(crate) fn http_chunks(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in body.chunks(10_007) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

async fn assert_stored(client: &Client, target: &str, body: &[u8]) {
    let answer = client.get(target).send().await.ok();
    assert!(answer.body == body, "{target} has {} bytes, {} were sent", answer.body.len(), body.len());
    assert_eq!(answer.header("content-encoding"), None, "aws-chunked is about the transfer only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_payload_mode_stores_the_same_bytes() {
    let server = server_with("modes").await;
    let client = &server.client;
    for size in SIZES {
        let body = body_of(size as u64, size);
        for hash in [sha256_hex(&body), "UNSIGNED-PAYLOAD".to_owned()] {
            let answer = client.put("/modes/plain", body.clone()).payload_hash(&hash).send().await.ok();
            assert_eq!(answer.etag(), etag_of(&body));
            assert_stored(client, "/modes/plain", &body).await;
        }
        let crc = [checksum(ChecksumAlgorithm::Crc64Nvme, &body)];
        for (mode, trailers) in
            [(SIGNED, &crc[..0]), (SIGNED_TRAILER, &crc), (UNSIGNED_TRAILER, &crc), (UNSIGNED_TRAILER, &[])]
        {
            for (chunk_bytes, http_chunked) in [(64 * KIB, false), (8 * KIB, true), (64 * KIB + 1, true)] {
                let streamed = Streamed { mode, body: &body, chunk_bytes, trailers, http_chunked };
                let answer = streamed.send(client, "/modes/streamed").await.ok();
                assert_eq!(answer.etag(), etag_of(&body), "{mode} {size}");
                assert_stored(client, "/modes/streamed", &body).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_body_needs_a_length_or_an_end_of_its_own() {
    let server = server_with("modes").await;
    let client = &server.client;
    let request = client.request("PUT", "/modes/a").payload_hash("UNSIGNED-PAYLOAD");
    let (parts, _, _) = request.without_length().sign();
    client.exchange(&parts, b"").await.refused(411, "MissingContentLength");
    let request =
        client.request("PUT", "/modes/a").payload_hash("UNSIGNED-PAYLOAD").header("transfer-encoding", "chunked");
    let request = request.header("x-amz-decoded-content-length", "7").without_length();
    let (parts, _, _) = request.sign();
    client.exchange(&parts, &http_chunks(b"changed")).await.ok();
    assert_stored(client, "/modes/a", b"changed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payload_hashes_that_are_none_are_refused() {
    let server = server_with("modes").await;
    let client = &server.client;
    let put = |hash: &str| client.put("/modes/a", "changed").payload_hash(hash).send();
    put("nonsense").await.refused(400, "InvalidArgument");
    put("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD").await.refused(501, "NotImplemented");
    put(&sha256_hex(b"other")).await.refused(400, "XAmzContentSHA256Mismatch");
    put(SIGNED).await.refused(411, "MissingContentLength");
    let (mut parts, body, _) = client.put("/modes/a", "changed").sign();
    parts.headers.remove("x-amz-content-sha256");
    let answer = client.exchange(&parts, &body).await;
    assert!(matches!(answer.status, 400 | 403), "{}", answer.text());
    assert_stored(client, "/modes/a", b"abc").await;
}

/// No wrong checksum may leave a trace: the object is the old one, and no file is left.
async fn nothing_was_stored(server: &TestServer) {
    assert_stored(&server.client, "/modes/a", b"abc").await;
    server.client.get("/modes/new").send().await.refused(404, "NoSuchKey");
    assert_eq!(server.files_after_collection().await, 0, "no file is left");
}

const ALGORITHMS: [ChecksumAlgorithm; 6] = [
    ChecksumAlgorithm::Md5,
    ChecksumAlgorithm::Crc32,
    ChecksumAlgorithm::Crc32c,
    ChecksumAlgorithm::Crc64Nvme,
    ChecksumAlgorithm::Sha1,
    ChecksumAlgorithm::Sha256,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_checksum_in_a_header_is_verified() {
    let server = server_with("modes").await;
    let client = &server.client;
    let upload = client.create_upload("/modes/parts").await;
    let part = format!("/modes/parts?partNumber=1&uploadId={upload}");
    for size in [0, 10, 100 * KIB] {
        let (body, other) = (body_of(1, size), body_of(2, size + 1));
        for algorithm in ALGORITHMS {
            let (name, wrong) = (header_of(algorithm), checksum(algorithm, &other).to_base64());
            for target in ["/modes/a", "/modes/new", &part] {
                let answer = client.put(target, body.clone()).header(&name, &wrong).send().await;
                assert_eq!(answer.outcome(), (400, "BadDigest".to_owned()), "{name} {size} {target}");
                for malformed in ["", "x", "AAAA"] {
                    let answer = client.put(target, body.clone()).header(&name, malformed).send().await;
                    assert_eq!(answer.outcome(), (400, "InvalidDigest".to_owned()), "{name}: {malformed}");
                }
            }
            nothing_was_stored(&server).await;
            let right = checksum(algorithm, &body).to_base64();
            client.put("/modes/right", body.clone()).header(&name, right).send().await.ok();
            assert_stored(client, "/modes/right", &body).await;
            client.delete("/modes/right").send().await.ok();
        }
    }
    let parts = client.get(&format!("/modes/parts?uploadId={upload}")).send().await.ok();
    assert!(!parts.text().contains("<Part>"), "no part either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_checksum_in_a_trailer_is_verified() {
    let server = server_with("modes").await;
    let client = &server.client;
    for size in [0, 10, 100 * KIB] {
        let (body, other) = (body_of(1, size), body_of(2, size + 1));
        for algorithm in ChecksumAlgorithm::AMZ {
            for (mode, http_chunked) in [(SIGNED_TRAILER, false), (UNSIGNED_TRAILER, true)] {
                let streamed = Streamed { mode, body: &body, chunk_bytes: 64 * KIB, trailers: &[], http_chunked };
                let (right, wrong) = ([checksum(algorithm, &body)], [checksum(algorithm, &other)]);
                for target in ["/modes/a", "/modes/new"] {
                    let answer = Streamed { trailers: &wrong, ..streamed }.send(client, target).await;
                    assert_eq!(answer.outcome(), (400, "BadDigest".to_owned()), "{algorithm:?} {size}");
                }
                nothing_was_stored(&server).await;
                Streamed { trailers: &right, ..streamed }.send(client, "/modes/right").await.ok();
                assert_stored(client, "/modes/right", &body).await;
                client.delete("/modes/right").send().await.ok();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_chunk_or_trailer_that_was_changed_is_refused() {
    let server = server_with("modes").await;
    let client = &server.client;
    let body = body_of(1, 200 * KIB);
    let crc = [checksum(ChecksumAlgorithm::Crc32, &body)];
    for (mode, trailers) in [(SIGNED, &crc[..0]), (SIGNED_TRAILER, &crc)] {
        let streamed = Streamed { mode, body: &body, chunk_bytes: 64 * KIB, trailers, http_chunked: false };
        let wire = streamed.wire(client, "/modes/a");
        client.exchange_raw(&streamed.wire(client, "/modes/right"), false).await.ok();
        let head = wire.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let in_data = head + 1000;
        let in_last_chunk = wire.len() - 1500;
        let in_signature = head + b"10000;chunk-signature=".len() + 5;
        for at in [in_data, in_last_chunk, in_signature] {
            let mut changed = wire.clone();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let answer = client.exchange_raw(&changed, false).await;
            assert_eq!(answer.outcome(), (403, "SignatureDoesNotMatch".to_owned()), "{mode} at {at}");
        }
    }
    let mut wire =
        Streamed { mode: SIGNED_TRAILER, body: &body, chunk_bytes: 64 * KIB, trailers: &crc, http_chunked: false }
            .wire(client, "/modes/a");
    let signature_digit = wire.len() - 6;
    wire[signature_digit] = if wire[signature_digit] == b'0' { b'1' } else { b'0' };
    client.exchange_raw(&wire, false).await.refused(403, "SignatureDoesNotMatch");
    client.delete("/modes/right").send().await.ok();
    nothing_was_stored(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trailers_are_those_that_were_announced() {
    let server = server_with("modes").await;
    let client = &server.client;
    let put = |name: &'static str, value: &'static str| {
        let put = client.put("/modes/a", "changed").header(name, value);
        put.header("x-amz-decoded-content-length", "7").payload_hash(UNSIGNED_TRAILER).send()
    };
    put("x-amz-trailer", "x-amz-meta-a").await.refused(400, "InvalidRequest");
    put("x-amz-sdk-checksum-algorithm", "CRC32").await.refused(400, "InvalidRequest");
    let unframed = client.put("/modes/a", "changed").header("x-amz-trailer", "x-amz-checksum-crc32").send().await;
    unframed.refused(400, "InvalidRequest");
    let missing = b"7\r\nchanged\r\n0\r\n\r\n".to_vec();
    let request = client.put("/modes/a", missing).header("x-amz-trailer", "x-amz-checksum-crc32");
    let request = request.header("x-amz-decoded-content-length", "7").payload_hash(UNSIGNED_TRAILER);
    request.send().await.refused(400, "MalformedTrailerError");
    let unannounced = b"7\r\nchanged\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n".to_vec();
    let request = client.put("/modes/a", unannounced).payload_hash(UNSIGNED_TRAILER);
    request.header("x-amz-decoded-content-length", "7").send().await.refused(400, "MalformedTrailerError");
    nothing_was_stored(&server).await;
}
