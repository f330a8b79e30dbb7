//! CORS, lifecycle and lock rules over the REST API.

use crate::r2::RestClient;
use crate::support::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

async fn server_with_bucket() -> (TestServer, RestClient) {
    let server = TestServer::start().await;
    let rest = RestClient::of(&server);
    rest.r2("POST", "/buckets").json(&json!({ "name": "bucket" })).send().await.result();
    (server, rest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cors_rules_are_those_of_the_s3_face() {
    let (server, rest) = server_with_bucket().await;
    let cors = "/buckets/bucket/cors";
    assert_eq!(rest.r2("GET", cors).send().await.failure(), (404, 10059));
    let rule = json!({
        "allowed": { "origins": ["https://example.com"], "methods": ["GET"], "headers": ["x-a"] },
        "exposeHeaders": ["etag"],
        "maxAgeSeconds": 60,
    });
    let document = json!({ "rules": [rule] });
    assert_eq!(rest.r2("PUT", cors).json(&document).send().await.result(), json!({}));
    assert_eq!(rest.r2("GET", cors).send().await.result(), document);
    let over_s3 = server.client.get("/bucket?cors").send().await.ok();
    assert_eq!(over_s3.element("AllowedOrigin").as_deref(), Some("https://example.com"));
    for bad in ["", "{}", r#"{"rules":[{"AllowedOrigins":["*"]}]}"#, r#"{"rules":1}"#] {
        assert_eq!(rest.r2("PUT", cors).body(bad).send().await.failure(), (400, 10040), "{bad}");
    }
    let bad_origin = json!({ "rules": [{ "allowed": { "origins": ["nowhere"], "methods": ["GET"] } }] });
    assert_eq!(rest.r2("PUT", cors).json(&bad_origin).send().await.failure(), (400, 10040));
    assert_eq!(rest.r2("GET", cors).send().await.result(), document, "what is refused changes nothing");
    assert_eq!(rest.r2("DELETE", cors).send().await.result(), json!({}));
    assert_eq!(rest.r2("GET", cors).send().await.failure(), (404, 10059));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lifecycle_rules_are_those_of_the_s3_face() {
    let (server, rest) = server_with_bucket().await;
    let lifecycle = "/buckets/bucket/lifecycle";
    let first = rest.r2("GET", lifecycle).send().await.result();
    assert_eq!(first["rules"][0]["id"], "Default Multipart Abort Rule");
    assert_eq!(first["rules"][0]["conditions"], json!({}));
    let expire = json!({ "condition": { "type": "Age", "maxAge": 2_592_000 } });
    let rule = json!({
        "id": "expire", "enabled": true, "conditions": { "prefix": "logs/" }, "deleteObjectsTransition": expire,
    });
    // wrangler adds to what it got and sends it all.
    let document = json!({ "rules": [first["rules"][0], rule] });
    assert_eq!(rest.r2("PUT", lifecycle).json(&document).send().await.result(), json!({}));
    assert_eq!(rest.r2("GET", lifecycle).send().await.result(), document);
    let over_s3 = server.client.get("/bucket?lifecycle").send().await.ok();
    assert!(over_s3.text().contains("<Days>30</Days>"), "{}", over_s3.text());
    let rules = |count: usize| {
        let rule =
            |number: usize| json!({ "id": number.to_string(), "enabled": true, "deleteObjectsTransition": expire });
        json!({ "rules": (0..count).map(rule).collect::<Vec<Value>>() })
    };
    assert_eq!(rest.r2("PUT", lifecycle).json(&rules(1001)).send().await.failure(), (400, 10040));
    let twice = json!({ "rules": [rule, rule] });
    assert_eq!(rest.r2("PUT", lifecycle).json(&twice).send().await.failure(), (400, 10040));
    assert_eq!(rest.r2("GET", lifecycle).send().await.result(), document, "what is refused changes nothing");
    rest.r2("PUT", lifecycle).json(&rules(1000)).send().await.result();
    rest.r2("PUT", lifecycle).json(&json!({ "rules": [] })).send().await.result();
    assert_eq!(rest.r2("GET", lifecycle).send().await.result(), json!({ "rules": [] }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_either_face_takes_the_other_gives_back() {
    let (server, rest) = server_with_bucket().await;
    let lifecycle = "/buckets/bucket/lifecycle";
    let at_once = json!({ "condition": { "type": "Age", "maxAge": 0 }, "storageClass": "InfrequentAccess" });
    let on = json!({ "condition": { "type": "Date", "date": "2031-05-06T07:08:09.010Z" } });
    let rule = json!({
        "id": "both", "enabled": true, "conditions": {},
        "deleteObjectsTransition": on, "storageClassTransitions": [at_once],
    });
    let document = json!({ "rules": [rule] });
    rest.r2("PUT", lifecycle).json(&document).send().await.result();
    let over_s3 = server.client.get("/bucket?lifecycle").send().await.ok().text().to_owned();
    assert!(
        over_s3.contains("<Transition><Days>0</Days>") && over_s3.contains("<Date>2031-05-06T07:08:09.010Z</Date>")
    );
    server.client.put("/bucket?lifecycle", over_s3).send().await.ok();
    assert_eq!(rest.r2("GET", lifecycle).send().await.result(), document);

    let bad = |field: &str, value: Value| {
        let mut rule = rule.clone();
        rule[field] = value;
        json!({ "rules": [rule] })
    };
    let age = |seconds: u64| json!({ "condition": { "type": "Age", "maxAge": seconds } });
    for bad in [
        bad("id", json!("a\u{1}")),
        bad("conditions", json!({ "prefix": "\u{ffff}" })),
        bad("deleteObjectsTransition", age(0)),
        bad("deleteObjectsTransition", age((1 << 31) * 86_400)),
        bad("abortMultipartUploadsTransition", age(0)),
    ] {
        assert_eq!(rest.r2("PUT", lifecycle).json(&bad).send().await.failure(), (400, 10040), "{bad}");
    }
    let allowed = json!({ "origins": ["*"], "methods": ["GET"] });
    let cors = json!({ "rules": [{ "id": "\u{1f}", "allowed": allowed }] });
    assert_eq!(rest.r2("PUT", "/buckets/bucket/cors").json(&cors).send().await.failure(), (400, 10040));
    assert_eq!(rest.r2("GET", lifecycle).send().await.result(), document, "what is refused changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lifecycle_rules_in_seconds_are_in_force() {
    let (server, rest) = server_with_bucket().await;
    let age = |seconds: u64| json!({ "condition": { "type": "Age", "maxAge": seconds } });
    let down = json!({ "condition": { "type": "Age", "maxAge": 60 }, "storageClass": "InfrequentAccess" });
    let rules = json!({ "rules": [
        { "id": "end", "enabled": true, "conditions": { "prefix": "tmp/" }, "deleteObjectsTransition": age(90) },
        { "id": "down", "enabled": true, "conditions": {}, "storageClassTransitions": [down] },
        { "id": "abort", "enabled": true, "conditions": {}, "abortMultipartUploadsTransition": age(60) },
    ] });
    assert_eq!(rest.r2("PUT", "/buckets/bucket/lifecycle").json(&rules).send().await.result(), json!({}));
    for key in ["tmp/a", "kept"] {
        rest.r2("PUT", &format!("/buckets/bucket/objects/{}", key.replace('/', "%2F"))).body("x").send().await.result();
    }
    server.client.create_upload("/bucket/upload").await;
    server.lifecycle_acts().await;
    server.clock.advance(Duration::from_secs(120));
    server.lifecycle_acts().await;
    let listed = rest.r2("GET", "/buckets/bucket/objects").send().await.result();
    let objects = listed.as_array().unwrap();
    assert_eq!(objects.len(), 1, "{listed}");
    assert_eq!((&objects[0]["key"], &objects[0]["storage_class"]), (&json!("kept"), &json!("InfrequentAccess")));
    let uploads = server.client.get("/bucket?uploads").send().await.ok();
    assert_eq!(uploads.element("Upload"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_rules_are_kept_as_long_as_their_bucket() {
    let (server, rest) = server_with_bucket().await;
    let lock = "/buckets/bucket/lock";
    assert_eq!(rest.r2("GET", lock).send().await.result(), json!({ "rules": [] }));
    let document = json!({ "rules": [
        { "id": "age", "enabled": true, "prefix": "a/", "condition": { "type": "Age", "maxAgeSeconds": 86_400 } },
        { "id": "date", "enabled": false, "condition": { "type": "Date", "date": "2027-01-01T00:00:00.000Z" } },
        { "id": "ever", "enabled": true, "condition": { "type": "Indefinite" } },
    ] });
    assert_eq!(rest.r2("PUT", lock).json(&document).send().await.result(), json!({}));
    assert_eq!(rest.r2("GET", lock).send().await.result(), document);
    let bad = json!({ "rules": [{ "id": "a", "enabled": true, "condition": { "type": "Age", "maxAge": 1 } }] });
    assert_eq!(rest.r2("PUT", lock).json(&bad).send().await.failure(), (400, 10040));
    let server = server.restart().await;
    let rest = rest.of_restarted(&server);
    assert_eq!(rest.r2("GET", lock).send().await.result(), document, "also over a restart");
    rest.r2("DELETE", "/buckets/bucket").send().await.result();
    rest.r2("PUT", "/buckets/bucket").send().await.result();
    assert_eq!(rest.r2("GET", lock).send().await.result(), json!({ "rules": [] }));
    assert_eq!(rest.r2("GET", "/buckets/nothing/lock").send().await.failure(), (404, 10006));
}
