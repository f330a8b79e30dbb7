//! Buckets are made, listed, described and deleted.

use super::ACCOUNT;
use super::stub::{Stub, failure, success};
use serde_json::{Value, json};

fn bucket(name: &str) -> Value {
    json!({"name": name, "creation_date": "2026-01-02T03:04:05.678Z", "location": "WEUR", "storage_class": "Standard",
        "jurisdiction": "default"})
}

fn path(method: &str, rest: &str) -> String {
    format!("{method} /client/v4/accounts/{ACCOUNT}/r2/buckets{rest}")
}

#[test]
fn a_bucket_is_made_where_it_was_asked_for() {
    let stub = Stub::start(&[(&path("POST", ""), success(bucket("photos")))]);
    let shown = stub.run(&["bucket", "create", "photos", "--location", "weur", "--account", ACCOUNT]).ok();
    assert!(shown.starts_with("made bucket photos\n") && shown.contains("WEUR"), "{shown}");
    let asked = stub.asked_for("POST");
    assert_eq!(asked.body, json!({"name": "photos", "locationHint": "weur"}));
    assert!(!asked.headers.iter().any(|line| line.starts_with("cf-r2-jurisdiction")));

    let stub = Stub::start(&[(&path("POST", ""), success(bucket("photos")))]);
    let arguments = ["bucket", "create", "eu/photos", "--storage-class", "infrequentaccess", "--account", ACCOUNT];
    assert_eq!(stub.run(&[arguments.as_slice(), &["--json"]].concat()).json(), bucket("photos"));
    let asked = stub.asked_for("POST");
    assert!(asked.has("cf-r2-jurisdiction: eu"));
    assert_eq!(asked.body, json!({"name": "photos", "storageClass": "InfrequentAccess"}));
}

#[test]
fn buckets_are_listed_to_the_last_page() {
    let page = |name: &str, cursor: &str| {
        let mut page = success(json!({"buckets": [bucket(name)]}));
        page["result_info"] = json!({"cursor": cursor, "per_page": 1000});
        page
    };
    let contains = "?per_page=1000&name_contains=a%26b";
    let stub = Stub::start(&[
        (&path("GET", &format!("{contains}&cursor=next%2Fpage")), page("second", "")),
        (&path("GET", contains), page("first", "next/page")),
    ]);
    let arguments = ["bucket", "list", "--name-contains", "a&b", "--account", ACCOUNT];
    let shown = stub.run(&arguments).ok();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert!(lines[0].starts_with("NAME") && lines[1].starts_with("first") && lines[2].starts_with("second"), "{shown}");
    assert_eq!(
        stub.run(&[arguments.as_slice(), &["--json"]].concat()).json(),
        json!([bucket("first"), bucket("second")])
    );
}

#[test]
fn a_cursor_that_does_not_move_ends_the_list() {
    let mut page = success(json!({"buckets": [bucket("same")]}));
    page["result_info"] = json!({"cursor": "same"});
    let stub = Stub::start(&[(&path("GET", ""), page)]);
    assert_eq!(stub.run(&["bucket", "list", "--account", ACCOUNT]).ok().lines().count(), 3);
}

#[test]
fn a_bucket_is_described_with_what_is_in_it_if_that_may_be_seen() {
    let usage =
        json!({"end": "2026-01-03", "payloadSize": "5", "metadataSize": "6", "objectCount": "7", "uploadCount": "0"});
    let described = (path("GET", "/photos"), success(bucket("photos")));
    let stub = Stub::start(&[(&path("GET", "/photos/usage"), success(usage)), (&described.0, described.1.clone())]);
    let arguments = ["bucket", "info", "photos", "--account", ACCOUNT];
    let shown = stub.run(&arguments).ok();
    assert!(shown.contains("objects          7\n") && shown.contains("bytes            5\n"), "{shown}");
    assert_eq!(stub.run(&[arguments.as_slice(), &["--json"]].concat()).json()["usage"]["objectCount"], json!("7"));

    let refused = failure(10000, "Authentication error");
    let stub = Stub::start(&[(&path("GET", "/photos/usage"), refused), (&described.0, described.1)]);
    let shown = stub.run(&arguments).ok();
    assert!(shown.contains("photos") && !shown.contains("objects"), "{shown}");
}

#[test]
fn an_empty_bucket_is_deleted_and_one_that_is_not_is_told() {
    let stub = Stub::start(&[(&path("DELETE", "/photos"), success(json!({})))]);
    assert_eq!(stub.run(&["bucket", "delete", "eu/photos", "--account", ACCOUNT]).ok(), "deleted bucket eu/photos\n");
    assert!(stub.asked_for("DELETE").has("cf-r2-jurisdiction: eu"));
    let stub = Stub::start(&[(&path("DELETE", "/photos"), failure(10008, "The bucket is not empty."))]);
    let ran = stub.run(&["bucket", "delete", "photos", "--account", ACCOUNT]);
    ran.refused(1, "the server refused: The bucket is not empty. [code: 10008]");
}
