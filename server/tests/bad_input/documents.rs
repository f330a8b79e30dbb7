//! XML that is malformed, too deep, too large, or of another kind.

use crate::support::{Client, MIB};
use crate::{nothing_changed, server_with};

async fn delete_objects(client: &Client, document: impl Into<Vec<u8>>) -> (u16, String) {
    client.post("/bad?delete", document).send().await.outcome()
}

fn malformed() -> (u16, String) {
    (400, "MalformedXML".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_cannot_be_read_are_refused() {
    let server = server_with("bad").await;
    let client = &server.client;
    let bomb = "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                <Delete><Object><Key>&b;</Key></Object></Delete>";
    let outside =
        "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&a;</Key></Object></Delete>";
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let deep_in_place = format!("<Delete>{}{}</Delete>", "<Object>".repeat(50), "</Object>".repeat(50));
    let many = format!("<Delete>{}</Delete>", "<Object><Key>a</Key></Object>".repeat(1001));
    for document in [
        "",
        "not xml",
        "<",
        "<Delete>",
        "<Delete><Object><Key>a</Key></Object>",
        "<Delete><Object><Key>a</Object></Key></Delete>",
        "<Delete/>",
        "<Other><Object><Key>a</Key></Object></Other>",
        "<Delete><Object><Key>a</Key></Object></Delete><Delete/>",
        "<Delete><Object><Key>a</Key><Key>a</Key></Object></Delete>",
        "<Delete><Object></Object></Delete>",
        "<Delete><Object><Key>&unknown;</Key></Object></Delete>",
        "<Delete><Object><Key>&#xD800;</Key></Object></Delete>",
        bomb,
        outside,
        &deep,
        &deep_in_place,
        &many,
    ] {
        let shown = &document[..document.len().min(80)];
        assert_eq!(delete_objects(client, document).await, malformed(), "{shown}");
    }
    assert_eq!(delete_objects(client, &b"<Delete><Object><Key>\xff</Key></Object></Delete>"[..]).await, malformed());
    let utf16: Vec<u8> = "<Delete/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(delete_objects(client, utf16).await, malformed());
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_up_to_two_mebibytes_are_read_and_no_further() {
    let server = server_with("bad").await;
    let client = &server.client;
    let padded = |bytes: usize| {
        let document = "<Delete><Object><Key>gone</Key></Object></Delete>";
        format!("{document}{}", " ".repeat(bytes - document.len()))
    };
    assert_eq!(delete_objects(client, padded(2 * MIB)).await.0, 200);
    assert_eq!(delete_objects(client, padded(2 * MIB + 1)).await, malformed());
    assert_eq!(delete_objects(client, padded(6 * MIB)).await, malformed());
    let many = format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", "<Part/>".repeat(10_001));
    let upload = client.create_upload("/bad/u").await;
    client.post(&format!("/bad/u?uploadId={upload}"), many).send().await.refused(400, "MalformedXML");
    client.delete(&format!("/bad/u?uploadId={upload}")).send().await.ok();
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_digest_of_a_document_changes_nothing() {
    let server = server_with("bad").await;
    let document = "<Delete><Object><Key>a</Key></Object></Delete>";
    let post = || server.client.post("/bad?delete", document);
    post().header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").send().await.refused(400, "BadDigest");
    post().header("x-amz-checksum-crc32", "AAAAAA==").send().await.refused(400, "BadDigest");
    post().payload_hash(&"0".repeat(64)).send().await.refused(400, "XAmzContentSHA256Mismatch");
    nothing_changed(server, "bad").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_none_fails_alone_among_many() {
    let server = server_with("bad").await;
    let long = "k".repeat(1025);
    let document = format!("<Delete><Object><Key>{long}</Key></Object><Object><Key>gone</Key></Object></Delete>");
    let answer = server.client.post("/bad?delete", document).send().await.ok();
    assert_eq!(answer.element("Code").as_deref(), Some("InvalidObjectName"));
    assert!(answer.text().contains("<Deleted><Key>gone</Key></Deleted>"), "{}", answer.text());
    nothing_changed(server, "bad").await;
}
