//! Policies as they are sent, and as they are shown.

use super::*;
use crate::command_line::{Command, CommandLine, TokenCommand};
use clap::Parser;

const ACCOUNT: &str = "4793d734c0b8e484dfc37ec392b5fa8a";

fn sent(arguments: &str) -> Result<Value, Failure> {
    let words = "cairn token create --name my-app".split(' ').chain(arguments.split(' '));
    let line = CommandLine::try_parse_from(words).unwrap();
    let Command::Token(TokenCommand::Create(line)) = line.command else { panic!("another command") };
    content(&line, AccountId::parse(ACCOUNT).unwrap(), Timestamp(1_500))
}

#[test]
fn object_permissions_are_for_the_buckets_that_are_named() {
    let sent = sent("--permission object-read-only --bucket my-bucket --bucket eu/my-eu-bucket").unwrap();
    // The example of R2's page.
    let expected = json!({
        "com.cloudflare.edge.r2.bucket.4793d734c0b8e484dfc37ec392b5fa8a_default_my-bucket": "*",
        "com.cloudflare.edge.r2.bucket.4793d734c0b8e484dfc37ec392b5fa8a_eu_my-eu-bucket": "*"
    });
    assert_eq!(sent["policies"][0]["resources"], expected);
    assert_eq!(sent["policies"][0]["permission_groups"], json!([{"id": "6a018a9f2fc74eb6b293b0c548f38b39"}]));
    assert_eq!(policies(&sent), ("Object Read only".to_owned(), "my-bucket, eu/my-eu-bucket".to_owned()));
    assert_eq!(sent.as_object().unwrap().len(), 2, "nothing else is sent: {sent}");
}

#[test]
fn without_buckets_they_are_for_all_and_admin_permissions_for_the_account() {
    let all = sent("--permission object-read-write").unwrap();
    assert_eq!(policies(&all), ("Object Read & Write".to_owned(), "all buckets".to_owned()));
    for (permission, title) in [("admin-read-write", "Admin Read & Write"), ("admin-read-only", "Admin Read only")] {
        let sent = sent(&format!("--permission {permission}")).unwrap();
        assert_eq!(policies(&sent), (title.to_owned(), "account".to_owned()));
    }
    assert!(sent("--permission admin-read-only --bucket b-1").unwrap_err().to_string().contains("leave out --bucket"));
}

#[test]
fn times_are_whole_seconds_and_addresses_a_condition() {
    let line = "--permission object-read-only --expires 1d --not-before 2026-01-01 --allow-address 192.0.2.0/24 \
                --deny-address 192.0.2.7";
    let sent = sent(line).unwrap();
    assert_eq!(
        (&sent["expires_on"], &sent["not_before"]),
        (&json!("1970-01-02T00:00:01Z"), &json!("2026-01-01T00:00:00Z"))
    );
    assert_eq!(sent["condition"], json!({"request_ip": {"in": ["192.0.2.0/24"], "not_in": ["192.0.2.7"]}}));
}

#[test]
fn what_has_no_name_on_the_dashboard_is_shown_by_its_groups() {
    let group = |id: &str, name: &str| json!({"id": id, "name": name});
    let policy = |effect: &str, groups: &[Value], name: &str| json!({"effect": effect, "permission_groups": groups, "resources": {name: "*"}});
    let token = json!({"policies": [
        policy("allow", &[group("x", "Queues Read"), group("y", "Queues Write")], "com.cloudflare.api.account.a"),
        policy("deny", &[group("2efd5506f9c8494dacb1fa10a3e7d5b6", "")], "something.else"),
    ]});
    let expected = ("Queues Read + Queues Write; not Object Read & Write", "account, something.else");
    assert_eq!(policies(&token), (expected.0.to_owned(), expected.1.to_owned()));
}
