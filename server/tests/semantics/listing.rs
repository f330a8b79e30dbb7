//! Lists of objects against a sorted model: every page size, every way to go on, keys that are awkward everywhere.

use crate::server_with;
use crate::support::{Answer, Client, Connection, Random, blocks, element, elements, percent_decoded, percent_encoded};
use std::collections::BTreeMap;
use types::ObjectKey;

/// Keys by their identity, in order, with the form last sent.
type Keys = BTreeMap<String, String>;

/// What a listing answers, all its pages together, and the number of entries of each page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    keys: Vec<String>,
    prefixes: Vec<String>,
    pages: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

#[derive(Clone, Copy, Debug)]
struct Query {
    version: Version,
    prefix: &'static str,
    delimiter: &'static str,
    max_keys: usize,
    url_encoded: bool,
}

const PIECES: [&str; 26] = [
    "a",
    "b",
    "B",
    "0",
    "/",
    "/",
    "//",
    ".",
    "..",
    " ",
    "+",
    "%",
    "%2F",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "?",
    "#",
    "\u{e9}",
    "e\u{301}",
    "\u{65e5}\u{672c}",
    "\u{1f600}",
    "\u{7f}",
    "~",
];

/// A few hundred keys; some differ only in their Unicode form, so that fewer objects come of them.
fn awkward_keys() -> Vec<String> {
    let mut random = Random::new(11);
    let mut keys: Vec<String> =
        (0..260).map(|_| (0..random.between(1, 6)).map(|_| *random.pick(&PIECES)).collect()).collect();
    keys.extend(
        ["a", "a/", "a//", "a/b", "a0", "caf\u{e9}", "cafe\u{301}", "\u{10ffff}", "-\u{ffff}", "a\tb"]
            .map(String::from),
    );
    keys.extend((0..40).map(|number| format!("deep/{:02}/{}", number / 4, number % 4)));
    keys.push("k".repeat(1024));
    keys
}

async fn fill(client: &Client, bucket: &str) -> Keys {
    let mut connection = Connection::open(client.address).await.unwrap();
    let mut keys = Keys::new();
    for key in awkward_keys() {
        let target = format!("/{bucket}/{}", percent_encoded(&key));
        client.put(&target, key.clone()).send_on(&mut connection).await.unwrap().ok();
        keys.insert(ObjectKey::normalize(&key), key);
    }
    keys
}

fn expected(keys: &Keys, query: Query) -> Listed {
    let mut listed = Listed::default();
    for (identity, sent) in keys.iter().filter(|(identity, _)| identity.starts_with(query.prefix)) {
        let rest = &identity[query.prefix.len()..];
        match rest.find(query.delimiter).filter(|_| !query.delimiter.is_empty()) {
            None => listed.keys.push(sent.clone()),
            Some(at) => {
                let prefix = &identity[..query.prefix.len() + at + query.delimiter.len()];
                if listed.prefixes.last().is_none_or(|last| last != prefix) {
                    listed.prefixes.push(prefix.to_owned());
                }
            }
        }
    }
    let mut left = listed.keys.len() + listed.prefixes.len();
    while left > query.max_keys {
        listed.pages.push(query.max_keys);
        left -= query.max_keys;
    }
    listed.pages.push(left);
    listed
}

fn texts(xml: &str, name: &str, query: Query) -> Vec<String> {
    let texts = elements(xml, name).into_iter();
    texts.map(|text| if query.url_encoded { percent_decoded(&text) } else { text }).collect()
}

fn read_page(page: &Answer, query: Query, listed: &mut Listed) {
    let xml = page.text();
    let keys: Vec<_> = blocks(xml, "Contents").iter().flat_map(|object| texts(object, "Key", query)).collect();
    let prefixes: Vec<_> =
        blocks(xml, "CommonPrefixes").iter().flat_map(|group| texts(group, "Prefix", query)).collect();
    let count = keys.len() + prefixes.len();
    if query.version == Version::Two {
        assert_eq!(element(xml, "KeyCount"), Some(count.to_string()));
    }
    listed.pages.push(count);
    listed.keys.extend(keys);
    listed.prefixes.extend(prefixes);
}

/// How the page after `page` is asked for; `None` after the last.
fn next_page(page: &Answer, query: Query) -> Option<String> {
    let xml = page.text();
    let token = page.element("NextContinuationToken").map(|token| format!("&continuation-token={token}"));
    let marker = texts(xml, "NextMarker", query).pop().map(|marker| format!("&marker={}", percent_encoded(&marker)));
    let next = if query.version == Version::Two { token } else { marker };
    let truncated = page.element("IsTruncated").unwrap() == "true";
    assert_eq!(truncated, next.is_some(), "truncated pages, and only they, say how to go on: {xml}");
    next
}

async fn list_all(client: &Client, connection: &mut Connection, bucket: &str, query: Query) -> Listed {
    let version = if query.version == Version::Two { "list-type=2&" } else { "" };
    let encoding = if query.url_encoded { "&encoding-type=url" } else { "" };
    let (prefix, delimiter) = (percent_encoded(query.prefix), percent_encoded(query.delimiter));
    let base =
        format!("/{bucket}?{version}prefix={prefix}&delimiter={delimiter}&max-keys={}{encoding}", query.max_keys);
    let (mut listed, mut next) = (Listed::default(), String::new());
    loop {
        let page = client.get(&format!("{base}{next}")).send_on(connection).await.unwrap().ok();
        read_page(&page, query, &mut listed);
        match next_page(&page, query) {
            Some(following) => next = following,
            None => return listed,
        }
        assert!(listed.pages.len() < 1000, "the listing does not end: {query:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_every_size_hold_every_entry_once_and_in_order() {
    let server = server_with("lists").await;
    let keys = fill(&server.client, "lists").await;
    assert!(keys.len() < awkward_keys().len() - 2, "some keys are the same in NFC");
    let mut connection = Connection::open(server.client.address).await.unwrap();
    let sizes = (1..=12).chain([19, 50, keys.len() - 1, keys.len(), keys.len() + 1, 1000]);
    for max_keys in sizes {
        for (prefix, delimiter) in [
            ("", ""),
            ("", "/"),
            ("a", "/"),
            ("a/", "/"),
            ("deep/", "/"),
            ("", "\u{e9}"),
            ("", "//"),
            ("a", "a"),
            ("no", "/"),
        ] {
            for version in [Version::One, Version::Two] {
                let query = Query { version, prefix, delimiter, max_keys, url_encoded: max_keys % 2 == 1 };
                let listed = list_all(&server.client, &mut connection, "lists", query).await;
                assert_eq!(listed, expected(&keys, query), "{query:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_may_begin_after_any_key_there_or_not() {
    let server = server_with("lists").await;
    let keys = fill(&server.client, "lists").await;
    let mut connection = Connection::open(server.client.address).await.unwrap();
    for after in keys.values().step_by(3).map(String::as_str).chain(["", "a!", "\u{10ffff}\u{10ffff}"]) {
        let from = ObjectKey::normalize(after);
        let expected: Vec<_> = keys
            .iter()
            .filter(|(identity, _)| **identity > from || after.is_empty())
            .map(|(_, sent)| sent.clone())
            .collect();
        let after = percent_encoded(after);
        for target in [
            format!("/lists?marker={after}&encoding-type=url"),
            format!("/lists?list-type=2&start-after={after}&encoding-type=url"),
        ] {
            let page = server.client.get(&target).send_on(&mut connection).await.unwrap().ok();
            let found: Vec<_> = elements(page.text(), "Key").iter().map(|key| percent_decoded(key)).collect();
            assert_eq!(found, expected, "{target}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_no_entries_is_empty_and_the_last() {
    let server = server_with("lists").await;
    server.client.put("/lists/a", "").send().await.ok();
    for target in ["/lists?max-keys=0", "/lists?list-type=2&max-keys=0"] {
        let page = server.client.get(target).send().await.ok();
        assert_eq!(page.element("IsTruncated").as_deref(), Some("false"), "{target}");
        assert!(blocks(page.text(), "Contents").is_empty(), "{target}");
    }
    for bad in ["-1", "x", "1.5", "99999999999"] {
        server.client.get(&format!("/lists?max-keys={bad}")).send().await.refused(400, "InvalidArgument");
    }
    server.client.get("/lists?list-type=3").send().await.refused(400, "InvalidArgument");
    server.client.get("/no-such-bucket?list-type=2").send().await.refused(404, "NoSuchBucket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_for_its_own_list_only_and_survives_a_restart() {
    let mut server = server_with("lists").await;
    server.client.request("PUT", "/other").send().await.ok();
    for key in ["a/1", "a/2", "b/1", "b/2"] {
        server.client.put(&format!("/lists/{key}"), "").send().await.ok();
    }
    let first = server.client.get("/lists?list-type=2&max-keys=1&prefix=a").send().await.ok();
    let token = first.element("NextContinuationToken").unwrap();
    assert!(!token.contains("a/1"), "a token is opaque");
    let last_changed = if token.ends_with('0') { "1" } else { "0" };
    let tampered = format!("{}{last_changed}", &token[..token.len() - 1]);
    for target in [
        format!("/lists?list-type=2&prefix=a&continuation-token={tampered}"),
        format!("/lists?list-type=2&prefix=a&continuation-token={}", &token[..token.len() - 2]),
        format!("/lists?list-type=2&prefix=a&continuation-token={token}00"),
        format!("/lists?list-type=2&prefix=b&continuation-token={token}"),
        format!("/lists?list-type=2&prefix=a&delimiter=%2F&continuation-token={token}"),
        format!("/other?list-type=2&prefix=a&continuation-token={token}"),
        "/lists?list-type=2&prefix=a&continuation-token=a%2F1".to_owned(),
        "/lists?list-type=2&prefix=a&continuation-token=".to_owned(),
    ] {
        server.client.get(&target).send().await.refused(400, "InvalidArgument");
    }
    server = server.restart().await;
    let target = format!("/lists?list-type=2&prefix=a&max-keys=7&continuation-token={token}");
    let second = server.client.get(&target).send().await.ok();
    assert_eq!(elements(second.text(), "Key"), ["a/2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_one_if_their_nfc_is_and_the_last_form_is_listed() {
    let server = server_with("lists").await;
    let client = &server.client;
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let target = |key: &str| format!("/lists/{}", percent_encoded(key));
    for (put, other) in [(composed, decomposed), (decomposed, composed)] {
        client.put(&target(put), put).send().await.ok();
        for key in [put, other] {
            assert_eq!(client.get(&target(key)).send().await.ok().text(), put);
        }
        let listed = client.get("/lists?list-type=2").send().await.ok();
        assert_eq!(elements(listed.text(), "Key"), [put]);
        let listed = client.get(&format!("/lists?prefix={}", percent_encoded(other))).send().await.ok();
        assert_eq!(elements(listed.text(), "Key"), [put], "a prefix is compared in NFC too");
    }
    client.delete(&target(composed)).send().await.ok();
    client.get(&target(decomposed)).send().await.refused(404, "NoSuchKey");
}
