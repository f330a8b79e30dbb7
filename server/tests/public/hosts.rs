//! Hosts: whoever says two things, or something else than the name of a public bucket, gets nothing of one.

use crate::bucket::{BUCKET, PublicBucket, add_domain, assert_page, set_open, unsigned};
use crate::support::Answer;

/// An open bucket, and a private one with an object of the same key.
async fn two_buckets() -> PublicBucket {
    let open = PublicBucket::open().await;
    open.put("cat", "public").await;
    open.owner().request("PUT", "/private").send().await.ok();
    open.owner().put("/private/cat", "private").send().await.ok();
    open
}

async fn raw(open: &PublicBucket, head: &str) -> Answer {
    open.owner().exchange_raw(format!("{head}\r\n\r\n").as_bytes(), false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_port_and_final_dot_of_a_host_make_no_difference() {
    let open = two_buckets().await;
    open.add_domain("Cats.Example.com.").await;
    for name in [open.host.as_str(), "cats.example.com"] {
        for host in [name.to_uppercase(), format!("{name}:9200"), format!("{name}."), format!("{name}.:80")] {
            assert_eq!(unsigned(open.owner(), "GET", "/cat", &host, &[]).await.ok().text(), "public", "{host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_are_nearly_a_public_one_are_not() {
    let open = two_buckets().await;
    open.add_domain("cats.example.com").await;
    let id = open.host.strip_suffix(".r2dev.localhost").unwrap();
    for host in [
        format!("x.{}", open.host),
        format!("{id}0.r2dev.localhost"),
        format!("{}.r2dev.localhost", &id[..35]),
        format!("pub-{}.r2dev.localhost", "0".repeat(32)),
        "r2dev.localhost".to_owned(),
        format!("user@{}", open.host),
        format!("{}.r2dev.localhost", &id[4..]),
    ] {
        assert_page(&unsigned(open.owner(), "GET", "/cat", &host, &[]).await, 404);
    }
    for host in [
        "example.com",
        "www.cats.example.com",
        "cats.example.com.evil.org",
        "catsXexample.com",
        "user@cats.example.com",
        "cats.example.com/",
        "cats.example.com..",
        "cats.example.com..:9200",
        "cats.example.com,private.localhost",
        &format!("{id}.localhost"),
        &format!("{}.evil", open.host),
        "127.0.0.1",
        "",
        "private.localhost",
        "photos.localhost",
    ] {
        let answer = unsigned(open.owner(), "GET", "/cat", host, &[]).await;
        assert!((400..500).contains(&answer.status), "{host}: {answer:?}");
        assert!(!answer.text().contains("public") && !answer.text().contains("private"), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_are_none() {
    let open = two_buckets().await;
    let host = &open.host;
    for other in [host.as_str(), "127.0.0.1", "private.localhost"] {
        for head in [
            format!("GET /cat HTTP/1.1\r\nHost: {host}\r\nHost: {other}"),
            format!("GET /cat HTTP/1.1\r\nHost: {other}\r\nHost: {host}"),
        ] {
            assert_eq!(raw(&open, &head).await.status, 400, "{head}");
        }
    }
    for (target, sent) in
        [(host.as_str(), "127.0.0.1"), ("127.0.0.1", host.as_str()), ("other.example.com", host.as_str())]
    {
        assert_page(&raw(&open, &format!("GET http://{target}/cat HTTP/1.1\r\nHost: {sent}")).await, 400);
    }
    let agreeing = format!("GET http://{host}:80/cat HTTP/1.1\r\nHost: {host}");
    assert_eq!(raw(&open, &agreeing).await.ok().text(), "public");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_proxies_lead_nowhere() {
    let open = two_buckets().await;
    let forwarded = format!("host={}", open.host);
    let names = ["x-forwarded-host", "x-host", "x-original-host", "x-forwarded-server"];
    let mut sent: Vec<_> = names.iter().map(|name| (*name, open.host.as_str())).collect();
    sent.extend([("forwarded", forwarded.as_str()), ("x-original-url", "/cat"), ("x-rewrite-url", "/cat")]);
    unsigned(open.owner(), "GET", "/photos/cat", "127.0.0.1", &sent).await.refused(401, "Unauthorized");
    let elsewhere = [("x-forwarded-host", "private.localhost"), ("x-rewrite-url", "/private/cat")];
    assert_eq!(open.send("GET", "/cat", &elsewhere).await.ok().text(), "public");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_other_buckets_is_reached_from_a_public_name() {
    let open = two_buckets().await;
    for path in [
        "/private/cat",
        "/../private/cat",
        "/%2e%2e/private/cat",
        "/..%2fprivate%2fcat",
        "//private/cat",
        "/photos/cat",
    ] {
        assert_page(&open.get(path).await, 404);
    }
    // Credentials do not make more of a public name: it is read as everybody reads it.
    let signed = open.owner().get("/private/cat").host(&open.host).send().await;
    assert_page(&signed, 404);
    assert_page(&open.owner().get(&format!("/{BUCKET}")).host(&open.host).send().await, 404);
    let copy = [("x-amz-copy-source", "/private/cat"), ("x-amz-security-token", "x")];
    assert_page(&open.send("PUT", "/cat", &copy).await, 405);
    let api = open.send("GET", "/client/v4/user", &[("authorization", "Bearer x")]).await;
    assert_page(&api, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custom_domain_and_a_virtual_host_may_have_one_name() {
    let open = two_buckets().await;
    add_domain(&open.api, BUCKET, "private.localhost").await.refused(400, 10040);
    // The endpoint of no bucket is nobody's.
    open.add_domain("nobody.localhost").await;
    let name = format!("{BUCKET}.localhost");
    open.add_domain(&name).await;
    open.owner().put(&format!("/{BUCKET}/cat"), "newer").send().await.ok();
    assert_eq!(unsigned(open.owner(), "GET", "/cat", &name, &[]).await.ok().text(), "newer");
    // What is signed is for the S3 endpoint, which lists and takes writes.
    let listed = open.owner().get("/?list-type=2").host(&name).send().await.ok();
    let listed = listed.text();
    assert!(listed.contains("<Key>cat</Key>"), "{listed}");
    let (parts, _) = open.owner().get("/cat").host(&name).presign(60);
    assert_eq!(open.owner().exchange(&parts, b"").await.ok().header("cf-cache-status"), None);
    // And what browsers ask before they send it.
    let rules = r#"{"rules":[{"allowed":{"origins":["http://site"],"methods":["PUT"],"headers":["*"]}}]}"#;
    let rules: serde_json::Value = serde_json::from_str(rules).unwrap();
    open.api.put(&format!("/accounts/{{a}}/r2/buckets/{BUCKET}/cors"), &rules).await.ok();
    let asked = [
        ("origin", "http://site"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "authorization,x-amz-date"),
    ];
    let allowed = unsigned(open.owner(), "OPTIONS", "/cat", &name, &asked).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("http://site"));
    assert_eq!(allowed.header("cf-ray"), None, "the public face did not answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bucket_is_at_its_own_name() {
    let open = two_buckets().await;
    let other = set_open(&open.api, "private", true).await;
    assert_eq!(unsigned(open.owner(), "GET", "/cat", &other, &[]).await.ok().text(), "private");
    assert_eq!(open.get("/cat").await.ok().text(), "public");
    set_open(&open.api, "private", false).await;
    assert_page(&unsigned(open.owner(), "GET", "/cat", &other, &[]).await, 401);
    assert_eq!(open.get("/cat").await.ok().text(), "public");
}
