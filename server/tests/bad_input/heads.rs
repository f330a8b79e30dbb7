//! Request lines and headers that are malformed, too long or too many.

use crate::support::{Answer, Client, Connection};
use crate::{nothing_changed, server_with};
use std::time::Duration;

/// Sends `bytes`, ends sending, and reads what comes; `None` if the server only hangs up.
async fn exchange(client: &Client, bytes: &[u8]) -> Option<Answer> {
    let mut connection = Connection::open(client.address).await.unwrap();
    // It may hang up before all is sent.
    let _sent = connection.send(bytes).await;
    let _ended = connection.end_sending().await;
    connection.answer(false).await.ok()
}

async fn still_answers(client: &Client) {
    assert_eq!(client.get("/bad/a").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_refused_and_the_next_is_served() {
    let server = server_with("bad").await;
    for bytes in [
        &b"\r\n\r\n\r\n"[..],
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /bad/a\r\n\r\n",
        b"GET /bad/a HTTP/9.9\r\n\r\n",
        b"GET /bad/a HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /bad/a HTTP/1.1\r\nbad name: x\r\n\r\n",
        b"GET /bad/a HTTP/1.1\r\nx-a: \x00\r\n\r\n",
        b"GET /bad/\x00a HTTP/1.1\r\nhost: a\r\n\r\n",
        b"G\xffT /bad/a HTTP/1.1\r\nhost: a\r\n\r\n",
        b"PUT /bad/b HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        b"PUT /bad/b HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"PUT /bad/b HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"PUT /bad/b HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"PUT /bad/b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\nxx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = exchange(&server.client, bytes).await;
        let refused = answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status));
        assert!(refused, "{:?}: {answer:?}", String::from_utf8_lossy(bytes));
        still_answers(&server.client).await;
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_up_to_their_limit_are_read_and_no_further() {
    let server = server_with("bad").await;
    let client = &server.client;
    client.get("/bad/a").header("x-filler", "f".repeat(30_000)).send().await.ok();
    for bytes in [
        format!("GET /bad/{} HTTP/1.1\r\nhost: a\r\n\r\n", "k".repeat(300_000)),
        format!("GET /bad/a HTTP/1.1\r\nx-a: {}\r\n\r\n", "v".repeat(300_000)),
        format!("GET /bad/a HTTP/1.1\r\n{}: v\r\n\r\n", "n".repeat(300_000)),
        format!("GET /bad/a HTTP/1.1\r\n{}\r\n", "x-a: v\r\n".repeat(5000)),
        "x".repeat(300_000),
    ] {
        let answer = exchange(client, bytes.as_bytes()).await;
        let refused = answer.as_ref().is_none_or(|answer| matches!(answer.status, 400 | 414 | 431));
        assert!(refused, "{}…: {answer:?}", &bytes[..30]);
        still_answers(client).await;
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_headers_as_allowed_are_read_and_one_more_is_refused() {
    let server = server_with("bad").await;
    let with_headers = |count: usize| {
        let mut request = server.client.get("/bad/a");
        // host, x-amz-date, x-amz-content-sha256 and authorization are there anyway.
        for number in 0..count - 4 {
            request = request.header(&format!("x-{number}"), "v");
        }
        request.into_wire()
    };
    let most = types::limits::HEADERS_MAX;
    assert_eq!(server.client.exchange_raw(&with_headers(most), false).await.status, 200);
    let refused = exchange(&server.client, &with_headers(most + 1)).await;
    assert!(refused.as_ref().is_none_or(|answer| matches!(answer.status, 400 | 431)), "{refused:?}");
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_up_to_its_limit_is_kept_and_a_byte_more_refused() {
    let server = server_with("bad").await;
    let put = |bytes: usize| server.client.put("/bad/b", "x").header("x-amz-meta-m", "v".repeat(bytes - 1)).send();
    put(8192).await.ok();
    server.client.delete("/bad/b").send().await.ok();
    put(8193).await.refused(400, "MetadataTooLarge");
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_target_may_be_absolute() {
    let server = server_with("bad").await;
    let client = &server.client;
    let wire = String::from_utf8(client.get("/bad/a").into_wire()).unwrap();
    let absolute = wire.replacen("GET /bad/a", &format!("GET http://{}/bad/a", client.address), 1);
    let answer = client.exchange_raw(absolute.as_bytes(), false).await;
    assert_eq!((answer.status, answer.text()), (200, "abc"));
    for target in ["*", "bad/a", "http://", "//", "http:///bad/a"] {
        let odd = wire.replacen("GET /bad/a", &format!("GET {target}"), 1);
        let answer = exchange(client, odd.as_bytes()).await;
        assert!(answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status)), "{target}: {answer:?}");
        still_answers(client).await;
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_come_twice_do_not_pass_for_signed() {
    let server = server_with("bad").await;
    let client = &server.client;
    for name in ["host", "x-amz-date", "x-amz-content-sha256", "authorization", "content-type"] {
        let (mut parts, body, _) = client.put("/bad/b", "x").header("content-type", "text/a").sign();
        let value = parts.headers[name].clone();
        let other = if name == "host" { "elsewhere.example.com".parse().unwrap() } else { value };
        parts.headers.append(name, other);
        let answer = client.exchange(&parts, &body).await;
        assert!(matches!(answer.status, 400 | 403), "{name}: {} {}", answer.status, answer.text());
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_sent_one_behind_the_other_are_answered_in_order() {
    let server = server_with("bad").await;
    let client = &server.client;
    let mut connection = Connection::open(client.address).await.unwrap();
    let all = [client.get("/bad/a").into_wire(), client.get("/bad/gone").into_wire(), client.get("/bad/a").into_wire()];
    connection.send(&all.concat()).await.unwrap();
    for status in [200, 404, 200] {
        assert_eq!(connection.answer(false).await.unwrap().status, status);
    }
}

/// Sends the head of a PUT that waits for `100 Continue`, and answers what comes first.
async fn expecting(client: &Client, wire: &[u8], body_bytes: usize) -> (Connection, u16) {
    let mut connection = Connection::open(client.address).await.unwrap();
    connection.send(&wire[..wire.len() - body_bytes]).await.unwrap();
    let (status, headers) = connection.answer_head().await.unwrap();
    if status >= 400 {
        let length = headers["content-length"].to_str().unwrap().parse().unwrap();
        connection.bytes(length).await.unwrap();
    }
    (connection, status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_first_is_told_to_go_on_or_not_to() {
    let server = server_with("bad").await;
    let client = &server.client;
    let wire = client.put("/bad/b", "hello").header("expect", "100-continue").into_wire();
    let (mut connection, status) = expecting(client, &wire, 5).await;
    assert_eq!(status, 100);
    connection.send(b"hello").await.unwrap();
    connection.answer(false).await.unwrap().ok();
    client.delete("/bad/b").send().await.ok();

    let wrong = Client { secret_access_key: "0".repeat(64), ..client.clone() };
    for (wire, expected) in [
        (wrong.put("/bad/b", "hello").header("expect", "100-continue").into_wire(), 403),
        (client.put("/gone/b", "hello").header("expect", "100-continue").into_wire(), 404),
        (client.put("/bad/b?acl", "hello").header("expect", "100-continue").into_wire(), 501),
        (client.put("/bad/a", "hello").header("if-none-match", "*").header("expect", "100-continue").into_wire(), 412),
    ] {
        let (_, status) = expecting(client, &wire, 5).await;
        assert_eq!(status, expected, "an upload that cannot succeed is not asked for");
    }
    nothing_changed(server, "bad").await;
}

/// A connection looks so often whether it has waited for a head for too long.
const LOOK: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_end_its_head_is_let_go() {
    let server = server_with("bad").await;
    for begun in [&b""[..], b"GET /bad HTTP/1.1\r\nhost: localhost\r\n"] {
        let mut connection = Connection::open(server.client.address).await.unwrap();
        connection.send(&server.client.get("/bad?location").into_wire()).await.unwrap();
        assert_eq!(connection.answer(false).await.unwrap().status, 200);
        connection.send(begun).await.unwrap();
        let mut closed = std::pin::pin!(connection.is_closed());
        loop {
            tokio::select! {
                closed = &mut closed => break assert!(closed),
                () = server.clock.until_asleep(1, LOOK) => server.clock.advance(LOOK),
            }
        }
    }
    nothing_changed(server, "bad").await;
}
