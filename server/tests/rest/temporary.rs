//! Temporary credentials that the API makes: they reach what they are made for, no more, and not for longer.

use crate::api::{Api, on_account, with};
use crate::support::{Client, Temporary, TestServer};
use serde_json::{Value, json};
use std::time::Duration;
use types::PermissionGroup::{R2StorageRead, R2StorageWrite};

const PATH: &str = "/accounts/{a}/r2/temp-access-credentials";

async fn server() -> (TestServer, Api) {
    let server = TestServer::start().await;
    server.client.request("PUT", "/bucket").send().await.ok();
    for key in ["in/a", "out/a", "one"] {
        server.client.put(&format!("/bucket/{key}"), key).send().await.ok();
    }
    let root = Api::root(&server);
    (server, root)
}

fn asked(server: &TestServer, fields: Value) -> Value {
    let parent = &server.client.access_key_id;
    with(json!({ "bucket": "bucket", "parentAccessKeyId": parent, "permission": "object-read-only" }), fields)
}

fn holder(server: &TestServer, made: &Value) -> Temporary {
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("no {name}: {made}")).to_owned();
    let (access_key_id, secret_access_key) = (text("accessKeyId"), text("secretAccessKey"));
    Temporary {
        client: Client { access_key_id, secret_access_key, ..server.client.clone() },
        token: text("sessionToken"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_reach_the_keys_they_are_made_for_until_their_time_is_over() {
    let (server, root) = server().await;
    let asked = asked(&server, json!({ "prefixes": ["in/"], "objects": ["one"] }));
    let temporary = holder(&server, &root.post(PATH, &asked).await.ok());
    for key in ["in/a", "one"] {
        let target = format!("/bucket/{key}");
        assert_eq!(temporary.request("GET", &target).send().await.ok().text(), key);
        assert_eq!(temporary.outcome("DELETE", &target).await, (403, "AccessDenied".to_owned()));
    }
    assert_eq!(temporary.outcome("GET", "/bucket/out/a").await, (403, "AccessDenied".to_owned()));
    server.clock.advance(Duration::from_secs(899));
    temporary.request("GET", "/bucket/one").send().await.ok();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(temporary.request("GET", "/bucket/one").send().await.status, 400, "900 seconds unless asked otherwise");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_for_the_jurisdiction_that_was_asked_in() {
    let (server, root) = server().await;
    let eu = [("cf-r2-jurisdiction", "eu")];
    root.send("POST", "/accounts/{a}/r2/buckets", br#"{"name":"european"}"#, &eu).await.ok();
    let asked = asked(&server, json!({ "bucket": "european" }));
    root.post(PATH, &asked).await.refused(404, 10006);
    let made = root.send("POST", PATH, asked.to_string().as_bytes(), &eu).await.ok();
    let temporary = holder(&server, &made);
    assert_eq!(temporary.outcome("GET", "/european").await, (403, "AccessDenied".to_owned()), "another endpoint");
    let host = format!("{}.eu.r2.localhost", root.account());
    temporary.request("GET", "/european").host(&host).send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused() {
    let (server, root) = server().await;
    for (fields, status, code) in [
        (json!({ "bucket": "nowhere" }), 404, 10006),
        (json!({ "bucket": "No" }), 400, 10005),
        (json!({ "permission": "everything" }), 400, 10040),
        (json!({ "permission": null }), 400, 10040),
        (json!({ "ttlSeconds": 0 }), 400, 10040),
        (json!({ "ttlSeconds": 604_801 }), 400, 10040),
        (json!({ "ttlSeconds": -1 }), 400, 10040),
        (json!({ "parentAccessKeyId": "0".repeat(32) }), 404, 1003),
        (json!({ "parentAccessKeyId": "mine" }), 404, 1003),
        (json!({ "prefixes": "in/" }), 400, 10040),
    ] {
        root.post(PATH, &asked(&server, fields)).await.refused(status, code);
    }
    root.post(PATH, &asked(&server, json!({ "ttlSeconds": 604_800, "prefixes": null }))).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hands_on_what_they_lack() {
    let (server, root) = server().await;
    let reader = root.make(&on_account(&root.account(), &[R2StorageRead])).await;
    let writer = root.make(&on_account(&root.account(), &[R2StorageWrite])).await;
    let of = |parent: &str, scope: &str| asked(&server, json!({ "parentAccessKeyId": parent, "permission": scope }));
    reader.api.post(PATH, &of(&reader.id, "object-read-only")).await.refused(403, 10000);
    writer.api.post(PATH, &of(&reader.id, "object-read-write")).await.refused(403, 10000);
    let made = writer.api.post(PATH, &of(&writer.id, "object-read-write")).await.ok();
    let temporary = holder(&server, &made);
    temporary.request("DELETE", "/bucket/one").send().await.ok();
    assert_eq!(temporary.outcome("DELETE", "/bucket").await, (403, "AccessDenied".to_owned()));
}
