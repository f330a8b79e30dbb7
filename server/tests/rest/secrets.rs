//! Secrets are in no log, no file and no entry of the audit log, and in no answer but the one that gives them out.

use crate::api::{Api, on_account, with};
use crate::support::{Cairn, read_if_there, sha256_hex};
use serde_json::json;
use std::path::Path;
use types::PermissionGroup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_in_no_log_no_file_no_audit_entry_and_no_later_answer() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut cairn = Cairn::spawn_logging(&data, &[], Some("trace"));
    let client = cairn.client().await;
    let value = cairn.ready().await["api_token"].as_str().expect("the first start tells it").to_owned();
    let root = Api::bearer(&client, &value);
    let made = root.make(&on_account(&root.account(), PermissionGroup::ALL)).await;
    let rolled = root.put(&format!("/accounts/{{a}}/tokens/{}/value", made.id), &json!({})).await.ok();
    let rolled = rolled.as_str().unwrap().to_owned();
    // Changes of each kind, so that there is something in the audit log.
    let (path, content) =
        (format!("/accounts/{{a}}/tokens/{}", made.id), on_account(&root.account(), PermissionGroup::ALL));
    root.put(&path, &with(content.clone(), json!({ "name": "renamed" }))).await.ok();
    let gone = root.make(&content).await;
    root.delete(&format!("/accounts/{{a}}/tokens/{}", gone.id)).await.ok();
    root.post("/accounts/{a}/r2/buckets", &json!({ "name": "bucket" })).await.ok();
    let scope = json!({ "bucket": "bucket", "parentAccessKeyId": made.id, "permission": "object-read-write" });
    let temporary = root.post("/accounts/{a}/r2/temp-access-credentials", &scope).await.ok();
    let temporary = |name: &str| temporary[name].as_str().unwrap().to_owned();
    client.put("/bucket/key", "x").send().await.ok();

    let mut secrets: Vec<String> = [&value, &made.value, &rolled, &gone.value]
        .into_iter()
        .flat_map(|value| [value.clone(), sha256_hex(value.as_bytes())])
        .collect();
    secrets.extend([temporary("secretAccessKey"), temporary("sessionToken")]);
    let mut answers = String::new();
    for path in ["/user/tokens", "/accounts/{a}/tokens", "/accounts/{a}/tokens/verify", "/user", "/accounts"] {
        answers += &root.get(path).await.json.to_string();
        answers += &made.api.get(path).await.json.to_string();
    }
    answers += &root.get(&path).await.json.to_string();
    let log_by_number = root.get("/accounts/{a}/audit_logs").await.ok();
    assert!(log_by_number.as_array().is_some_and(|entries| entries.len() >= 6), "{log_by_number}");
    answers += &log_by_number.to_string();
    let by_cursor = "/accounts/{a}/logs/audit?since=2000-01-01&before=2100-01-01";
    answers += &root.get(by_cursor).await.ok().to_string();
    // Secrets in the wrong places.
    for body in [json!({ "name": [&rolled] }), json!({ "name": "n", "policies": &rolled }), json!(&rolled)] {
        answers += &root.post("/accounts/{a}/tokens", &body).await.json.to_string();
    }
    answers += &root.get(&format!("/accounts?token={rolled}")).await.json.to_string();
    let log = cairn.complaint();
    assert!(log.contains("/client/v4/accounts"), "the log tells of requests: {log}");
    for secret in &secrets {
        assert!(!answers.contains(secret), "an answer has a secret");
        assert!(!log.contains(secret), "the log has a secret");
    }
    for secret in &secrets {
        let bytes = types::ids::parse_hex::<32>(secret);
        let found = file_with(&data, &|content| {
            contains(content, secret.as_bytes()) || bytes.is_some_and(|bytes| contains(content, &bytes))
        });
        assert_eq!(found, None, "a file has a secret");
    }
    let name = file_with(&data, &|content| contains(content, b"bucket"));
    assert!(name.is_some(), "names of buckets are in the files: the search finds what is there");
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

/// The first file below `directory` whose content is of a kind.
fn file_with(directory: &Path, is_wanted: &dyn Fn(&[u8]) -> bool) -> Option<String> {
    std::fs::read_dir(directory).expect("a directory").flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return file_with(&path, is_wanted);
        }
        let content = read_if_there(&path).unwrap_or_default();
        is_wanted(&content).then(|| path.display().to_string())
    })
}
