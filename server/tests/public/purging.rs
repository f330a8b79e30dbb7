//! Purges over REST: what they forget, at once; who may; what is refused; the audit log.
//! Source: R2 "Consistency model", Caching; Cloudflare's API, `POST /zones/{zone_id}/purge_cache`.

use crate::api::{on_account, on_bucket};
use crate::bucket::{BUCKET, PublicBucket, unsigned};
use serde_json::{Value, json};
use types::PermissionGroup::{R2BucketItemWrite, R2StorageRead, R2StorageWrite};

const PURGE: &str = "/zones/zone/purge_cache";
const KEYS: [&str; 3] = ["i/a.png", "i/b.png", "c.png"];
const HOSTS: [&str; 2] = ["cats.example.com", "dogs.example.com"];

async fn open() -> PublicBucket {
    let open = PublicBucket::open().await;
    for host in HOSTS {
        open.add_domain(host).await;
    }
    for key in KEYS {
        open.put(key, "old").await;
    }
    open
}

/// What is shown of every host and key, as `cats.example.com/c.png`, that is not kept.
async fn read_anew(open: &PublicBucket) -> Vec<String> {
    let mut read = Vec::new();
    for host in HOSTS {
        for key in KEYS {
            let answer = unsigned(open.owner(), "GET", &format!("/{key}"), host, &[]).await.ok();
            if answer.header("cf-cache-status") != Some("HIT") {
                read.push(format!("{host}/{key}"));
            }
        }
    }
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_forgets_what_it_names_at_once() {
    let open = open().await;
    assert_eq!(read_anew(&open).await.len(), 6);
    assert_eq!(read_anew(&open).await.len(), 0);
    let cases: [(Value, &[&str]); 6] = [
        (json!({ "files": ["https://cats.example.com/c.png"] }), &["cats.example.com/c.png"]),
        (
            json!({ "files": ["https://cats.example.com/", "https://cats.example.com/c.png"] }),
            &["cats.example.com/c.png"],
        ),
        (
            json!({ "files": [{ "url": "http://dogs.example.com/i%2Fa.png" }, "https://DOGS.example.com/none.png"] }),
            &["dogs.example.com/i/a.png"],
        ),
        (json!({ "prefixes": ["dogs.example.com/i/"] }), &["dogs.example.com/i/a.png", "dogs.example.com/i/b.png"]),
        (
            json!({ "hosts": ["cats.example.com"] }),
            &["cats.example.com/i/a.png", "cats.example.com/i/b.png", "cats.example.com/c.png"],
        ),
        (json!({ "files": ["https://cats.example.com/c.png?v=1"] }), &[]),
    ];
    for (body, expected) in cases {
        open.api.post(PURGE, &body).await.ok();
        assert_eq!(read_anew(&open).await, expected, "{body}");
    }
    open.put("c.png", "new").await;
    open.api.post(PURGE, &json!({ "purge_everything": true })).await.ok();
    let first = unsigned(open.owner(), "GET", "/c.png", HOSTS[0], &[]).await.ok();
    assert_eq!((first.header("cf-cache-status"), first.text()), (Some("MISS"), "new"));
    assert_eq!(read_anew(&open).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_after_an_overwrite_is_never_answered_with_what_was_there_before() {
    let open = open().await;
    for round in 0..20 {
        let body = format!("round {round}");
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let owner = open.owner().clone();
                tokio::spawn(async move { unsigned(&owner, "GET", "/c.png", HOSTS[0], &[]).await.ok() })
            })
            .collect();
        open.put("c.png", &body).await;
        open.api.post(PURGE, &json!({ "files": ["https://cats.example.com/c.png"] })).await.ok();
        assert_eq!(unsigned(open.owner(), "GET", "/c.png", HOSTS[0], &[]).await.ok().text(), body);
        for reader in readers {
            reader.await.unwrap();
        }
        assert_eq!(unsigned(open.owner(), "GET", "/c.png", HOSTS[0], &[]).await.ok().text(), body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_change_buckets_purges_nothing() {
    let open = open().await;
    read_anew(&open).await;
    let account = open.api.account();
    for content in [
        on_account(&account, &[R2StorageRead]),
        on_account(&account, &[R2BucketItemWrite]),
        on_bucket(&account, BUCKET, &[R2BucketItemWrite]),
    ] {
        let token = open.api.make(&content).await.api;
        token.post(PURGE, &json!({ "purge_everything": true })).await.refused(403, 10000);
    }
    assert_eq!(read_anew(&open).await.len(), 0);
    let writer = open.api.make(&on_account(&account, &[R2StorageWrite])).await.api;
    writer.post(PURGE, &json!({ "purge_everything": true })).await.ok();
    assert_eq!(read_anew(&open).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_purges_nothing() {
    let open = open().await;
    read_anew(&open).await;
    for body in [json!({}), json!({ "purge_everything": false }), json!({ "files": [] })] {
        open.api.post(PURGE, &body).await.refused(400, 1012);
    }
    for body in [
        json!([]),
        json!({ "purge_everything": 1 }),
        json!({ "files": ["/c.png"] }),
        json!({ "files": ["https://cats.example.com/c.png", "https://others.example.com/c.png"] }),
        json!({ "hosts": ["cats.example.com", "others.example.com"] }),
        json!({ "prefixes": ["others.example.com/"] }),
        json!({ "tags": ["a"] }),
        json!({ "more": true }),
    ] {
        open.api.post(PURGE, &body).await.refused(400, 10040);
    }
    open.api.post("/zones/a%20b/purge_cache", &json!({ "purge_everything": true })).await.refused(404, 7003);
    let elsewhere = json!({ "hosts": ["cats.example.com"] });
    open.api.post("/zones/elsewhere/purge_cache", &elsewhere).await.refused(400, 10040);
    open.api.post("/zones/elsewhere/purge_cache", &json!({ "purge_everything": true })).await.ok();
    assert_eq!(read_anew(&open).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purges_are_in_the_audit_log() {
    let open = open().await;
    open.api.post(PURGE, &json!({ "files": ["https://cats.example.com/c.png?v=1"] })).await.ok();
    open.api.post(PURGE, &json!({ "hosts": ["others.example.com"] })).await.refused(400, 10040);
    let log = open.api.get("/accounts/{a}/audit_logs?direction=desc&per_page=2").await.ok();
    assert_eq!(log[0]["action"]["info"], json!("PurgeCache"));
    assert_eq!(log[0]["resource"], json!({ "id": "zone", "type": "zone" }));
    assert_eq!(log[0]["newValueJson"], json!({ "files": ["cats.example.com/c.png?v=1"] }));
    assert_eq!(log[1]["action"]["info"], json!("AddCustomDomain"));
}
