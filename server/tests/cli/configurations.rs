//! Where the values of `cairn config` come from. The texts themselves are checked beside the code, and used in `e2e`.

use super::stub::{Stub, run, success};
use super::support::{sha256_hex, write_file};
use super::{ACCOUNT, TOKEN, VALUE};
use serde_json::{Value, json};

#[test]
fn a_ready_file_is_enough_and_no_server_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ready.json");
    let ready = json!({"endpoint": "http://127.0.0.1:1", "account_id": ACCOUNT, "access_key_id": TOKEN,
        "secret_access_key": sha256_hex(VALUE.as_bytes()), "api_token": VALUE, "pid": 1});
    write_file(&path, ready.to_string().as_bytes());
    let file = path.to_str().unwrap();
    for client in ["aws", "rclone", "boto3", "wrangler", "terraform", "s3cmd", "postman", "mastodon"] {
        let shown = run(&["config", client, "--ready-file", file], &[], "").ok();
        let secret = if client == "wrangler" { VALUE.to_owned() } else { sha256_hex(VALUE.as_bytes()) };
        assert!(shown.contains(&secret) && shown.contains("127.0.0.1:1"), "{client}: {shown}");
        let json = run(&["config", client, "--ready-file", file, "--json"], &[], "").json();
        let expected =
            [("text", shown.as_str()), ("account_id", ACCOUNT), ("access_key_id", TOKEN), ("api_token", VALUE)];
        for (name, value) in expected {
            assert_eq!(json[name], Value::from(value), "{client}");
        }
        assert_eq!(json["api_base_url"], json!("http://127.0.0.1:1/client/v4"));
    }
}

#[test]
fn with_a_token_alone_the_server_tells_its_id_and_account() {
    let stub = Stub::start(&[
        ("GET /client/v4/user/tokens/verify", success(json!({"id": TOKEN, "status": "active"}))),
        ("GET /client/v4/accounts?", success(json!([{"id": ACCOUNT, "name": "Mine"}]))),
    ]);
    let shown = stub.run(&["config", "aws", "--name", "mine"]).ok();
    let secret = sha256_hex(VALUE.as_bytes());
    assert!(shown.starts_with("[profile mine]\n") && shown.contains(TOKEN) && shown.contains(&secret), "{shown}");
    assert!(stub.run(&["config", "wrangler"]).ok().contains(&format!("CLOUDFLARE_ACCOUNT_ID={ACCOUNT}\n")));
}

#[test]
fn an_endpoint_behind_tls_is_configured_without_asking_it() {
    let arguments = ["config", "rclone", "--access-key-id", TOKEN, "--endpoint", "https://r2.example.com/"];
    let shown = run(&arguments, &[("CLOUDFLARE_API_TOKEN", VALUE)], "").ok();
    assert!(shown.contains("endpoint = https://r2.example.com\n"), "{shown}");
    run(&["config", "rclone", "--endpoint", "https://r2.example.com"], &[("CLOUDFLARE_API_TOKEN", VALUE)], "")
        .refused(2, "--access-key-id");
}

#[test]
fn names_that_would_break_a_file_are_refused() {
    for bad in ["a]b", "a\nb", "", "-x", "$(x)"] {
        let name = format!("--name={bad}");
        run(&["config", "aws", &name], &[], "").refused(2, "use letters, digits");
    }
    run(&["config", "mastodon", "--public-host", "a b"], &[], "").refused(2, "host name");
}
