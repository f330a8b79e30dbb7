//! Attempts to make the cache show others what they did not ask for: nothing of a request but host, path and query
//! decides what is kept, and CORS is never kept.

use crate::bucket::{BUCKET, PublicBucket, unsigned};
use crate::support::Answer;
use serde_json::json;

const HOST: &str = "cats.example.com";

async fn open() -> PublicBucket {
    let open = PublicBucket::open().await;
    open.add_domain(HOST).await;
    open.put("a.png", "good").await;
    open.put("evil.png", "evil").await;
    open
}

async fn get(open: &PublicBucket, target: &str, headers: &[(&str, &str)]) -> Answer {
    unsigned(open.owner(), "GET", target, HOST, headers).await
}

/// Fails the test unless everybody else gets the object, whole and plain.
async fn assert_good(open: &PublicBucket, what: &str) {
    let answer = get(open, "/a.png", &[]).await;
    assert_eq!((answer.status, answer.text()), (200, "good"), "{what}");
    for name in ["access-control-allow-origin", "content-range", "location", "set-cookie"] {
        assert_eq!(answer.header(name), None, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_header_of_the_first_request_shows_in_the_answers_of_others() {
    let open = open().await;
    let tricks = [
        ("x-forwarded-host", "evil.example.com"),
        ("x-forwarded-proto", "nothttps"),
        ("x-forwarded-scheme", "http"),
        ("x-original-url", "/evil.png"),
        ("x-rewrite-url", "/evil.png"),
        ("x-http-method-override", "DELETE"),
        ("x-host", "evil.example.com"),
        ("forwarded", "host=evil.example.com"),
        ("range", "bytes=0-0"),
        ("range", "bytes=99-"),
        ("if-none-match", "*"),
        ("if-match", "\"other\""),
        ("if-modified-since", "Thu, 01 Jan 2037 00:00:00 GMT"),
        ("cookie", "session=1"),
        ("accept-encoding", "br"),
        ("accept", "image/webp"),
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("origin", "https://evil.example.com"),
        ("authorization", "Bearer x"),
    ];
    for trick in tricks {
        open.api.post("/zones/zone/purge_cache", &json!({ "purge_everything": true })).await.ok();
        get(&open, "/a.png", &[trick]).await;
        assert_good(&open, trick.0).await;
        assert_good(&open, trick.0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_method_keeps_anything() {
    let open = open().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PURGE", "get", "PROPFIND"] {
        let origin = [("origin", "https://a.example.com"), ("access-control-request-method", "GET")];
        let answer = unsigned(open.owner(), method, "/a.png", HOST, &origin).await;
        assert_eq!(answer.header("cf-cache-status"), None, "{method}");
        let first = get(&open, "/a.png", &[]).await.ok();
        assert_eq!(first.header("cf-cache-status"), Some(if method == "POST" { "MISS" } else { "HIT" }), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cors_is_decided_for_every_request_anew() {
    let open = open().await;
    let path = format!("/accounts/{{a}}/r2/buckets/{BUCKET}/cors");
    let allow = |origin: &str| json!({ "rules": [{ "allowed": { "origins": [origin], "methods": ["GET"] } }] });
    open.api.put(&path, &allow("https://a.example.com")).await.ok();
    let seen = async |origin: Option<&'static str>| {
        let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        let answer = get(&open, "/a.png", &headers).await.ok();
        let header = |name: &str| answer.header(name).map(str::to_owned);
        (header("cf-cache-status").unwrap(), header("access-control-allow-origin"), header("vary"))
    };
    let (status, allowed, vary) = seen(Some("https://evil.example.com")).await;
    assert_eq!((status.as_str(), allowed), ("MISS", None));
    assert!(vary.is_some());
    let (status, allowed, vary) = seen(Some("https://a.example.com")).await;
    assert_eq!((status.as_str(), allowed.as_deref()), ("HIT", Some("https://a.example.com")));
    assert!(vary.is_some());
    let (status, allowed, vary) = seen(None).await;
    assert_eq!((status.as_str(), allowed), ("HIT", None));
    assert!(vary.is_some(), "browsers keep answers too");
    open.api.put(&path, &allow("https://b.example.com")).await.ok();
    assert_eq!(seen(Some("https://a.example.com")).await.1, None, "rules hold at once");
    assert_eq!(seen(Some("https://b.example.com")).await.1.as_deref(), Some("https://b.example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_that_look_alike_are_others() {
    let open = open().await;
    get(&open, "/a.png", &[]).await.ok();
    for (target, status) in [
        ("/A.png", 404),
        ("//a.png", 404),
        ("/a.png/", 404),
        ("/./a.png", 404),
        ("/x/../a.png", 404),
        ("/a.png%00", 404),
        ("/a.png%3fv=1", 404),
        ("/a.png?v=1", 200),
        ("/%61.png", 200),
        ("/a%2epng", 200),
    ] {
        for _ in 0..2 {
            assert_eq!(get(&open, target, &[]).await.status, status, "{target}");
        }
        assert_good(&open, target).await;
    }
}
