//! Keys, bucket names, part numbers, upload ids and escapes off the rules.

use crate::support::{Client, elements, wire};
use crate::{nothing_changed, server_with};

/// Sends a request whose target the client library would refuse to build, unsigned or not: the answer is the same
/// whether the signature is right, so one over the sanitised target will do.
async fn with_raw_target(client: &Client, method: &str, target: &[u8]) -> u16 {
    let (parts, body, _) = client.request(method, "/bad/placeholder").sign();
    let bytes = wire(&parts, &body);
    let at = bytes.windows(16).position(|window| window == b"/bad/placeholder").unwrap();
    let raw = [&bytes[..at], target, &bytes[at + 16..]].concat();
    client.exchange_raw(&raw, false).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_have_up_to_1024_bytes_of_utf_8() {
    let server = server_with("bad").await;
    let client = &server.client;
    for key in ["k".repeat(1024), "%C3%A9".repeat(512), "%F0%9F%98%80".repeat(256)] {
        let target = format!("/bad/{key}");
        client.put(&target, "x").send().await.ok();
        assert_eq!(client.get(&target).send().await.ok().text(), "x");
        client.delete(&target).send().await.ok();
    }
    for key in [
        "k".repeat(1025),
        format!("{}k", "%C3%A9".repeat(512)),
        "%FF".to_owned(),
        "a%C3".to_owned(),
        "%ED%A0%80".to_owned(),
        "%C0%AF".to_owned(),
        "%F4%90%80%80".to_owned(),
    ] {
        let target = format!("/bad/{key}");
        for method in ["GET", "PUT", "DELETE"] {
            client.request(method, &target).send().await.refused(400, "InvalidObjectName");
        }
        client.head(&target).send().await.refused_without_body(400);
        client.post(&format!("{target}?uploads"), "").send().await.refused(400, "InvalidObjectName");
        let copy = client.put("/bad/b", "").header("x-amz-copy-source", &target).send().await;
        copy.refused(400, "InvalidObjectName");
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn escapes_that_are_none_are_refused() {
    let server = server_with("bad").await;
    let client = &server.client;
    for target in
        ["/bad/a%", "/bad/a%1", "/bad/%zz", "/bad/a%%", "/b%zzd/a", "/bad?prefix=%zz", "/bad?prefix=%FF", "/bad?%zz=1"]
    {
        let status = with_raw_target(client, "GET", target.as_bytes()).await;
        assert!(matches!(status, 400 | 403), "{target}: {status}");
    }
    for target in [&b"/bad/\xff"[..], b"/bad/\xc3\xa9", b"/bad/a b", b"/bad/a\x7f", b"/bad/<>", b"/bad?prefix=\xff"] {
        let status = with_raw_target(client, "PUT", target).await;
        assert!(matches!(status, 400 | 403), "{target:?}: {status}");
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_character_in_a_key_is_stored_and_listed_url_encoded() {
    let server = server_with("bad").await;
    let client = &server.client;
    for key in ["%00", "%01", "a%0Ab", "%EF%BF%BE"] {
        client.put(&format!("/bad/{key}"), "x").send().await.ok();
        let listed = client.get("/bad?list-type=2&encoding-type=url").send().await.ok();
        assert!(elements(listed.text(), "Key").iter().any(|listed| listed == key), "{key}: {}", listed.text());
        client.delete(&format!("/bad/{key}")).send().await.ok();
    }
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bucket_names_are_3_to_63_lower_case_letters_digits_and_hyphens() {
    let server = server_with("bad").await;
    let client = &server.client;
    let longest = "a".repeat(63);
    for name in ["abc", "a-b", "123", &longest] {
        client.request("PUT", &format!("/{name}")).send().await.ok();
        client.request("PUT", &format!("/{name}")).send().await.refused(409, "BucketAlreadyOwnedByYou");
        client.delete(&format!("/{name}")).send().await.ok();
    }
    let too_long = "a".repeat(64);
    for name in ["ab", "-ab", "ab-", "Abc", "a_b", "a.b", "a%20b", "caf%C3%A9", "..", &too_long] {
        for method in ["PUT", "GET", "DELETE"] {
            client.request(method, &format!("/{name}")).send().await.refused(400, "InvalidBucketName");
        }
        client.put(&format!("/{name}/key"), "x").send().await.refused(400, "InvalidBucketName");
    }
    let listed = client.get("/").send().await.ok();
    assert_eq!(elements(listed.text(), "Name"), ["bad"]);
    for location in
        ["<x/>", "<CreateBucketConfiguration><LocationConstraint>mars</LocationConstraint></CreateBucketConfiguration>"]
    {
        let answer = client.put("/new-one", location).send().await;
        assert!(matches!(&*answer.outcome().1, "MalformedXML" | "InvalidLocationConstraint"), "{}", answer.text());
    }
    client.get("/new-one").send().await.refused(404, "NoSuchBucket");
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_and_uploads_that_cannot_be_are_refused() {
    let server = server_with("bad").await;
    let client = &server.client;
    let upload = client.create_upload("/bad/u").await;
    for number in ["0", "10001", "-1", "x", "1.0", "", "99999999999999999999"] {
        let target = format!("/bad/u?partNumber={number}&uploadId={upload}");
        client.put(&target, "x").send().await.refused(400, "InvalidArgument");
    }
    client.put(&format!("/bad/u?uploadId={upload}"), "x").send().await.refused(400, "InvalidArgument");
    client.put("/bad/u?partNumber=1", "x").send().await.refused(400, "InvalidArgument");
    let unknown = upload.chars().rev().collect::<String>();
    let complete =
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    for (id, key) in [(&*unknown, "u"), ("", "u"), ("%00", "u"), ("../..", "u"), (&*upload, "other")] {
        let target = format!("/bad/{key}?uploadId={id}");
        client.put(&format!("{target}&partNumber=1"), "x").send().await.refused(404, "NoSuchUpload");
        client.get(&target).send().await.refused(404, "NoSuchUpload");
        client.post(&target, complete).send().await.refused(404, "NoSuchUpload");
    }
    client.delete(&format!("/bad/u?uploadId={upload}")).send().await.ok();
    nothing_changed(server, "bad").await;
}
