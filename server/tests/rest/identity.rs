//! Users, accounts, memberships and verification, as wrangler asks for them.

use crate::api::{Api, on_account};
use crate::support::TestServer;
use serde_json::{Value, json};
use types::PermissionGroup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_token_tells_its_user_account_and_membership() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let verified = root.get("/user/tokens/verify").await;
    assert_eq!(verified.json["messages"][0]["code"], 10000);
    assert_eq!(verified.json["messages"][0]["message"], "This API Token is valid and active");
    let verified = verified.ok();
    assert_eq!(verified, json!({ "id": server.client.access_key_id, "status": "active" }));
    let user = root.get("/user").await.ok();
    assert_eq!(user["id"].as_str().map(str::len), Some(32));
    assert!(user["email"].as_str().is_some_and(|email| email.contains('@')));

    let accounts = root.get("/accounts?page=1").await;
    let info = json!({ "page": 1, "per_page": 20, "count": 1, "total_count": 1, "total_pages": 1 });
    assert_eq!(accounts.json["result_info"], info);
    let accounts = accounts.ok();
    assert_eq!((&accounts[0]["id"], accounts.as_array().map(Vec::len)), (&json!(root.account()), Some(1)));
    assert_eq!(root.get("/accounts/{a}").await.ok(), accounts[0]);
    assert_eq!(root.get("/accounts?page=2").await.ok(), json!([]));
    assert_eq!(root.get("/accounts?name=other").await.ok(), json!([]));
    let memberships = root.get("/memberships?page=1").await.ok();
    assert_eq!(memberships[0]["account"], accounts[0]);
    assert_eq!((&memberships[0]["status"], memberships[0]["roles"].is_array()), (&json!("accepted"), true));
    assert_eq!(root.get("/memberships?status=pending").await.ok(), json!([]));
    root.get("/accounts/{a}/tokens/verify").await.refused(401, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accounts_token_is_told_from_a_users_as_wrangler_does() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let token = root.make(&on_account(&root.account(), &[PermissionGroup::R2StorageRead])).await;
    token.api.get("/user/tokens/verify").await.refused(401, 1000);
    token.api.get("/user").await.refused(403, 9109);
    token.api.get("/memberships?page=1").await.refused(403, 10000);
    assert_eq!(token.api.get("/accounts?page=1").await.ok()[0]["id"], json!(root.account()));
    let verified = token.api.get("/accounts/{a}/tokens/verify").await.ok();
    assert_eq!(verified, json!({ "id": token.id, "status": "active" }));
    token.api.get("/accounts/{a}").await.refused(403, 9109);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_malformed_and_wrong_credentials_are_told_apart() {
    let server = TestServer::start().await;
    let wrong = format!("Bearer {}", "x".repeat(40));
    for (header, path, status, code) in [
        (None, "/user", 400, 9106),
        (None, "/memberships", 400, 9106),
        (None, "/user/tokens/verify", 400, 1001),
        (Some("Bearer short"), "/user", 400, 6003),
        (Some("Basic YTpi"), "/memberships", 400, 6003),
        (Some(wrong.as_str()), "/user", 403, 9109),
        (Some(wrong.as_str()), "/accounts/{a}/tokens", 403, 9109),
        (Some(wrong.as_str()), "/memberships", 403, 10000),
        (Some(wrong.as_str()), "/user/tokens/verify", 401, 1000),
    ] {
        let reply = Api::authorized_by(&server.client, header).get(path).await;
        reply.refused(status, code);
        let chain = &reply.json["errors"][0]["error_chain"];
        assert_eq!(chain[0]["code"], if code == 6003 { json!(6111) } else { Value::Null }, "{path}");
    }
    let key = [("x-auth-key", "key"), ("x-auth-email", "me@example.com")];
    let reply = Api::authorized_by(&server.client, None).send("GET", "/user", b"", &key).await;
    reply.refused(403, 9103);
}
