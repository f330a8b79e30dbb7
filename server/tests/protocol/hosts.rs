//! The names under which buckets are reached.

use crate::server_with;
use crate::support::elements;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_in_the_path_or_in_the_host_name() {
    let server = server_with("hosted").await;
    let client = &server.client;
    let account = client.account;
    let port = client.address.port();
    for (host, target) in [
        (format!("127.0.0.1:{port}"), "/hosted/a"),
        (format!("localhost:{port}"), "/hosted/a"),
        ("any.example.com".to_owned(), "/hosted/a"),
        (format!("{account}.r2.localhost"), "/hosted/a"),
        (format!("{account}.r2.localhost:{port}"), "/hosted/a"),
        (format!("hosted.localhost:{port}"), "/a"),
        (format!("HOSTED.localhost:{port}"), "/a"),
        (format!("hosted.{account}.r2.localhost:{port}"), "/a"),
        (format!("hosted.{account}.r2.localhost"), "/a"),
    ] {
        let answer = client.get(target).host(&host).send().await;
        assert_eq!((answer.status, answer.text()), (200, "abc"), "{host}{target}");
        let (parts, _) = client.get(target).host(&host).presign(60);
        assert_eq!(client.exchange(&parts, b"").await.status, 200, "{host}{target}, presigned");
        let listed = client.get(target.trim_end_matches('a')).host(&host).send().await.ok();
        assert_eq!(elements(listed.text(), "Key"), ["a"], "{host}: the bucket itself");
    }
    let buckets = client.get("/").host(&format!("{account}.r2.localhost")).send().await.ok();
    assert_eq!(elements(buckets.text(), "Name"), ["hosted"]);
    let dot_dot = client.put("/../..//a", "dots").host("hosted.localhost").send().await.ok();
    assert_eq!(dot_dot.status, 200, "a path is a key, whatever it looks like");
    let listed = client.get("/hosted?prefix=..").send().await.ok();
    assert_eq!(elements(listed.text(), "Key"), ["../..//a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_or_a_name_that_is_none_is_refused() {
    let server = server_with("hosted").await;
    let client = &server.client;
    let account = client.account;
    let other = "0".repeat(32);
    for (host, status, code) in [
        (format!("{other}.r2.localhost"), 403, "AccessDenied"),
        (format!("hosted.{other}.r2.localhost"), 403, "AccessDenied"),
        ("hosted.r2.localhost".to_owned(), 400, "InvalidURI"),
        ("a.b.localhost".to_owned(), 400, "InvalidURI"),
        (format!("{account}.eu.r2.localhost"), 404, "NoSuchBucket"),
        (format!("{account}.mars.r2.localhost"), 400, "InvalidURI"),
        (format!("{other}.eu.r2.localhost"), 403, "AccessDenied"),
        ("x_y.localhost".to_owned(), 400, "InvalidBucketName"),
        ("gone.localhost".to_owned(), 404, "NoSuchBucket"),
    ] {
        let answer = client.get("/hosted/a").host(&host).send().await;
        assert_eq!(answer.outcome(), (status, code.to_owned()), "{host}");
    }
}
