//! Tokens in URLs, made as Cloudflare's page shows. Sources: Cloudflare WAF "Configure token authentication"; R2
//! "Presigned URLs".

use crate::protected::{HOST, Protected, assert_nothing_told};
use crate::support::percent_encoded;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

const RULES: &str = "/zones/zone/rulesets/phases/http_request_firewall_custom/entrypoint";
const NOW: u64 = 1_780_000_000;

fn call(secret: &str) -> String {
    format!("not is_timed_hmac_valid_v0(\"{secret}\", http.request.uri, 10800, http.request.timestamp.sec, 8)")
}

fn rule(host: &str, calls: &[String]) -> Value {
    let expression = format!("(http.host eq \"{host}\" and {})", calls.join(" and "));
    json!({ "action": "block", "description": "tokens", "expression": expression })
}

fn signed(secret: &str, message: &str, timestamp: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mac = hmac::sign(&key, format!("{message}{timestamp}").as_bytes());
    let mac = percent_encoded(&BASE64_STANDARD.encode(mac.as_ref())).replace('/', "%2F");
    let sign = if message.contains('?') { '&' } else { '?' };
    format!("{message}{sign}verify={timestamp}-{mac}")
}

async fn start(rules: &[Value]) -> Protected {
    let site = Protected::start().await;
    site.open.api.put(RULES, &json!({ "rules": rules })).await.ok();
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_has_a_token_for_the_path_reads() {
    let site = start(&[rule(HOST, &[call("mysecrettoken")])]).await;
    let good = signed("mysecrettoken", "/cat", NOW);
    assert_eq!(site.get(&good).await.ok().text(), "meow");
    assert_eq!(site.send("HEAD", &good, &[]).await.ok().header("content-length"), Some("4"));
    let part = site.send("GET", &good, &[("range", "bytes=1-2")]).await;
    assert_eq!((part.status, part.text()), (206, "eo"));
    site.get(&signed("mysecrettoken", "/cat?size=1", NOW)).await.ok();
    assert_eq!(site.get(&signed("mysecrettoken", "/missing", NOW)).await.status, 404);
    for bad in [
        "/cat".to_owned(),
        "/missing".to_owned(),
        "/".to_owned(),
        signed("another", "/cat", NOW),
        signed("mysecrettoken", "/dog", NOW).replace("/dog", "/cat"),
        signed("mysecrettoken", "/cat", NOW).replace("/cat", "/%63at"),
        signed("mysecrettoken", "/ca", NOW).replacen("/ca?verify=", "/cat?verif=", 1),
        good.clone() + "&x=1",
        good.replace("verify", "VERIFY") + "x",
    ] {
        let answer = site.get(&bad).await;
        assert_eq!(answer.status, 403, "{bad}");
        assert_nothing_told(&answer);
    }
    assert_eq!(site.send("POST", "/cat", &[("content-length", "0")]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_for_a_domain_of_another_zone_is_refused() {
    let site = Protected::start().await;
    let elsewhere = RULES.replace("/zones/zone/", "/zones/other/");
    let rules = |host: &str| json!({ "rules": [rule(host, &[call("mysecrettoken")])] });
    site.open.api.put(&elsewhere, &rules(HOST)).await.refused(400, 10040);
    assert_eq!(site.open.api.get(&elsewhere).await.status, 404, "nothing was set");
    site.open.api.put(&elsewhere, &rules("not-yet.example.com")).await.ok();
    site.open.api.put(RULES, &rules(HOST)).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_holds_for_its_lifetime() {
    let site = start(&[rule(HOST, &[call("mysecrettoken")])]).await;
    let url = signed("mysecrettoken", "/cat", NOW);
    site.open.server.clock.advance(Duration::from_secs(10_799));
    site.get(&url).await.ok();
    site.open.server.clock.advance(Duration::from_secs(1));
    assert_eq!(site.get(&url).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_secrets_hold_while_one_is_replaced() {
    let site = start(&[rule(HOST, &[call("old"), call("new")])]).await;
    site.get(&signed("old", "/cat", NOW)).await.ok();
    site.get(&signed("new", "/cat", NOW)).await.ok();
    site.open.api.put(RULES, &json!({ "rules": [rule(HOST, &[call("new")])] })).await.ok();
    assert_eq!(site.get(&signed("old", "/cat", NOW)).await.status, 403, "from the next request on");
    site.get(&signed("new", "/cat", NOW)).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_is_for_its_host_and_while_it_is_enabled() {
    let mut off = rule(HOST, &[call("s")]);
    off["enabled"] = json!(false);
    let site = start(&[rule("other.example.com", &[call("s")]), off]).await;
    site.get("/cat").await.ok();
    site.open.add_domain("other.example.com").await;
    let other = crate::bucket::unsigned(site.open.owner(), "GET", "/cat", "other.example.com", &[]).await;
    assert_eq!(other.status, 403);
    let both = [rule(HOST, &[call("a")]), rule(HOST, &[call("b")])];
    site.open.api.put(RULES, &json!({ "rules": both })).await.ok();
    assert_eq!(site.get(&signed("a", "/cat", NOW)).await.status, 403, "both rules must be satisfied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_have_versions_and_keep_their_secrets_out_of_the_log() {
    let site = Protected::start().await;
    site.open.api.get(RULES).await.refused(404, 10003);
    let set = site.open.api.put(RULES, &json!({ "rules": [rule(HOST, &[call("mysecrettoken")])] })).await.ok();
    assert_eq!((&set["version"], &set["rules"][0]["enabled"]), (&json!("1"), &json!(true)));
    let id = &set["rules"][0]["id"];
    assert_eq!(site.open.api.get(RULES).await.ok(), set);
    let mut again = rule(HOST, &[call("mysecrettoken")]);
    again["id"] = id.clone();
    let set = site.open.api.put(RULES, &json!({ "rules": [again] })).await.ok();
    assert_eq!((&set["version"], &set["rules"][0]["id"]), (&json!("2"), id));
    let log = site.open.api.get("/accounts/{a}/audit_logs").await.ok().to_string();
    assert!(log.contains("SetTokenRules") && !log.contains("mysecrettoken"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_say_something_else_are_refused_and_change_nothing() {
    let site = start(&[rule(HOST, &[call("mysecrettoken")])]).await;
    let api = &site.open.api;
    let of = |expression: &str| json!({ "rules": [{ "action": "block", "expression": expression }] });
    api.put(RULES, &of("")).await.refused(400, 20125);
    for expression in ["true", "ip.src eq 1.2.3.4", "http.host eq \"a.b\" and not secretword"] {
        let reply = api.put(RULES, &of(expression)).await;
        reply.refused(400, 20127);
        assert!(!reply.json.to_string().contains("secretword"));
    }
    let mut challenge = rule(HOST, &[call("s")]);
    challenge["action"] = json!("managed_challenge");
    api.put(RULES, &json!({ "rules": [challenge] })).await.refused(400, 20120);
    let many: Vec<Value> = (0..101).map(|_| rule(HOST, &[call("s")])).collect();
    assert_eq!(api.put(RULES, &json!({ "rules": many })).await.status, 400);
    for nothing in [json!([]), json!({}), json!({ "rules": null })] {
        assert_eq!(api.put(RULES, &nothing).await.json["errors"][0]["code"], json!(10040));
    }
    assert_eq!(api.get(RULES).await.ok()["version"], json!("1"));
    assert_eq!(site.get("/cat").await.status, 403);
}
