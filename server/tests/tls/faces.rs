//! The faces over TLS, and what plain HTTP is still for.

use crate::house::{House, TLS12, TLS13, connect, tls_address};
use crate::support::{Connection, body_of};
use server::settings::Redirect;

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_are_served_over_either_version() {
    let house = House::new();
    house.put("s3.example.com", &["s3.example.com", "127.0.0.1"]);
    let server = house.serve().await;
    server.client.put("/bucket", "").send().await.ok();
    let body = body_of(1, 300_000);
    for version in [&TLS12, &TLS13] {
        let stream = connect(tls_address(&server), "s3.example.com", house.client(&[version], &["http/1.1"])).await;
        let mut connection = Connection::over(stream.unwrap());
        let put = server.client.put("/bucket/key", body.clone()).host("s3.example.com");
        put.send_on(&mut connection).await.unwrap().ok();
        let got = server.client.get("/bucket/key").host("s3.example.com").send_on(&mut connection).await.unwrap().ok();
        assert!(got.body == body);
        let mut wrong = server.client.clone();
        wrong.secret_access_key = "0".repeat(64);
        let refused = wrong.get("/bucket/key").host("s3.example.com").send_on(&mut connection).await.unwrap();
        refused.refused(403, "SignatureDoesNotMatch");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_are_sent_to_https_but_for_signed_ones() {
    let house = House::new();
    house.put("s3.example.com", &["s3.example.com"]);
    let server = house.serve_with(|tls| tls.redirect = Some(Redirect { status: 308, port: Some(443) })).await;
    let unsigned = b"GET /client/v4/user?x=1 HTTP/1.1\r\nHost: s3.example.com:80\r\n\r\n";
    let sent = server.client.exchange_raw(unsigned, false).await;
    assert_eq!((sent.status, sent.header("location")), (308, Some("https://s3.example.com/client/v4/user?x=1")));
    server.client.put("/bucket", "").send().await.ok();
    let (parts, body) = server.client.get("/bucket").presign(60);
    server.client.exchange(&parts, &body).await.ok();
    // Over TLS nothing is sent anywhere.
    let mut connection = house.http1(&server, "s3.example.com").await;
    connection.send(b"GET /client/v4/user HTTP/1.1\r\nHost: s3.example.com\r\n\r\n").await.unwrap();
    assert_eq!(connection.answer(false).await.unwrap().status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_lets_requests_over_tls_end() {
    let house = House::new();
    house.put("s3.example.com", &["s3.example.com"]);
    let server = house.serve().await;
    server.client.put("/bucket", "").send().await.ok();
    let put = server.client.put("/bucket/key", "slow").host("s3.example.com").into_wire();
    let (head, tail) = put.split_at(put.len() - 2);
    let mut connection = house.http1(&server, "s3.example.com").await;
    let mut idle = house.http1(&server, "s3.example.com").await;
    connection.send(head).await.unwrap();
    // One that has been answered is at rest.
    server.client.get("/bucket").host("s3.example.com").send_on(&mut idle).await.unwrap().ok();
    let stopping = tokio::spawn(server.stop());
    assert!(idle.is_closed().await);
    connection.send(tail).await.unwrap();
    connection.answer(false).await.unwrap().ok();
    stopping.await.unwrap();
}
