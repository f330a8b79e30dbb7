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
    let odd = with(good, json!({ "tag": { "deep": [1, 2] }, "id": "mine", "value": "chosen by the client" }));
    let made = root.post("/accounts/{a}/tokens", &odd).await.ok();
    assert!(made["id"] != "mine" && made["value"] != "chosen by the client", "unknown fields are of no account");
}
