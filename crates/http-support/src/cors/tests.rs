//! What requests ask, and what headers they are answered with.

use super::*;
use types::CorsFields;

fn request(method: &str, headers: &[(HeaderName, &str)]) -> http::request::Parts {
    let mut request = http::Request::builder().method(method).uri("/bucket/key");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn policy(origins: &[&str], more: CorsFields) -> CorsPolicy {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let fields = CorsFields { origins: texts(origins), methods: texts(&["GET", "PUT"]), ..more };
    CorsPolicy::new(vec![CorsRule::new(fields).unwrap()]).unwrap()
}

/// The CORS headers of an answer, in the order of their names, without `Vary`.
fn answered(policy: &CorsPolicy, method: &str, sent: &[(HeaderName, &str)]) -> Vec<String> {
    let parts = request(method, sent);
    let mut headers = headers(policy, &asked(&parts).unwrap(), &parts.method);
    assert_eq!(headers.remove(VARY), Some(VARIES), "caches must know, allowed or not");
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

#[test]
fn without_an_origin_nothing_is_asked() {
    for sent in [&[][..], &[(ORIGIN, "")], &[(ACCESS_CONTROL_REQUEST_METHOD, "GET")]] {
        let parts = request("GET", sent);
        assert!(asked(&parts).is_none());
        let parts = request("OPTIONS", sent);
        assert_eq!(preflight(&parts).unwrap_err().code, ErrorCode::BadRequest);
    }
    let parts = request("OPTIONS", &[(ORIGIN, "http://a")]);
    assert_eq!(preflight(&parts).unwrap_err().code, ErrorCode::BadRequest);
}

#[test]
fn a_preflight_is_told_all_that_its_rule_says() {
    let fields = CorsFields {
        headers: vec!["X-*".to_owned(), "Content-Type".to_owned()],
        expose_headers: vec!["ETag".to_owned(), "x-amz-meta-a".to_owned()],
        max_age_seconds: Some(3600),
        ..CorsFields::default()
    };
    let sent = [
        (ORIGIN, "http://a.example.com"),
        (ACCESS_CONTROL_REQUEST_METHOD, "PUT"),
        (ACCESS_CONTROL_REQUEST_HEADERS, "Content-Type,x-a,, X-B"),
    ];
    let told = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: content-type, x-a, x-b",
        "access-control-allow-methods: GET, PUT",
        "access-control-allow-origin: http://a.example.com",
        "access-control-expose-headers: ETag, x-amz-meta-a",
        "access-control-max-age: 3600",
    ];
    assert_eq!(answered(&policy(&["http://*.example.com"], fields), "OPTIONS", &sent), told);
}

#[test]
fn what_a_rule_does_not_say_is_not_in_the_answer() {
    let any = policy(&["*"], CorsFields::default());
    let told = ["access-control-allow-methods: GET, PUT", "access-control-allow-origin: *"];
    assert_eq!(answered(&any, "GET", &[(ORIGIN, "null")]), told);
    assert_eq!(answered(&any, "OPTIONS", &[(ORIGIN, "http://a"), (ACCESS_CONTROL_REQUEST_METHOD, "PUT")]), told);
    let never = CorsFields { max_age_seconds: Some(0), ..CorsFields::default() };
    assert!(
        answered(&policy(&["*"], never), "GET", &[(ORIGIN, "http://a")])
            .contains(&"access-control-max-age: 0".to_owned())
    );
}

#[test]
fn what_no_rule_allows_is_told_nothing() {
    let policy = policy(&["http://a"], CorsFields::default());
    for (method, sent) in [
        ("GET", &[(ORIGIN, "http://b")][..]),
        ("DELETE", &[(ORIGIN, "http://a")]),
        ("GET", &[(ORIGIN, "http://a"), (ACCESS_CONTROL_REQUEST_METHOD, "DELETE")]),
        ("OPTIONS", &[(ORIGIN, "http://a"), (ACCESS_CONTROL_REQUEST_METHOD, "PATCH")]),
        (
            "OPTIONS",
            &[
                (ORIGIN, "http://a"),
                (ACCESS_CONTROL_REQUEST_METHOD, "PUT"),
                (ACCESS_CONTROL_REQUEST_HEADERS, "content-type"),
            ],
        ),
    ] {
        assert_eq!(answered(&policy, method, sent), [""; 0], "{method} {sent:?}");
    }
}
