//! What tokens look like: made, listed, changed, rolled, removed.

use crate::api::{Api, on_account, on_bucket, with};
use crate::support::TestServer;
use serde_json::{Value, json};
use types::PermissionGroup::{self, QueuesRead, R2BucketItemWrite, R2StorageRead};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_as_it_was_made_and_its_value_once() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let account = root.account();
    for path in ["/user/tokens", "/accounts/{a}/tokens"] {
        let sent = with(
            on_bucket(&account, "my-bucket", &[R2BucketItemWrite]),
            json!({
                "name": "r2 rw",
                "condition": { "request.ip": { "in": ["127.0.0.0/8"], "not_in": ["192.0.2.1"] } },
                "not_before": "2026-01-01T00:00:00Z",
                "expires_on": "2030-01-01T00:00:00Z",
            }),
        );
        let made = root.post(path, &sent).await.ok();
        assert!(made["value"].as_str().is_some_and(|value| value.len() >= 40));
        let id = made["id"].as_str().unwrap();
        let token = root.get(&format!("{path}/{id}")).await.ok();
        assert_eq!(token["value"], Value::Null, "shown once");
        for (name, expected) in [
            ("name", json!("r2 rw")),
            ("status", json!("active")),
            ("not_before", json!("2026-01-01T00:00:00Z")),
            ("expires_on", json!("2030-01-01T00:00:00Z")),
            ("condition", json!({ "request_ip": { "in": ["127.0.0.0/8"], "not_in": ["192.0.2.1/32"] } })),
        ] {
            assert_eq!((&token[name], &made[name]), (&expected, &expected), "{name}");
        }
        let policy = &token["policies"][0];
        assert_eq!(policy["resources"], sent["policies"][0]["resources"]);
        assert_eq!(policy["permission_groups"][0]["name"], R2BucketItemWrite.name());
        assert_eq!(policy["id"].as_str().map(str::len), Some(32));
        assert_ne!(policy["id"], "0".repeat(32));
        assert!(token["issued_on"].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z')));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_accounts_have_tokens_of_their_own() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let content = on_account(&root.account(), &[R2StorageRead]);
    let (of_user, of_account) = (root.make_at("/user/tokens", &content).await, root.make(&content).await);
    root.get(&format!("/accounts/{{a}}/tokens/{}", of_user.id)).await.refused(404, 1003);
    root.get(&format!("/user/tokens/{}", of_account.id)).await.refused(404, 1003);
    root.delete(&format!("/user/tokens/{}", of_account.id)).await.refused(404, 1003);
    assert_eq!(root.get("/accounts/{a}/tokens").await.ok().as_array().map(Vec::len), Some(1));
    assert_eq!(root.get("/user/tokens").await.ok().as_array().map(Vec::len), Some(2), "and the first one");
    let maker = root.make(&on_account(&root.account(), PermissionGroup::ALL)).await;
    maker.api.get("/user/tokens").await.refused(403, 9109);
    maker.api.post("/user/tokens", &content).await.refused(403, 9109);
    maker.api.post("/accounts/{a}/tokens", &content).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_the_order_of_making() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    for number in 0..12 {
        server.clock.advance(std::time::Duration::from_secs(1));
        let name = json!({ "name": format!("token {number}") });
        root.make(&with(on_account(&root.account(), &[R2StorageRead]), name)).await;
    }
    let names = async |query: &str| {
        let reply = root.get(&format!("/accounts/{{a}}/tokens?{query}")).await;
        let info = reply.json["result_info"].clone();
        let names = reply.ok().as_array().unwrap().iter().map(|token| token["name"].clone()).collect::<Vec<_>>();
        (names, info)
    };
    let (page, info) = names("per_page=5&page=3").await;
    assert_eq!(page, ["token 10", "token 11"]);
    assert_eq!(info, json!({ "page": 3, "per_page": 5, "count": 2, "total_count": 12, "total_pages": 3 }));
    assert_eq!(names("direction=desc&per_page=2").await.0, ["token 11", "token 10"]);
    assert_eq!(names("").await.0.len(), 12);
    root.get("/accounts/{a}/tokens?page=0").await.refused(400, 400);
    root.get("/accounts/{a}/tokens?direction=up").await.refused(400, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_replaces_all_but_the_state() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let content = on_account(&root.account(), &[R2StorageRead]);
    let limited = with(content.clone(), json!({ "expires_on": "2030-01-01T00:00:00Z", "status": "active" }));
    let path = format!("/accounts/{{a}}/tokens/{}", root.make(&limited).await.id);
    server.clock.advance(std::time::Duration::from_secs(5));
    let changed = with(on_account(&root.account(), &[QueuesRead]), json!({ "name": "new", "status": "disabled" }));
    let token = root.put(&path, &changed).await.ok();
    assert_eq!(
        (&token["name"], &token["status"], &token["expires_on"]),
        (&json!("new"), &json!("disabled"), &Value::Null)
    );
    assert_eq!(token["policies"][0]["permission_groups"][0]["name"], QueuesRead.name());
    assert_ne!(token["issued_on"], token["modified_on"]);
    assert_eq!(root.put(&path, &content).await.ok()["status"], "disabled", "nobody said otherwise");
    assert_eq!(root.get(&path).await.ok()["policies"][0]["permission_groups"][0]["name"], R2StorageRead.name());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permission_groups_are_found_by_name_and_scope() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    for path in ["/user/tokens/permission_groups", "/accounts/{a}/tokens/permission_groups"] {
        let all = root.get(path).await.ok();
        assert_eq!(all.as_array().map(Vec::len), Some(PermissionGroup::ALL.len()));
        let named = root.get(&format!("{path}?name=Workers%20R2%20Storage%20Bucket+Item+Write")).await.ok();
        let expected = json!([{
            "id": "2efd5506f9c8494dacb1fa10a3e7d5b6",
            "name": "Workers R2 Storage Bucket Item Write",
            "scopes": ["com.cloudflare.edge.r2.bucket"],
        }]);
        assert_eq!(named, expected);
        let of_buckets = root.get(&format!("{path}?scope=com.cloudflare.edge.r2.bucket")).await.ok();
        assert_eq!(of_buckets.as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_have_ended_are_listed_if_they_are_asked_for() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let content = on_account(&root.account(), &[R2StorageRead]);
    let end = types::Timestamp(environment::Clock::now(&*server.clock).0 + 60_000);
    let end = format!("{}Z", &end.to_iso8601()[..19]);
    let lasting = root.make(&content).await;
    let ending = root.make(&with(content, json!({ "expires_on": end }))).await;
    let ids = async |query: &str| {
        let page = root.get(&format!("/accounts/{{a}}/tokens{query}")).await;
        let total = page.json["result_info"]["total_count"].clone();
        let ids: Vec<Value> = page.ok().as_array().unwrap().iter().map(|token| token["id"].clone()).collect();
        assert_eq!(total, ids.len());
        ids
    };
    assert_eq!(ids("").await.len(), 2);
    server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(ids("").await, [json!(lasting.id)]);
    assert_eq!(ids("?include_expired=false").await.len(), 1);
    assert_eq!(ids("?include_expired=true").await.len(), 2);
    root.get("/accounts/{a}/tokens?include_expired=maybe").await.refused(400, 400);
    let path = format!("/accounts/{{a}}/tokens/{}", ending.id);
    assert_eq!(root.get(&path).await.ok()["status"], "expired");
    let renamed = with(on_account(&root.account(), &[R2StorageRead]), json!({ "name": "past", "expires_on": end }));
    assert_eq!(root.put(&path, &renamed).await.ok()["name"], "past", "an end that it has may stay");
    let past = with(renamed, json!({ "expires_on": "2020-01-01T00:00:00Z" }));
    root.put(&path, &past).await.refused(400, 400);
    root.put(&path, &on_account(&root.account(), &[R2StorageRead])).await.ok();
    assert_eq!(ids("").await.len(), 2, "without an end it is listed again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_tells_when_it_was_last_used_on_either_face() {
    let server = TestServer::start().await;
    server.client.request("PUT", "/bucket").send().await.ok();
    let root = Api::root(&server);
    let made = root.make(&on_account(&root.account(), &[R2StorageRead])).await;
    let path = format!("/accounts/{{a}}/tokens/{}", made.id);
    assert_eq!(root.get(&path).await.ok()["last_used_on"], Value::Null);
    made.api.get("/accounts/{a}/r2/buckets").await.ok();
    let first = root.get(&path).await.ok()["last_used_on"].as_str().unwrap().to_owned();
    // A signature that is none is no use of the token.
    server.clock.advance(std::time::Duration::from_secs(600));
    let forged = crate::support::Client { secret_access_key: "0".repeat(64), ..made.s3() };
    forged.get("/bucket").send().await.refused(403, "SignatureDoesNotMatch");
    assert_eq!(root.get(&path).await.ok()["last_used_on"], first);
    made.s3().get("/bucket").send().await.ok();
    let second = root.get(&path).await.ok()["last_used_on"].as_str().unwrap().to_owned();
    assert!(second > first, "{second}");
    let listed = root.get("/accounts/{a}/tokens").await.ok();
    assert_eq!(listed[0]["last_used_on"], second);
    let server = server.restart().await;
    let value = root.authorization();
    let root = Api::authorized_by(&server.client, Some(&value));
    assert_eq!(root.get(&path).await.ok()["last_used_on"], second, "a server that stops writes it down");
}
