//! What goes before what, and what is refused before anything is sent.

use super::*;
use std::path::PathBuf;

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "ffffffffffffffffffffffffffffffff";

fn resolve(line: &Remote, variables: &[(&str, &str)]) -> Result<Access, Failure> {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let environment = move |name: &str| {
        let found = variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    Access::resolve(line, &environment)
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn file(directory: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn ready_file(directory: &tempfile::TempDir, token: &str) -> PathBuf {
    let text = format!(
        r#"{{"endpoint":"http://127.0.0.1:1","account_id":"{ACCOUNT}","access_key_id":"{ACCOUNT}",
            "secret_access_key":"s"{token},"pid":1}}"#
    );
    file(directory, "ready.json", &text)
}

#[test]
fn nothing_said_is_the_server_of_this_machine() {
    let access = resolve(&Remote::default(), &[]).unwrap();
    assert_eq!(access.endpoint.to_string(), "http://127.0.0.1:9200");
    assert!(access.account.is_none() && access.keys.is_none());
    assert!(access.required_token().unwrap_err().to_string().contains("CAIRN_API_TOKEN"));
}

#[test]
fn arguments_go_before_the_ready_file_and_that_before_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [
        ("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:3/client/v4"),
        ("CLOUDFLARE_API_TOKEN", "theirs"),
        ("CLOUDFLARE_ACCOUNT_ID", OTHER),
    ];
    let access = resolve(&Remote::default(), &variables).unwrap();
    assert_eq!(access.endpoint.to_string(), "http://127.0.0.1:3");
    assert_eq!((access.token.as_deref(), access.account), (Some("theirs"), AccountId::parse(OTHER)));

    let own = [("CAIRN_ENDPOINT", "http://127.0.0.1:2"), ("CAIRN_API_TOKEN", "own"), ("CAIRN_ACCOUNT_ID", ACCOUNT)];
    let all: Vec<_> = variables.iter().chain(&own).copied().collect();
    let access = resolve(&Remote::default(), &all).unwrap();
    assert_eq!(access.endpoint.to_string(), "http://127.0.0.1:2");
    assert_eq!((access.token.as_deref(), access.account), (Some("own"), AccountId::parse(ACCOUNT)));

    let ready = ready_file(&directory, r#","api_token":"first""#);
    let mut line = Remote { ready_file: Some(ready), ..Remote::default() };
    let access = resolve(&line, &all).unwrap();
    assert_eq!((access.endpoint.to_string().as_str(), access.token.as_deref()), ("http://127.0.0.1:1", Some("first")));
    assert_eq!(access.keys.unwrap().secret_access_key, "s");

    line.endpoint = Some("http://127.0.0.1:4".to_owned());
    line.account = Some(OTHER.to_owned());
    line.token_file = Some(file(&directory, "token", " named\n"));
    let access = resolve(&line, &all).unwrap();
    assert_eq!((access.endpoint.to_string().as_str(), access.token.as_deref()), ("http://127.0.0.1:4", Some("named")));
    assert_eq!(access.account, AccountId::parse(OTHER));
    assert!(access.keys.is_none(), "the keys of the ready file belong to another token");
}

#[test]
fn a_later_ready_file_has_keys_and_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let line = Remote { ready_file: Some(ready_file(&directory, "")), ..Remote::default() };
    let access = resolve(&line, &[]).unwrap();
    assert!(access.token.is_none() && access.keys.is_some());
}

#[test]
fn what_cannot_be_used_is_told_without_the_secret() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |line: &Remote| resolve(line, &[]).err().unwrap().to_string();
    for secret in ["two words", "line\nbreak", "é", ""] {
        let line = Remote { token_file: Some(file(&directory, "token", secret)), ..Remote::default() };
        let message = refused(&line);
        assert!(message.contains("malformed") && !message.contains("words"), "{message}");
    }
    let missing = Remote { token_file: Some(directory.path().join("missing")), ..Remote::default() };
    assert!(refused(&missing).contains("missing"));
    let not_ours = Remote { ready_file: Some(file(&directory, "x", "{}")), ..Remote::default() };
    assert!(refused(&not_ours).contains("endpoint"));
    assert!(refused(&Remote { account: Some("mine".to_owned()), ..Remote::default() }).contains("32 hexadecimal"));
}

#[test]
fn the_secret_access_key_is_the_sha256_of_the_token() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(secret_access_key("abc"), abc);
}
