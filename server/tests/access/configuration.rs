//! Applications and identity providers over REST. Source: Cloudflare's API, `zero_trust.access.applications`,
//! `zero_trust.identity_providers`.

use crate::api::on_account;
use crate::protected::{APPS, HOST, Protected, policy};
use crate::provider::Provider;
use serde_json::{Value, json};
use types::PermissionGroup::{AccountSettingsRead, R2StorageRead};

const PROVIDERS: &str = "/accounts/{a}/access/identity_providers";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_is_made_changed_and_removed() {
    let site = Protected::start().await;
    let api = &site.open.api;
    let made = site.protect(json!([policy("allow", json!([{ "email": { "email": "Ann@Example.com" } }]))])).await;
    assert_eq!((&made["domain"], &made["type"]), (&json!(HOST), &json!("self_hosted")));
    assert_eq!(made["session_duration"], json!("24h"));
    assert_eq!(made["policies"][0]["include"], json!([{ "email": { "email": "ann@example.com" } }]));
    let one = format!("{APPS}/{}", made["id"].as_str().unwrap());
    assert_eq!(api.get(&one).await.ok(), made);
    assert_eq!(api.get(APPS).await.ok(), json!([made]));
    let changed = json!({ "name": "new", "domain": "other.example.com", "session_duration": "1h30m" });
    let changed = api.put(&one, &changed).await.ok();
    assert_eq!((&changed["session_duration"], &changed["aud"]), (&json!("90m"), &made["aud"]));
    assert_eq!(changed["policies"], made["policies"], "they stay");
    assert_eq!(site.get("/cat").await.ok().text(), "meow", "another domain is protected now");
    site.open.add_domain("other.example.com").await;
    let early = crate::bucket::unsigned(site.open.owner(), "GET", "/cat", "other.example.com", &[]).await;
    assert_eq!(early.status, 302, "before its first request");
    assert_eq!(api.delete(&one).await.ok(), json!({ "id": made["id"] }));
    api.get(&one).await.refused(404, 11021);
    assert_eq!(api.get(APPS).await.ok(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_have_an_order() {
    let site = Protected::start().await;
    let api = &site.open.api;
    let app = site.protect(json!([policy("allow", json!([{ "everyone": {} }]))])).await;
    let policies = format!("{APPS}/{}/policies", app["id"].as_str().unwrap());
    let mut first = policy("deny", json!([{ "email_domain": { "domain": "example.com" } }]));
    first["precedence"] = json!(1);
    let made = api.post(&policies, &first).await.ok();
    assert_eq!((&made["precedence"], &made["decision"]), (&json!(1), &json!("deny")));
    let one = format!("{policies}/{}", made["id"].as_str().unwrap());
    let listed = api.get(&policies).await.ok();
    assert_eq!((&listed[0]["id"], &listed[1]["precedence"]), (&made["id"], &json!(2)));
    first["precedence"] = json!(2);
    assert_eq!(api.put(&one, &first).await.ok()["precedence"], json!(2));
    assert_eq!(api.get(&one).await.ok()["id"], made["id"]);
    api.delete(&one).await.ok();
    api.delete(&one).await.refused(404, 11021);
    assert_eq!(api.get(&policies).await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_changes_nothing() {
    let site = Protected::start().await;
    let api = &site.open.api;
    let with = |name: &str, value: Value| {
        let mut app = json!({ "name": "x", "domain": "a.example.com", "type": "self_hosted" });
        app[name] = value;
        app
    };
    for body in [
        with("domain", json!("https://a.example.com")),
        with("domain", json!("a.example.com/admin")),
        with("domain", json!("*.example.com")),
        with("type", json!("saas")),
        with("name", json!("")),
        with("session_duration", json!("1 day")),
        with("session_duration", json!("9999h")),
        with("allowed_idps", json!(["x"])),
        with("policies", json!([policy("allow", json!([]))])),
        with("policies", json!([policy("permit", json!([{ "everyone": {} }]))])),
        with("policies", json!([policy("allow", json!([{ "geo": { "country_code": "DE" } }]))])),
        with("policies", json!([policy("non_identity", json!([{ "email": { "email": "a@b.c" } }]))])),
        with("policies", json!([policy("bypass", json!([{ "any_valid_service_token": {} }]))])),
    ] {
        api.post(APPS, &body).await.refused(400, 12130);
    }
    api.post(APPS, &json!({ "name": "x" })).await.refused(400, 12130);
    api.post(APPS, &json!({ "name": "x", "domain": 1 })).await.refused(400, 10040);
    assert_eq!(api.get(APPS).await.ok(), json!([]));
    site.protect(json!([])).await;
    api.post(APPS, &json!({ "name": "x", "domain": HOST })).await.refused(409, 11010);
    let other = api.post(APPS, &json!({ "name": "x", "domain": "a.example.com" })).await.ok();
    let one = format!("{APPS}/{}", other["id"].as_str().unwrap());
    api.put(&one, &json!({ "name": "x", "domain": HOST })).await.refused(409, 11010);
    assert_eq!(api.get(&one).await.ok(), other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_leave_more_open_than_was_asked_for_is_refused() {
    let site = Protected::start().await;
    let api = &site.open.api;
    let with = |name: &str, value: Value| {
        let mut app = json!({ "name": "x", "domain": "a.example.com", "type": "self_hosted" });
        app[name] = value;
        app
    };
    let policy_with = |name: &str, value: Value| {
        let mut policy = policy("allow", json!([{ "everyone": {} }]));
        policy[name] = value;
        policy
    };
    let (public, second) = (json!({ "type": "public", "uri": "a.example.com" }), json!({ "uri": "b.example.com" }));
    let strict = [
        policy_with("approval_required", json!(true)),
        policy_with("isolation_required", json!(true)),
        policy_with("purpose_justification_required", json!(true)),
        policy_with("mfa_config", json!({ "mfa_disabled": false })),
        policy_with("session_duration", json!("5m")),
        policy_with("excludes", json!([{ "email": { "email": "guest@example.com" } }])),
    ];
    for body in [
        with("self_hosted_domains", json!(["a.example.com", "b.example.com"])),
        with("destinations", json!([public, second])),
        with("destinations", json!([{ "type": "private", "cidr": "10.0.0.0/8" }])),
        with("enable_binding_cookie", json!(true)),
        with("mfa_config", json!({ "mfa_disabled": false })),
        with("policy", json!([policy("deny", json!([{ "everyone": {} }]))])),
    ] {
        api.post(APPS, &body).await.refused(400, 12130);
    }
    for policy in &strict {
        api.post(APPS, &with("policies", json!([policy]))).await.refused(400, 12130);
    }
    assert_eq!(api.get(APPS).await.ok(), json!([]));
    let app = site.protect(json!([policy("allow", json!([{ "everyone": {} }]))])).await;
    let policies = format!("{APPS}/{}/policies", app["id"].as_str().unwrap());
    let one = format!("{policies}/{}", app["policies"][0]["id"].as_str().unwrap());
    for policy in &strict {
        api.post(&policies, policy).await.refused(400, 12130);
        api.put(&one, policy).await.refused(400, 12130);
    }
    assert_eq!(api.get(&policies).await.ok(), app["policies"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_can_be_written_back() {
    let site = Protected::start().await;
    let api = &site.open.api;
    let app = site.protect(json!([policy("allow", json!([{ "everyone": {} }]))])).await;
    let one = format!("{APPS}/{}", app["id"].as_str().unwrap());
    assert_eq!(api.put(&one, &app).await.ok()["policies"][0]["include"], json!([{ "everyone": {} }]));
    let policy = api.get(&format!("{one}/policies")).await.ok()[0].clone();
    let at = format!("{one}/policies/{}", policy["id"].as_str().unwrap());
    assert_eq!(api.put(&at, &policy).await.ok()["id"], policy["id"]);
    // As the current SDKs and Terraform say which domain it is.
    let mut sent = json!({ "name": "y", "type": "self_hosted", "app_launcher_visible": true, "policies": null,
        "destinations": [{ "type": "public", "uri": "y.example.com" }], "enable_binding_cookie": false });
    let made = api.post(APPS, &sent).await.ok();
    assert_eq!((&made["domain"], &made["self_hosted_domains"]), (&json!("y.example.com"), &json!(["y.example.com"])));
    sent["destinations"] = json!([{ "type": "public", "uri": "z.example.com" }]);
    let changed = api.put(&format!("{APPS}/{}", made["id"].as_str().unwrap()), &sent).await.ok();
    assert_eq!(changed["domain"], json!("z.example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_of_a_provider_is_never_shown_nor_sent_elsewhere() {
    let site = Protected::start().await;
    let provider = Provider::start().await;
    let id = site.trust(&provider).await;
    let api = &site.open.api;
    let one = format!("{PROVIDERS}/{id}");
    let shown = api.get(&one).await.ok();
    assert_eq!(shown["config"]["client_secret"], json!("**********************"));
    for text in [shown.clone(), api.get(PROVIDERS).await.ok(), api.get("/accounts/{a}/audit_logs").await.ok()] {
        assert!(!text.to_string().contains("top secret"), "{text}");
    }
    let mut changed = shown.clone();
    changed["name"] = json!("renamed");
    assert_eq!(api.put(&one, &changed).await.ok()["name"], json!("renamed"));
    changed["config"]["issuer_url"] = json!("https://evil.example");
    api.put(&one, &changed).await.refused(400, 12130);
    for issuer in ["http://evil.example", "https://a.example?x=1", "ftp://localhost", "x", "https://u@a.example"] {
        changed["config"]["issuer_url"] = json!(issuer);
        api.post(PROVIDERS, &changed).await.refused(400, 12130);
    }
    let group = json!({ "oidc": { "identity_provider_id": id, "claim_name": "groups", "claim_value": "staff" } });
    site.protect(json!([policy("allow", json!([group]))])).await;
    api.delete(&one).await.refused(400, 12130);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_configure_access_changes_nothing() {
    let site = Protected::start().await;
    let app = site.protect(json!([])).await;
    let one = format!("{APPS}/{}", app["id"].as_str().unwrap());
    let account = site.open.api.account();
    let reader = site.open.api.make(&on_account(&account, &[AccountSettingsRead])).await.api;
    let nobody = site.open.api.make(&on_account(&account, &[R2StorageRead])).await.api;
    assert_eq!(reader.get(&one).await.ok(), app);
    reader.delete(&one).await.refused(403, 10000);
    reader.post(&format!("{one}/revoke_tokens"), &json!({})).await.refused(403, 10000);
    reader.get("/zones/zone/rulesets/phases/http_request_firewall_custom/entrypoint").await.refused(403, 10000);
    nobody.get(&one).await.refused(403, 10000);
    nobody.get(APPS).await.refused(403, 10000);
    nobody.get("/accounts/{a}/access/service_tokens").await.refused(403, 10000);
    assert_eq!(site.open.api.get(APPS).await.ok(), json!([app]));
}
