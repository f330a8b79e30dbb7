//! Bucket locks in force: what a rule keeps is neither replaced nor removed, by whatever operation, to the millisecond.
//! Source: R2 "Bucket locks".

use crate::server_with;
use crate::support::{Client, Form, KIB, MIB, RequestBuilder, TestServer, blocks, body_of, element};
use environment::Clock;
use operations::Caller;
use std::time::Duration;
use types::{BucketLock, BucketName, LockCondition, LockRule, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

/// A rule that is on.
pub(crate) fn rule(prefix: &str, condition: LockCondition) -> LockRule {
    LockRule { id: format!("{prefix} {condition:?}"), enabled: true, prefix: prefix.to_owned(), condition }
}

/// Sets all lock rules of a bucket.
pub(crate) async fn set_rules(server: &TestServer, caller: &Caller, bucket: &str, rules: &[LockRule]) {
    let (bucket, lock) = (BucketName::parse(bucket).unwrap(), BucketLock::new(rules.to_vec()).unwrap());
    server.instance.store().put_bucket_lock(caller, &bucket, &lock).await.unwrap();
}

async fn lock(server: &TestServer, rules: &[LockRule]) {
    set_rules(server, &server.caller().await, "locks", rules).await;
}

fn is_locked(answer: &crate::support::Answer) {
    answer.refused(403, "ObjectLockedByBucketPolicy");
}

/// A copy in one bucket.
fn copy<'c>(client: &'c Client, from: &str, to: &str) -> RequestBuilder<'c> {
    client.put(to, "").header("x-amz-copy-source", from)
}

/// Whether an object may be removed now; it is there again afterwards, as new as it was before.
async fn is_free(client: &Client, target: &str) -> bool {
    let delete = client.delete(target).send().await;
    if delete.status == 204 {
        return true;
    }
    is_locked(&delete);
    client.head(target).send().await.ok();
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rule_keeps_is_neither_replaced_nor_removed_by_any_operation() {
    let server = server_with("locks").await;
    let client = &server.client;
    let large = body_of(1, 300 * KIB);
    client.put("/locks/free", "other").send().await.ok();
    for (target, body) in [("/locks/kept/small", b"small".to_vec()), ("/locks/kept/large", large)] {
        let put = client.put(target, body.clone()).header("x-amz-meta-a", "1").send().await.ok();
        let upload = client.create_upload(target).await;
        let part = client.upload_part(target, &upload, 1, b"part").await;
        lock(&server, &[rule("kept/", LockCondition::Indefinite)]).await;

        is_locked(&client.put(target, "x").send().await);
        is_locked(&client.put(target, body_of(2, MIB)).send().await);
        is_locked(&client.put(target, "x").header("if-match", format!("\"{}\"", put.etag())).send().await);
        is_locked(&client.delete(target).send().await);
        is_locked(&copy(client, "/locks/free", target).send().await);
        is_locked(&copy(client, target, target).header("x-amz-storage-class", "STANDARD_IA").send().await);
        let same = copy(client, target, target).header("x-amz-metadata-directive", "REPLACE");
        is_locked(&same.header("x-amz-meta-a", "2").send().await);
        is_locked(&copy(client, target, target).header("x-amz-metadata-directive", "MERGE").send().await);
        is_locked(&client.complete_upload(target, &upload, &[(1, part.clone())]).await);
        let key = target.strip_prefix("/locks/").unwrap();
        is_locked(&Form::new(client, "locks", key).signed().send().await);

        let now = client.get(target).send().await.ok();
        assert_eq!((now.etag(), now.header("x-amz-meta-a")), (put.etag(), Some("1")), "it is as it was");
        assert_eq!(now.header("last-modified"), client.head(target).send().await.header("last-modified"));
        assert!(now.header("x-amz-storage-class").is_none() && now.body == body);
        copy(client, target, "/locks/copied").send().await.ok();

        lock(&server, &[]).await;
        client.complete_upload(target, &upload, &[(1, part)]).await.ok();
        assert_eq!(client.get(target).send().await.ok().text(), "part", "the upload was only put off");
        client.delete(target).send().await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_objects_to_delete_those_that_are_kept_are_answered_with_the_error() {
    let server = server_with("locks").await;
    let client = &server.client;
    for key in ["a", "kept/a", "kept/b", "z"] {
        client.put(&format!("/locks/{key}"), "x").send().await.ok();
    }
    lock(&server, &[rule("kept/", LockCondition::Age(10))]).await;
    let keys = ["a", "kept/a", "kept/nothing", "kept/b", "z"];
    let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
    let document = format!("<Delete>{objects}</Delete>");
    let answer = client.post("/locks?delete", document.clone()).send().await.ok();
    let deleted: Vec<_> = blocks(answer.text(), "Deleted").iter().filter_map(|block| element(block, "Key")).collect();
    assert_eq!(deleted, ["a", "kept/nothing", "z"]);
    let errors: Vec<_> = blocks(answer.text(), "Error")
        .iter()
        .map(|block| (element(block, "Key").unwrap(), element(block, "Code").unwrap()))
        .collect();
    let locked = |key: &str| (key.to_owned(), "ObjectLockedByBucketPolicy".to_owned());
    assert_eq!(errors, [locked("kept/a"), locked("kept/b")]);
    server.clock.advance(Duration::from_secs(10));
    let answer = client.post("/locks?delete", document).send().await.ok();
    assert!(blocks(answer.text(), "Error").is_empty(), "{}", answer.text());
    client.delete("/locks").send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_age_ends_to_the_millisecond_for_each_object() {
    let server = server_with("locks").await;
    let client = &server.client;
    client.put("/locks/old", "x").send().await.ok();
    server.clock.advance(5 * DAY);
    // The rule covers what is there already, from when that was written.
    lock(&server, &[rule("", LockCondition::Age(7 * 86_400))]).await;
    client.put("/locks/new", "x").send().await.ok();
    client.put("/locks/replaced", "x").send().await.ok();
    server.clock.advance(2 * DAY - Duration::from_millis(1));
    assert!(!is_free(client, "/locks/old").await);
    server.clock.advance(Duration::from_millis(1));
    assert!(is_free(client, "/locks/old").await);
    server.clock.advance(5 * DAY - Duration::from_millis(1));
    assert!(!is_free(client, "/locks/new").await);
    is_locked(&client.put("/locks/replaced", "y").send().await);
    server.clock.advance(Duration::from_millis(1));
    assert!(is_free(client, "/locks/new").await);
    client.put("/locks/replaced", "y").send().await.ok();
    assert!(!is_free(client, "/locks/replaced").await, "what replaces it is kept anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_holds_until_it_has_come() {
    let server = server_with("locks").await;
    let client = &server.client;
    let date = Timestamp(server.clock.now().0 + 3000);
    client.put("/locks/before", "x").send().await.ok();
    lock(&server, &[rule("", LockCondition::Date(date)), rule("", LockCondition::Date(Timestamp(0)))]).await;
    client.put("/locks/after", "x").send().await.ok();
    server.clock.advance(Duration::from_millis(2999));
    for key in ["/locks/before", "/locks/after"] {
        assert!(!is_free(client, key).await);
    }
    server.clock.advance(Duration::from_millis(1));
    for key in ["/locks/before", "/locks/after"] {
        assert!(is_free(client, key).await);
    }
    client.put("/locks/later", "x").send().await.ok();
    assert!(is_free(client, "/locks/later").await, "a date that is past keeps nothing, and may stay set");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strictest_of_the_rules_about_a_key_wins() {
    let server = server_with("locks").await;
    let client = &server.client;
    let rules = [
        rule("", LockCondition::Age(10)),
        rule("logs/", LockCondition::Age(20)),
        rule("logs/", LockCondition::Age(5)),
        rule("logs/audit/", LockCondition::Indefinite),
        LockRule { enabled: false, ..rule("a", LockCondition::Indefinite) },
    ];
    lock(&server, &rules).await;
    let keys = ["/locks/a", "/locks/logs", "/locks/logs/a", "/locks/logs/audit/a"];
    for key in keys {
        client.put(key, "x").send().await.ok();
    }
    for (seconds, free) in [(0, [false; 4]), (10, [true, true, false, false]), (10, [true, true, true, false])] {
        server.clock.advance(Duration::from_secs(seconds));
        for (key, free) in keys.into_iter().zip(free) {
            assert_eq!(is_free(client, key).await, free, "{key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_are_shortened_or_removed_free_objects_at_once_and_new_ones_hold_at_once() {
    let server = server_with("locks").await;
    let client = &server.client;
    for key in ["a", "b", "c"] {
        client.put(&format!("/locks/{key}"), "x").send().await.ok();
    }
    server.clock.advance(DAY);
    lock(&server, &[rule("", LockCondition::Indefinite)]).await;
    assert!(!is_free(client, "/locks/a").await);
    lock(&server, &[rule("", LockCondition::Age(86_400))]).await;
    assert!(is_free(client, "/locks/a").await, "a shorter rule");
    lock(&server, &[rule("", LockCondition::Age(86_401))]).await;
    assert!(!is_free(client, "/locks/b").await, "a longer one");
    let server = server.restart().await;
    let client = &server.client;
    assert!(!is_free(client, "/locks/b").await, "also over a restart");
    lock(&server, &[LockRule { enabled: false, ..rule("", LockCondition::Indefinite) }]).await;
    assert!(is_free(client, "/locks/b").await, "one that is turned off");
    lock(&server, &[]).await;
    assert!(is_free(client, "/locks/c").await, "none at all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_rules_is_deleted_once_it_has_no_objects_and_its_rules_go_with_it() {
    let server = server_with("locks").await;
    let client = &server.client;
    lock(&server, &[rule("", LockCondition::Age(1))]).await;
    client.request("PUT", "/other").send().await.ok();
    for target in ["/locks/a", "/other/a"] {
        client.put(target, "x").send().await.ok();
    }
    assert!(is_free(client, "/other/a").await, "rules are those of one bucket");
    let upload = client.create_upload("/locks/a").await;
    client.upload_part("/locks/a", &upload, 1, b"x").await;
    client.delete(&format!("/locks/a?uploadId={upload}")).send().await.ok();
    client.delete("/locks").send().await.refused(409, "BucketNotEmpty");
    is_locked(&client.delete("/locks/a").send().await);
    server.clock.advance(Duration::from_secs(1));
    assert!(is_free(client, "/locks/a").await);
    client.delete("/locks").send().await.ok();
    client.request("PUT", "/locks").send().await.ok();
    client.put("/locks/a", "x").send().await.ok();
    assert!(is_free(client, "/locks/a").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_kept_in_whatever_form_of_unicode_they_are_sent() {
    let server = server_with("locks").await;
    let client = &server.client;
    client.put("/locks/caf%C3%A9/menu", "x").send().await.ok();
    lock(&server, &[rule("cafe\u{301}/", LockCondition::Indefinite)]).await;
    for target in ["/locks/caf%C3%A9/menu", "/locks/cafe%CC%81/menu"] {
        assert!(!is_free(client, target).await, "{target}");
        is_locked(&client.put(target, "y").send().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rules_hold_each_its_own_keys() {
    let server = server_with("locks").await;
    let client = &server.client;
    let number = |number: u64| rule(&format!("{number}/"), LockCondition::Age(number + 1));
    let rules: Vec<_> = (0..1000).map(number).collect();
    lock(&server, &rules).await;
    for number in [0, 7, 500, 999, 1000] {
        client.put(&format!("/locks/{number}/a"), "x").send().await.ok();
    }
    assert!(is_free(client, "/locks/1000/a").await);
    for (number, seconds) in [(0, 1), (7, 7), (500, 493), (999, 499)] {
        let target = format!("/locks/{number}/a");
        server.clock.advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert!(!is_free(client, &target).await, "{number}");
        server.clock.advance(Duration::from_millis(1));
        assert!(is_free(client, &target).await, "{number}");
    }
}
