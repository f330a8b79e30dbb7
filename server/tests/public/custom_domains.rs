//! Custom domains: their life over REST, and requests to them. Sources: R2 "Public buckets", Custom domains; "Limits"
//! (50 of them); the API's `r2.buckets.domains.custom`.

use crate::api::{Api, on_account};
use crate::bucket::{PublicBucket, add_domain, assert_page, set_open, unsigned};
use crate::support::{Answer, until};
use serde_json::{Value, json};
use std::time::Duration;
use types::PermissionGroup::{R2BucketItemWrite, R2StorageRead};

const CUSTOM: &str = "/accounts/{a}/r2/buckets/photos/domains/custom";
const CATS: &str = "/accounts/{a}/r2/buckets/photos/domains/custom/cats.example.com";

async fn open() -> PublicBucket {
    let open = PublicBucket::open().await;
    open.put("cat", "meow").await;
    set_open(&open.api, "photos", false).await;
    open
}

async fn get_at(open: &PublicBucket, host: &str) -> Answer {
    unsigned(open.owner(), "GET", "/cat", host, &[]).await
}

/// The domains of a bucket by their names.
async fn names(api: &Api, bucket: &str) -> Vec<String> {
    let listed = api.get(&format!("/accounts/{{a}}/r2/buckets/{bucket}/domains/custom")).await.ok();
    let name = |domain: &Value| domain["domain"].as_str().unwrap().to_owned();
    listed["domains"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_added_served_changed_and_removed() {
    let open = open().await;
    let ciphers = ["ECDHE-RSA-AES128-GCM-SHA256"];
    let body = json!({
        "domain": "Cats.Example.com", "zoneId": "023e105f4ecef8ad9ca31a8372d0c353", "enabled": true, "minTLS": "1.2",
        "ciphers": ciphers,
    });
    let mut settings = json!({
        "domain": "cats.example.com", "zoneId": "023e105f4ecef8ad9ca31a8372d0c353", "enabled": true, "minTLS": "1.2",
        "ciphers": ciphers,
    });
    assert_eq!(open.api.post(CUSTOM, &body).await.ok(), settings);
    settings["status"] = json!({ "ownership": "pending", "ssl": "initializing" });
    assert_eq!(open.api.get(CATS).await.ok(), settings);
    assert_eq!(open.api.get(CUSTOM).await.ok(), json!({ "domains": [settings] }));
    assert_eq!(get_at(&open, "cats.example.com").await.ok().text(), "meow", "served at once");

    let changed = open.api.put(CATS, &json!({ "domain": "cats.example.com", "minTLS": "1.3" })).await.ok();
    let expected = json!({ "domain": "cats.example.com", "enabled": true, "minTLS": "1.3", "ciphers": ciphers });
    assert_eq!(changed, expected, "what is not named stays");
    open.api.put(CATS, &json!({ "enabled": false, "ciphers": [] })).await.ok();
    assert_page(&get_at(&open, "cats.example.com").await, 401);
    assert_eq!(names(&open.api, "photos").await, ["cats.example.com"], "it is turned off, not gone");
    open.api.put(CATS, &json!({ "enabled": true })).await.ok();
    get_at(&open, "CATS.example.com").await.ok();

    assert_eq!(open.api.delete(CATS).await.ok(), json!({ "domain": "cats.example.com" }));
    assert_eq!(get_at(&open, "cats.example.com").await.status, 401, "the S3 face's: nothing is public there");
    for method in ["GET", "DELETE"] {
        open.api.send(method, CATS, b"", &[]).await.refused(404, 10053);
    }
    open.api.put(CATS, &json!({ "enabled": true })).await.refused(404, 10053);
    open.add_domain("cats.example.com").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_names_one_may_be_taken_away() {
    let open = open().await;
    for name in ["cats.example.com", "dogs.example.com"] {
        open.add_domain(name).await;
    }
    set_open(&open.api, "photos", true).await;
    open.api.delete(CATS).await.ok();
    for host in ["dogs.example.com", open.host.as_str()] {
        assert_eq!(get_at(&open, host).await.ok().text(), "meow");
    }
    let dogs = format!("{CUSTOM}/dogs.example.com");
    open.api.put(&dogs, &json!({ "enabled": false })).await.ok();
    assert_page(&get_at(&open, "dogs.example.com").await, 401);
    assert_eq!(get_at(&open, &open.host).await.ok().text(), "meow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_becomes_active_by_itself() {
    let open = open().await;
    open.add_domain("cats.example.com").await;
    let status = || async { open.api.get(CATS).await.ok()["status"].clone() };
    assert_eq!(status().await, json!({ "ownership": "pending", "ssl": "initializing" }));
    until("the domain is active", async || {
        // Again and again: the loop may only just have begun to wait.
        open.server.clock.advance(Duration::from_secs(1));
        status().await == json!({ "ownership": "active", "ssl": "active" })
    })
    .await;
    open.api.put(CATS, &json!({ "enabled": false })).await.ok();
    assert_eq!(status().await, json!({ "ownership": "active", "ssl": "active" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_of_one_bucket_in_the_whole_store() {
    let open = open().await;
    open.owner().request("PUT", "/other").send().await.ok();
    let eu = format!("{}.eu.r2.localhost", open.owner().account);
    open.owner().request("PUT", "/photos").host(&eu).send().await.ok();
    open.add_domain("cats.example.com").await;
    for taken in ["cats.example.com", "CATS.EXAMPLE.COM", "cats.example.com."] {
        add_domain(&open.api, "other", taken).await.refused(409, 409);
        add_domain(&open.api, "photos", taken).await.refused(409, 409);
        let body = json!({ "domain": taken, "zoneId": "zone", "enabled": true }).to_string();
        let there = open.api.send("POST", CUSTOM, body.as_bytes(), &[("cf-r2-jurisdiction", "eu")]).await;
        there.refused(409, 409);
    }
    let elsewhere = "/accounts/{a}/r2/buckets/other/domains/custom/cats.example.com";
    open.api.get(elsewhere).await.refused(404, 10053);
    open.api.put(elsewhere, &json!({ "enabled": false })).await.refused(404, 10053);
    open.api.delete(elsewhere).await.refused(404, 10053);
    open.api.send("DELETE", CATS, b"", &[("cf-r2-jurisdiction", "eu")]).await.refused(404, 10053);
    assert_eq!(get_at(&open, "cats.example.com").await.ok().text(), "meow");
    open.api.delete(CATS).await.ok();
    add_domain(&open.api, "other", "cats.example.com").await.ok();
    assert_page(&get_at(&open, "cats.example.com").await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_writers_who_want_one_name_exactly_one_gets_it() {
    let open = open().await;
    open.owner().request("PUT", "/other").send().await.ok();
    for round in 0..10 {
        let name = format!("cats-{round}.example.com");
        let (first, second) =
            tokio::join!(add_domain(&open.api, "photos", &name), add_domain(&open.api, "other", &name));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
    assert_eq!(names(&open.api, "photos").await.len() + names(&open.api, "other").await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_has_fifty_domains_at_most() {
    let open = open().await;
    let expected: Vec<_> = (0..50).map(|number| format!("cats-{number}.example.com")).collect();
    for name in &expected {
        open.add_domain(name).await;
    }
    add_domain(&open.api, "photos", "one-too-many.example.com").await.refused(400, 10040);
    assert_eq!(names(&open.api, "photos").await, expected);
    for name in [&expected[0], &expected[49]] {
        assert_eq!(get_at(&open, name).await.ok().text(), "meow");
    }
    open.api.delete(&format!("{CUSTOM}/{}", expected[7])).await.ok();
    open.add_domain("one-more.example.com").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_the_server_itself_are_refused() {
    let open = PublicBucket::open_with(|settings| {
        settings.reserved_domains = vec!["cairn.example.org".to_owned()];
        settings.bucket_domains.push("s3.example.org".to_owned());
    })
    .await;
    let endpoint = format!("{}.r2.localhost", open.owner().account);
    open.owner().put("/other", "").send().await.ok();
    for name in [
        "r2.localhost",
        &endpoint,
        &format!("photos.{endpoint}"),
        "eu.r2.localhost",
        "r2dev.localhost",
        &open.host,
        "x.r2dev.localhost",
        "cairn.example.org",
        "api.cairn.example.org",
        "S3.example.org",
        "OTHER.s3.example.org",
        "other.localhost",
    ] {
        add_domain(&open.api, "photos", name).await.refused(400, 10040);
    }
    for name in
        ["cairn.example.com", "notcairn.example.org", "a.other.localhost", "photos.s3.example.org", "assets.localhost"]
    {
        open.add_domain(name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_changes_nothing() {
    let open = open().await;
    open.add_domain("cats.example.com").await;
    let before = open.api.get(CUSTOM).await.ok();
    let body = |name: &str, value: Value| {
        let mut body = json!({ "domain": "dogs.example.com", "zoneId": "zone", "enabled": true });
        body[name] = value;
        body
    };
    for bad in [
        json!({}),
        json!([]),
        body("domain", json!("")),
        body("domain", json!("localhost")),
        body("domain", json!("127.0.0.1")),
        body("domain", json!("*.example.com")),
        body("domain", json!("a_b.example.com")),
        body("domain", json!("http://dogs.example.com")),
        body("domain", json!("dogs.example.com:80")),
        body("domain", json!(format!("{}.com", "a".repeat(64)))),
        body("minTLS", json!("2.0")),
        body("ciphers", json!(["NULL"])),
        body("zoneId", json!("../..")),
        body("zoneId", Value::Null),
        body("enabled", json!(1)),
        body("more", json!(1)),
    ] {
        open.api.post(CUSTOM, &bad).await.refused(400, 10040);
    }
    for bad in [json!([]), json!({ "minTLS": "0" }), json!({ "ciphers": [1] }), json!({ "domain": "dogs.example.com" })]
    {
        open.api.put(CATS, &bad).await.refused(400, 10040);
    }
    for unknown in ["dogs.example.com", "localhost", "%2e%2e", "cats.example.com%00"] {
        open.api.get(&format!("{CUSTOM}/{unknown}")).await.refused(404, 10053);
    }
    let nobodys = "/accounts/{a}/r2/buckets/nobodys/domains/custom";
    open.api.get(nobodys).await.refused(404, 10006);
    open.api.post(nobodys, &body("enabled", json!(true))).await.refused(404, 10006);
    open.api.delete(&format!("{nobodys}/cats.example.com")).await.refused(404, 10006);
    assert_eq!(open.api.get(CUSTOM).await.ok(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_only_read_changes_nothing_about_domains() {
    let open = open().await;
    open.add_domain("cats.example.com").await;
    let account = open.api.account();
    let reader = open.api.make(&on_account(&account, &[R2StorageRead])).await.api;
    let writer = open.api.make(&on_account(&account, &[R2BucketItemWrite])).await.api;
    let managed = "/accounts/{a}/r2/buckets/photos/domains/managed";
    for path in [CUSTOM, CATS, managed] {
        reader.get(path).await.ok();
        writer.get(path).await.refused(403, 10000);
    }
    for token in [&reader, &writer] {
        add_domain(token, "photos", "dogs.example.com").await.refused(403, 10000);
        token.put(CATS, &json!({ "enabled": false })).await.refused(403, 10000);
        token.delete(CATS).await.refused(403, 10000);
        token.put(managed, &json!({ "enabled": true })).await.refused(403, 10000);
    }
    assert_eq!(get_at(&open, "cats.example.com").await.ok().text(), "meow");
    assert_page(&get_at(&open, &open.host).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_public_access_are_in_the_audit_log() {
    let open = open().await;
    open.add_domain("cats.example.com").await;
    open.api.put(CATS, &json!({ "enabled": false })).await.ok();
    open.api.delete(CATS).await.ok();
    open.api.delete(CATS).await.refused(404, 10053);
    let log = open.api.get("/accounts/{a}/audit_logs?direction=asc").await.ok();
    let entries: Vec<_> =
        log.as_array().unwrap().iter().map(|entry| entry["action"]["info"].as_str().unwrap()).collect();
    let expected = [
        "CreateBucket",
        "ChangeBucketVisibility",
        "ChangeBucketVisibility",
        "AddCustomDomain",
        "UpdateCustomDomain",
        "RemoveCustomDomain",
    ];
    assert_eq!(entries, expected);
    assert_eq!(log[1]["oldValueJson"], json!({ "enabled": false }));
    assert_eq!(log[1]["newValueJson"], json!({ "enabled": true }));
    assert_eq!(log[4]["oldValueJson"]["enabled"], json!(true));
    assert_eq!(log[4]["newValueJson"]["enabled"], json!(false));
    assert_eq!(log[5]["oldValueJson"]["domain"], json!("cats.example.com"));
}
