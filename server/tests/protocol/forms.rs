//! Uploads by HTML form: what a policy allows is stored as PutObject stores it, and nothing else is.

use crate::payloads::http_chunks;
use crate::server_with;
use crate::support::{Client, Form, INLINE_BYTES_MAX, KIB, TestServer, body_of, etag_of, md5, part};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::time::Duration;
use types::Timestamp;

async fn is_stored(client: &Client, key: &str, body: &[u8]) {
    let answer = client.get(&format!("/forms/{key}")).send().await.ok();
    assert!(answer.body == body, "{key} has {} bytes, {} were sent", answer.body.len(), body.len());
}

async fn nothing_was_stored(server: &TestServer) {
    let listed = server.client.get("/forms?list-type=2").send().await.ok();
    assert_eq!(crate::support::elements(listed.text(), "Key"), ["a"]);
    is_stored(&server.client, "a", b"abc").await;
    assert_eq!(server.files_after_collection().await, 0, "no file is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_stored_with_what_its_fields_say() {
    let server = server_with("forms").await;
    let client = &server.client;
    for size in [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 256 * KIB + 1, 700_001] {
        let body = body_of(size as u64, size);
        let answer = Form::new(client, "forms", "o").file(body.clone()).signed().send().await;
        assert_eq!((answer.status, answer.text()), (204, ""), "{size}");
        assert_eq!(answer.etag(), etag_of(&body));
        assert_eq!(answer.header("location"), Some(&*format!("http://{}/forms/o", client.address)));
        is_stored(client, "o", &body).await;
    }
    let form =
        Form::new(client, "forms", "dir/all of it").field("Content-Type", "text/x-odd").field("acl", "public-read");
    let form = form.field("Cache-Control", "no-store").field("Content-Disposition", "attachment");
    let form = form.field("Content-Encoding", "identity").field("Content-Language", "de").field("Expires", "soon");
    let form = form.field("x-amz-meta-Colour", "green").field("x-amz-storage-class", "STANDARD_IA");
    let form = form.field("x-amz-checksum-crc32", "NSRBwg==").field("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==");
    form.uncovered("x-ignore-this", b"1").signed().send().await.ok();
    let head = client.head("/forms/dir/all%20of%20it").send().await.ok();
    for (name, value) in [
        ("content-type", "text/x-odd"),
        ("cache-control", "no-store"),
        ("content-disposition", "attachment"),
        ("content-encoding", "identity"),
        ("content-language", "de"),
        ("expires", "soon"),
        ("x-amz-meta-colour", "green"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("content-length", "3"),
    ] {
        assert_eq!(head.header(name), Some(value), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_may_bring_a_customers_key() {
    let server = server_with("forms").await;
    let client = &server.client;
    let prefix = "x-amz-server-side-encryption-customer";
    let (key, key_md5) = (BASE64_STANDARD.encode([7; 32]), BASE64_STANDARD.encode(md5(&[7; 32])));
    let headers = [("algorithm", "AES256"), ("key", &*key), ("key-md5", &*key_md5)]
        .map(|(name, value)| (format!("{prefix}-{name}"), value));
    let form = headers.iter().fold(Form::new(client, "forms", "o"), |form, (name, value)| form.field(name, value));
    let answer = form.signed().send().await;
    assert_eq!((answer.status, answer.header(&headers[2].0)), (204, Some(&*key_md5)), "{}", answer.text());
    assert_eq!(client.get("/forms/o").send().await.status, 400);
    let get = headers.iter().fold(client.get("/forms/o"), |get, (name, value)| get.header(name, value));
    assert_eq!(get.send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_reaches_its_bucket_by_path_and_by_host_name() {
    let server = server_with("forms").await;
    let client = &server.client;
    let (account, port) = (client.account, client.address.port());
    for (host, target, location) in [
        (format!("127.0.0.1:{port}"), "/forms", "/forms/o"),
        (format!("127.0.0.1:{port}"), "/forms/", "/forms/o"),
        (format!("{account}.r2.localhost"), "/forms", "/forms/o"),
        (format!("forms.localhost:{port}"), "/", "/o"),
        (format!("forms.{account}.r2.localhost"), "/", "/o"),
    ] {
        let answer = Form::new(client, "forms", "o").to(&host, target).file(host.clone()).signed().send().await;
        assert_eq!(answer.status, 204, "{host}{target}: {}", answer.text());
        assert_eq!(answer.header("location"), Some(&*format!("http://{host}{location}")));
        is_stored(client, "o", host.as_bytes()).await;
    }
    let other = format!("{}.r2.localhost", "0".repeat(32));
    let answer = Form::new(client, "forms", "a").to(&other, "/forms").signed().send().await;
    answer.refused(403, "AccessDenied");
    let elsewhere = Form::new(client, "forms", "a").to(&format!("{account}.eu.r2.localhost"), "/forms");
    elsewhere.signed().send().await.refused(404, "NoSuchBucket");
    Form::new(client, "gone", "a").signed().send().await.refused(404, "NoSuchBucket");
    let elsewhere = Form::new(client, "forms", "a").signed().to(&client.address.to_string(), "/other");
    elsewhere.send().await.refused(403, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_is_the_one_the_form_asks_for() {
    let server = server_with("forms").await;
    let client = &server.client;
    for (asked, status) in [("200", 200), ("201", 201), ("204", 204), ("404", 204)] {
        let answer = Form::new(client, "forms", "o").field("success_action_status", asked).signed().send().await;
        assert_eq!(answer.status, status);
        if status == 201 {
            let location = format!("http://{}/forms/o", client.address);
            let elements = ["Location", "Bucket", "Key", "ETag"].map(|name| answer.element(name).unwrap());
            assert_eq!(elements, [location, "forms".into(), "o".into(), etag_of(b"abc")]);
            assert_eq!(answer.header("content-type"), Some("application/xml"));
        } else {
            assert_eq!(answer.text(), "");
        }
    }
    let form = Form::new(client, "forms", "d/ü").field("success_action_redirect", "https://example.com/done?a=1");
    let answer = form.signed().send().await;
    let etag = etag_of(b"abc").replace('"', "%22");
    let location = format!("https://example.com/done?a=1&bucket=forms&key=d%2F%C3%BC&etag={etag}");
    assert_eq!((answer.status, answer.header("location")), (303, Some(&*location)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_name_is_put_in_where_the_form_asks_for_it() {
    let server = server_with("forms").await;
    let client = &server.client;
    for (disposition, key) in [
        (r#"name="file"; filename="b.txt""#, "up/b.txt"),
        (r#"name="file"; filename="C:\Users\me\b.txt""#, "up/b.txt"),
        (r#"name="file"; filename="../../b.txt""#, "up/b.txt"),
        (r#"name="file"; filename="ü b.txt""#, "up/%C3%BC%20b.txt"),
        (r#"name="file""#, "up/"),
    ] {
        let form = Form::new(client, "forms", "unused").changed("key", Some("up/${filename}")).without_conditions();
        let form = form.condition(r#"{"bucket": "forms"}"#).condition(r#"["starts-with", "$key", "up/"]"#);
        let answer = form.file_disposition(disposition).file(disposition).signed().send().await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        is_stored(client, key, disposition.as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_signer_decides_what_a_form_may_store() {
    let server = server_with("forms").await;
    let client = &server.client;
    let form = || Form::new(client, "forms", "o");
    let denied = |form: Form<'_>, message: &'static str| {
        let wire = form.signed().wire();
        async move {
            let answer = client.exchange_raw(&wire, false).await;
            answer.refused(403, "AccessDenied");
            assert_eq!(answer.element("Message").unwrap(), format!("Invalid according to Policy: {message}"));
        }
    };
    denied(form().uncovered("x-amz-meta-a", b"1"), "Extra input fields: x-amz-meta-a").await;
    denied(form().uncovered("submit", b"1"), "Extra input fields: submit").await;
    denied(form().condition(r#"{"acl": "private"}"#), r#"Policy Condition failed: ["eq", "$acl", "private"]"#).await;
    denied(
        form().condition(r#"["starts-with", "$key", "p"]"#),
        r#"Policy Condition failed: ["starts-with", "$key", "p"]"#,
    )
    .await;
    denied(form().without_conditions().condition(r#"{"key": "o"}"#), "Extra input fields: bucket").await;
    denied(form().expires(Timestamp(client.clock.now().0 - 1)), "Policy expired.").await;

    let signed = form().signed();
    let policy = String::from_utf8(signed.value("policy").to_vec()).unwrap();
    let longer = format!("{policy} ");
    for (field, value, status, code) in [
        ("key", Some("other"), 403, "AccessDenied"),
        ("key", None, 403, "AccessDenied"),
        ("policy", Some(&*longer), 403, "SignatureDoesNotMatch"),
        ("policy", Some("e30="), 403, "SignatureDoesNotMatch"),
        ("policy", None, 400, "InvalidArgument"),
        ("x-amz-signature", Some(&*"0".repeat(64)), 403, "SignatureDoesNotMatch"),
        ("x-amz-signature", Some("short"), 403, "SignatureDoesNotMatch"),
        ("x-amz-signature", None, 400, "InvalidArgument"),
        ("x-amz-algorithm", Some("AWS4-ECDSA-P256-SHA256"), 400, "InvalidArgument"),
        ("x-amz-credential", Some("nonsense"), 400, "InvalidArgument"),
        ("x-amz-date", Some("yesterday"), 400, "InvalidArgument"),
    ] {
        signed.clone().changed(field, value).send().await.refused(status, code);
    }
    let stranger = Client { access_key_id: "0".repeat(32), ..client.clone() };
    Form::new(&stranger, "forms", "o").signed().send().await.refused(401, "Unauthorized");
    let wrong = Client { secret_access_key: "wrong".to_owned(), ..client.clone() };
    Form::new(&wrong, "forms", "o").signed().send().await.refused(403, "SignatureDoesNotMatch");
    form().send().await.refused(401, "Unauthorized");
    let version_2 = form().uncovered("AWSAccessKeyId", b"a").uncovered("signature", b"s").uncovered("policy", b"p");
    version_2.send().await.refused(400, "InvalidRequest");
    form().field("x-amz-security-token", "t").signed().send().await.refused(400, "InvalidToken");
    nothing_was_stored(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_form_is_good_until_its_policy_expires() {
    let server = server_with("forms").await;
    let form = Form::new(&server.client, "forms", "o").signed();
    server.clock.advance(Duration::from_secs(3599));
    assert_eq!(form.send().await.status, 204);
    server.clock.advance(Duration::from_secs(2));
    form.send().await.refused(403, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_size_of_the_file_is_bounded_by_the_policy() {
    let server = server_with("forms").await;
    let client = &server.client;
    let post = |size: usize| {
        let form = Form::new(client, "forms", "o").file(body_of(1, size));
        let form = form.condition(&format!(r#"["content-length-range", 10, {}]"#, 300 * KIB)).signed();
        async move { form.send().await }
    };
    post(9).await.refused(400, "EntityTooSmall");
    post(0).await.refused(400, "EntityTooSmall");
    post(300 * KIB + 1).await.refused(400, "EntityTooLarge");
    post(3000 * KIB).await.refused(400, "EntityTooLarge");
    nothing_was_stored(&server).await;
    assert_eq!(post(10).await.status, 204);
    assert_eq!(post(300 * KIB).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_put_object_refuses_a_form_does_not_get_either() {
    let server = server_with("forms").await;
    let client = &server.client;
    let form = |name: &str, value: &str| Form::new(client, "forms", "a").field(name, value).signed();
    for (name, value, status, code) in [
        ("x-amz-checksum-crc32", "AAAAAA==", 400, "BadDigest"),
        ("x-amz-checksum-sha256", "x", 400, "InvalidDigest"),
        ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", 400, "BadDigest"),
        ("x-amz-storage-class", "GLACIER", 501, "NotImplemented"),
        ("x-amz-website-redirect-location", "/b", 501, "NotImplemented"),
        ("tagging", "x", 501, "NotImplemented"),
        ("acl", "public-read-write", 501, "NotImplemented"),
        ("If-None-Match", "*", 412, "PreconditionFailed"),
    ] {
        form(name, value).file("changed").send().await.refused(status, code);
    }
    form("x-amz-meta-a", &"m".repeat(8192)).file("changed").send().await.refused(400, "MetadataTooLarge");
    nothing_was_stored(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_on_a_bucket_that_is_no_form_says_so() {
    let server = server_with("forms").await;
    let client = &server.client;
    client.post("/forms", "key=a").send().await.refused(412, "PreconditionFailed");
    let body = Form::new(client, "forms", "a").signed().body();
    let multipart = format!("multipart/form-data; boundary={}", crate::support::BOUNDARY);
    let twice = client.post("/forms", body.clone()).header("content-type", &multipart).send().await;
    twice.refused(400, "InvalidArgument");
    let (parts, body) = client.post("/forms", body).header("content-type", &multipart).presign(60);
    client.exchange(&parts, &body).await.refused(400, "InvalidArgument");
    let (parts, ()) = http::Request::post("/forms").header("host", "h").body(()).unwrap().into_parts();
    client.exchange(&parts, b"").await.refused(401, "Unauthorized");
    nothing_was_stored(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_may_come_without_its_length_and_with_fields_behind_the_file() {
    let server = server_with("forms").await;
    let client = &server.client;
    let form = Form::new(client, "forms", "o").behind(part("name=\"submit\"", b"Upload")).file("chunked").signed();
    let wire = String::from_utf8(form.wire()).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    let length = format!("content-length: {}", body.len());
    let head = head.replace(&length, "transfer-encoding: chunked");
    let wire = [head.as_bytes(), b"\r\n\r\n", &http_chunks(body.as_bytes())].concat();
    assert_eq!(client.exchange_raw(&wire, false).await.status, 204);
    is_stored(client, "o", b"chunked").await;
}
