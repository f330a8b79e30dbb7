//! The audit log as the API shows it, in both of its forms.

use crate::api::{Api, on_account};
use crate::support::TestServer;
use serde_json::{Value, json};
use std::time::Duration;
use types::PermissionGroup::{AccountSettingsRead, R2StorageWrite};

const FIRST: &str = "/accounts/{a}/audit_logs";
const SECOND: &str = "/accounts/{a}/logs/audit?since=2000-01-01&before=2100-01-01T00:00:00Z";

/// A server on which five buckets were made, a second after another: the last by a token of the account, over REST.
async fn server() -> (TestServer, Api) {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    for number in 0..4 {
        server.clock.advance(Duration::from_secs(1));
        server.client.request("PUT", &format!("/bucket-{number}")).send().await.ok();
    }
    server.clock.advance(Duration::from_secs(1));
    let token = root.make(&on_account(&root.account(), &[R2StorageWrite])).await;
    server.clock.advance(Duration::from_secs(1));
    token.api.post("/accounts/{a}/r2/buckets", &json!({ "name": "bucket-4" })).await.ok();
    (server, root)
}

/// What was changed, by the entries of a page.
fn changed(page: &Value) -> Vec<&str> {
    page.as_array().unwrap().iter().filter_map(|entry| entry["resource"]["id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_by_number_is_as_r2_documents_it() {
    let (server, root) = server().await;
    let page = root.get(&format!("{FIRST}?direction=asc&per_page=1")).await;
    assert_eq!(page.json["result_info"], json!({ "page": 1, "per_page": 1, "count": 1 }));
    let mut entry = page.ok()[0].clone();
    let id = entry["id"].take();
    assert_eq!(id.as_str().map(|id| id.split('-').map(str::len).collect()), Some(vec![8, 4, 4, 4, 12]));
    let user = root.get("/user").await.ok();
    let new = json!({ "jurisdiction": "default", "location": null, "storage_class": "Standard" });
    assert_eq!(serde_json::from_str::<Value>(entry["newValue"].take().as_str().unwrap()).unwrap(), new);
    assert!(entry["when"].take().as_str().is_some_and(|when| when.ends_with('Z')));
    let expected = json!({
        "id": null,
        "when": null,
        "action": { "info": "CreateBucket", "result": true, "type": "create" },
        "actor": { "email": user["email"], "id": user["id"], "ip": "127.0.0.1", "type": "user" },
        "interface": "S3",
        "metadata": {
            "zone_name": "r2.cloudflarestorage.com",
            "token_id": server.client.access_key_id,
            "token_name": "root",
        },
        "newValue": null,
        "newValueJson": new,
        "oldValue": "",
        "oldValueJson": {},
        "owner": { "id": root.account() },
        "resource": { "id": "bucket-0", "type": "r2.bucket" },
    });
    assert_eq!(entry, expected);
    assert_eq!(changed(&root.get(&format!("{FIRST}?id={}", id.as_str().unwrap())).await.ok()), ["bucket-0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_number_follow_the_filters() {
    let (_server, root) = server().await;
    let ids = async |query: &str| {
        let page = root.get(&format!("{FIRST}?{query}")).await.ok();
        changed(&page).into_iter().filter(|id| id.starts_with("bucket")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["bucket-4", "bucket-3", "bucket-2", "bucket-1", "bucket-0"]);
    assert_eq!(ids("direction=asc&per_page=2&page=2&hide_user_logs=true").await, ["bucket-2", "bucket-3"]);
    assert_eq!(ids("per_page=2&page=4").await, [""; 0]);
    assert_eq!(ids("action.type=delete").await, [""; 0]);
    assert_eq!(ids("actor.ip=127.0.0.0/8&zone.name=r2.cloudflarestorage.com").await.len(), 5);
    assert_eq!(ids("zone.name=a.example").await.len(), 0);
    let email = root.get("/user").await.ok()["email"].as_str().unwrap().to_owned();
    assert_eq!(ids(&format!("actor.email={email}")).await.len(), 4, "the last was made by a token of the account");
    let third = root.get(&format!("{FIRST}?direction=asc&per_page=1&page=3")).await.ok();
    let when = third[0]["when"].as_str().unwrap();
    assert_eq!(ids(&format!("before={when}")).await, ["bucket-1", "bucket-0"]);
    assert_eq!(ids(&format!("since={when}&direction=asc&per_page=1")).await, ["bucket-2"]);
    for bad in ["page=0", "page=102", "per_page=0", "since=now", "direction=up", "hide_user_logs=2", "export=2"] {
        root.get(&format!("{FIRST}?{bad}")).await.refused(400, 400);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_cursor_lead_through_the_whole_log() {
    let (_server, root) = server().await;
    for direction in ["asc", "desc"] {
        let all = root.get(&format!("{SECOND}&direction={direction}")).await.ok();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = root.get(&format!("{SECOND}&direction={direction}&limit=4&cursor={cursor}")).await;
            let info = page.json["result_info"].clone();
            let entries = page.ok().as_array().unwrap().clone();
            assert_eq!(info["count"], entries.len().to_string());
            seen.extend(entries);
            assert_eq!(info["cursor"], info["cursors"]["after"]);
            let Some(next) = info["cursor"].as_str() else { break };
            cursor = next.replace('+', "%2B");
        }
        assert_eq!((seen.len(), Value::Array(seen)), (6, all));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_by_cursor_can_be_turned_round() {
    let (server, root) = server().await;
    let entry = root.get(&format!("{SECOND}&direction=asc&limit=1")).await.ok()[0].clone();
    assert_eq!(entry["account"], json!({ "id": root.account(), "name": "Cairn" }));
    assert_eq!((&entry["action"]["type"], &entry["action"]["result"]), (&json!("create"), &json!("success")));
    assert_eq!(entry["resource"]["request"]["storage_class"], "Standard");
    let last = root.get(&format!("{SECOND}&limit=1")).await.ok()[0].clone();
    let user = root.get("/user").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (name, value, found) in [
        ("id", text(&entry["id"]), 1),
        ("audit_log_id", text(&entry["id"]), 1),
        ("account_name", "Cairn".to_owned(), 6),
        ("action_result", "failure".to_owned(), 0),
        ("action_type", "create".to_owned(), 6),
        ("actor_context", "api_token".to_owned(), 6),
        ("actor_email", text(&user["email"]), 5),
        ("actor_id", root.account(), 1),
        ("actor_ip_address", "127.0.0.1".to_owned(), 6),
        ("actor_token_id", server.client.access_key_id.clone(), 5),
        ("actor_token_name", "root".to_owned(), 5),
        ("actor_type", "account".to_owned(), 1),
        ("raw_cf_ray_id", text(&last["raw"]["cf_ray_id"]), 1),
        ("raw_method", "PUT".to_owned(), 4),
        ("raw_status_code", "200".to_owned(), 6),
        ("raw_uri", "/bucket-2".to_owned(), 1),
        ("resource_id", "bucket-2".to_owned(), 1),
        ("resource_product", "r2".to_owned(), 5),
        ("resource_scope", "accounts".to_owned(), 6),
        ("resource_type", "token".to_owned(), 1),
        ("zone_name", "r2.cloudflarestorage.com".to_owned(), 5),
    ] {
        let count = async |query: String| changed(&root.get(&format!("{SECOND}&{query}")).await.ok()).len();
        assert_eq!(count(format!("{name}={value}")).await, found, "{name}");
        assert_eq!(count(format!("{name}.not={value}")).await, 6 - found, "{name}.not");
    }
    let both = root.get(&format!("{SECOND}&resource_id=bucket-1&resource_id=bucket-2&direction=asc")).await.ok();
    assert_eq!(changed(&both), ["bucket-1", "bucket-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_for_those_who_see_the_settings_and_say_from_when() {
    let (_server, root) = server().await;
    let writer = root.make(&on_account(&root.account(), &[R2StorageWrite])).await;
    let viewer = root.make(&on_account(&root.account(), &[AccountSettingsRead])).await;
    for path in [FIRST, SECOND] {
        writer.api.get(path).await.refused(403, 9109);
        viewer.api.get(path).await.ok();
    }
    for query in ["", "?since=2026-01-01", "?before=2026-01-01"] {
        root.get(&format!("/accounts/{{a}}/logs/audit{query}")).await.refused(400, 400);
    }
    for bad in ["limit=0", "limit=1001", "cursor=x", "direction=up"] {
        root.get(&format!("{SECOND}&{bad}")).await.refused(400, 400);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_tells_the_request_that_made_the_change() {
    let (_server, root) = server().await;
    let content = json!({ "name": "bucket-9" }).to_string();
    let path = "/accounts/{a}/r2/buckets?secret=query";
    root.send("POST", path, content.as_bytes(), &[("user-agent", "a client/1")]).await.ok();
    let newest = root.get(&format!("{SECOND}&limit=1")).await.ok()[0]["raw"].clone();
    let uri = format!("/client/v4/accounts/{}/r2/buckets", root.account());
    assert_eq!((&newest["method"], &newest["uri"]), (&json!("POST"), &json!(uri)), "without the query");
    assert_eq!((&newest["status_code"], &newest["user_agent"]), (&json!(200), &json!("a client/1")));
    assert!(newest["cf_ray_id"].as_str().is_some_and(|ray| !ray.is_empty()), "{newest}");
    let oldest = root.get(&format!("{SECOND}&limit=1&direction=asc")).await.ok()[0]["raw"].clone();
    assert_eq!(oldest, json!({ "method": "PUT", "uri": "/bucket-0", "status_code": 200 }));
    let long = "a".repeat(1000);
    let content = json!({ "name": "bucket-10" }).to_string();
    root.send("POST", "/accounts/{a}/r2/buckets", content.as_bytes(), &[("user-agent", &long)]).await.ok();
    let kept = root.get(&format!("{SECOND}&limit=1")).await.ok()[0]["raw"]["user_agent"].as_str().map(str::len);
    assert_eq!(kept, Some(256));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_an_entry_is_that_of_what_it_is_about() {
    let (server, root) = server().await;
    server.clock.advance(Duration::from_secs(1));
    let rules = json!({ "rules": [{ "allowed": { "origins": ["*"], "methods": ["GET"] } }] });
    root.put("/accounts/{a}/r2/buckets/bucket-1/cors", &rules).await.ok();
    let made =
        root.get(&format!("{SECOND}&resource_id=bucket-1&action_type=create&direction=asc")).await.ok()[0].clone();
    let history = |entry: &Value, query: &str| {
        let (id, time) = (entry["id"].as_str().unwrap(), entry["action"]["time"].as_str().unwrap());
        let range = "since=2000-01-01&before=2100-01-01T00:00:00Z";
        format!("/accounts/{{a}}/logs/audit/{id}/history?action_time={time}&{range}{query}")
    };
    let page = root.get(&history(&made, "&direction=asc")).await;
    assert_eq!(page.json["result_info"], json!({ "count": "2", "history_status": "approximate" }));
    let actions = |page: Value| {
        page.as_array().unwrap().iter().map(|entry| entry["action"]["description"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(actions(page.ok()), ["CreateBucket", "PutBucketCors"]);
    let first = root.get(&history(&made, "&limit=1")).await;
    let cursor = first.json["result_info"]["cursor"].as_str().unwrap().to_owned();
    assert_eq!(actions(first.ok()), ["PutBucketCors"]);
    assert_eq!(actions(root.get(&history(&made, &format!("&limit=1&cursor={cursor}"))).await.ok()), ["CreateBucket"]);
    let token = root.get(&format!("{SECOND}&resource_type=token")).await.ok()[0].clone();
    assert_eq!(root.get(&history(&token, "")).await.json["result_info"]["history_status"], "exact");
    let unknown = json!({ "id": "0".repeat(32), "action": made["action"] });
    let page = root.get(&history(&unknown, "")).await;
    assert_eq!(page.json["result_info"], json!({ "count": "0", "history_status": "unavailable" }));
    assert_eq!(page.ok(), json!([]));
    let id = made["id"].as_str().unwrap();
    root.get(&format!("/accounts/{{a}}/logs/audit/{id}/history?since=2000-01-01&before=2100-01-01"))
        .await
        .refused(400, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_users_log_the_categories_and_the_spreadsheet() {
    let (server, root) = server().await;
    let of_user = root.get("/user/audit_logs").await.ok();
    assert_eq!(changed(&of_user).len(), 5, "not what the account's token did");
    assert!(of_user.as_array().unwrap().iter().all(|entry| entry["actor"]["type"] == "user"));
    let settings = root.make(&on_account(&root.account(), &[AccountSettingsRead])).await.api;
    settings.get("/user/audit_logs").await.refused(403, 9109);
    let categories = settings.get("/accounts/{a}/logs/audit/product_categories").await.ok();
    assert_eq!(
        categories[0],
        json!({
            "value": "storage", "label": "Storage", "products": [{ "value": "r2", "label": "R2" }],
        })
    );
    let writer = root.make(&on_account(&root.account(), &[R2StorageWrite])).await.api;
    writer.get("/accounts/{a}/logs/audit/product_categories").await.refused(403, 9109);
    let category =
        async |name: &str| root.get(&format!("{SECOND}&product_category={name}")).await.ok().as_array().map(Vec::len);
    assert_eq!((category("storage").await, category("nothing").await), (Some(5), Some(0)));

    let rest = crate::r2::RestClient::of(&server);
    let path = "/audit_logs?export=true&per_page=2&direction=asc&zone.name=r2.cloudflarestorage.com";
    let csv = rest.of_account("GET", path).raw().await.ok();
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].starts_with("\"id\",\"when\",")
            && lines[1].contains("\"CreateBucket\"")
            && lines[1].contains("\"bucket-0\"")
    );
    assert!(lines[1].contains("\"\"storage_class\"\":\"\"Standard\"\""), "quotes are doubled: {}", lines[1]);
}
