//! Service tokens: machines at a protected domain. Source: Cloudflare's API, `zero_trust.access.service_tokens`.

use crate::protected::{Protected, assert_nothing_told, policy};
use serde_json::{Value, json};
use std::time::Duration;

const TOKENS: &str = "/accounts/{a}/access/service_tokens";

struct Machine {
    id: String,
    client_id: String,
    secret: String,
}

impl Machine {
    fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { id: text("id"), client_id: text("client_id"), secret: text("client_secret") }
    }

    fn headers(&self) -> [(&str, &str); 2] {
        [("cf-access-client-id", &self.client_id), ("CF-Access-Client-Secret", &self.secret)]
    }
}

async fn make(site: &Protected, body: Value) -> Machine {
    Machine::of(&site.open.api.post(TOKENS, &body).await.ok())
}

async fn protect(site: &Protected, machine: &Machine) {
    site.protect(json!([policy("non_identity", json!([{ "service_token": { "token_id": machine.id } }]))])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_reads_with_its_token_and_nobody_else() {
    let site = Protected::start().await;
    let (machine, other) = (make(&site, json!({ "name": "ci" })).await, make(&site, json!({ "name": "x" })).await);
    protect(&site, &machine).await;
    assert_eq!(site.send("GET", "/cat", &machine.headers()).await.ok().text(), "meow");
    site.send("HEAD", "/cat", &machine.headers()).await.ok();
    let [id, secret] = machine.headers();
    let part = site.send("GET", "/cat", &[id, secret, ("range", "bytes=0-0")]).await;
    assert_eq!((part.status, part.text()), (206, "m"));
    let wrong = "0".repeat(64);
    for headers in [
        other.headers().to_vec(),
        vec![id, (secret.0, &wrong)],
        vec![id, (secret.0, &*other.secret)],
        vec![("cf-access-client-id", "x"), secret],
    ] {
        let answer = site.send("GET", "/cat", &headers).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert_nothing_told(&answer);
    }
    for headers in [vec![], vec![id], vec![secret], vec![id, id, secret]] {
        let answer = site.send("GET", "/missing", &headers).await;
        assert_eq!(answer.status, 302, "{headers:?}");
        assert_nothing_told(&answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_expires_is_refreshed_rotated_and_revoked() {
    let site = Protected::start().await;
    let machine = make(&site, json!({ "name": "ci", "duration": "1h" })).await;
    protect(&site, &machine).await;
    let status = async |machine: &Machine| site.send("GET", "/cat", &machine.headers()).await.status;
    site.open.server.clock.advance(Duration::from_secs(3599));
    assert_eq!(status(&machine).await, 200);
    site.open.server.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&machine).await, 403);
    let at = |action: &str| format!("{TOKENS}/{}/{action}", machine.id);
    site.open.api.post(&at("refresh"), &json!({})).await.ok();
    assert_eq!(status(&machine).await, 200);
    let rotated = Machine::of(&site.open.api.post(&at("rotate"), &json!({})).await.ok());
    assert_eq!((status(&machine).await, status(&rotated).await), (403, 200));
    site.open.api.delete(&format!("{TOKENS}/{}", machine.id)).await.ok();
    assert_eq!(status(&rotated).await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let site = Protected::start().await;
    let machine = make(&site, json!({ "name": "ci" })).await;
    let api = &site.open.api;
    let one = format!("{TOKENS}/{}", machine.id);
    for shown in [api.get(TOKENS).await.ok(), api.get(&one).await.ok(), api.get("/accounts/{a}/audit_logs").await.ok()]
    {
        assert!(!shown.to_string().contains(&machine.secret), "{shown}");
    }
    let changed = api.put(&one, &json!({ "name": "other", "duration": "forever" })).await.ok();
    assert_eq!((&changed["name"], &changed["expires_at"]), (&json!("other"), &Value::Null));
    for body in [json!({}), json!({ "name": "x", "duration": "1 year" }), json!({ "name": "x".repeat(351) })] {
        api.post(TOKENS, &body).await.refused(400, 12130);
    }
    let nobody = format!("{TOKENS}/01234567-89ab-4cde-8f01-23456789abcd");
    api.get(&nobody).await.refused(404, 11021);
    api.delete(&nobody).await.refused(404, 11021);
    api.get(&format!("{TOKENS}/x")).await.refused(404, 11021);
}
