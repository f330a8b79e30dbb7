//! When a token ends: with the next request, on every face.

use crate::api::{Api, Made, on_account, with};
use crate::support::TestServer;
use serde_json::{Value, json};
use std::time::Duration;
use types::PermissionGroup::R2StorageWrite;

/// A server with a bucket, and a token that may do everything with it.
async fn server_with(fields: Value) -> (TestServer, Api, Made) {
    let server = TestServer::start().await;
    server.client.request("PUT", "/bucket").send().await.ok();
    let root = Api::root(&server);
    let token = root.make(&with(on_account(&root.account(), &[R2StorageWrite]), fields)).await;
    (server, root, token)
}

/// The token's status over S3, by header and by link, and over REST.
async fn statuses(token: &Made) -> [u16; 3] {
    let s3 = token.s3();
    let by_header = s3.get("/bucket").send().await.status;
    let (link, _) = s3.get("/bucket").presign(60);
    [by_header, s3.exchange(&link, b"").await.status, token.api.get("/accounts").await.status]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_token_ends_with_the_next_request() {
    let (_server, root, token) = server_with(json!({})).await;
    assert_eq!(statuses(&token).await, [200; 3]);
    let path = format!("/accounts/{{a}}/tokens/{}", token.id);
    assert_eq!(root.delete(&path).await.ok(), json!({ "id": token.id }));
    assert_eq!(statuses(&token).await, [401, 401, 403]);
    token.api.get("/accounts/{a}/tokens/verify").await.refused(401, 1000);
    root.delete(&path).await.refused(404, 1003);
    root.put(&format!("{path}/value"), &json!({})).await.refused(404, 1003);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_token_rests_until_it_is_enabled() {
    let (_server, root, token) = server_with(json!({})).await;
    let path = format!("/accounts/{{a}}/tokens/{}", token.id);
    let content = |status: &str| with(on_account(&root.account(), &[R2StorageWrite]), json!({ "status": status }));
    assert_eq!(statuses(&token).await, [200; 3]);
    root.put(&path, &content("disabled")).await.ok();
    assert_eq!(statuses(&token).await, [401, 401, 403]);
    root.put(&path, &content("active")).await.ok();
    assert_eq!(statuses(&token).await, [200; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_value_ends_the_old_one() {
    let (server, root, token) = server_with(json!({})).await;
    assert_eq!(statuses(&token).await, [200; 3]);
    let value = root.put(&format!("/accounts/{{a}}/tokens/{}/value", token.id), &json!({})).await.ok();
    let value = value.as_str().expect("a bare string").to_owned();
    assert_eq!(statuses(&token).await, [403, 403, 403], "the key is known, its secret is another");
    let rolled = Made { id: token.id.clone(), api: Api::bearer(&server.client, &value), value };
    assert_eq!(statuses(&rolled).await, [200; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_holds_between_its_times() {
    let (server, root, token) = server_with(json!({})).await;
    let at = |seconds: u64| {
        let time = types::Timestamp(environment::Clock::now(&*server.clock).0 + seconds * 1000);
        format!("{}Z", &time.to_iso8601()[..19])
    };
    let times = json!({ "not_before": at(60), "expires_on": at(120) });
    let content = with(on_account(&root.account(), &[R2StorageWrite]), times);
    let path = format!("/accounts/{{a}}/tokens/{}", token.id);
    assert_eq!(root.put(&path, &content).await.ok()["status"], "active");
    assert_eq!(statuses(&token).await, [401, 401, 403], "not yet");
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(statuses(&token).await, [200; 3]);
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(statuses(&token).await, [401, 401, 403], "no longer");
    assert_eq!(root.get(&path).await.ok()["status"], "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_holds_at_its_addresses_only() {
    for (condition, holds) in [
        (json!({ "in": ["127.0.0.1"] }), true),
        (json!({ "in": ["192.0.2.0/24"] }), false),
        (json!({ "not_in": ["127.0.0.0/8"] }), false),
        (json!({ "in": ["127.0.0.0/8"], "not_in": ["127.0.0.2"] }), true),
    ] {
        let (_server, _root, token) = server_with(json!({ "condition": { "request_ip": condition } })).await;
        assert_eq!(statuses(&token).await, if holds { [200; 3] } else { [403; 3] }, "{condition}");
        if !holds {
            token.api.get("/accounts/{a}/tokens/verify").await.refused(403, 9109);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_survive_a_restart() {
    let (server, root, token) = server_with(json!({})).await;
    let gone = root.make(&on_account(&root.account(), &[R2StorageWrite])).await;
    root.delete(&format!("/accounts/{{a}}/tokens/{}", gone.id)).await.ok();
    let server = server.restart().await;
    let again = |made: &Made| Made {
        id: made.id.clone(),
        value: made.value.clone(),
        api: Api::bearer(&server.client, &made.value),
    };
    assert_eq!(statuses(&again(&token)).await, [200; 3]);
    assert_eq!(statuses(&again(&gone)).await, [401, 401, 403]);
}
