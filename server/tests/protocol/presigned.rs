//! What presigned URLs are good for: every operation, with the headers they were signed with, as often as one likes,
//! and nothing else. Source: R2 "Presigned URLs". Their time and tampering are in `signatures`.

use crate::server_with;
use crate::support::{Answer, Client, RequestBuilder, complete_document, elements};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

/// Sends a request signed as a URL for a minute.
async fn by_url(request: RequestBuilder<'_>, client: &Client) -> Answer {
    let (parts, body) = request.presign(60);
    client.exchange(&parts, &body).await
}

fn with(parts: &Parts, name: &'static str, value: &'static str) -> Parts {
    let mut parts = parts.clone();
    parts.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    parts
}

fn without(parts: &Parts, name: &str) -> Parts {
    let mut parts = parts.clone();
    parts.headers.remove(name);
    parts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_written_read_and_deleted_by_url() {
    let server = server_with("urls").await;
    let client = &server.client;
    let put = client.put("/urls/k", "content").header("x-amz-meta-author", "me");
    by_url(put, client).await.ok();
    let (get, _) = client.get("/urls/k").presign(60);
    for _ in 0..3 {
        let answer = client.exchange(&get, b"").await.ok();
        assert_eq!(
            (answer.text(), answer.header("x-amz-meta-author")),
            ("content", Some("me")),
            "as often as one likes"
        );
    }
    let range = with(&get, "range", "bytes=0-2");
    assert_eq!(client.exchange(&range, b"").await.status, 206, "headers of HTTP need no signature");
    let head = by_url(client.head("/urls/k"), client).await.ok();
    assert_eq!(head.header("content-length"), Some("7"));
    by_url(client.delete("/urls/k"), client).await.ok();
    by_url(client.get("/urls/k"), client).await.refused(404, "NoSuchKey");
    by_url(client.head("/urls/k"), client).await.refused_without_body(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_operation_may_be_presigned() {
    let server = server_with("urls").await;
    let client = &server.client;
    by_url(client.put("/urls-new", ""), client).await.ok();
    assert_eq!(elements(by_url(client.get("/"), client).await.ok().text(), "Name"), ["urls", "urls-new"]);
    by_url(client.head("/urls-new"), client).await.ok();
    by_url(client.get("/urls?location"), client).await.ok();
    for list in ["/urls", "/urls?list-type=2&prefix=a&max-keys=5"] {
        assert_eq!(elements(by_url(client.get(list), client).await.ok().text(), "Key"), ["a"], "{list}");
    }
    let copy = client.put("/urls/copy", "").header("x-amz-copy-source", "/urls/a");
    by_url(copy, client).await.ok();
    by_url(client.delete("/urls-new"), client).await.ok();

    let created = by_url(client.post("/urls/parts?uploads", ""), client).await.ok();
    let upload = created.element("UploadId").unwrap();
    let part = client.put(&format!("/urls/parts?partNumber=1&uploadId={upload}"), "part");
    let etag = by_url(part, client).await.ok().etag().to_owned();
    assert!(by_url(client.get("/urls?uploads"), client).await.ok().text().contains(&upload));
    let parts = by_url(client.get(&format!("/urls/parts?uploadId={upload}")), client).await.ok();
    assert_eq!(elements(parts.text(), "PartNumber"), ["1"]);
    let complete = client.post(&format!("/urls/parts?uploadId={upload}"), complete_document(&[(1, etag)]));
    by_url(complete, client).await.ok();
    assert_eq!(client.get("/urls/parts").send().await.ok().text(), "part");
    let delete = client.post("/urls?delete", "<Delete><Object><Key>parts</Key></Object></Delete>");
    by_url(delete, client).await.ok();
    client.get("/urls/parts").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_by_post_has_no_presigned_url() {
    let server = server_with("urls").await;
    let client = &server.client;
    by_url(client.post("/urls/posted", "content"), client).await.refused(501, "NotImplemented");
    client.get("/urls/posted").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_headers_must_be_sent_as_they_were_signed() {
    let server = server_with("urls").await;
    let client = &server.client;
    let (put, body) =
        client.put("/urls/once", "first").header("if-unmodified-since", "Tue, 28 Sep 2021 16:00:00 GMT").presign(60);
    let mismatch = [
        without(&put, "if-unmodified-since"),
        with(&put, "if-unmodified-since", "Tue, 28 Sep 2027 16:00:00 GMT"),
        with(&put, "if-unmodified-since", ""),
    ];
    for parts in &mismatch {
        client.exchange(parts, &body).await.refused(403, "SignatureDoesNotMatch");
    }
    client.exchange(&put, &body).await.ok();
    client.exchange(&put, b"again").await.refused(412, "PreconditionFailed");
    assert_eq!(client.get("/urls/once").send().await.ok().text(), "first", "the URL writes once");

    let (image, body) = client.put("/urls/image", "png").header("content-type", "image/png").presign(60);
    for parts in [without(&image, "content-type"), with(&image, "content-type", "text/html")] {
        client.exchange(&parts, &body).await.refused(403, "SignatureDoesNotMatch");
    }
    client.exchange(&image, &body).await.ok();
    let head = client.head("/urls/image").send().await.ok();
    assert_eq!(head.header("content-type"), Some("image/png"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_nobody_signed_grant_nothing() {
    let server = server_with("urls").await;
    let client = &server.client;
    let (put, body) = client.put("/urls/k", "content").presign(60);
    for (name, value) in [
        ("x-amz-copy-source", "/urls/a"),
        ("x-amz-meta-author", "somebody"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-acl", "public-read"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("cf-create-bucket-if-missing", "true"),
        ("cf-copy-destination-if-match", "*"),
    ] {
        client.exchange(&with(&put, name, value), &body).await.refused(403, "AccessDenied");
    }
    client.get("/urls/k").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_any_parameter_is_a_wrong_signature() {
    let server = server_with("urls").await;
    let client = &server.client;
    let presigned = || client.get("/urls/a").presign(60).0;
    let target = presigned().uri.to_string();
    let date = target.split("X-Amz-Date=").nth(1).unwrap()[..8].to_owned();
    let tampered = [
        target.replace("X-Amz-Expires=60", "X-Amz-Expires=604800"),
        target.replace("X-Amz-Expires=60", "X-Amz-Expires=604801"),
        target.replace("X-Amz-Expires=60", "X-Amz-Expires=0"),
        target.replace("X-Amz-Expires=60", "X-Amz-Expires=-60"),
        target.replace("X-Amz-Expires=60", "X-Amz-Expires=60s"),
        target.replace(&format!("X-Amz-Date={date}"), "X-Amz-Date=20300101"),
        target.replace(&date, "20300101"),
        target.replace("/urls/a", "/other/a"),
        target.replace("/urls/a", "/urls/b"),
        format!("{target}&response-content-type=text%2Fhtml"),
        format!("{target}&X-Amz-Expires=604800"),
        format!("{target}&X-Amz-Date=20300101T000000Z"),
        format!("{target}&X-Amz-Signature={}", "0".repeat(64)),
        format!("{target}&x-amz-copy-source=%2Furls%2Fb"),
    ];
    for changed in tampered {
        assert_ne!(changed, target);
        let mut parts = presigned();
        parts.uri = changed.parse().unwrap();
        let answer = client.exchange(&parts, b"").await;
        assert_eq!(answer.outcome(), (403, "SignatureDoesNotMatch".to_owned()), "{changed}");
    }
    for method in ["PUT", "HEAD", "DELETE"] {
        let mut parts = presigned();
        parts.method = method.parse().unwrap();
        assert_eq!(client.exchange(&parts, b"").await.status, 403, "{method}");
    }
    assert_eq!(client.get("/urls/a").send().await.ok().text(), "abc");
}
