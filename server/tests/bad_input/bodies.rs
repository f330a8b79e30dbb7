//! Bodies shorter or longer than announced, framing errors of every kind, clients that vanish or dawdle.

use crate::support::{Client, Connection, KIB, MIB, TestServer, body_of, until};
use crate::{nothing_changed, server_with};
use http_support::body::BODY_SILENCE_MAX;

const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// Sends the aws-chunked `framed` as an object of `announced` bytes.
async fn put_chunked(client: &Client, announced: &str, framed: Vec<u8>) -> (u16, String) {
    let request = client.put("/bad/b", framed).payload_hash(UNSIGNED_TRAILER);
    request.header("x-amz-decoded-content-length", announced).send().await.outcome()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunked_framing_that_is_wrong_stores_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    for (framed, code) in [
        (&b""[..], "IncompleteBody"),
        (b"5\r\nhel", "IncompleteBody"),
        (b"5\r\nhello", "IncompleteBody"),
        (b"5\r\nhello\r\n", "IncompleteBody"),
        (b"5\r\nhello\r\n0\r\n", "IncompleteBody"),
        (b"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"),
        (b"0\r\n\r\n", "IncompleteBody"),
        (b"5\r\nhelloX\r\n0\r\n\r\n", "InvalidRequest"),
        (b"6\r\nhello!\r\n0\r\n\r\n", "InvalidRequest"),
        (b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "InvalidRequest"),
        (b"5\r\nhello\r\n0\r\n\r\ntrailing", "InvalidRequest"),
        (b"x\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"-5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"0x5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"10000000000000005\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"5 5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"\xff\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"5\r\nhello\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"),
        (b"5\r\nhello\r\n0\r\nx-a:b\r\n\r\n", "MalformedTrailerError"),
    ] {
        let outcome = put_chunked(client, "5", framed.to_vec()).await;
        assert_eq!(outcome, (400, code.to_owned()), "{:?}", String::from_utf8_lossy(framed));
    }
    let long_line = [&b"5;x="[..], &b"y".repeat(20 * KIB), b"\r\nhello\r\n0\r\n\r\n"].concat();
    assert_eq!(put_chunked(client, "5", long_line).await.1, "InvalidRequest");
    let many_trailers = [&b"5\r\nhello\r\n0\r\n"[..], &b"x-a:b\r\n".repeat(100), b"\r\n"].concat();
    assert_eq!(put_chunked(client, "5", many_trailers).await.1, "MalformedTrailerError");
    for announced in ["x", "-1", "", "18446744073709551616"] {
        let outcome = put_chunked(client, announced, b"0\r\n\r\n".to_vec()).await;
        assert_eq!(outcome, (400, "InvalidArgument".to_owned()), "{announced:?}");
    }
    let outcome = put_chunked(client, "5368709120", b"0\r\n\r\n".to_vec()).await;
    assert_eq!(outcome, (400, "EntityTooLarge".to_owned()));
    assert_eq!(put_chunked(client, "5", b"5\r\nhello\r\n0\r\n\r\n".to_vec()).await.0, 200, "and this one is right");
    client.delete("/bad/b").send().await.ok();
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_large_chunked_body_leaves_no_file() {
    let server = server_with("bad").await;
    let body = body_of(1, 700 * KIB);
    let framed = |end: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), &body, end].concat();
    let announced = body.len().to_string();
    for (end, code) in [
        (&b""[..], "IncompleteBody"),
        (b"\r\n", "IncompleteBody"),
        (b"xx0\r\n\r\n", "InvalidRequest"),
        (b"\r\n1\r\nx\r\n0\r\n\r\n", "InvalidRequest"),
    ] {
        assert_eq!(put_chunked(&server.client, &announced, framed(end)).await, (400, code.to_owned()));
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_chunks_that_are_malformed_store_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    for chunks in
        [&b"zz\r\nhello\r\n0\r\n\r\n"[..], b"5\r\nhelloXX0\r\n\r\n", b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"]
    {
        let request = client.put("/bad/b", "").payload_hash("UNSIGNED-PAYLOAD").header("transfer-encoding", "chunked");
        let (parts, _, _) = request.header("x-amz-decoded-content-length", "5").without_length().sign();
        let mut connection = Connection::open(client.address).await.unwrap();
        connection.send(&crate::support::wire(&parts, chunks)).await.unwrap();
        connection.end_sending().await.unwrap();
        if let Ok(answer) = connection.answer(false).await {
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_shorter_than_announced_is_incomplete() {
    let server = server_with("bad").await;
    for length in [10, 700 * KIB] {
        let wire = server.client.put("/bad/b", body_of(1, length)).into_wire();
        let mut connection = Connection::open(server.client.address).await.unwrap();
        connection.send(&wire[..wire.len() - 1]).await.unwrap();
        connection.end_sending().await.unwrap();
        // hyper may hang up on a connection whose other half is closed; if it answers, then this.
        if let Ok(answer) = connection.answer(false).await {
            answer.refused(400, "IncompleteBody");
        }
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_body_is_the_next_request() {
    let server = server_with("bad").await;
    let client = &server.client;
    let mut wire = client.put("/bad/a", "abc").into_wire();
    wire.extend_from_slice(b"defg\r\n\r\n");
    let mut connection = Connection::open(client.address).await.unwrap();
    connection.send(&wire).await.unwrap();
    connection.answer(false).await.unwrap().ok();
    assert!(connection.answer(false).await.is_err_and(|_| true) || connection.is_closed().await);
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_over_the_limit_are_refused_before_they_are_sent() {
    let server = server_with("bad").await;
    let client = &server.client;
    let too_long = 5 * 1024 * MIB as u64 - 5 * MIB as u64 + 1;
    let upload = client.create_upload("/bad/u").await;
    for target in ["/bad/b".to_owned(), format!("/bad/u?partNumber=1&uploadId={upload}")] {
        let request = client.put(&target, "").without_length().payload_hash("UNSIGNED-PAYLOAD");
        let request = request.header("content-length", too_long.to_string()).header("expect", "100-continue");
        let answer = client.exchange_raw(&request.into_wire(), false).await;
        answer.refused(400, "EntityTooLarge");
    }
    client.delete(&format!("/bad/u?uploadId={upload}")).send().await.ok();
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_vanish_leave_nothing() {
    let server = server_with("bad").await;
    let client = &server.client;
    let upload = client.create_upload("/bad/u").await;
    let part = format!("/bad/u?partNumber=1&uploadId={upload}");
    for target in ["/bad/a", "/bad/b", &part] {
        for (length, sent) in [(10, 1), (700 * KIB, 0), (700 * KIB, 300 * KIB), (3 * MIB, 3 * MIB - 1)] {
            let wire = client.put(target, body_of(1, length)).into_wire();
            let mut connection = Connection::open(client.address).await.unwrap();
            connection.send(&wire[..wire.len() - length + sent]).await.unwrap();
        }
    }
    for _ in 0..20 {
        let mut connection = Connection::open(client.address).await.unwrap();
        connection.send(&client.get("/bad/a").into_wire()).await.unwrap();
    }
    client.delete(&format!("/bad/u?uploadId={upload}")).send().await.ok();
    nothing_changed(server, "bad").await;
}

/// Uploads that are cut off at once.
const VANISHING_AT_ONCE: usize = 64;

/// Resident bytes of this process.
fn resident_bytes() -> usize {
    let bytes = crate::support::read_if_there(std::path::Path::new("/proc/self/statm")).unwrap();
    let pages: usize = std::str::from_utf8(&bytes).unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_vanished_uploads_cost_no_memory() {
    let server = server_with("bad").await;
    let wire = server.client.put("/bad/b", body_of(1, 2 * MIB)).into_wire();
    let vanish = async |times: usize| {
        // Few at once: each takes file descriptors of this process.
        for _ in 0..times / VANISHING_AT_ONCE {
            let mut connections = Vec::new();
            for _ in 0..VANISHING_AT_ONCE {
                let mut connection = Connection::open(server.client.address).await.unwrap();
                connection.send(&wire[..wire.len() - MIB]).await.unwrap();
                connection.end_sending().await.unwrap();
                connections.push(connection);
            }
            for mut connection in connections {
                // With or without an answer: hyper may hang up on a connection whose other half is closed.
                let _answer = connection.answer(false).await;
                assert!(connection.is_closed().await);
            }
        }
    };
    vanish(256).await;
    server.files_after_collection().await;
    let before = resident_bytes();
    vanish(2432).await;
    // If each kept only one of its 256 KiB buffers, these would be 608 MiB. Tests beside this one take some too, and
    // blocking jobs of the last uploads may still run: what they have is given back.
    until("less than 300 MiB more than before", async || {
        server.files_after_collection().await;
        resident_bytes().saturating_sub(before) < 300 * MIB
    })
    .await;
    nothing_changed(server, "bad").await;
}

/// Sends what there is of a request and waits for the answer; each time the server waits for more, a minute passes.
async fn dawdle(server: &TestServer, wire: &[u8]) -> (u16, String) {
    let mut connection = Connection::open(server.client.address).await.unwrap();
    connection.send(wire).await.unwrap();
    let mut answer = std::pin::pin!(connection.answer(false));
    loop {
        tokio::select! {
            answer = &mut answer => return answer.unwrap().outcome(),
            () = server.until_a_body_is_waited_for() => server.clock.advance(BODY_SILENCE_MAX),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_falls_silent_is_told_so_after_a_minute() {
    let server = server_with("bad").await;
    let timeout = (400, "RequestTimeout".to_owned());
    let small = server.client.put("/bad/b", "hello").into_wire();
    assert_eq!(dawdle(&server, &small[..small.len() - 1]).await, timeout);
    let large = server.client.put("/bad/b", body_of(1, 700 * KIB)).into_wire();
    assert_eq!(dawdle(&server, &large[..large.len() - 1]).await, timeout);
    let document = server.client.post("/bad?delete", "<Delete><Object><Key>a</Key></Object></Delete>").into_wire();
    assert_eq!(dawdle(&server, &document[..document.len() - 1]).await, timeout);
    nothing_changed(server, "bad").await;
}
