//! Tokens are made, listed, rolled and revoked; and `whoami`.

use super::stub::{Stub, failure, run, success};
use super::support::sha256_hex;
use super::{ACCOUNT, TOKEN, VALUE};
use serde_json::{Value, json};

fn accounts() -> Value {
    success(json!([{"id": ACCOUNT, "name": "Mine", "type": "standard"}]))
}

fn token(name: &str) -> Value {
    let resource = format!("com.cloudflare.edge.r2.bucket.{ACCOUNT}_eu_photos");
    json!({"id": TOKEN, "name": name, "status": "active", "issued_on": "2026-01-01T00:00:00Z",
        "modified_on": "2026-01-01T00:00:00Z", "expires_on": "2027-01-01T00:00:00Z",
        "policies": [{"id": "f267e341f3dd4697bd3b9f71dd96247f", "effect": "allow", "resources": {resource: "*"},
            "permission_groups": [{"id": "2efd5506f9c8494dacb1fa10a3e7d5b6",
                "name": "Workers R2 Storage Bucket Item Write"}]}]})
}

fn with_value(mut token: Value) -> Value {
    token["value"] = json!("the-new-value");
    success(token)
}

#[test]
fn a_token_is_made_for_the_account_there_is_and_shown_with_its_keys() {
    let path = format!("POST /client/v4/accounts/{ACCOUNT}/tokens");
    let stub = Stub::start(&[("GET /client/v4/accounts?", accounts()), (&path, with_value(token("app")))]);
    let arguments = ["token", "create", "--name", "app", "--permission", "object-read-write", "--bucket", "eu/photos"];
    let arguments = [arguments.as_slice(), &["--expires", "2027-01-01"]].concat();
    let shown = stub.run(&arguments).ok();
    let secret = sha256_hex(b"the-new-value");
    for expected in ["shown this once", "Object Read & Write", "eu/photos", "the-new-value", TOKEN, &secret] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let asked = stub.asked_for(&path);
    assert!(asked.has(&format!("Authorization: Bearer {VALUE}")) && asked.has("content-type: application/json"));
    let resource = format!("com.cloudflare.edge.r2.bucket.{ACCOUNT}_eu_photos");
    let expected = json!({"name": "app", "expires_on": "2027-01-01T00:00:00Z", "policies": [{"effect": "allow",
        "permission_groups": [{"id": "2efd5506f9c8494dacb1fa10a3e7d5b6"}], "resources": {resource: "*"}}]});
    assert_eq!(asked.body, expected);

    let json = stub.run(&[arguments.as_slice(), &["--json"]].concat()).json();
    assert_eq!((&json["value"], &json["access_key_id"]), (&json!("the-new-value"), &json!(TOKEN)));
    assert_eq!(json["secret_access_key"], json!(secret));
}

#[test]
fn tokens_of_the_account_and_of_the_user_are_listed_page_by_page() {
    let page: Vec<Value> = (0..50).map(|_| token("many")).collect();
    let first = format!("GET /client/v4/accounts/{ACCOUNT}/tokens?page=1&per_page=50");
    let second = format!("GET /client/v4/accounts/{ACCOUNT}/tokens?page=2&per_page=50");
    let stub = Stub::start(&[
        (&first, success(json!(page))),
        (&second, success(json!([token("last\u{1b}[2J")]))),
        ("GET /client/v4/user/tokens?page=1", success(json!([token("root")]))),
    ]);
    let shown = stub.run(&["token", "list", "--account", ACCOUNT]).ok();
    assert_eq!(shown.lines().count(), 53, "{shown}");
    assert!(shown.starts_with("ID") && shown.contains("eu/photos") && shown.contains("root"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "what the server sends does nothing to the terminal");
    assert_eq!(stub.run(&["token", "list", "--account", ACCOUNT, "--json"]).json().as_array().unwrap().len(), 52);
}

#[test]
fn a_token_of_an_account_lists_those_of_the_account() {
    let list = format!("GET /client/v4/accounts/{ACCOUNT}/tokens");
    let user = ("GET /client/v4/user/tokens", failure(9109, "Valid user-level authentication not found"));
    let stub = Stub::start(&[(&list, success(json!([token("app")]))), user]);
    assert_eq!(stub.run(&["token", "list", "--account", ACCOUNT]).ok().lines().count(), 2);
}

#[test]
fn a_token_is_rolled_wherever_it_belongs() {
    let of_account = format!("PUT /client/v4/accounts/{ACCOUNT}/tokens/{TOKEN}/value");
    let stub = Stub::start(&[(&of_account, success(json!("rolled-value")))]);
    let shown = stub.run(&["token", "roll", TOKEN, "--account", ACCOUNT]).ok();
    assert!(shown.contains("rolled-value") && shown.contains(&sha256_hex(b"rolled-value")), "{shown}");
    assert_eq!(stub.asked_for(&of_account).body, json!({}));

    let of_user = format!("PUT /client/v4/user/tokens/{TOKEN}/value");
    let unknown = failure(1003, "Unknown token");
    let stub = Stub::start(&[(&of_account, unknown.clone()), (&of_user, success(json!("rolled-value")))]);
    let rolled = stub.run(&["token", "roll", TOKEN, "--account", ACCOUNT, "--json"]).json();
    assert_eq!((&rolled["value"], &rolled["access_key_id"]), (&json!("rolled-value"), &json!(TOKEN)));

    let stub = Stub::start(&[(&of_account, unknown), (&of_user, failure(9109, "Unauthorized"))]);
    stub.run(&["token", "roll", TOKEN, "--account", ACCOUNT]).refused(1, "Unknown token [code: 1003]");
}

#[test]
fn tokens_are_revoked_and_it_is_told_which_were() {
    let other = "0".repeat(32);
    let known = format!("DELETE /client/v4/accounts/{ACCOUNT}/tokens/{TOKEN}");
    let stub = Stub::start(&[(&known, success(json!({"id": TOKEN})))]);
    assert_eq!(stub.run(&["token", "revoke", TOKEN, "--account", ACCOUNT]).ok(), format!("revoked {TOKEN}\n"));
    let ran = stub.run(&["token", "revoke", TOKEN, &other, "--account", ACCOUNT]);
    ran.refused(1, &format!("{other} was not revoked (revoked: {TOKEN})"));
}

#[test]
fn whoami_tells_a_users_token_from_an_accounts() {
    let verified = success(json!({"id": TOKEN, "status": "active"}));
    let user = ("GET /client/v4/user", success(json!({"id": "u", "email": "me@example.com"})));
    let verify = "GET /client/v4/user/tokens/verify";
    let stub = Stub::start(&[(verify, verified.clone()), ("GET /client/v4/accounts?", accounts()), user]);
    let shown = stub.run(&["whoami"]).ok();
    for expected in [TOKEN, "active", "me@example.com", "Mine", ACCOUNT, &stub.endpoint] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let of_account = format!("GET /client/v4/accounts/{ACCOUNT}/tokens/verify");
    let stub = Stub::start(&[
        (verify, failure(1000, "Invalid API Token")),
        (&of_account, verified),
        ("GET /client/v4/accounts?", accounts()),
    ]);
    let shown = stub.run(&["whoami", "--json"]).json();
    assert_eq!(
        (&shown["owner"], &shown["token"]["id"], &shown["email"]),
        (&json!("account"), &json!(TOKEN), &json!(null))
    );
}

#[test]
fn the_token_may_come_from_standard_input() {
    let stub = Stub::start(&[("GET /client/v4/user/tokens/verify", success(json!({"id": TOKEN, "status": "active"})))]);
    let arguments = ["whoami", "--token-file", "-", "--endpoint", &stub.endpoint];
    run(&arguments, &[("CAIRN_API_TOKEN", "another")], "from-the-pipe\n").refused(1, "Could not route");
    assert!(stub.asked_for("GET").has("authorization: bearer from-the-pipe"));
}
