//! What is decided before a face: redirects, challenges, misdirected requests.

use super::*;
use face_public::{Asked as AskedOfFace, PublicHosts};
use proptest::prelude::*;
use std::collections::HashMap;
use tls::{Asked, MinVersion, Rules};
use types::PublicName;

/// Two domains: one that asks for TLS 1.3, and one that is being proven.
struct Stub;

impl Domains for Stub {
    fn rules<'a>(&'a self, name: &'a str) -> Asked<'a, Option<Rules>> {
        let strict = name.starts_with("strict.example.").then(|| Rules::new(MinVersion::Tls13, []));
        Box::pin(async move { Ok(strict) })
    }

    fn key_authorization<'a>(&'a self, _name: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn answer_to<'a>(&'a self, token: &'a str) -> Asked<'a, Option<String>> {
        let known = HashMap::from([("token", "token.print")]);
        let answer = known.get(token).map(|answer| (*answer).to_owned());
        Box::pin(async move { Ok(answer) })
    }
}

fn request(method: &str, host: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(target).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn hosts() -> PublicHosts {
    PublicHosts {
        development_domains: vec!["r2dev.localhost".to_owned()],
        bucket_domains: vec!["example.com".to_owned()],
        ..PublicHosts::default()
    }
}

async fn outcome(status: u16, port: u16, request: Request<()>) -> Option<(u16, String)> {
    let front = Front::new(Arc::new(Stub), Some(Redirect { status, port: Some(port) }), hosts());
    let answer = front.answer(&request).await?;
    let location = answer.headers().get(LOCATION).map(|location| location.to_str().unwrap().to_owned());
    Some((answer.status().as_u16(), location.unwrap_or_default()))
}

#[tokio::test]
async fn plain_requests_are_sent_to_the_same_target_at_https() {
    let sent = |host: &str, target: &str| outcome(308, 443, request("GET", host, target, &[]));
    assert_eq!(sent("a.example:80", "/k%20y?x=1").await, Some((308, "https://a.example/k%20y?x=1".to_owned())));
    assert_eq!(sent("[::1]:80", "//evil.example/").await, Some((308, "https://[::1]//evil.example/".to_owned())));
    for odd in ["a.example/x", "user@a.example", "a b", "", "a.example:80:90", "[evil.example]"] {
        assert_eq!(sent(odd, "/").await, None, "{odd:?}");
    }
    let elsewhere = outcome(301, 8443, request("PUT", "127.0.0.1:80", "/", &[])).await;
    assert_eq!(elsewhere, Some((301, "https://127.0.0.1:8443/".to_owned())));
}

#[tokio::test]
async fn signed_requests_and_challenges_are_not_sent_to_https() {
    let signed = request("GET", "a.example", "/b/k", &[("authorization", "AWS4-HMAC-SHA256 Credential=x")]);
    assert_eq!(outcome(301, 443, signed).await, None);
    let presigned = request("GET", "a.example", "/b/k?X-Amz-Signature=00", &[]);
    assert_eq!(outcome(301, 443, presigned).await, None);
    let challenge = |token: &str| request("GET", "a.example", &format!("{CHALLENGE_PATH}{token}"), &[]);
    assert_eq!(outcome(301, 443, challenge("token")).await, Some((200, String::new())));
    assert_eq!(outcome(301, 443, challenge("unknown")).await, None);
    let token = request("GET", "a.example", "/client/v4/user", &[("authorization", "Bearer x")]);
    assert_eq!(outcome(301, 443, token).await.map(|(status, _)| status), Some(301));
}

#[tokio::test]
async fn a_signature_keeps_no_request_for_a_public_name_from_https() {
    let query = "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
    let development = format!("pub-{}.r2dev.localhost", "0".repeat(32));
    let sent = |host: &str| outcome(308, 443, request("GET", host, query, &[]));
    assert_eq!(sent("strict.example.org").await.map(|(status, _)| status), Some(308), "a custom domain");
    assert_eq!(sent(&development).await.map(|(status, _)| status), Some(308));
    assert_eq!(sent("s3.example.org").await, None, "no custom domain");
    assert_eq!(sent("strict.example.com").await, None, "a bucket has that name as its endpoint too");
}

#[tokio::test]
async fn a_connection_made_by_weaker_rules_does_not_reach_a_domain() {
    let over = |version: u16, host: &str| {
        let connection = Security { version, cipher: 0 };
        let mut request = request("GET", host, "/", &[]);
        request.extensions_mut().insert(Arc::new(connection));
        outcome(301, 443, request)
    };
    let refused = Some((421, String::new()));
    assert_eq!(over(0x0303, "strict.example.com").await, refused);
    assert_eq!(over(0x0303, "STRICT.example.com.:443").await, refused);
    assert_eq!(over(0x0304, "strict.example.com").await, None);
    assert_eq!(over(0x0303, "lax.example.com").await, None);
}

/// Hosts of few pieces, so that dots, ports and oddities meet.
fn odd_host() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "strict", "STRICT", "example", "com", ".", ".", "..", ":", ":80", "-", "_", "*", "1", "[", "]", "@", "/", " ",
        "\u{e9}",
    ]);
    let odd = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    let end = prop::sample::select(vec!["", ".", "..", "...", ":80", ".:80", "..:80", ":80.", ".:", ":80:80", " "]);
    prop_oneof![odd, end.prop_map(|end| format!("strict.example.com{end}"))]
}

proptest! {
    #[test]
    fn whatever_the_face_takes_for_a_domain_is_that_domain_here_too(host in odd_host()) {
        if let Ok(value) = HeaderValue::from_str(&host) {
            let mut request = Request::new(());
            request.headers_mut().insert(HOST, value);
            let asked = PublicHosts::default().asked(&request, true);
            if let Some(AskedOfFace::Name(PublicName::Custom(domain))) = asked {
                let here = name(&request);
                prop_assert_eq!(here.as_deref(), Some(domain.as_str()));
            }
        }
    }
}
