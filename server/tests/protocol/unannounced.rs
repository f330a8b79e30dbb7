//! Bodies whose length nobody announces (`Transfer-Encoding: chunked`): stored with the length they turn out to have.
//! R2 refuses them with 411.

use crate::payloads::http_chunks;
use crate::server_with;
use crate::support::{Answer, Client, Connection, INLINE_BYTES_MAX, KIB, MIB, body_of, etag_of, sha256_hex, wire};

/// Head and body of a signed request in HTTP's own chunks.
fn unannounced(client: &Client, target: &str, body: &[u8], headers: &[(&str, &str)]) -> Vec<u8> {
    let mut request = client.request("PUT", target).header("transfer-encoding", "chunked").without_length();
    request = request.payload_hash(&sha256_hex(body));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let (parts, _, _) = request.sign();
    wire(&parts, &http_chunks(body))
}

async fn put(client: &Client, target: &str, body: &[u8]) -> Answer {
    client.exchange_raw(&unannounced(client, target, body, &[]), false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_and_parts_without_a_length_are_stored() {
    let server = server_with("chunks").await;
    let client = &server.client;
    for size in [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 256 * KIB, 256 * KIB + 1, 700_001] {
        let body = body_of(size as u64, size);
        let answer = put(client, "/chunks/o", &body).await.ok();
        assert_eq!(answer.etag(), etag_of(&body), "{size}");
        assert_eq!(client.head("/chunks/o").send().await.ok().header("content-length"), Some(&*size.to_string()));
        assert!(client.get("/chunks/o").send().await.ok().body == body, "{size}");
    }
    let upload = client.create_upload("/chunks/m").await;
    let bodies = [body_of(1, 5 * MIB), body_of(2, 10)];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        let target = format!("/chunks/m?partNumber={number}&uploadId={upload}");
        parts.push((number, put(client, &target, body).await.ok().etag().to_owned()));
    }
    client.complete_upload("/chunks/m", &upload, &parts).await.ok();
    assert!(client.get("/chunks/m").send().await.ok().body == bodies.concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_promised_for_a_body_without_a_length_is_checked() {
    let server = server_with("chunks").await;
    let client = &server.client;
    let other = [("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
    let answer = client.exchange_raw(&unannounced(client, "/chunks/o", b"hello", &other), false).await;
    answer.refused(400, "BadDigest");
    let any = [("if-none-match", "*")];
    let answer = client.exchange_raw(&unannounced(client, "/chunks/a", b"hello", &any), false).await;
    answer.refused(412, "PreconditionFailed");
    client.get("/chunks/o").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_a_length_that_is_cut_off_stores_nothing() {
    let server = server_with("chunks").await;
    let client = &server.client;
    for size in [10, 100 * KIB, 700 * KIB] {
        let bytes = unannounced(client, "/chunks/o", &body_of(1, size), &[]);
        // Without the last line break, without the last chunk, in the midst of a chunk.
        for missing in [2, 5, 8, size / 2] {
            let mut connection = Connection::open(client.address).await.unwrap();
            connection.send(&bytes[..bytes.len() - missing]).await.unwrap();
            connection.end_sending().await.unwrap();
            // hyper may hang up on a connection whose other half is closed; if it answers, then this.
            if let Ok(answer) = connection.answer(false).await {
                answer.refused(400, "IncompleteBody");
            }
        }
    }
    client.get("/chunks/o").send().await.refused(404, "NoSuchKey");
    assert_eq!(server.files_after_collection().await, 0, "no file is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_length_and_chunks_the_chunks_count_and_the_connection_ends() {
    let server = server_with("chunks").await;
    let client = &server.client;
    let mut bytes = unannounced(client, "/chunks/o", b"hello", &[]);
    for header in ["content-length: 3\r\n", "Content-Length: 500\r\n"] {
        let at = bytes.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
        let mut both = bytes.clone();
        both.splice(at..at, header.bytes());
        let mut connection = Connection::open(client.address).await.unwrap();
        connection.send(&both).await.unwrap();
        connection.answer(false).await.unwrap().ok();
        assert!(connection.is_closed().await, "RFC 9112 section 6.1");
        assert_eq!(client.get("/chunks/o").send().await.ok().text(), "hello");
    }
    // Behind the other one, too.
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 2;
    bytes.splice(end..end, b"content-length: 3\r\n".iter().copied());
    let mut connection = Connection::open(client.address).await.unwrap();
    connection.send(&bytes).await.unwrap();
    connection.answer(false).await.unwrap().ok();
    assert!(connection.is_closed().await);
}
