//! What R2 adds to S3. Source: R2 "Extensions"; R2 "Unicode interoperability"; R2 "Release notes".

use crate::server_with;
use crate::support::{Answer, Client, INLINE_BYTES_MAX, TestServer, blocks, elements, etag_of, percent_encoded};

/// Names of the listed buckets, the token of the next page in the document, and both headers.
fn page(answer: &Answer) -> (Vec<String>, Option<String>, Option<&str>, Option<&str>) {
    let names = elements(answer.text(), "Name");
    let token = answer.element("NextContinuationToken");
    (names, token, answer.header("cf-is-truncated"), answer.header("cf-next-continuation-token"))
}

async fn server_with_buckets() -> TestServer {
    let server = TestServer::start().await;
    for name in ["other", "team-a", "team-b", "team-c", "team-d"] {
        server.client.request("PUT", &format!("/{name}")).send().await.ok();
    }
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buckets_are_searched_by_parameters_and_by_headers() {
    let server = server_with_buckets().await;
    let client = &server.client;
    let by_query = client.get("/?prefix=team&start-after=team-a&max-keys=2").send().await.ok();
    let by_header = client.get("/").header("cf-prefix", "team").header("cf-start-after", "team-a");
    let by_header = by_header.header("cf-max-keys", "2").send().await.ok();
    let mixed = client.get("/?prefix=other&start-after=team-c&max-keys=1").header("cf-prefix", "team");
    let mixed = mixed.header("cf-start-after", "team-a").header("cf-max-keys", "2").send().await.ok();
    for answer in [&by_query, &by_header, &mixed] {
        let (names, token, truncated, token_header) = page(answer);
        assert_eq!(names, ["team-b", "team-c"]);
        assert_eq!((truncated, token_header), (Some("true"), token.as_deref()));
        let shown = ["IsTruncated", "KeyCount", "MaxKeys", "StartAfter"].map(|name| answer.element(name).unwrap());
        assert_eq!(shown, ["true", "2", "2", "team-a"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_buckets_resumes_at_its_token() {
    let server = server_with_buckets().await;
    let client = &server.client;
    let first = client.get("/?max-keys=3").send().await.ok();
    let (names, token, ..) = page(&first);
    assert_eq!(names, ["other", "team-a", "team-b"]);
    let token = token.unwrap();
    let by_query = client.get(&format!("/?continuation-token={}", percent_encoded(&token))).send().await.ok();
    let by_header = client.get("/?continuation-token=wrong").header("cf-continuation-token", &token).send().await.ok();
    for answer in [&by_query, &by_header] {
        assert_eq!(page(answer), (vec!["team-c".to_owned(), "team-d".to_owned()], None, None, None));
        assert_eq!(answer.element("ContinuationToken").as_deref(), Some(&*token));
        assert_eq!(answer.element("IsTruncated").as_deref(), Some("false"));
    }
    client.get("/?continuation-token=wrong").send().await.refused(400, "InvalidArgument");
    client.get("/").header("cf-max-keys", "many").send().await.refused(400, "InvalidArgument");
    let none = client.get("/?max-keys=0").send().await.ok();
    assert_eq!(page(&none), (vec![], None, None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_max_buckets_follow_each_other_as_the_clients_of_s3_turn_them() {
    let server = server_with_buckets().await;
    let (mut names, mut token, mut pages) = (vec![], String::new(), 0);
    loop {
        let target = format!("/?max-buckets=2&continuation-token={}", percent_encoded(&token));
        let answer = server.client.get(&target).send().await.ok();
        assert_eq!(answer.element("NextContinuationToken"), None);
        names.extend(elements(answer.text(), "Name"));
        pages += 1;
        match answer.element("ContinuationToken") {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!((pages, names), (3, ["other", "team-a", "team-b", "team-c", "team-d"].map(str::to_owned).to_vec()));
    server.client.get("/?max-buckets=-1").send().await.refused(400, "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_may_make_its_bucket() {
    let server = server_with("first").await;
    let client = &server.client;
    let missing = ("cf-create-bucket-if-missing", "true");
    client.put("/made-by-put/a", "x").send().await.refused(404, "NoSuchBucket");
    client.put("/made-by-put/a", "x").header(missing.0, "false").send().await.refused(404, "NoSuchBucket");
    client.put("/made-by-put/a", "x").header(missing.0, missing.1).send().await.ok();
    client.put("/made-by-put/b", "y").header(missing.0, missing.1).send().await.ok();
    assert_eq!(client.get("/made-by-put/a").send().await.ok().text(), "x");
    let location = client.get("/made-by-put?location").send().await.ok();
    assert!(location.text().contains(">auto</LocationConstraint>"), "{}", location.text());
    let begun = client.post("/made-by-create/a?uploads", "").header(missing.0, missing.1).send().await.ok();
    assert!(begun.element("UploadId").is_some());
    client.head("/made-by-create").send().await.ok();
    client.put("/Not_A_Name/a", "x").header(missing.0, missing.1).send().await.refused(400, "InvalidBucketName");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uploads_into_a_missing_bucket_all_succeed() {
    let server = TestServer::start().await;
    let uploads: Vec<_> = (0..20)
        .map(|number| {
            let client = server.client.clone();
            tokio::spawn(async move {
                let put = client.put(&format!("/new-bucket/{number}"), "x");
                put.header("cf-create-bucket-if-missing", "true").send().await.ok();
            })
        })
        .collect();
    for upload in uploads {
        upload.await.unwrap();
    }
    let listed = server.client.get("/new-bucket?list-type=2").send().await.ok();
    assert_eq!(elements(listed.text(), "Key").len(), 20);
}

async fn put_with_value(client: &Client, target: &str, value: &str) -> Answer {
    client.put(target, "x").header("x-amz-meta-value", value).send().await
}

async fn value_of(client: &Client, target: &str) -> String {
    let head = client.head(target).send().await.ok();
    let value = head.header("x-amz-meta-value").unwrap().to_owned();
    assert_eq!(client.get(target).send().await.ok().header("x-amz-meta-value"), Some(&*value));
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_with_unicode_is_decoded_before_it_is_stored_and_encoded_when_it_is_read() {
    let server = server_with("metadata").await;
    let client = &server.client;
    for (sent, read) in [
        ("plain text", "plain text"),
        ("=?UTF-8?Q?only_ASCII?=", "only ASCII"),
        ("=?UTF-8?Q?caf=C3=A9?=", "=?UTF-8?B?Y2Fmw6k=?="),
        ("=?utf-8?b?Y2Fmw6k=?=", "=?UTF-8?B?Y2Fmw6k=?="),
        ("=?ISO-8859-1?Q?caf=E9?=", "=?UTF-8?B?Y2Fmw6k=?="),
        ("=?UTF-8?Q?caf?= =?UTF-8?Q?=C3=A9?=", "=?UTF-8?B?Y2Fmw6k=?="),
        ("caf\u{e9}", "=?UTF-8?B?Y2Fmw6k=?="),
        ("=?UTF-8?Q?broken=?=", "=?UTF-8?Q?broken=?="),
        ("=?KOI8-R?Q?=F0?=", "=?KOI8-R?Q?=F0?="),
    ] {
        put_with_value(client, "/metadata/a", sent).await.ok();
        assert_eq!(value_of(client, "/metadata/a").await, read, "{sent}");
        // What was read may be sent again.
        put_with_value(client, "/metadata/a", read).await.ok();
        assert_eq!(value_of(client, "/metadata/a").await, read, "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_that_no_header_can_show_is_counted() {
    let server = server_with("metadata").await;
    let client = &server.client;
    let put = client.put("/metadata/a", "x").header("x-amz-meta-shown", "yes");
    let put = put.header("x-amz-meta-nul", "=?UTF-8?Q?a=00b?=").header("x-amz-meta-line", "=?UTF-8?B?YQ0KYjogYw==?=");
    put.send().await.ok();
    for answer in [client.head("/metadata/a").send().await.ok(), client.get("/metadata/a").send().await.ok()] {
        assert_eq!(answer.header("x-amz-missing-meta"), Some("2"));
        let shown = ["x-amz-meta-shown", "x-amz-meta-nul", "x-amz-meta-line", "b"].map(|name| answer.header(name));
        assert_eq!(shown, [Some("yes"), None, None, None]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_and_uploads_in_parts_keep_metadata_with_unicode() {
    let server = server_with("metadata").await;
    let client = &server.client;
    let (sent, read) = ("=?UTF-8?Q?caf=C3=A9?=", "=?UTF-8?B?Y2Fmw6k=?=");
    put_with_value(client, "/metadata/source", sent).await.ok();
    let copy = client.put("/metadata/copy", "").header("x-amz-copy-source", "/metadata/source");
    copy.send().await.ok();
    assert_eq!(value_of(client, "/metadata/copy").await, read);
    let begun = client.post("/metadata/parts?uploads", "").header("x-amz-meta-value", sent).send().await.ok();
    let upload = begun.element("UploadId").unwrap();
    let parts = [(1, client.upload_part("/metadata/parts", &upload, 1, b"x").await)];
    client.complete_upload("/metadata/parts", &upload, &parts).await.ok();
    assert_eq!(value_of(client, "/metadata/parts").await, read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_metadata_holds_for_what_is_stored() {
    let server = server_with("metadata").await;
    let client = &server.client;
    // The name, `value`, counts too: 8,192 bytes in all, sent in three times as many.
    let sent = |length: usize| {
        let words: Vec<_> = "=C3=A9".repeat(length / 2).as_bytes().chunks(60).map(word).collect();
        words.join(" ")
    };
    put_with_value(client, "/metadata/a", &sent(8186)).await.ok();
    put_with_value(client, "/metadata/b", &sent(8188)).await.refused(400, "MetadataTooLarge");
    put_with_value(client, "/metadata/c", &"x".repeat(8187)).await.ok();
    put_with_value(client, "/metadata/d", &"x".repeat(8188)).await.refused(400, "MetadataTooLarge");
}

fn word(encoded: &[u8]) -> String {
    format!("=?UTF-8?Q?{}?=", std::str::from_utf8(encoded).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_name_the_version_they_stored() {
    let server = server_with("versions").await;
    let client = &server.client;
    let version = |answer: &Answer| answer.header("x-amz-version-id").unwrap().to_owned();
    let put = version(&client.put("/versions/a", "x").send().await.ok());
    let again = version(&client.put("/versions/a", "x").send().await.ok());
    assert_ne!(put, again, "each write is a version of its own");
    let copied = client.put("/versions/b", "").header("x-amz-copy-source", "/versions/a").send().await.ok();
    assert_eq!(copied.header("x-amz-copy-source-version-id"), Some(&*again));
    assert_ne!(version(&copied), again);
    let upload = client.create_upload("/versions/c").await;
    let parts = [(1, client.upload_part("/versions/c", &upload, 1, b"x").await)];
    let completed = client.complete_upload("/versions/c", &upload, &parts).await.ok();
    assert_eq!(version(&completed).len(), 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_unicode_holds_equal_are_one_object_listed_as_last_sent() {
    let server = server_with("unicode").await;
    let client = &server.client;
    let (composed, decomposed) = ("H\u{e9}llo", "He\u{301}llo");
    let target = |name: &str| format!("/unicode/{}", percent_encoded(name));
    for (name, body) in [(composed, "1"), (decomposed, "2"), (composed, "3")] {
        client.put(&target(name), body).send().await.ok();
        for other in [composed, decomposed] {
            assert_eq!(client.get(&target(other)).send().await.ok().etag(), etag_of(body.as_bytes()));
            let listed = client.get(&format!("/unicode?prefix={}", percent_encoded(&other[..1]))).send().await.ok();
            assert_eq!(elements(listed.text(), "Key"), [name], "as last sent");
        }
    }
    client.put(&target("h\u{e9}llo"), "case counts").send().await.ok();
    let listed = client.get("/unicode?list-type=2").send().await.ok();
    assert_eq!(blocks(listed.text(), "Contents").len(), 2);
    client.delete(&target(decomposed)).send().await.ok();
    client.get(&target(composed)).send().await.refused(404, "NoSuchKey");
}

async fn type_of(client: &Client, target: &str) -> String {
    client.head(target).send().await.ok().header("content-type").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_without_a_content_type_gets_the_one_its_bytes_have() {
    let server = server_with("types").await;
    let client = &server.client;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let large = [&png[..], &vec![0; 3 * INLINE_BYTES_MAX]].concat();
    for (body, kind) in [
        (png.clone(), "image/png"),
        (large, "image/png"),
        (b"<!DOCTYPE html><p>".to_vec(), "text/html"),
        (b"hello".to_vec(), "text/plain"),
        (b"\0\x01\x02".to_vec(), "application/octet-stream"),
        (b"".to_vec(), "application/octet-stream"),
    ] {
        client.put("/types/a", body.clone()).send().await.ok();
        assert_eq!(type_of(client, "/types/a").await, kind);
        assert!(client.get("/types/a").send().await.ok().body == body);
    }
    client.put("/types/a", png.clone()).header("content-type", "text/x-mine").send().await.ok();
    assert_eq!(type_of(client, "/types/a").await, "text/x-mine", "what the client says goes first");
    client.put_parts("/types/parts", &[png]).await;
    assert_eq!(type_of(client, "/types/parts").await, "application/octet-stream", "of parts nothing is inferred");
}
