//! Bodies that make no sense: each has its number, and changes nothing.

use crate::api::{Api, on_account, with};
use crate::support::TestServer;
use serde_json::{Value, json};
use types::PermissionGroup::R2StorageRead;

fn policy_with(field: &str, value: Value) -> Value {
    let mut content = on_account(&"a".repeat(32), &[R2StorageRead]);
    content["policies"][0][field] = value;
    content
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_makes_no_sense_makes_no_token() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let good = on_account(&root.account(), &[R2StorageRead]);
    let range = |text: &str| json!({ "condition": { "request_ip": { "in": [text] } } });
    for (content, code) in [
        (with(good.clone(), json!({ "name": "" })), 400),
        (with(good.clone(), json!({ "name": "n".repeat(121) })), 400),
        (with(good.clone(), json!({ "name": 1 })), 400),
        (with(good.clone(), json!({ "name": null })), 400),
        (with(good.clone(), json!({ "policies": [] })), 400),
        (with(good.clone(), json!({ "policies": {} })), 400),
        (with(good.clone(), json!({ "policies": vec![good["policies"][0].clone(); 301] })), 400),
        (with(good.clone(), json!({ "expires_on": "2027-01-01T00:00:00.5Z" })), 400),
        (with(good.clone(), json!({ "expires_on": "2020-01-01T00:00:00Z" })), 400),
        (
            with(good.clone(), json!({ "not_before": "2031-01-01T00:00:00Z", "expires_on": "2030-01-01T00:00:00Z" })),
            400,
        ),
        (with(good.clone(), json!({ "status": "gone" })), 400),
        (with(good.clone(), range("localhost")), 400),
        (with(good.clone(), range("192.0.2.0/33")), 400),
        (policy_with("resources", json!({ format!("com.cloudflare.api.account.{}", "0".repeat(32)): "*" })), 400),
        (policy_with("resources", json!({})), 400),
        (policy_with("effect", json!("maybe")), 400),
        (policy_with("permission_groups", json!([])), 400),
        (policy_with("permission_groups", json!([{ "id": "0".repeat(32) }])), 1001),
        (policy_with("permission_groups", json!([{}])), 1001),
        (json!([]), 400),
        (json!("text"), 400),
    ] {
        let reply = root.post("/accounts/{a}/tokens", &content).await;
        assert_eq!((reply.status, &reply.json["errors"][0]["code"]), (400, &json!(code)), "{content}: {}", reply.json);
        reply.refused(400, code);
    }
    for text in [&b""[..], b"{", b"{} {}", b"\xff", b"name=token", &[b'['; 10_000]] {
        root.send("POST", "/accounts/{a}/tokens", text, &[]).await.refused(400, 400);
    }
    let large = format!("{{\"name\":\"{}\"}}", "n".repeat(1 << 20));
    root.send("POST", "/accounts/{a}/tokens", large.as_bytes(), &[]).await.refused(400, 100_100);
    assert_eq!(root.get("/accounts/{a}/tokens").await.ok(), json!([]), "nothing was made");
    let shown = json!({ "id": "mine", "value": "chosen by the client", "issued_on": "2020-01-01T00:00:00Z" });
    let made = root.post("/accounts/{a}/tokens", &with(good, shown)).await.ok();
    assert!(made["id"] != "mine" && made["value"] != "chosen by the client", "the server decides: {made}");
    assert!(made["issued_on"] != "2020-01-01T00:00:00Z", "{made}");
}

/// Whoever sends a field that nobody knows expects something that will not happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_nobody_knows_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    server.client.request("PUT", "/bucket").send().await.ok();
    let root = Api::root(&server);
    let good = on_account(&root.account(), &[R2StorageRead]);
    let made = root.make(&good).await;
    let log = async || root.get("/accounts/{a}/audit_logs").await.ok();
    let (before, tokens) = (log().await, root.get("/accounts/{a}/tokens").await.ok());
    let policy = |field: &str| {
        let mut content = good.clone();
        content["policies"][0][field] = json!(1);
        content
    };
    let group = {
        let mut content = good.clone();
        content["policies"][0]["permission_groups"][0]["odd"] = json!(1);
        content
    };
    let condition = |condition: Value| with(good.clone(), json!({ "condition": condition }));
    for content in [
        with(good.clone(), json!({ "odd": 1 })),
        with(good.clone(), json!({ "Name": "n" })),
        with(good.clone(), json!({ "expires": "2030-01-01T00:00:00Z" })),
        policy("odd"),
        policy("resource"),
        group,
        condition(json!({ "ip": {} })),
        condition(json!({ "request_ip": { "in": [], "notIn": [] } })),
    ] {
        root.post("/accounts/{a}/tokens", &content).await.refused(400, 400);
        root.put(&format!("/accounts/{{a}}/tokens/{}", made.id), &content).await.refused(400, 400);
    }
    let id = &server.client.access_key_id;
    let scope = json!({ "bucket": "bucket", "parentAccessKeyId": id, "permission": "object-read-only" });
    let rules = |rule: Value| json!({ "rules": [rule] });
    let cors = json!({ "allowed": { "origins": ["*"], "methods": ["GET"] } });
    let expire = json!({ "condition": { "type": "Age", "maxAge": 1 } });
    let lifecycle = json!({ "id": "a", "enabled": true, "deleteObjectsTransition": expire });
    let lock = json!({ "id": "a", "enabled": true, "condition": { "type": "Indefinite" } });
    for (method, path, body) in [
        ("POST", "temp-access-credentials", with(scope, json!({ "odd": 1 }))),
        ("POST", "buckets", json!({ "name": "new-bucket", "odd": 1 })),
        ("POST", "buckets", json!({ "name": "new-bucket", "location_hint": "weur" })),
        ("PUT", "buckets/bucket/cors", rules(with(cors.clone(), json!({ "odd": 1 })))),
        ("PUT", "buckets/bucket/cors", with(rules(cors), json!({ "odd": 1 }))),
        ("PUT", "buckets/bucket/lifecycle", rules(with(lifecycle.clone(), json!({ "odd": 1 })))),
        ("PUT", "buckets/bucket/lifecycle", with(rules(lifecycle), json!({ "odd": 1 }))),
        ("PUT", "buckets/bucket/lock", rules(with(lock.clone(), json!({ "odd": 1 })))),
        ("PUT", "buckets/bucket/lock", with(rules(lock), json!({ "odd": 1 }))),
    ] {
        let refused = root.send(method, &format!("/accounts/{{a}}/r2/{path}"), body.to_string().as_bytes(), &[]).await;
        assert_eq!((refused.status, &refused.json["errors"][0]["code"]), (400, &json!(10040)), "{path}: {body}");
    }
    assert_eq!(log().await, before, "the audit log says nothing happened");
    let after = root.get("/accounts/{a}/tokens").await.ok();
    assert_eq!((after[0]["name"].clone(), after.as_array().map(Vec::len)), (tokens[0]["name"].clone(), Some(1)));
    root.get("/accounts/{a}/r2/buckets/bucket/cors").await.refused(404, 10059);
    assert_eq!(root.get("/accounts/{a}/r2/buckets").await.ok()["buckets"].as_array().map(Vec::len), Some(1));
}
