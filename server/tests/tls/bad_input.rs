//! Clients that speak something else, too slowly, or too much.

use crate::house::{House, tls_address};
use crate::support::{Connection, PATIENCE, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn serve() -> (House, TestServer) {
    let house = House::new();
    house.put("s3.example.com", &["s3.example.com"]);
    let server = house.serve().await;
    (house, server)
}

/// Sends bytes and answers all that comes back until the server closes.
async fn told(server: &TestServer, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(tls_address(server)).await.unwrap();
    let _the_server_may_close_first = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the server closes");
    if let Err(error) = ended {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_so() {
    let (house, server) = serve().await;
    let mut connection = Connection::open(tls_address(&server)).await.unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: s3.example.com\r\n\r\n").await.unwrap();
    let answer = connection.answer(false).await.unwrap();
    assert_eq!((answer.status, answer.text().contains("https://")), (400, true));
    connection.end_sending().await.unwrap();
    assert!(connection.is_closed().await);
    house.connect(&server, "s3.example.com").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_the_connection() {
    let (house, server) = serve().await;
    for bytes in [&[0xff; 64][..], &[0x16, 0x03, 0x01, 0xff, 0xff, 0x00], &[0x80, 0x2e, 0x01, 0x00, 0x02], b"\0\0\0\0"]
    {
        let mut padded = bytes.to_vec();
        padded.resize(20_000, 0);
        let answer = told(&server, &padded).await;
        // An alert, or nothing.
        assert!(answer.is_empty() || answer[0] == 0x15, "{answer:?}");
    }
    // A hello that says it is 16 MB long.
    let mut huge = vec![0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0xff, 0xff, 0xff];
    huge.resize(200_000, 0x16);
    let answer = told(&server, &huge).await;
    assert!(answer.is_empty() || answer[0] == 0x15, "{answer:?}");
    house.connect(&server, "s3.example.com").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_handshake_is_given_up() {
    let (_house, server) = serve().await;
    let mut silent = Connection::open(tls_address(&server)).await.unwrap();
    let mut slow = Connection::open(tls_address(&server)).await.unwrap();
    slow.send(&[0x16, 0x03]).await.unwrap();
    let closing = async { assert!(silent.is_closed().await && slow.is_closed().await) };
    let passing = async {
        loop {
            server.clock.advance(Duration::from_secs(5));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = closing => {}
        () = passing => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_never_ends_does_not_keep_a_server_from_stopping() {
    let (_house, server) = serve().await;
    let mut slow = Connection::open(tls_address(&server)).await.unwrap();
    slow.send(&[0x16, 0x03, 0x01]).await.unwrap();
    server.stop().await;
    assert!(slow.is_closed().await);
}
