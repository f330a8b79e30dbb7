//! Custom domains: their least version and their ciphers hold in the handshake, and on connections made for others.

use crate::api::Api;
use crate::house::{House, TLS12, TLS13, connect, tls_address};
use crate::logs;
use crate::support::{Connection, TestServer, until};
use rustls::ClientConfig;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const DOMAINS: &str = "/accounts/{a}/r2/buckets/photos/domains/custom";

/// A server with one bucket at two custom domains, which one certificate is for.
async fn serve(settings: &[(&str, Value)]) -> (House, TestServer) {
    let house = House::new();
    house.put("_.example.com", &["*.example.com"]);
    let server = house.serve().await;
    server.client.put("/photos", "").send().await.ok();
    server.client.put("/photos/cat", "meow").send().await.ok();
    for (domain, settings) in settings {
        let mut body = json!({ "domain": domain, "zoneId": "zone", "enabled": true });
        for (name, value) in settings.as_object().unwrap() {
            body[name] = value.clone();
        }
        Api::root(&server).post(DOMAINS, &body).await.ok();
    }
    (house, server)
}

async fn get(stream: TlsStream<TcpStream>, host: &str) -> (u16, Vec<u8>) {
    let mut connection = Connection::over(stream);
    connection.send(format!("GET /cat HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    let answer = connection.answer(false).await.unwrap();
    (answer.status, answer.body)
}

async fn shaken(server: &TestServer, name: &str, config: ClientConfig) -> Result<TlsStream<TcpStream>, String> {
    connect(tls_address(server), name, config).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_asks_for_1_3_refuses_1_2() {
    let (house, server) =
        serve(&[("strict.example.com", json!({ "minTLS": "1.3" })), ("lax.example.com", json!({}))]).await;
    let old = || house.client(&[&TLS12], &[]);
    let refused = shaken(&server, "strict.example.com", old()).await.unwrap_err();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let new = shaken(&server, "strict.example.com", house.client(&[&TLS13], &[])).await.unwrap();
    assert_eq!(get(new, "strict.example.com").await, (200, b"meow".to_vec()));
    let lax = shaken(&server, "lax.example.com", old()).await.unwrap();
    assert_eq!(get(lax, "lax.example.com").await, (200, b"meow".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_for_one_domain_does_not_reach_a_stricter_one() {
    let (house, server) =
        serve(&[("strict.example.com", json!({ "minTLS": "1.3" })), ("lax.example.com", json!({}))]).await;
    for host in ["strict.example.com", "STRICT.example.com:443", "strict.example.com."] {
        let lax = shaken(&server, "lax.example.com", house.client(&[&TLS12], &[])).await.unwrap();
        assert_eq!(get(lax, host).await.0, 421, "{host}");
    }
    for host in ["strict.example.com..", "strict.example.com..:443", "strict.example.com..."] {
        let lax = shaken(&server, "lax.example.com", house.client(&[&TLS12], &[])).await.unwrap();
        let (status, body) = get(lax, host).await;
        assert!((400..500).contains(&status) && body != b"meow", "{host} is nobody's");
    }
    let modern = shaken(&server, "lax.example.com", house.client(&[&TLS13], &[])).await.unwrap();
    assert_eq!(get(modern, "strict.example.com").await, (200, b"meow".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begun_under_weaker_rules_is_not_taken_up_again() {
    let (house, server) = serve(&[("cats.example.com", json!({}))]).await;
    let old = house.client(&[&TLS12], &[]);
    let before = shaken(&server, "cats.example.com", old.clone()).await.unwrap();
    assert_eq!(get(before, "cats.example.com").await.0, 200);
    let api = Api::root(&server);
    api.put(&format!("{DOMAINS}/cats.example.com"), &json!({ "minTLS": "1.3" })).await.ok();
    let refused = shaken(&server, "cats.example.com", old).await.unwrap_err();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stricter_rules_hold_on_connections_that_are_open_already() {
    let (house, server) = serve(&[("cats.example.com", json!({}))]).await;
    let mut old = Connection::over(shaken(&server, "cats.example.com", house.client(&[&TLS12], &[])).await.unwrap());
    let mut new = Connection::over(shaken(&server, "cats.example.com", house.client(&[&TLS13], &[])).await.unwrap());
    let request = b"GET /cat HTTP/1.1\r\nHost: cats.example.com\r\n\r\n";
    for (min_tls, expected) in [("1.2", 200), ("1.3", 421), ("1.2", 200)] {
        let api = Api::root(&server);
        api.put(&format!("{DOMAINS}/cats.example.com"), &json!({ "minTLS": min_tls })).await.ok();
        for (connection, expected) in [(&mut old, expected), (&mut new, 200)] {
            connection.send(request).await.unwrap();
            assert_eq!(connection.answer(false).await.unwrap().status, expected, "{min_tls}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_ciphers_of_a_domain_are_spoken() {
    let ciphers = json!({ "ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384"] });
    let (house, server) =
        serve(&[("cats.example.com", ciphers), ("old.example.com", json!({ "ciphers": ["AES128-SHA"] }))]).await;
    let old = shaken(&server, "cats.example.com", house.client(&[&TLS12], &[])).await.unwrap();
    let agreed = old.get_ref().1.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(agreed, rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
    assert_eq!(get(old, "cats.example.com").await.0, 200);
    // None of its ciphers is spoken: what is left is 1.3.
    shaken(&server, "old.example.com", house.client(&[&TLS12], &[])).await.unwrap_err();
    shaken(&server, "old.example.com", house.client(&[&TLS13], &[])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_active_while_there_is_a_certificate_for_it() {
    logs::keep();
    let (house, server) = serve(&[("cats.example.com", json!({})), ("dogs.example.org", json!({}))]).await;
    let api = Api::root(&server);
    let status = async |name: &str| {
        server.clock.advance(Duration::from_secs(10));
        api.get(&format!("{DOMAINS}/{name}")).await.ok()["status"]["ssl"].as_str().unwrap().to_owned()
    };
    let becomes = async |name: &str, expected: &str| {
        until(&format!("{name}: {expected}"), async || status(name).await == expected).await;
    };
    becomes("cats.example.com", "active").await;
    becomes("dogs.example.org", "error").await;
    until("it is in the log", async || !logs::about("dogs.example.org").is_empty()).await;
    let told = logs::about("dogs.example.org");
    assert!(told.len() == 1 && told[0].contains("put dogs.example.org.crt and dogs.example.org.key"), "{told:?}");
    house.put("dogs.example.org", &["dogs.example.org"]);
    becomes("dogs.example.org", "active").await;
    house.take_away("dogs.example.org");
    becomes("dogs.example.org", "error").await;
    assert_eq!(status("cats.example.com").await, "active");
}
