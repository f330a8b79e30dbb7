//! Objects encrypted with a customer's own key (R2 "Use SSE-C"): nothing of their bytes is told without it.

use crate::server_with;
use crate::support::{Answer, Client, MIB, RequestBuilder, body_of, complete_document, etag_of, md5};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Names of the headers, but for what may stand in front.
const NAMES: [&str; 3] = [
    "server-side-encryption-customer-algorithm",
    "server-side-encryption-customer-key",
    "server-side-encryption-customer-key-md5",
];

/// A customer's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key(u8);

const A: Key = Key(b'a');
const B: Key = Key(b'b');

impl Key {
    fn base64(self) -> String {
        BASE64_STANDARD.encode([self.0; 32])
    }

    fn md5_base64(self) -> String {
        BASE64_STANDARD.encode(md5(&[self.0; 32]))
    }

    fn headers(self) -> [(&'static str, String); 3] {
        [(NAMES[0], "AES256".to_owned()), (NAMES[1], self.base64()), (NAMES[2], self.md5_base64())]
    }
}

/// Adds the headers of a key.
trait WithKey: Sized {
    fn with(self, key: impl Into<Option<Key>>) -> Self;
    fn with_source(self, key: impl Into<Option<Key>>) -> Self;
}

impl WithKey for RequestBuilder<'_> {
    fn with(self, key: impl Into<Option<Key>>) -> Self {
        let headers = key.into().map(Key::headers).into_iter().flatten();
        headers.fold(self, |request, (name, value)| request.header(&format!("x-amz-{name}"), value))
    }

    fn with_source(self, key: impl Into<Option<Key>>) -> Self {
        let headers = key.into().map(Key::headers).into_iter().flatten();
        headers.fold(self, |request, (name, value)| request.header(&format!("x-amz-copy-source-{name}"), value))
    }
}

/// The answer confirms the key, and shows no more of it than its MD5.
#[track_caller]
fn confirms(answer: &Answer, key: impl Into<Option<Key>>) {
    let key = key.into();
    let header = |name: &str| answer.header(&format!("x-amz-{name}")).map(str::to_owned);
    assert_eq!(header(NAMES[0]), key.map(|_| "AES256".to_owned()));
    assert_eq!(header(NAMES[1]), None);
    assert_eq!(header(NAMES[2]), key.map(Key::md5_base64));
}

/// Nothing that the object has shows in the answer.
#[track_caller]
fn tells_nothing(answer: &Answer) {
    for name in ["etag", "last-modified", "content-range", "accept-ranges", "x-amz-meta-a", "x-amz-mp-parts-count"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    confirms(answer, None);
}

async fn refused_without(client: &Client, target: &str) {
    let missing = client.get(target).send().await;
    missing.refused(400, "InvalidRequest");
    tells_nothing(&missing);
    let wrong = client.get(target).with(B).send().await;
    wrong.refused(403, "AccessDenied");
    tells_nothing(&wrong);
    let (missing, wrong) = (client.head(target).send().await, client.head(target).with(B).send().await);
    missing.refused_without_body(400);
    wrong.refused_without_body(403);
    tells_nothing(&missing);
    tells_nothing(&wrong);
}

async fn upload_with(client: &Client, target: &str, key: Option<Key>, parts: &[Vec<u8>]) -> Answer {
    let created = client.post(&format!("{target}?uploads"), "").with(key).send().await.ok();
    confirms(&created, key);
    let upload = created.element("UploadId").unwrap();
    let mut listed = Vec::new();
    for (number, body) in (1..).zip(parts) {
        let part = format!("{target}?partNumber={number}&uploadId={upload}");
        let stored = client.put(&part, body.clone()).with(key).send().await.ok();
        confirms(&stored, key);
        listed.push((number, stored.etag().to_owned()));
    }
    client.complete_upload(target, &upload, &listed).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_read_with_its_key_only() {
    let server = server_with("keys").await;
    let client = &server.client;
    for (name, length) in [("empty", 0), ("inline", 1000), ("file", MIB)] {
        let (target, body) = (format!("/keys/{name}"), body_of(1, length));
        let put = client.put(&target, body.clone()).header("x-amz-meta-a", "1").with(A).send().await.ok();
        confirms(&put, A);
        let read = client.get(&target).with(A).send().await.ok();
        confirms(&read, A);
        assert!(read.body == body, "{name}");
        let head = client.head(&target).with(A).send().await.ok();
        confirms(&head, A);
        assert_eq!((head.etag(), head.header("x-amz-meta-a")), (put.etag(), Some("1")));
        refused_without(client, &target).await;
    }
    client.get("/keys/none").with(A).send().await.refused(404, "NoSuchKey");
    let server = server.restart().await;
    assert_eq!(server.client.get("/keys/file").with(A).send().await.ok().body.len(), MIB);
    server.client.get("/keys/file").with(B).send().await.refused(403, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_etag_says_nothing_of_the_bytes_and_listings_and_deletes_need_no_key() {
    let server = server_with("keys").await;
    let client = &server.client;
    let mut etags = Vec::new();
    for _ in 0..2 {
        etags.push(client.put("/keys/a", "guess me").with(A).send().await.ok().etag().to_owned());
    }
    assert_ne!(etags[0], etags[1], "the same bytes twice");
    assert!(etags.iter().all(|etag| etag.len() == 34 && *etag != etag_of(b"guess me")), "{etags:?}");
    let listing = client.get("/keys?list-type=2").send().await.ok();
    assert!(listing.text().contains(etags[1].trim_matches('"')), "{}", listing.text());
    client.delete("/keys/a").send().await.ok();
    client.get("/keys/a").with(A).send().await.refused(404, "NoSuchKey");
    // The next object under the name is nobody's.
    client.put("/keys/a", "open").send().await.ok();
    assert_eq!(client.get("/keys/a").send().await.ok().text(), "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_an_object_that_has_none_is_refused() {
    let server = server_with("keys").await;
    let client = &server.client;
    client.put("/keys/open", "abc").send().await.ok();
    let refused = client.get("/keys/open").with(A).send().await;
    refused.refused(400, "InvalidRequest");
    tells_nothing(&refused);
    client.head("/keys/open").with(A).send().await.refused_without_body(400);
    let copy = client.put("/keys/copy", "").header("x-amz-copy-source", "/keys/open");
    copy.with_source(A).send().await.refused(400, "InvalidRequest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_make_no_key_are_refused_and_nothing_is_stored() {
    let server = server_with("keys").await;
    let client = &server.client;
    let (key, digest) = (A.base64(), A.md5_base64());
    let short = BASE64_STANDARD.encode([b'a'; 16]);
    let short_md5 = BASE64_STANDARD.encode(md5(&[b'a'; 16]));
    let invalid = "InvalidArgument";
    let table: [([Option<&str>; 3], &str); 11] = [
        ([None, Some(&key), Some(&digest)], invalid),
        ([Some("AES256"), None, Some(&digest)], invalid),
        ([Some("AES256"), Some(&key), None], invalid),
        ([Some("AES256"), None, None], invalid),
        ([None, Some(&key), None], invalid),
        ([None, None, Some(&digest)], invalid),
        ([Some("AES128"), Some(&key), Some(&digest)], "InvalidEncryptionAlgorithmError"),
        ([Some("AES256"), Some("not base64!"), Some(&digest)], invalid),
        ([Some("AES256"), Some(&short), Some(&short_md5)], invalid),
        ([Some("AES256"), Some(&key), Some("AAAAAAAAAAAAAAAAAAAAAA==")], invalid),
        ([Some("AES256"), Some(&key), Some("not base64!")], invalid),
    ];
    client.put("/keys/source", "abc").with(A).send().await.ok();
    for (sent, code) in table {
        let add = |request: RequestBuilder<'_>, prefix: &str| {
            let headers = NAMES.iter().zip(sent).filter_map(|(name, value)| Some((name, value?)));
            headers.fold(request, |request, (name, value)| request.header(&format!("{prefix}{name}"), value)).sign()
        };
        let copy = || client.put("/keys/k", "").header("x-amz-copy-source", "/keys/source");
        for (request, prefix) in [
            (client.put("/keys/k", "abc"), "x-amz-"),
            (client.get("/keys/source"), "x-amz-"),
            (client.post("/keys/k?uploads", ""), "x-amz-"),
            (copy().with_source(A), "x-amz-"),
            (copy(), "x-amz-copy-source-"),
        ] {
            let (parts, body, _) = add(request, prefix);
            let answer = client.exchange(&parts, &body).await;
            answer.refused(400, code);
            assert!(!answer.text().contains(&key) && !answer.text().contains(&digest), "{}", answer.text());
        }
    }
    client.get("/keys/k").send().await.refused(404, "NoSuchKey");
    assert!(!client.get("/keys?uploads").send().await.ok().text().contains("<Upload>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_conditions_work_with_the_key_and_tell_nothing_without() {
    let server = server_with("keys").await;
    let client = &server.client;
    let body = body_of(2, 200_000);
    let etag = client.put("/keys/k", body.clone()).with(A).send().await.ok().etag().to_owned();
    let range = client.get("/keys/k").with(A).header("range", "bytes=65530-131080").send().await;
    assert_eq!((range.status, range.header("content-range")), (206, Some("bytes 65530-131080/200000")));
    assert!(range.body == body[65530..=131_080]);
    confirms(&range, A);
    assert_eq!(client.get("/keys/k?partNumber=1").with(A).send().await.status, 206);
    client.get("/keys/k").with(A).header("range", "bytes=200000-").send().await.refused(416, "InvalidRange");

    for (name, value) in [("if-none-match", etag.as_str()), ("if-match", "\"other\""), ("range", "bytes=200000-")] {
        client.get("/keys/k").header(name, value).send().await.refused(400, "InvalidRequest");
        client.get("/keys/k").with(B).header(name, value).send().await.refused(403, "AccessDenied");
    }
    assert_eq!(client.get("/keys/k").with(A).header("if-none-match", &etag).send().await.status, 304);
    client.get("/keys/k").with(A).header("if-match", "\"other\"").send().await.refused(412, "PreconditionFailed");
    client.put("/keys/k", "new").with(B).header("if-match", &etag).send().await.ok();
    assert_eq!(client.get("/keys/k").with(B).send().await.ok().text(), "new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_part_comes_with_the_key_its_upload_began_with() {
    let server = server_with("keys").await;
    let client = &server.client;
    let upload = client.post("/keys/k?uploads", "").with(A).send().await.ok().element("UploadId").unwrap();
    let part = format!("/keys/k?partNumber=1&uploadId={upload}");
    client.put("/keys/source", "abc").send().await.ok();
    for key in [None, Some(B)] {
        client.put(&part, "abc").with(key).send().await.refused(400, "InvalidRequest");
        let copy = client.put(&part, "").header("x-amz-copy-source", "/keys/source");
        copy.with(key).send().await.refused(400, "InvalidRequest");
    }
    let stored = client.put(&part, "abc").with(A).send().await.ok();
    confirms(&stored, A);
    assert_ne!(stored.etag(), etag_of(b"abc"));
    let listed = client.get(&format!("/keys/k?uploadId={upload}")).send().await.ok();
    assert!(listed.text().contains(stored.etag().trim_matches('"')), "{}", listed.text());

    let parts = [(1, stored.etag().to_owned())];
    let complete = || client.post(&format!("/keys/k?uploadId={upload}"), complete_document(&parts));
    complete().with(B).send().await.refused(400, "InvalidRequest");
    complete().with(A).send().await.ok();
    assert_eq!(client.get("/keys/k").with(A).send().await.ok().text(), "abc");
    refused_without(client, "/keys/k").await;

    let open = client.create_upload("/keys/open").await;
    let part = format!("/keys/open?partNumber=1&uploadId={open}");
    client.put(&part, "abc").with(A).send().await.refused(400, "InvalidRequest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_of_parts_is_read_with_its_key_only() {
    let server = server_with("keys").await;
    let client = &server.client;
    let parts = [body_of(3, 5 * MIB), body_of(4, 5 * MIB), body_of(5, 100)];
    let answer = upload_with(client, "/keys/parts", Some(A), &parts).await;
    assert!(answer.element("ETag").unwrap().ends_with("-3\""), "{}", answer.text());
    assert_ne!(answer.element("ETag"), Some(crate::support::etag_of_parts(&parts)));
    refused_without(client, "/keys/parts").await;
    client.get("/keys/parts?partNumber=2").send().await.refused(400, "InvalidRequest");
    let whole = client.get("/keys/parts").with(A).send().await.ok();
    assert!(whole.body == parts.concat());
    let second = client.get("/keys/parts?partNumber=2").with(A).send().await;
    assert_eq!((second.status, second.header("x-amz-mp-parts-count")), (206, Some("3")));
    assert!(second.body == parts[1]);
    let across = format!("bytes={}-{}", 5 * MIB - 10, 10 * MIB + 9);
    let range = client.get("/keys/parts").with(A).header("range", across).send().await;
    assert!(range.body == parts.concat()[5 * MIB - 10..10 * MIB + 10]);
}

/// What a copy is made of: one source of each shape, under each key.
async fn sources(client: &Client) -> Vec<(String, Option<Key>, Vec<u8>)> {
    let mut sources = Vec::new();
    for key in [None, Some(A)] {
        let name = |shape: &str| format!("/keys/{shape}-{key:?}").replace(['(', ')'], "");
        for (shape, body) in [("inline", body_of(6, 100)), ("file", body_of(7, MIB))] {
            client.put(&name(shape), body.clone()).header("x-amz-meta-a", "1").with(key).send().await.ok();
            sources.push((name(shape), key, body));
        }
        let parts = [body_of(8, 5 * MIB), body_of(9, 1000)];
        upload_with(client, &name("parts"), key, &parts).await;
        sources.push((name("parts"), key, parts.concat()));
    }
    sources
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_has_the_key_that_the_request_gives_it_and_no_other() {
    let server = server_with("keys").await;
    let client = &server.client;
    client.request("PUT", "/other").send().await.ok();
    for (source, source_key, body) in sources(client).await {
        for key in [None, Some(A), Some(B)] {
            let copy = client.put("/other/copy", "").header("x-amz-copy-source", &source);
            let answer = copy.with_source(source_key).with(key).send().await.ok();
            confirms(&answer, key);
            let read = client.get("/other/copy").with(key).send().await.ok();
            assert!(read.body == body, "{source} {key:?}");
            assert_eq!(answer.element("ETag").as_deref(), Some(read.etag()));
            if key.is_some() {
                client.get("/other/copy").send().await.refused(400, "InvalidRequest");
                assert_ne!(read.etag(), etag_of(&body));
            }
            if key == Some(B) {
                client.get("/other/copy").with(A).send().await.refused(403, "AccessDenied");
            }
            if key.is_none() && source_key.is_some() {
                assert_eq!(read.etag(), etag_of(&body), "{source}: one blob, and nothing to hide");
            }
        }
        assert!(client.get(&source).with(source_key).send().await.ok().body == body, "{source} is as it was");
        client.delete(&source).send().await.ok();
        assert!(client.get("/other/copy").with(B).send().await.ok().body == body, "{source} is gone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_needs_the_key_of_its_source() {
    let server = server_with("keys").await;
    let client = &server.client;
    client.put("/keys/source", "abc").with(A).send().await.ok();
    let copy = || client.put("/keys/copy", "").header("x-amz-copy-source", "/keys/source");
    for key in [None, Some(A), Some(B)] {
        copy().with(key).send().await.refused(400, "InvalidRequest");
        copy().with_source(B).with(key).send().await.refused(403, "AccessDenied");
        let condition = copy().with_source(B).with(key).header("x-amz-copy-source-if-match", "\"other\"");
        condition.send().await.refused(403, "AccessDenied");
        let condition = copy().with_source(A).with(key).header("x-amz-copy-source-if-match", "\"other\"");
        condition.send().await.refused(412, "PreconditionFailed");
        let condition = copy().with_source(A).with(key).header("cf-copy-destination-if-match", "*");
        condition.send().await.refused(412, "PreconditionFailed");
    }
    client.get("/keys/copy").send().await.refused(404, "NoSuchKey");

    let upload = client.create_upload("/keys/parts").await;
    let part = || {
        let part = client.put(&format!("/keys/parts?partNumber=1&uploadId={upload}"), "");
        part.header("x-amz-copy-source", "/keys/source")
    };
    part().send().await.refused(400, "InvalidRequest");
    part().with_source(B).send().await.refused(403, "AccessDenied");
    let stored = part().with_source(A).send().await.ok();
    assert_eq!(stored.element("ETag"), Some(etag_of(b"abc")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_gets_another_key_in_its_place() {
    let server = server_with("keys").await;
    let client = &server.client;
    let body = body_of(10, MIB);
    client.put("/keys/k", body.clone()).header("x-amz-meta-a", "1").send().await.ok();
    let steps = [(None, Some(A)), (Some(A), Some(B)), (Some(B), None), (None, Some(A))];
    for (old, new) in steps {
        let onto_itself = client.put("/keys/k", "").header("x-amz-copy-source", "/keys/k");
        onto_itself.with_source(old).with(new).send().await.ok();
        let read = client.get("/keys/k").with(new).send().await.ok();
        assert!(read.body == body && read.header("x-amz-meta-a") == Some("1"));
    }
    client.get("/keys/k").send().await.refused(400, "InvalidRequest");
    client.get("/keys/k").with(B).send().await.refused(403, "AccessDenied");
    let unchanged = client.put("/keys/k", "").header("x-amz-copy-source", "/keys/k");
    unchanged.with_source(A).with(A).send().await.refused(400, "InvalidRequest");
    assert_eq!(server.files_after_collection().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_share_bytes_under_one_key_only() {
    let server = server_with("keys").await;
    let client = &server.client;
    client.put("/keys/source", body_of(11, MIB)).with(A).send().await.ok();
    let copy = |target: &'static str, key: Option<Key>| {
        let copy = client.put(target, "").header("x-amz-copy-source", "/keys/source");
        copy.with_source(A).with(key).send()
    };
    copy("/keys/shared", Some(A)).await.ok();
    assert_eq!(server.files_after_collection().await, 1);
    copy("/keys/other", Some(B)).await.ok();
    copy("/keys/open", None).await.ok();
    assert_eq!(server.files_after_collection().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_copied_between_keys() {
    let server = server_with("keys").await;
    let client = &server.client;
    let body = body_of(12, 300_000);
    client.put("/keys/source", body.clone()).with(A).send().await.ok();
    let upload = client.post("/keys/k?uploads", "").with(B).send().await.ok().element("UploadId").unwrap();
    let part = client.put(&format!("/keys/k?partNumber=1&uploadId={upload}"), "");
    let part = part.header("x-amz-copy-source", "/keys/source").header("x-amz-copy-source-range", "bytes=1-200000");
    let stored = part.with_source(A).with(B).send().await.ok();
    confirms(&stored, B);
    client.complete_upload("/keys/k", &upload, &[(1, stored.element("ETag").unwrap())]).await.ok();
    assert!(client.get("/keys/k").with(B).send().await.ok().body == body[1..=200_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presigned_requests_sign_the_key_as_a_header() {
    let server = server_with("keys").await;
    let client = &server.client;
    let (parts, body) = client.put("/keys/k", "abc").with(A).presign(60);
    client.exchange(&parts, &body).await.ok();
    let (parts, body) = client.get("/keys/k").with(A).presign(60);
    assert_eq!(client.exchange(&parts, &body).await.ok().text(), "abc");

    let (mut without, body) = client.get("/keys/k").presign(60);
    client.exchange(&without, &body).await.refused(400, "InvalidRequest");
    without.headers.extend(parts.headers.clone());
    client.exchange(&without, &body).await.refused(403, "AccessDenied");

    let encoded = crate::support::percent_encoded(&A.base64());
    let in_the_url = format!("/keys/k?x-amz-server-side-encryption-customer-key={encoded}");
    let (parts, body) = client.get(&in_the_url).presign(60);
    let refused = client.exchange(&parts, &body).await;
    refused.refused(400, "InvalidRequest");
    assert!(!refused.text().contains(&A.base64()) && !refused.text().contains(&encoded));
}
