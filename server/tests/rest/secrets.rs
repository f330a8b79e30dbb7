//! Secrets are in no log and no file, and in no answer but the one that gives them out.

use crate::api::{Api, on_account};
use crate::support::{Cairn, files_below, sha256_hex};
use serde_json::json;
use types::PermissionGroup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_in_no_log_and_no_later_answer() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut cairn = Cairn::spawn_logging(&data, &[], Some("trace"));
    let client = cairn.client().await;
    let value = cairn.ready().await["api_token"].as_str().expect("the first start tells it").to_owned();
    let root = Api::bearer(&client, &value);
    let made = root.make(&on_account(&root.account(), PermissionGroup::ALL)).await;
    let rolled = root.put(&format!("/accounts/{{a}}/tokens/{}/value", made.id), &json!({})).await.ok();
    let rolled = rolled.as_str().unwrap().to_owned();

    let secrets: Vec<String> = [&value, &made.value, &rolled]
        .into_iter()
        .flat_map(|value| [value.clone(), sha256_hex(value.as_bytes())])
        .collect();
    let mut answers = String::new();
    for path in ["/user/tokens", "/accounts/{a}/tokens", "/accounts/{a}/tokens/verify", "/user", "/accounts"] {
        answers += &root.get(path).await.json.to_string();
        answers += &made.api.get(path).await.json.to_string();
    }
    answers += &root.get(&format!("/accounts/{{a}}/tokens/{}", made.id)).await.json.to_string();
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
    assert!(files_below(&data) > 0);
}
