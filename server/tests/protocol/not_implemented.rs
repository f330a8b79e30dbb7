//! What no table names: 501 or 405, and nothing happens. docs/s3.md is tested line by line in `compatibility`.

use crate::server_with;
use crate::support::elements;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_knows_is_refused_by_name_and_changes_nothing() {
    let server = server_with("refuse").await;
    let client = &server.client;
    for (method, target, name) in [
        ("GET", "/refuse?unknown-parameter", "unknown-parameter"),
        ("PUT", "/refuse?unknown-parameter=1", "unknown-parameter"),
        ("DELETE", "/refuse?unknown-parameter", "unknown-parameter"),
        ("DELETE", "/refuse?lifecycle&unknown-parameter", "unknown-parameter"),
        ("PUT", "/refuse/a?unknown-parameter", "unknown-parameter"),
        ("DELETE", "/refuse/a?versionId=1", "versionId"),
        ("PUT", "/refuse/a?append", "append"),
        ("DELETE", "/refuse?acl", "acl"),
        ("DELETE", "/refuse?versioning", "versioning"),
    ] {
        let answer = client.request(method, target).send().await;
        answer.refused(501, "NotImplemented");
        assert!(answer.element("Message").unwrap().contains(name), "{}", answer.text());
    }
    assert_eq!(client.get("/refuse/a").send().await.ok().text(), "abc");
    let buckets = client.get("/").send().await.ok();
    assert_eq!(elements(buckets.text(), "Name"), ["refuse"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_mean_nothing_are_not_allowed() {
    let server = server_with("refuse").await;
    for (method, target) in
        [("PATCH", "/refuse/a"), ("TRACE", "/refuse"), ("PUT", "/"), ("DELETE", "/"), ("PROPFIND", "/refuse/a")]
    {
        let answer = server.client.request(method, target).send().await;
        answer.refused(405, "MethodNotAllowed");
        let allowed = if target == "/" { "GET" } else { "GET, HEAD, PUT, POST, DELETE, OPTIONS" };
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {target}");
    }
    let copy = server.client.request("POST", "/refuse/b").header("x-amz-copy-source", "/refuse/a").send().await;
    copy.refused(405, "MethodNotAllowed");
    assert_eq!(copy.header("allow"), Some("GET, HEAD, PUT, DELETE, OPTIONS"));
    assert_eq!(server.client.get("/refuse/a").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_means_nothing_to_r2_but_hurts_nobody_is_accepted() {
    let server = server_with("refuse").await;
    let client = &server.client;
    for (name, value) in [("x-amz-acl", "private"), ("x-amz-acl", "public-read"), ("x-amz-sdk-request", "attempt=1")] {
        client.put("/refuse/b", "x").header(name, value).send().await.ok();
    }
    client.put("/refuse/b?x-id=PutObject", "x").send().await.ok();
    client.get("/refuse/b?x-id=GetObject").send().await.ok();
}
