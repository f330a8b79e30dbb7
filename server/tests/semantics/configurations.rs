//! What is configured of a bucket: lifecycle rules, encryption, and the answers that are the same for every bucket.
//! Sources: R2 "Object lifecycles"; R2 "Release notes" 2022-05-05, 2022-07-20 and 2022-07-21.

use crate::server_with;
use crate::support::{Client, TestServer, blocks, element, elements, md5};
use types::{Checksum, ChecksumAlgorithm};

const EXPIRE_LOGS: &str = "<LifecycleConfiguration><Rule><ID>logs</ID><Status>Enabled</Status>\
     <Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>90</Days></Expiration></Rule></LifecycleConfiguration>";

async fn rule_ids(client: &Client, bucket: &str) -> Vec<String> {
    let answer = client.get(&format!("{bucket}?lifecycle")).send().await.ok();
    elements(answer.text(), "ID")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_bucket_aborts_uploads_after_seven_days() {
    let server = server_with("rules").await;
    let answer = server.client.get("/rules?lifecycle").send().await.ok();
    let rules = blocks(answer.text(), "Rule");
    assert_eq!(rules.len(), 1, "{}", answer.text());
    assert_eq!(element(rules[0], "ID").unwrap(), "Default Multipart Abort Rule");
    assert_eq!(element(rules[0], "Status").unwrap(), "Enabled");
    assert_eq!(element(rules[0], "DaysAfterInitiation").unwrap(), "7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_replace_each_other_and_outlive_a_restart() {
    let server = server_with("rules").await;
    server.client.put("/rules?lifecycle", EXPIRE_LOGS).send().await.ok();
    assert_eq!(rule_ids(&server.client, "/rules").await, ["logs"]);
    let server = server.restart().await;
    assert_eq!(rule_ids(&server.client, "/rules").await, ["logs"]);
    let other = EXPIRE_LOGS.replace("<ID>logs</ID>", "<ID>other</ID>");
    server.client.put("/rules?lifecycle", other).send().await.ok();
    assert_eq!(rule_ids(&server.client, "/rules").await, ["other"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_without_an_id_gets_one_that_stays() {
    let server = server_with("rules").await;
    let nameless = EXPIRE_LOGS.replace("<ID>logs</ID>", "");
    server.client.put("/rules?lifecycle", nameless).send().await.ok();
    let ids = rule_ids(&server.client, "/rules").await;
    assert!(ids.len() == 1 && !ids[0].is_empty(), "{ids:?}");
    assert_eq!(rule_ids(&server.client, "/rules").await, ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_rules_do_not_come_back_and_the_default_goes_with_them() {
    let server = server_with("rules").await;
    server.client.put("/rules/a", "abc").send().await.ok();
    for _ in 0..2 {
        assert_eq!(server.client.delete("/rules?lifecycle").send().await.status, 204);
        server.client.get("/rules?lifecycle").send().await.refused(404, "NoSuchLifecycleConfiguration");
    }
    let server = server.restart().await;
    server.client.get("/rules?lifecycle").send().await.refused(404, "NoSuchLifecycleConfiguration");
    assert_eq!(server.client.get("/rules/a").send().await.ok().text(), "abc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_go_with_their_bucket() {
    let server = TestServer::start().await;
    let client = &server.client;
    client.request("PUT", "/rules").send().await.ok();
    client.put("/rules?lifecycle", EXPIRE_LOGS).send().await.ok();
    assert_eq!(client.delete("/rules").send().await.status, 204);
    client.get("/rules?lifecycle").send().await.refused(404, "NoSuchBucket");
    client.request("PUT", "/rules").send().await.ok();
    assert_eq!(rule_ids(client, "/rules").await, ["Default Multipart Abort Rule"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_arrived_changed_is_refused_and_changes_nothing() {
    let server = server_with("rules").await;
    let client = &server.client;
    let digest = |text: &str| Checksum::new(ChecksumAlgorithm::Md5, &md5(text.as_bytes())).unwrap().to_base64();
    let wrong = client.put("/rules?lifecycle", EXPIRE_LOGS).header("content-md5", digest("other"));
    wrong.send().await.refused(400, "BadDigest");
    client.put("/rules?lifecycle", "<LifecycleConfiguration/>").send().await.refused(400, "MalformedXML");
    client.put("/rules?lifecycle", "").send().await.refused(400, "MalformedXML");
    assert_eq!(rule_ids(client, "/rules").await, ["Default Multipart Abort Rule"]);
    client.put("/rules?lifecycle", EXPIRE_LOGS).header("content-md5", digest(EXPIRE_LOGS)).send().await.ok();
    assert_eq!(rule_ids(client, "/rules").await, ["logs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rules_are_kept_and_one_more_is_refused() {
    let server = server_with("rules").await;
    let document = |count: usize| {
        let rule = |number: usize| {
            format!(
                "<Rule><ID>{number}</ID><Status>Enabled</Status><Filter><Prefix>{number}/{}</Prefix></Filter>\
                 <Expiration><Days>1</Days></Expiration></Rule>",
                "p".repeat(900)
            )
        };
        let rules: String = (0..count).map(rule).collect();
        format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>")
    };
    server.client.put("/rules?lifecycle", document(1000)).send().await.ok();
    assert_eq!(rule_ids(&server.client, "/rules").await.len(), 1000);
    server.client.put("/rules?lifecycle", document(1001)).send().await.refused(400, "MalformedXML");
    assert_eq!(rule_ids(&server.client, "/rules").await.len(), 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bucket_is_encrypted_with_aes256_and_nothing_else() {
    let server = server_with("locked").await;
    let client = &server.client;
    let document = |algorithm: &str| {
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>{algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>"
        )
    };
    let shows_aes256 = async || {
        let answer = client.get("/locked?encryption").send().await.ok();
        assert_eq!(answer.element("SSEAlgorithm").as_deref(), Some("AES256"), "{}", answer.text());
    };
    shows_aes256().await;
    client.put("/locked?encryption", document("AES256")).send().await.ok();
    client.put("/locked?encryption", document("aws:kms")).send().await.refused(501, "NotImplemented");
    client.put("/locked?encryption", document("none")).send().await.refused(400, "MalformedXML");
    assert_eq!(client.delete("/locked?encryption").send().await.status, 204);
    shows_aes256().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_answers_as_one_that_s3_has_just_made() {
    let server = server_with("fresh").await;
    let client = &server.client;
    let versioning = client.get("/fresh?versioning").send().await.ok();
    assert_eq!((versioning.element("Status"), versioning.element("MfaDelete")), (None, None));
    let acl = client.get("/fresh?acl").send().await.ok();
    assert_eq!(blocks(acl.text(), "Grant").len(), 1, "{}", acl.text());
    assert_eq!(acl.element("Permission").as_deref(), Some("FULL_CONTROL"));
    let account = client.account.to_string();
    assert!(elements(acl.text(), "ID").iter().all(|id| *id == account), "{}", acl.text());
    for (parameter, code) in [
        ("tagging", "NoSuchTagSet"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("object-lock", "ObjectLockConfigurationNotFoundError"),
    ] {
        client.get(&format!("/fresh?{parameter}")).send().await.refused(404, code);
    }
    let location = client.get("/fresh?location").send().await.ok();
    assert!(location.text().ends_with(">auto</LocationConstraint>"), "{}", location.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_configuration_is_that_of_a_bucket_that_is_not_there() {
    let server = TestServer::start().await;
    for parameter in
        ["lifecycle", "encryption", "versioning", "acl", "tagging", "replication", "object-lock", "location"]
    {
        server.client.get(&format!("/nobody?{parameter}")).send().await.refused(404, "NoSuchBucket");
    }
    server.client.put("/nobody?lifecycle", EXPIRE_LOGS).send().await.refused(404, "NoSuchBucket");
    for parameter in ["lifecycle", "encryption"] {
        server.client.delete(&format!("/nobody?{parameter}")).send().await.refused(404, "NoSuchBucket");
    }
}
