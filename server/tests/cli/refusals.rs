//! What goes wrong, and the exit code that says of what kind it is. No message has a secret in it.

use super::stub::{Stub, failure, run, success};
use super::{ACCOUNT, VALUE};
use serde_json::json;

#[test]
fn without_a_token_nothing_is_sent() {
    let stub = Stub::start(&[]);
    run(&["bucket", "list", "--endpoint", &stub.endpoint], &[], "").refused(2, "CAIRN_API_TOKEN");
    assert!(stub.asked().is_empty());
}

#[test]
fn tokens_are_no_arguments() {
    let ran = run(&["whoami", "--token", VALUE], &[], "");
    ran.refused(2, "--token");
    assert!(ran.err.contains("--token-file"), "{}", ran.err);
}

#[test]
fn an_endpoint_that_cannot_be_used_is_told_before_anything_is_sent() {
    let token = [("CAIRN_API_TOKEN", VALUE)];
    run(&["whoami", "--endpoint", "https://127.0.0.1:1"], &token, "").refused(2, "speaks no TLS");
    run(&["whoami", "--endpoint", "127.0.0.1"], &token, "").refused(2, "is no endpoint");
    run(&["bucket", "info", "Not-A-Bucket"], &token, "").refused(2, "lower-case letters");
    run(&["token", "revoke", "../buckets"], &token, "").refused(2, "32 hexadecimal digits");
    let admin = ["token", "create", "--name", "a", "--permission", "admin-read-only", "--bucket", "photos"];
    let stub = Stub::start(&[]);
    stub.run(&[admin.as_slice(), &["--account", ACCOUNT]].concat()).refused(2, "leave out --bucket");
    assert!(stub.asked().is_empty());
}

#[test]
fn where_no_cairn_answers_the_exit_code_is_three() {
    let token = [("CAIRN_API_TOKEN", VALUE)];
    // Its port is taken, so that nobody else gets it, but nobody listens there.
    let mute = tokio::net::TcpSocket::new_v4().unwrap();
    mute.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", mute.local_addr().unwrap());
    run(&["whoami", "--endpoint", &endpoint], &token, "").refused(3, "is it running?");
    let other = Stub::answering(|_| b"<html>".to_vec());
    other.run(&["whoami"]).refused(3, "is not that of the REST API");
    let huge = Stub::answering(|_| vec![b' '; 17 << 20]);
    huge.run(&["whoami"]).refused(3, "no Cairn answers");
}

#[test]
fn refusals_are_told_with_their_codes_and_without_the_token() {
    let mut chained = failure(6003, "Invalid request headers");
    chained["errors"][0]["error_chain"] = json!([{"code": 6111, "message": "Invalid format"}]);
    let stub = Stub::start(&[("GET /client/v4/user/tokens/verify", chained)]);
    let ran = stub.run(&["whoami"]);
    ran.refused(1, "Invalid request headers [code: 6003]; Invalid format [code: 6111]");
    assert!(!ran.err.contains(VALUE));
    let empty = Stub::start(&[("GET", json!({"success": false}))]);
    empty.run(&["whoami"]).refused(1, "HTTP 200 without a reason");
}

#[test]
fn of_several_accounts_one_must_be_chosen() {
    let accounts = success(json!([{"id": ACCOUNT}, {"id": "0".repeat(32)}]));
    let stub = Stub::start(&[("GET /client/v4/accounts", accounts)]);
    stub.run(&["bucket", "list"]).refused(2, "choose one with --account");
}
