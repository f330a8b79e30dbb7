//! HTTP/2: the same requests, the same limits.

use crate::house::{House, Http2};
use crate::support::{Client, TestServer, body_of, until};
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use std::time::Duration;

const NAME: &str = "s3.example.com";

async fn serve() -> (House, TestServer) {
    let house = House::new();
    house.put(NAME, &[NAME]);
    let server = house.serve().await;
    server.client.put("/bucket", "").send().await.ok();
    (house, server)
}

/// A signed request, as a client of HTTP/2 sends it: the host is in the target.
fn signed(client: &Client, method: &str, target: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    let (mut parts, body, _) = client.request(method, target).host(NAME).body(body).sign();
    parts.headers.remove("host");
    parts.uri = format!("https://{NAME}{target}").parse().unwrap();
    Request::from_parts(parts, Full::new(Bytes::from(body)))
}

async fn send(connection: &mut Http2, request: Request<Full<Bytes>>) -> Response<Incoming> {
    connection.requests.ready().await.unwrap();
    let answer = connection.requests.send_request(request).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_are_served_many_at_once() {
    let (house, server) = serve().await;
    let mut connection = house.http2(&server, NAME).await;
    // Larger than all windows: it goes through only if they are given back.
    let body = body_of(1, 5_000_000);
    let put = signed(&server.client, "PUT", "/bucket/large", body.clone());
    assert_eq!(send(&mut connection, put).await.status(), 200);
    let mut answers = Vec::new();
    for _ in 0..8 {
        let get = signed(&server.client, "GET", "/bucket/large", Vec::new());
        let answer = connection.requests.send_request(get);
        // Read side by side: what a client leaves unread keeps others from being sent.
        answers
            .push(tokio::spawn(async move { answer.await.unwrap().into_body().collect().await.unwrap().to_bytes() }));
    }
    for answer in answers {
        assert!(answer.await.unwrap() == body);
    }
    let head = send(&mut connection, signed(&server.client, "HEAD", "/bucket/large", Vec::new())).await;
    assert_eq!(head.headers()["content-length"], "5000000");
    let missing = send(&mut connection, signed(&server.client, "GET", "/bucket/missing", Vec::new())).await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_the_authority_resets_the_stream() {
    let (house, server) = serve().await;
    let mut connection = house.http2(&server, NAME).await;
    let mut request = signed(&server.client, "GET", "/bucket", Vec::new());
    request.headers_mut().insert("host", "other.example.com".parse().unwrap());
    connection.requests.ready().await.unwrap();
    let reset = connection.requests.send_request(request).await.unwrap_err();
    let reason = format!("{:?}", std::error::Error::source(&reset));
    assert!(reason.contains("PROTOCOL_ERROR"), "{reason}");
    let good = signed(&server.client, "GET", "/bucket", Vec::new());
    assert_eq!(send(&mut connection, good).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused() {
    let (house, server) = serve().await;
    let mut connection = house.http2(&server, NAME).await;
    let mut request = signed(&server.client, "GET", "/bucket", Vec::new());
    for number in 0..24 {
        let name = http::HeaderName::from_bytes(format!("x-filler-{number}").as_bytes()).unwrap();
        request.headers_mut().insert(name, "x".repeat(8000).parse().unwrap());
    }
    connection.requests.ready().await.unwrap();
    match connection.requests.send_request(request).await {
        Ok(answer) => assert_eq!(answer.status(), 431),
        // The client itself knows the limit by then.
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    let mut another = house.http2(&server, NAME).await;
    let good = signed(&server.client, "GET", "/bucket", Vec::new());
    assert_eq!(send(&mut another, good).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_nothing_is_closed_in_time() {
    let (house, server) = serve().await;
    let mut connection = house.http2(&server, NAME).await;
    let get = signed(&server.client, "GET", "/bucket", Vec::new());
    assert_eq!(send(&mut connection, get).await.status(), 200);
    until("the connection is closed", async || {
        server.clock.advance(Duration::from_secs(25));
        connection.ended.is_finished()
    })
    .await;
    // With a farewell or without: the clock may have passed the time for that as well.
    let _farewell = connection.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_lets_requests_end() {
    let (house, server) = serve().await;
    let mut connection = house.http2(&server, NAME).await;
    let put = signed(&server.client, "PUT", "/bucket/large", body_of(1, 5_000_000));
    connection.requests.ready().await.unwrap();
    let answer = connection.requests.send_request(put);
    let stopping = tokio::spawn(server.stop());
    // Either it was seen in time, and is served whole, or it was not served at all.
    if let Ok(answer) = answer.await {
        assert_eq!(answer.status(), 200);
    }
    stopping.await.unwrap();
    drop(connection.requests);
}
