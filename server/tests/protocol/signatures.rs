//! Who may: regions, clocks, presigned URLs, and signatures over something else than what was sent.

use crate::server_with;
use crate::support::{Client, TestServer};
use environment::Clock;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use std::time::Duration;
use types::Timestamp;

fn at(server: &TestServer, seconds: i64) -> Timestamp {
    let now = server.clock.now().seconds();
    Timestamp::from_seconds(now.checked_add_signed(seconds).unwrap())
}

async fn get_presigned(client: &Client, expires_seconds: u64, signed_at: Timestamp) -> (u16, String) {
    let (parts, body) = client.get("/sign/a").signed_at(signed_at).presign(expires_seconds);
    client.exchange(&parts, &body).await.outcome()
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_region_is_auto_or_one_of_its_aliases() {
    let server = server_with("sign").await;
    for region in ["auto", "us-east-1", "", "weur"] {
        let client = Client { region: region.to_owned(), ..server.client.clone() };
        assert_eq!(client.get("/sign/a").send().await.ok().text(), "abc", "{region:?}");
        assert_eq!(get_presigned(&client, 60, server.clock.now()).await.0, 200, "{region:?}");
    }
    for region in ["us-east-2", "eu", "AUTO", "us-east-1 ", "a/b"] {
        let client = Client { region: region.to_owned(), ..server.client.clone() };
        client.get("/sign/a").send().await.refused(400, "AuthorizationHeaderMalformed");
        let presigned = get_presigned(&client, 60, server.clock.now()).await;
        assert_eq!(presigned, refusal(400, "AuthorizationQueryParametersError"), "{region:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_signature_is_good_for_fifteen_minutes_either_way() {
    let server = server_with("sign").await;
    for (seconds, expected) in [
        (-901, refusal(403, "RequestTimeTooSkewed")),
        (-900, refusal(200, "")),
        (0, refusal(200, "")),
        (900, refusal(200, "")),
        (901, refusal(403, "RequestTimeTooSkewed")),
    ] {
        let answer = server.client.get("/sign/a").signed_at(at(&server, seconds)).send().await;
        assert_eq!(answer.outcome(), expected, "{seconds} s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presigned_url_is_good_from_one_second_to_a_week() {
    let server = server_with("sign").await;
    for (expires, expected) in [
        (0, refusal(400, "AuthorizationQueryParametersError")),
        (1, refusal(200, "")),
        (604_800, refusal(200, "")),
        (604_801, refusal(400, "AuthorizationQueryParametersError")),
    ] {
        assert_eq!(get_presigned(&server.client, expires, server.clock.now()).await, expected, "{expires}");
    }
    for expires in [1, 60, 604_800] {
        let signed_at = server.clock.now();
        server.clock.advance(Duration::from_secs(expires - 1));
        assert_eq!(get_presigned(&server.client, expires, signed_at).await.0, 200, "a second before {expires}");
        server.clock.advance(Duration::from_secs(1));
        assert_eq!(get_presigned(&server.client, expires, signed_at).await.0, 200, "in the last second of {expires}");
        server.clock.advance(Duration::from_secs(1));
        let late = get_presigned(&server.client, expires, signed_at).await;
        assert_eq!(late, refusal(400, "ExpiredRequest"), "a second after {expires}");
    }
    assert_eq!(get_presigned(&server.client, 60, at(&server, 900)).await.0, 200, "a client's clock may be ahead");
    assert_eq!(get_presigned(&server.client, 60, at(&server, 901)).await, refusal(403, "AccessDenied"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presigned_urls_do_what_they_are_signed_for_and_nothing_else() {
    let server = server_with("sign").await;
    let client = &server.client;
    let (put, body) = client.put("/sign/up", "uploaded").header("content-type", "text/x-signed").presign(60);
    client.exchange(&put, &body).await.ok();
    let head = client.head("/sign/up").send().await.ok();
    assert_eq!((head.header("content-type"), head.header("content-length")), (Some("text/x-signed"), Some("8")));
    let mut other_type = put.clone();
    other_type.headers.insert("content-type", HeaderValue::from_static("text/html"));
    client.exchange(&other_type, &body).await.refused(403, "SignatureDoesNotMatch");
    let mut other_method = put.clone();
    other_method.method = http::Method::DELETE;
    client.exchange(&other_method, &body).await.refused(403, "SignatureDoesNotMatch");
    let mut as_copy = put;
    as_copy.headers.insert("x-amz-copy-source", HeaderValue::from_static("/sign/a"));
    client.exchange(&as_copy, &body).await.refused(403, "AccessDenied");
    assert_eq!(client.get("/sign/up").send().await.ok().text(), "uploaded");
}

fn signed_parts(client: &Client) -> Parts {
    let request = client.get("/sign/a?response-content-type=text%2Fa&response-expires=1");
    request.header("x-amz-meta-a", "1").header("x-other", "2").sign().0
}

fn set_target(parts: &mut Parts, from: &str, to: &str) {
    let target = parts.uri.to_string();
    assert!(target.contains(from), "{target}");
    parts.uri = target.replacen(from, to, 1).parse().unwrap();
}

fn set_header(parts: &mut Parts, name: &'static str, change: impl FnOnce(&str) -> String) {
    let value = change(parts.headers[name].to_str().unwrap());
    parts.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
}

/// What somebody between client and server may do to a request.
type Change<'c> = &'c dyn Fn(&mut Parts);

/// The last hexadecimal digit becomes another.
fn with_another_last_digit(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_changed_after_it_was_signed_is_refused() {
    let server = server_with("sign").await;
    let client = &server.client;
    client.exchange(&signed_parts(client), b"").await.ok();
    let earlier = at(&server, -1).to_amz_date();
    let changes: [(&str, Change<'_>); 13] = [
        ("bucket", &|parts| set_target(parts, "/sign/", "/sigm/")),
        ("key", &|parts| set_target(parts, "/a?", "/b?")),
        ("key's case", &|parts| set_target(parts, "/a?", "/A?")),
        ("query value", &|parts| set_target(parts, "text%2Fa", "text%2Fb")),
        ("query name", &|parts| set_target(parts, "response-expires", "response-cache-control")),
        ("query parameter less", &|parts| set_target(parts, "&response-expires=1", "")),
        ("query parameter more", &|parts| set_target(parts, "?", "?partNumber=1&")),
        ("method", &|parts| parts.method = http::Method::HEAD),
        ("signed header", &|parts| set_header(parts, "x-other", |_| "3".to_owned())),
        ("signed header twice", &|parts| {
            parts.headers.append("x-other", HeaderValue::from_static("3"));
        }),
        ("signed header gone", &|parts| drop(parts.headers.remove("x-other"))),
        ("date", &|parts| set_header(parts, "x-amz-date", |_| earlier.clone())),
        ("signature", &|parts| set_header(parts, "authorization", with_another_last_digit)),
    ];
    for (what, change) in changes {
        let mut parts = signed_parts(client);
        change(&mut parts);
        let answer = client.exchange(&parts, b"").await;
        if parts.method == "HEAD" {
            answer.refused_without_body(403);
        } else {
            assert_eq!(answer.outcome(), refusal(403, "SignatureDoesNotMatch"), "{what}");
        }
    }
    let mut parts = signed_parts(client);
    parts.headers.insert("x-amz-meta-b", HeaderValue::from_static("unsigned"));
    client.exchange(&parts, b"").await.refused(403, "AccessDenied");
    let (parts, _, _) = client.put("/sign/a", "abc").sign();
    client.exchange(&parts, b"abd").await.refused(400, "XAmzContentSHA256Mismatch");
    assert_eq!(client.get("/sign/a").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presigned_url_changed_after_it_was_signed_is_refused() {
    let server = server_with("sign").await;
    let client = &server.client;
    let presigned = || client.get("/sign/a?response-expires=1").presign(60).0;
    client.exchange(&presigned(), b"").await.ok();
    let now = server.clock.now().to_amz_date();
    let earlier = at(&server, -1).to_amz_date();
    for (from, to) in [
        ("/sign/", "/sigm/"),
        ("/a?", "/b?"),
        ("response-expires=1", "response-expires=2"),
        ("response-expires=1&", ""),
        ("?", "?partNumber=1&"),
        ("X-Amz-Expires=60", "X-Amz-Expires=61"),
        (&*format!("X-Amz-Date={now}"), &*format!("X-Amz-Date={earlier}")),
        ("%2Fauto%2F", "%2Fus-east-1%2F"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bx-other"),
    ] {
        let mut parts = presigned();
        set_target(&mut parts, from, to);
        assert_eq!(client.exchange(&parts, b"").await.outcome(), refusal(403, "SignatureDoesNotMatch"), "{to}");
    }
    let mut parts = presigned();
    parts.uri = with_another_last_digit(&parts.uri.to_string()).parse().unwrap();
    client.exchange(&parts, b"").await.refused(403, "SignatureDoesNotMatch");
    let mut parts = presigned();
    set_header(&mut parts, "host", |_| "elsewhere.example.com".to_owned());
    client.exchange(&parts, b"").await.refused(403, "SignatureDoesNotMatch");
    for missing in ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"] {
        let mut parts = presigned();
        set_target(&mut parts, missing, "X-Amz-Nothing");
        client.exchange(&parts, b"").await.refused(400, "AuthorizationQueryParametersError");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_unknown_or_signs_in_another_way_is_told_so() {
    let server = server_with("sign").await;
    let client = &server.client;
    let unknown = Client { access_key_id: "0".repeat(32), ..client.clone() };
    unknown.get("/sign/a").send().await.refused(401, "Unauthorized");
    let unknown = Client { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..client.clone() };
    unknown.get("/sign/a").send().await.refused(401, "Unauthorized");
    let wrong = Client { secret_access_key: "0".repeat(64), ..client.clone() };
    wrong.get("/sign/a").send().await.refused(403, "SignatureDoesNotMatch");
    assert_eq!(get_presigned(&wrong, 60, server.clock.now()).await, refusal(403, "SignatureDoesNotMatch"));

    let unsigned = client.get("/sign/a").parts;
    client.exchange(&unsigned, b"").await.refused(401, "Unauthorized");
    let with = |value: &'static str| {
        let mut parts = client.get("/sign/a").parts;
        parts.headers.insert("authorization", HeaderValue::from_static(value));
        parts
    };
    client
        .exchange(&with("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="), b"")
        .await
        .refused(400, "InvalidRequest");
    client.exchange(&with("Bearer token"), b"").await.refused(400, "InvalidArgument");
    for malformed in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
    ] {
        let answer = client.exchange(&with(malformed), b"").await;
        assert!(
            matches!(&*answer.outcome().1, "AuthorizationHeaderMalformed" | "SignatureDoesNotMatch"),
            "{malformed}"
        );
    }
    let mut both = client.get("/sign/a").presign(60).0;
    both.headers.insert("authorization", HeaderValue::from_static("AWS4-HMAC-SHA256 Credential=a"));
    client.exchange(&both, b"").await.refused(400, "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_a_request_id_of_its_own() {
    let server = server_with("sign").await;
    let client = &server.client;
    let mut ids = std::collections::BTreeSet::new();
    for answer in [
        client.get("/").send().await,
        client.get("/sign/a").send().await,
        client.head("/sign/gone").send().await,
        client.get("/sign/gone").send().await,
        client.delete("/sign/gone").send().await,
        client.get("/sign?acl").send().await,
        client.exchange(&client.get("/sign/a").parts, b"").await,
    ] {
        let id = answer.header("x-amz-request-id").expect("a request id").to_owned();
        assert!(ids.insert(id), "an id twice");
    }
}
