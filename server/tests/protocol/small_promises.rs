//! Small promises of R2's pages that have no larger subject of their own, most of them from the release notes.

use crate::server_with;
use crate::support::{Answer, Client, blocks, element, elements, percent_encoded};

/// Stores an empty object for each key.
async fn fill(client: &Client, keys: &[&str]) {
    for key in keys {
        client.put(&format!("/notes/{}", percent_encoded(key)), "").send().await.ok();
    }
}

/// What a page lists: its keys, its common prefixes, and its count of both.
async fn list(client: &Client, query: &str) -> (Vec<String>, Vec<String>, usize) {
    let page = client.get(&format!("/notes?list-type=2{query}")).send().await.ok();
    let prefixes = blocks(page.text(), "CommonPrefixes").into_iter().filter_map(|group| element(group, "Prefix"));
    (elements(page.text(), "Key"), prefixes.collect(), page.element("KeyCount").unwrap().parse().unwrap())
}

/// Sends what whoever holds a presigned URL sends.
async fn presigned(client: &Client, method: &str, target: &str) -> Answer {
    let (parts, body) = client.request(method, target).presign(60);
    client.exchange(&parts, &body).await
}

/// "Presigned URLs": custom metadata is rendered in headers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presigned_read_shows_the_metadata_of_the_object() {
    let server = server_with("notes").await;
    server.client.put("/notes/b", "b").header("x-amz-meta-colour", "green").send().await.ok();
    for method in ["GET", "HEAD"] {
        let answer = presigned(&server.client, method, "/notes/b").await.ok();
        assert_eq!(answer.header("x-amz-meta-colour"), Some("green"), "{method}");
    }
}

/// 2022-07-30.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_date_of_the_last_upload_serves_as_a_condition() {
    let server = server_with("notes").await;
    let client = &server.client;
    let date = client.head("/notes/a").send().await.ok().header("last-modified").unwrap().to_owned();
    for (condition, read) in [("if-modified-since", 304), ("if-unmodified-since", 200)] {
        assert_eq!(client.get("/notes/a").header(condition, &date).send().await.status, read, "{condition}");
        assert_eq!(client.head("/notes/a").header(condition, &date).send().await.status, read, "{condition}");
    }
    client
        .put("/notes/copy", "")
        .header("x-amz-copy-source", "/notes/a")
        .header("x-amz-copy-source-if-unmodified-since", &date)
        .send()
        .await
        .ok();
}

/// 2022-11-21.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_with_digits_behind_start_after_are_listed() {
    let server = server_with("notes").await;
    fill(&server.client, &["a!", "a/1", "a0", "a09", "a1", "a10", "a9", "b"]).await;
    let (keys, _, _) = list(&server.client, "&start-after=a").await;
    assert_eq!(keys, ["a!", "a/1", "a0", "a09", "a1", "a10", "a9", "b"]);
    let (keys, _, _) = list(&server.client, "&start-after=a1").await;
    assert_eq!(keys, ["a10", "a9", "b"]);
}

/// 2022-11-30.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn normalized_keys_are_listed_by_folders() {
    let server = server_with("notes").await;
    // One folder in both forms of its name; a listing shows each key as it was sent last.
    fill(&server.client, &["H\u{e9}llo/1", "He\u{301}llo/2", "He\u{301}llo/3"]).await;
    for prefix in ["H\u{e9}llo/", "He\u{301}llo/"] {
        let (keys, prefixes, count) = list(&server.client, &format!("&prefix={}", percent_encoded(prefix))).await;
        assert_eq!((keys.len(), prefixes.len(), count), (3, 0, 3), "{prefix:?}");
    }
    let (keys, prefixes, count) = list(&server.client, "&delimiter=/").await;
    assert_eq!((keys, prefixes.len(), count), (vec!["a".to_owned()], 1, 2));
}

/// 2022-06-13 and 2022-07-01.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_listed_and_counted_beside_objects_of_their_name() {
    let server = server_with("notes").await;
    fill(&server.client, &["dir", "dir.txt", "dir/", "dir/1", "dir/2", "dir0", "empty/"]).await;
    let (keys, prefixes, count) = list(&server.client, "&delimiter=/").await;
    assert_eq!((keys, prefixes), (owned(&["a", "dir", "dir.txt", "dir0"]), owned(&["dir/", "empty/"])));
    assert_eq!(count, 6, "keys and common prefixes");
    let (keys, prefixes, _) = list(&server.client, "&delimiter=/&prefix=empty/").await;
    assert_eq!((keys, prefixes), (owned(&["empty/"]), owned(&[])));
}

/// 2022-06-17.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_delimiter_is_none() {
    let server = server_with("notes").await;
    fill(&server.client, &["d/1", "d/2"]).await;
    assert_eq!(list(&server.client, "&delimiter=").await, (owned(&["a", "d/1", "d/2"]), owned(&[]), 3));
    let first_version = server.client.get("/notes?delimiter=&prefix=&marker=").send().await.ok();
    assert_eq!(elements(first_version.text(), "Key"), ["a", "d/1", "d/2"]);
}

/// 2022-06-10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_repeats_the_token_it_was_asked_with() {
    let server = server_with("notes").await;
    fill(&server.client, &["b", "c"]).await;
    let first = server.client.get("/notes?list-type=2&max-keys=1").send().await.ok();
    let token = first.element("NextContinuationToken").unwrap();
    assert_eq!(first.element("ContinuationToken"), None);
    let target = format!("/notes?list-type=2&continuation-token={}", percent_encoded(&token));
    let second = server.client.get(&target).send().await.ok();
    assert_eq!(second.element("ContinuationToken"), Some(token));
    assert_eq!(elements(second.text(), "Key"), ["b", "c"]);
}

/// 2022-05-17.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_look_like_numbers_are_text() {
    let server = server_with("notes").await;
    let client = &server.client;
    let keys = ["0", "0.0", "007", "0x10", "1", "1.0", "16", "1e3", "7", "NaN", "null", "true"];
    for key in keys {
        client.put(&format!("/notes/{key}"), key).send().await.ok();
    }
    for key in keys {
        assert_eq!(client.get(&format!("/notes/{key}")).send().await.ok().text(), key);
    }
    assert_eq!(list(client, "").await.0.len(), keys.len() + 1);
    let objects: String = ["1", "007"].iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
    client.post("/notes?delete", format!("<Delete>{objects}</Delete>")).send().await.ok();
    assert_eq!(client.get("/notes/1.0").send().await.ok().text(), "1.0");
    client.get("/notes/007").send().await.refused(404, "NoSuchKey");
}

/// 2022-05-06.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_called_xml() {
    let server = server_with("notes").await;
    let client = &server.client;
    for target in ["/", "/notes", "/notes?list-type=2", "/notes?uploads", "/notes?location", "/notes/none"] {
        let answer = client.get(target).send().await;
        assert_eq!(answer.header("content-type"), Some("application/xml"), "{target}");
        assert!(answer.text().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{target}");
    }
}

/// 2022-05-05.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completed_upload_tells_its_key_escaped() {
    let server = server_with("notes").await;
    let target = format!("/notes/{}", percent_encoded("<a>&\"b'"));
    let upload = server.client.create_upload(&target).await;
    let etag = server.client.upload_part(&target, &upload, 1, b"part").await;
    let completed = server.client.complete_upload(&target, &upload, &[(1, etag)]).await.ok();
    assert!(completed.text().contains("<Key>&lt;a&gt;&amp;"), "{}", completed.text());
    assert_eq!(completed.element("Key").as_deref(), Some("<a>&\"b'"));
}

/// 2022-05-03.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_into_no_bucket_says_so() {
    let server = server_with("notes").await;
    let copy = server.client.put("/no-such-bucket/a", "").header("x-amz-copy-source", "/notes/a");
    copy.send().await.refused(404, "NoSuchBucket");
}

/// 2022-05-03.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_bucket_tells_where_it_is() {
    let server = server_with("notes").await;
    let created = server.client.request("PUT", "/another").send().await.ok();
    assert_eq!(created.header("location"), Some("/another"));
}

/// 2022-04-14.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_and_its_prefix_are_deleted_one_after_the_other() {
    let server = server_with("notes").await;
    let client = &server.client;
    for order in [["p/q/r", "p/q", "p"], ["p", "p/q", "p/q/r"]] {
        fill(client, &["p", "p/q", "p/q/r", "p0"]).await;
        for (gone, key) in (1..).zip(order) {
            client.delete(&format!("/notes/{key}")).send().await.ok();
            assert_eq!(list(client, "&prefix=p").await.2, 4 - gone, "{order:?}");
        }
    }
}

/// 2022-04-14: for s3cmd.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_on_an_object_is_a_put() {
    let server = server_with("notes").await;
    let posted = server.client.post("/notes/posted", "body").header("x-amz-meta-a", "b").send().await.ok();
    let read = server.client.get("/notes/posted").send().await.ok();
    assert_eq!((read.text(), read.header("x-amz-meta-a"), read.etag()), ("body", Some("b"), posted.etag()));
}

/// "Troubleshooting", objects named "This object is unnamed".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_ends_with_a_slash_is_an_object() {
    let server = server_with("notes").await;
    let client = &server.client;
    for key in ["example/", "example", "example//"] {
        client.put(&format!("/notes/{key}"), key).send().await.ok();
    }
    for key in ["example/", "example", "example//"] {
        assert_eq!(client.get(&format!("/notes/{key}")).send().await.ok().text(), key);
    }
    client.delete("/notes/example/").send().await.ok();
    assert_eq!(list(client, "&prefix=e").await.0, ["example", "example//"]);
}

/// "Unicode interoperability".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_differ_by_their_case() {
    let server = server_with("notes").await;
    fill(&server.client, &["A", "\u{e9}", "\u{c9}"]).await;
    assert_eq!(list(&server.client, "").await.0, ["A", "a", "\u{c9}", "\u{e9}"]);
}

/// "S3 API compatibility", PutBucketLifecycleConfiguration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_verified_by_what_their_sender_says_of_them() {
    let server = server_with("notes").await;
    let rules = "<LifecycleConfiguration><Rule><ID>one</ID><Status>Enabled</Status><Filter/>\
        <Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    let put = || server.client.put("/notes?lifecycle", rules);
    // The CRC-32 and the MD5 of the document "a"; R2 lists neither for documents, but every SDK sends the first.
    put().header("x-amz-checksum-crc32", "6LdTMw==").send().await.refused(400, "BadDigest");
    put().header("content-md5", "DMF1ucDxtqgxw5niaXcmYQ==").send().await.refused(400, "BadDigest");
    // As S3: an algorithm promises a checksum.
    put().header("x-amz-sdk-checksum-algorithm", "CRC32").send().await.refused(400, "InvalidRequest");
    put().send().await.ok();
}

/// "S3 API compatibility", CreateMultipartUpload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begun_upload_may_bring_the_md5_of_its_empty_body() {
    let server = server_with("notes").await;
    let begin = || server.client.post("/notes/a?uploads", "");
    begin().header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==").send().await.ok();
    begin().header("content-md5", "DMF1ucDxtqgxw5niaXcmYQ==").send().await.refused(400, "BadDigest");
    begin().header("content-md5", "nonsense").send().await.refused(400, "InvalidDigest");
    assert_eq!(elements(server.client.get("/notes?uploads").send().await.ok().text(), "UploadId").len(), 1);
}

/// "Extensions", ListBuckets: a page has a thousand buckets unless fewer are asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_buckets_has_a_thousand_at_most() {
    let server = server_with("notes").await;
    let client = &server.client;
    for number in 0..1_000 {
        client.request("PUT", &format!("/many-{number:04}")).send().await.ok();
    }
    let names = |page: &Answer| elements(page.text(), "Name");
    for query in ["", "?max-keys=1000", "?max-keys=1001", "?max-keys=2147483647"] {
        let page = client.get(&format!("/{query}")).send().await.ok();
        assert_eq!((names(&page).len(), page.element("IsTruncated").as_deref()), (1_000, Some("true")), "{query}");
        assert_eq!(page.header("cf-is-truncated"), Some("true"), "{query}");
        let token = page.header("cf-next-continuation-token").expect("a token");
        assert_eq!(page.element("NextContinuationToken").as_deref(), Some(token), "{query}");
        let rest = client.get("/").header("cf-continuation-token", token).send().await.ok();
        assert_eq!(names(&rest), ["notes"], "{query}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
