//! Which certificate a name gets, and how it changes.

use crate::house::{House, shown};
use crate::support::{TestClock, TestServer, until};
use server::StartError;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_name_in_the_hello_selects_the_certificate() {
    let house = House::new();
    let exact = house.put("a.example.com", &["a.example.com"]);
    let wildcard = house.put("_.example.com", &["*.example.com"]);
    let default = house.put("default", &["127.0.0.1", "elsewhere.org"]);
    let server = house.serve().await;
    for (name, expected) in [
        ("a.example.com", &exact),
        ("A.EXAMPLE.COM", &exact),
        ("b.example.com", &wildcard),
        ("127.0.0.1", &default),
        ("elsewhere.org", &default),
    ] {
        assert_eq!(&shown(&house.connect(&server, name).await.unwrap()), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_certificate_is_refused_where_there_is_no_default() {
    let house = House::new();
    house.put("a.example.com", &["a.example.com"]);
    house.put("b.example.com", &["b.example.com"]);
    let server = house.serve().await;
    let refused = house.connect(&server, "c.example.com").await.unwrap_err().to_string();
    assert!(refused.contains("UnrecognisedName"), "{refused}");
    let refused = house.connect(&server, "127.0.0.1").await.unwrap_err().to_string();
    assert!(refused.contains("UnrecognisedName"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_without_a_restart_and_connections_go_on() {
    let house = House::new();
    let first = house.put("a.example.com", &["a.example.com"]);
    let server = house.serve().await;
    let mut before = house.http1(&server, "a.example.com").await;
    let second = house.put("a.example.com", &["a.example.com"]);
    assert_eq!(shown(&house.connect(&server, "a.example.com").await.unwrap()), first);
    until("the new certificate is shown", async || {
        server.clock.advance(Duration::from_secs(10));
        // Whoever asks nothing for long is hung up on.
        server.client.get("/").send_on(&mut before).await.unwrap().ok();
        shown(&house.connect(&server, "a.example.com").await.unwrap()) == second
    })
    .await;
    server.client.put("/kept", "").send_on(&mut before).await.unwrap().ok();
}

#[tokio::test]
async fn a_certificate_for_another_name_stops_the_start() {
    let house = House::new();
    house.put("a.example.com", &["b.example.com"]);
    let home = tempfile::tempdir().unwrap();
    let settings = server::Settings {
        tls: Some(house.settings()),
        ..server::Settings::resolve(&server::command_line::Serve {
            data: Some(home.path().join("data")),
            listen: Some(([127, 0, 0, 1], 0).into()),
            ..Default::default()
        })
        .unwrap()
    };
    let entropy = std::sync::Arc::new(environment::SystemEntropy::new());
    let machine = server::Machine { clock: TestClock::new(), entropy };
    let Err(StartError::Certificate(failure)) = server::Instance::start(&settings, machine).await else {
        panic!("the server started");
    };
    let text = failure.to_string();
    assert!(
        text.ends_with("a.example.com.crt: the certificate is not for a.example.com, but for b.example.com"),
        "{text}"
    );
}

#[tokio::test]
async fn no_server_speaks_tls_unasked() {
    assert_eq!(TestServer::start().await.instance.tls_address(), None);
}
