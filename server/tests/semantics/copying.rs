//! Copies share bytes and nothing else: what becomes of metadata, conditions, and of a copy whose source goes.

use crate::server_with;
use crate::support::{Client, MIB, RequestBuilder, body_of, etag_of};

fn copy<'c>(client: &'c Client, source: &str, target: &str) -> RequestBuilder<'c> {
    client.put(target, "").header("x-amz-copy-source", source)
}

async fn metadata_of(client: &Client, target: &str) -> (Option<String>, Option<String>, Option<String>) {
    let head = client.head(target).send().await.ok();
    let header = |name| head.header(name).map(str::to_owned);
    (header("content-type"), header("x-amz-meta-a"), header("x-amz-meta-b"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_is_copied_replaced_or_merged() {
    let server = server_with("copies").await;
    let client = &server.client;
    let put = client.put("/copies/source", "abc").header("content-type", "text/a");
    put.header("x-amz-meta-a", "1").send().await.ok();
    let answer = copy(client, "/copies/source", "/copies/copy").header("x-amz-meta-b", "2").send().await.ok();
    assert_eq!(answer.element("ETag"), Some(etag_of(b"abc")));
    assert!(answer.element("LastModified").is_some());
    assert_eq!(metadata_of(client, "/copies/copy").await, (some("text/a"), some("1"), None));

    let replace = copy(client, "copies/source", "/copies/replaced").header("x-amz-metadata-directive", "REPLACE");
    replace.header("x-amz-meta-b", "2").header("content-type", "text/b").send().await.ok();
    assert_eq!(metadata_of(client, "/copies/replaced").await, (some("text/b"), None, some("2")));

    let merge = copy(client, "/copies/source", "/copies/merged").header("x-amz-metadata-directive", "MERGE");
    merge.header("x-amz-meta-b", "2").send().await.ok();
    assert_eq!(metadata_of(client, "/copies/merged").await, (some("text/a"), some("1"), some("2")));
    let bad = copy(client, "/copies/source", "/copies/x").header("x-amz-metadata-directive", "KEEP").send().await;
    bad.refused(400, "InvalidArgument");

    copy(client, "/copies/source", "/copies/source").send().await.refused(400, "InvalidRequest");
    let onto_itself = copy(client, "/copies/source", "/copies/source").header("x-amz-metadata-directive", "REPLACE");
    onto_itself.header("x-amz-meta-b", "9").send().await.ok();
    assert_eq!(metadata_of(client, "/copies/source").await.2, some("9"));
    assert_eq!(client.get("/copies/source").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_costs_no_bytes_and_outlives_its_source() {
    let server = server_with("copies").await;
    let client = &server.client;
    client.request("PUT", "/elsewhere").send().await.ok();
    let (inline, file) = (body_of(1, 100), body_of(2, MIB));
    let parts = [body_of(3, 5 * MIB), body_of(4, MIB)];
    client.put("/copies/inline", inline.clone()).send().await.ok();
    client.put("/copies/file", file.clone()).send().await.ok();
    client.put_parts("/copies/parts", &parts).await;
    assert_eq!(server.files_after_collection().await, 3);
    for name in ["inline", "file", "parts"] {
        let etag = client.head(&format!("/copies/{name}")).send().await.ok().etag().to_owned();
        for target in [format!("/elsewhere/{name}"), format!("/copies/2-{name}")] {
            let answer = copy(client, &format!("/copies/{name}"), &target).send().await.ok();
            assert_eq!(answer.element("ETag").as_deref(), Some(&*etag), "{target}");
        }
        copy(client, &format!("/elsewhere/{name}"), &format!("/elsewhere/3-{name}")).send().await.ok();
        client.delete(&format!("/copies/{name}")).send().await.ok();
        client.delete(&format!("/copies/2-{name}")).send().await.ok();
        client.delete(&format!("/elsewhere/{name}")).send().await.ok();
    }
    client.delete("/copies").send().await.ok();
    assert_eq!(server.files_after_collection().await, 3, "shared bytes stay while a copy needs them");
    for (name, body) in [("inline", inline), ("file", file), ("parts", parts.concat())] {
        assert!(client.get(&format!("/elsewhere/3-{name}")).send().await.ok().body == body, "{name}");
        client.delete(&format!("/elsewhere/3-{name}")).send().await.ok();
    }
    assert_eq!(server.files_after_collection().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_must_be_there_and_as_expected() {
    let server = server_with("copies").await;
    let client = &server.client;
    let etag = client.put("/copies/a%20b%2Bc", "x").send().await.ok().etag().to_owned();
    copy(client, "/copies/gone", "/copies/x").send().await.refused(404, "NoSuchKey");
    copy(client, "/gone/a", "/copies/x").send().await.refused(404, "NoSuchBucket");
    copy(client, "/copies/a%20b%2Bc", "/gone/x").send().await.refused(404, "NoSuchBucket");
    copy(client, "nonsense", "/copies/x").send().await.refused(400, "InvalidArgument");
    let other = "\"00000000000000000000000000000000\"";
    for (name, value, status) in [
        ("x-amz-copy-source-if-match", &*etag, 200),
        ("x-amz-copy-source-if-match", other, 412),
        ("x-amz-copy-source-if-none-match", &*etag, 412),
        ("x-amz-copy-source-if-none-match", other, 200),
        ("x-amz-copy-source-if-modified-since", "Thu, 01 Dec 2033 16:00:00 GMT", 412),
        ("x-amz-copy-source-if-unmodified-since", "Thu, 01 Dec 2033 16:00:00 GMT", 200),
    ] {
        let answer = copy(client, "/copies/a%20b%2Bc", "/copies/x").header(name, value).send().await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_may_be_copied_from_ranges_of_an_object() {
    let server = server_with("copies").await;
    let client = &server.client;
    let source = body_of(1, 6 * MIB + 3);
    client.put("/copies/source", source.clone()).send().await.ok();
    let upload = client.create_upload("/copies/target").await;
    let part = |number: u16, range: &str| {
        let target = format!("/copies/target?partNumber={number}&uploadId={upload}");
        copy(client, "/copies/source", &target).header("x-amz-copy-source-range", range).send()
    };
    let split = 5 * MIB + 1;
    let first = part(1, &format!("bytes=0-{}", split - 1)).await.ok();
    let second = part(2, &format!("bytes={split}-{}", source.len() - 1)).await.ok();
    assert_eq!(first.element("ETag"), Some(etag_of(&source[..split])));
    let parts = [(1, first.element("ETag").unwrap()), (2, second.element("ETag").unwrap())];
    let beyond = part(3, &format!("bytes=0-{}", source.len())).await;
    assert_eq!(beyond.status, 416, "a range of a copy must lie in the source: {}", beyond.text());
    assert_eq!(part(3, "bytes=-5").await.outcome(), (400, "InvalidArgument".to_owned()));
    client.complete_upload("/copies/target", &upload, &parts).await.ok();
    assert!(client.get("/copies/target").send().await.ok().body == source);
}
