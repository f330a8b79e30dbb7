//! CORS at public names, by the same rules as on the S3 face. Sources: R2 "Configure CORS", Use CORS with a public
//! bucket; "Release notes" 2022-09-27, 2022-09-28, 2024-02-20 (400 without an `Origin`).

use crate::bucket::{BUCKET, PublicBucket, assert_page, set_open, unsigned};
use crate::support::Answer;

const PAGE: &str = "https://app.example.com";

async fn open_with_rule() -> PublicBucket {
    let open = PublicBucket::open().await;
    open.put("font.woff2", "font").await;
    let rule = format!(
        "<CORSConfiguration><CORSRule><AllowedOrigin>{PAGE}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
         <AllowedHeader>range</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds>\
         </CORSRule></CORSConfiguration>"
    );
    open.owner().put(&format!("/{BUCKET}?cors"), rule).send().await.ok();
    open
}

async fn preflight(open: &PublicBucket, origin: &str, method: &str) -> Answer {
    let sent =
        [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", "Range")];
    open.send("OPTIONS", "/font.woff2", &sent).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_is_answered_by_the_rules_of_the_bucket() {
    let open = open_with_rule().await;
    let answer = preflight(&open, PAGE, "GET").await.ok();
    assert_eq!((allowed(&answer), answer.body.len()), (Some(PAGE), 0));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("range"));
    assert_eq!(answer.header("access-control-max-age"), Some("60"));
    assert!(answer.header("vary").unwrap().contains("Origin"));
    for (origin, method) in [("https://evil.example.com", "GET"), (PAGE, "PUT"), ("null", "GET")] {
        let refused = preflight(&open, origin, method).await.ok();
        assert_eq!(allowed(&refused), None, "no rule is no 403: the browser goes no further");
        assert!(refused.header("vary").unwrap().contains("Origin"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_without_an_origin_is_a_bad_request_whatever_the_bucket() {
    let open = open_with_rule().await;
    let nobodys = format!("pub-{}.r2dev.localhost", "0".repeat(32));
    for host in [open.host.as_str(), &nobodys] {
        for sent in [&[][..], &[("access-control-request-method", "GET")]] {
            assert_page(&unsigned(open.owner(), "OPTIONS", "/font.woff2", host, sent).await, 400);
        }
    }
    set_open(&open.api, BUCKET, false).await;
    assert_page(&open.send("OPTIONS", "/font.woff2", &[]).await, 400);
    assert_page(&preflight(&open, PAGE, "GET").await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_name_tells_nothing_of_the_rules() {
    let open = open_with_rule().await;
    open.add_domain("cats.example.com").await;
    let domain = format!("/accounts/{{a}}/r2/buckets/{BUCKET}/domains/custom/cats.example.com");
    open.api.put(&domain, &serde_json::json!({ "enabled": false })).await.ok();
    set_open(&open.api, BUCKET, false).await;
    for host in [open.host.as_str(), "cats.example.com"] {
        for (method, asked) in [("GET", None), ("OPTIONS", Some(("access-control-request-method", "GET")))] {
            let sent: Vec<_> = [("origin", PAGE)].into_iter().chain(asked).collect();
            let closed = unsigned(open.owner(), method, "/font.woff2", host, &sent).await;
            assert_page(&closed, 401);
            assert_eq!((allowed(&closed), closed.header("vary")), (None, None), "{method} {host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_every_kind_tell_the_page_it_may_read_them() {
    let open = open_with_rule().await;
    let from = |origin: &'static str, more: &[(&'static str, &'static str)]| [&[("origin", origin)], more].concat();
    for (target, more, status) in [
        ("/font.woff2", &[][..], 200),
        ("/font.woff2", &[("range", "bytes=0-1")], 206),
        ("/font.woff2", &[("range", "bytes=9-")], 416),
        ("/font.woff2", &[("if-none-match", "*")], 304),
        ("/font.woff2", &[("if-match", "\"x\"")], 412),
        ("/none", &[], 404),
        ("/%ff", &[], 400),
    ] {
        let answer = open.send("GET", target, &from(PAGE, more)).await;
        assert_eq!((answer.status, allowed(&answer)), (status, Some(PAGE)));
        assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
        let other = open.send("GET", target, &from("https://evil.example.com", more)).await;
        assert_eq!((other.status, allowed(&other)), (status, None));
        let same_origin = open.send("GET", target, more).await;
        assert_eq!((same_origin.status, allowed(&same_origin)), (status, None));
        for answer in [&answer, &other, &same_origin] {
            let vary = answer.header("vary").unwrap_or_else(|| panic!("caches must know: {answer:?}"));
            assert!(vary.to_ascii_lowercase().contains("origin"));
        }
    }
    let refused = open.send("PUT", "/font.woff2", &from(PAGE, &[("content-length", "0")])).await;
    assert_eq!((refused.status, allowed(&refused)), (405, None), "the rule does not allow PUT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rules_nothing_is_told_to_browsers() {
    let open = PublicBucket::open().await;
    open.put("font.woff2", "font").await;
    for answer in [open.send("GET", "/font.woff2", &[("origin", PAGE)]).await, preflight(&open, PAGE, "GET").await] {
        let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!((answer.status, told, answer.header("vary")), (200, None, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_hold_at_custom_domains_too() {
    let open = open_with_rule().await;
    open.add_domain("static.example.com").await;
    let sent = [("origin", PAGE)];
    let answer = unsigned(open.owner(), "GET", "/font.woff2", "static.example.com", &sent).await.ok();
    assert_eq!(allowed(&answer), Some(PAGE));
    open.owner().delete(&format!("/{BUCKET}?cors")).send().await;
    let answer = unsigned(open.owner(), "GET", "/font.woff2", "static.example.com", &sent).await.ok();
    assert_eq!(allowed(&answer), None, "as soon as the rules are gone");
}
