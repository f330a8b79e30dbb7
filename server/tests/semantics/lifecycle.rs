//! Lifecycle rules in force, on a clock that is moved: what is removed, moved to another class and aborted, when, and
//! what stays. Source: R2 "Object lifecycles".

use crate::bucket_locks::{rule as lock_rule, set_rules as set_lock_rules};
use crate::server_with;
use crate::support::{Answer, Client, Form, KIB, TestServer, body_of, elements, until};
use environment::Clock;
use std::time::Duration;
use types::{LockCondition, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

fn rule(id: &str, prefix: &str, action: &str) -> String {
    format!("<Rule><ID>{id}</ID><Status>Enabled</Status><Filter><Prefix>{prefix}</Prefix></Filter>{action}</Rule>")
}

fn expire(id: &str, prefix: &str, days: u64) -> String {
    rule(id, prefix, &format!("<Expiration><Days>{days}</Days></Expiration>"))
}

fn transition(id: &str, prefix: &str, days: u64) -> String {
    let action = format!("<Transition><Days>{days}</Days><StorageClass>STANDARD_IA</StorageClass></Transition>");
    rule(id, prefix, &action)
}

fn abort(id: &str, prefix: &str, days: u64) -> String {
    let after = format!("<DaysAfterInitiation>{days}</DaysAfterInitiation>");
    rule(id, prefix, &format!("<AbortIncompleteMultipartUpload>{after}</AbortIncompleteMultipartUpload>"))
}

async fn set(client: &Client, bucket: &str, rules: &[String]) {
    let document = format!("<LifecycleConfiguration>{}</LifecycleConfiguration>", rules.concat());
    client.put(&format!("/{bucket}?lifecycle"), document).send().await.ok();
}

/// Moves the clock and lets the lifecycle do all there is to do by then. What is to be done before is done before: a
/// visit of the server's own that saw the clock move would leave the rest to the next one, a minute later.
async fn pass(server: &TestServer, time: Duration) {
    server.lifecycle_acts().await;
    server.clock.advance(time);
    server.lifecycle_acts().await;
}

async fn keys(client: &Client, bucket: &str) -> Vec<String> {
    elements(client.get(&format!("/{bucket}")).send().await.ok().text(), "Key")
}

fn expiration(answer: &Answer) -> Option<&str> {
    answer.header("x-amz-expiration")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_removed_when_they_are_old_enough_and_no_sooner() {
    let server = server_with("aging").await;
    let client = &server.client;
    client.put("/aging/logs/before", "x").send().await.ok();
    set(client, "aging", &[expire("old logs", "logs/", 30)]).await;
    client.put("/aging/logs/a", "x").send().await.ok();
    client.put("/aging/logs/large", body_of(1, 300 * KIB)).send().await.ok();
    client.put_parts("/aging/logs/parts", &[b"x"]).await;
    client.put("/aging/other", "x").send().await.ok();
    pass(&server, 29 * DAY).await;
    client.put("/aging/logs/b", "x").send().await.ok();
    client.put("/aging/logs/a", "written again").send().await.ok();
    pass(&server, DAY - Duration::from_millis(1)).await;
    assert_eq!(keys(client, "aging").await.len(), 6);
    pass(&server, Duration::from_millis(1)).await;
    pass(&server, Duration::from_secs(60)).await;
    assert_eq!(keys(client, "aging").await, ["logs/a", "logs/b", "other"]);
    client.get("/aging/logs/before").send().await.refused(404, "NoSuchKey");
    pass(&server, 29 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["other"]);
    assert_eq!(server.files_after_collection().await, 0, "their bytes are collected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_about_an_object_tells_when_it_will_be_removed() {
    let server = server_with("aging").await;
    let client = &server.client;
    client.put("/aging/logs/before", "x").send().await.ok();
    assert_eq!(expiration(&client.head("/aging/logs/before").send().await.ok()), None);
    set(client, "aging", &[expire("90 days", "logs/", 90), expire("slow", "", 100), abort("a", "", 1)]).await;
    server.clock.advance(Duration::from_millis(1));
    // The clock stands at 2026-05-28T20:26:40.001Z: parts of a second count as one.
    let told = "expiry-date=\"Wed, 26 Aug 2026 20:26:41 GMT\", rule-id=\"90%20days\"";
    assert_eq!(expiration(&client.put("/aging/logs/a", "x").send().await.ok()), Some(told));
    assert_eq!(expiration(&client.head("/aging/logs/a").send().await.ok()), Some(told));
    assert_eq!(expiration(&client.get("/aging/logs/a").header("range", "bytes=0-0").send().await), Some(told));
    let copy = client.put("/aging/logs/copy", "").header("x-amz-copy-source", "/aging/logs/a").send().await;
    assert_eq!(expiration(&copy.ok()), Some(told));
    let upload = client.create_upload("/aging/logs/parts").await;
    let etag = client.upload_part("/aging/logs/parts", &upload, 1, b"x").await;
    let completed = client.complete_upload("/aging/logs/parts", &upload, &[(1, etag.clone())]).await.ok();
    assert_eq!(expiration(&completed), Some(told));
    let again = client.complete_upload("/aging/logs/parts", &upload, &[(1, etag)]).await.ok();
    assert_eq!(expiration(&again), Some(told));
    let form = Form::new(client, "aging", "logs/form").file("x").signed().send().await;
    assert_eq!(expiration(&form), Some(told), "{form:?}");
    let before = client.head("/aging/logs/before").send().await.ok();
    assert_eq!(expiration(&before), Some(told.replace(":41", ":40").as_str()), "also of what was there before");
    let other = client.put("/aging/other", "x").send().await.ok();
    assert!(expiration(&other).unwrap().ends_with("rule-id=\"slow\""), "{other:?}");
    client.delete("/aging?lifecycle").send().await;
    assert_eq!(expiration(&client.head("/aging/logs/a").send().await.ok()), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_holds_for_what_is_there_on_it_and_for_what_comes_later() {
    let server = server_with("aging").await;
    let client = &server.client;
    client.put("/aging/2019/a", "x").send().await.ok();
    let date = rule("date", "2019/", "<Expiration><Date>2026-06-01T00:00:00Z</Date></Expiration>");
    set(client, "aging", &[date]).await;
    client.put("/aging/2019/b", "x").send().await.ok();
    client.put("/aging/2020/a", "x").send().await.ok();
    let told = "expiry-date=\"Mon, 01 Jun 2026 00:00:00 GMT\", rule-id=\"date\"";
    assert_eq!(expiration(&client.head("/aging/2019/a").send().await.ok()), Some(told));
    pass(&server, 3 * DAY).await;
    assert_eq!(keys(client, "aging").await.len(), 3, "it is the 31st of May");
    pass(&server, DAY).await;
    assert_eq!(keys(client, "aging").await, ["2020/a"]);
    client.put("/aging/2019/late", "x").send().await.ok();
    pass(&server, Duration::from_secs(3600)).await;
    assert_eq!(keys(client, "aging").await, ["2020/a"], "a date that is past still holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transition_changes_the_class_and_nothing_else() {
    let server = server_with("aging").await;
    let client = &server.client;
    let large = body_of(1, 300 * KIB);
    set(client, "aging", &[transition("down", "", 30), expire("end", "", 60)]).await;
    for (key, body) in [("small", b"abc".as_slice()), ("large", &large)] {
        client.put(&format!("/aging/{key}"), body).header("x-amz-meta-a", "1").send().await.ok();
    }
    client.put_parts("/aging/parts", &[b"x"]).await;
    let before = client.get("/aging/large").send().await.ok();
    pass(&server, 30 * DAY).await;
    let after = client.get("/aging/large").send().await.ok();
    assert_eq!(after.header("x-amz-storage-class"), Some("STANDARD_IA"));
    for name in ["etag", "last-modified", "x-amz-meta-a", "x-amz-expiration"] {
        assert_eq!(after.header(name), before.header(name), "{name}");
        assert!(after.header(name).is_some(), "{name}");
    }
    assert!(after.body == large);
    let listed = client.get("/aging").send().await.ok();
    assert_eq!(elements(listed.text(), "StorageClass"), ["STANDARD_IA"; 3]);
    assert_eq!(server.files_after_collection().await, 1, "no bytes were copied");
    pass(&server, 30 * DAY).await;
    assert!(keys(client, "aging").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_within_a_day_of_a_transition_is_all_that_happens() {
    let server = server_with("aging").await;
    let client = &server.client;
    set(client, "aging", &[transition("down", "", 30), expire("end", "both/", 30), expire("later", "far/", 31)]).await;
    for key in ["both/a", "far/a", "only/a"] {
        client.put(&format!("/aging/{key}"), "x").send().await.ok();
    }
    pass(&server, 30 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["far/a", "only/a"]);
    let far = client.head("/aging/far/a").send().await.ok();
    assert_eq!(far.header("x-amz-storage-class"), Some("STANDARD_IA"), "a whole day lies between");
    pass(&server, DAY).await;
    assert_eq!(keys(client, "aging").await, ["only/a"]);
}

async fn uploads(client: &Client, bucket: &str) -> Vec<String> {
    elements(client.get(&format!("/{bucket}?uploads")).send().await.ok().text(), "Key")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_are_aborted_after_seven_days_unless_a_rule_says_otherwise() {
    let server = server_with("aging").await;
    let client = &server.client;
    let upload = client.create_upload("/aging/a").await;
    let etag = client.upload_part("/aging/a", &upload, 1, &body_of(1, 300 * KIB)).await;
    let done = client.create_upload("/aging/done").await;
    let part = client.upload_part("/aging/done", &done, 1, b"x").await;
    pass(&server, 6 * DAY).await;
    client.complete_upload("/aging/done", &done, &[(1, part)]).await.ok();
    client.create_upload("/aging/young").await;
    pass(&server, DAY).await;
    // Uploads of one minute are looked at together.
    pass(&server, Duration::from_secs(60)).await;
    assert_eq!(uploads(client, "aging").await, ["young"]);
    client.upload_part("/aging/young", &client.create_upload("/aging/young").await, 1, b"x").await;
    client.complete_upload("/aging/a", &upload, &[(1, etag)]).await.refused(404, "NoSuchUpload");
    assert_eq!(client.get("/aging/done").send().await.ok().text(), "x");
    assert_eq!(server.files_after_collection().await, 0, "the parts are collected");

    client.delete("/aging?lifecycle").send().await;
    pass(&server, 700 * DAY).await;
    assert_eq!(uploads(client, "aging").await.len(), 2, "without a rule uploads stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_rules_for_an_upload_the_shortest_wins() {
    let server = server_with("aging").await;
    let client = &server.client;
    client.create_upload("/aging/useruploads/before").await;
    set(client, "aging", &[abort("week", "", 7), abort("day", "useruploads/", 1), abort("month", "user", 30)]).await;
    client.create_upload("/aging/useruploads/a").await;
    client.create_upload("/aging/useful").await;
    pass(&server, DAY - Duration::from_secs(1)).await;
    assert_eq!(uploads(client, "aging").await.len(), 3);
    pass(&server, Duration::from_secs(61)).await;
    assert_eq!(uploads(client, "aging").await, ["useful"]);
    pass(&server, 6 * DAY).await;
    assert!(uploads(client, "aging").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_rules_take_the_place_of_the_old_for_objects_that_are_there() {
    let server = server_with("aging").await;
    let client = &server.client;
    set(client, "aging", &[expire("short", "", 1)]).await;
    client.put("/aging/a", "x").send().await.ok();
    set(client, "aging", &[expire("long", "", 5)]).await;
    pass(&server, 2 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["a"]);
    client.delete("/aging?lifecycle").send().await;
    pass(&server, 9 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["a"], "rules that are gone remove nothing");
    let off = expire("off", "", 1).replace("Enabled", "Disabled");
    set(client, "aging", &[off]).await;
    pass(&server, 9 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["a"], "nor do rules that are off");
    set(client, "aging", &[expire("now", "", 1)]).await;
    pass(&server, Duration::ZERO).await;
    assert!(keys(client, "aging").await.is_empty(), "what is old enough already goes at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lock_keeps_is_removed_once_the_lock_ends() {
    let server = server_with("locks").await;
    let (client, caller) = (&server.client, server.caller().await);
    let at = |days: u64| Timestamp(server.clock.now().0 + days * 86_400_000);
    let rules = [
        lock_rule("age/", LockCondition::Age(90 * 86_400)),
        lock_rule("date/", LockCondition::Date(at(50))),
        lock_rule("ever/", LockCondition::Indefinite),
    ];
    set_lock_rules(&server, &caller, "locks", &rules).await;
    set(client, "locks", &[expire("end", "", 30), transition("down", "age/", 1)]).await;
    for key in ["age/a", "date/a", "ever/a", "free"] {
        client.put(&format!("/locks/{key}"), "x").send().await.ok();
    }
    pass(&server, 31 * DAY).await;
    assert_eq!(keys(client, "locks").await, ["age/a", "date/a", "ever/a"]);
    let locked = client.head("/locks/age/a").send().await.ok();
    assert_eq!(locked.header("x-amz-storage-class"), Some("STANDARD_IA"), "a lock keeps the object, not its class");
    pass(&server, 19 * DAY + Duration::from_secs(60)).await;
    assert_eq!(keys(client, "locks").await, ["age/a", "ever/a"]);
    pass(&server, 40 * DAY).await;
    assert_eq!(keys(client, "locks").await, ["ever/a"]);
    set_lock_rules(&server, &caller, "locks", &rules[..2]).await;
    pass(&server, Duration::from_secs(60)).await;
    assert!(keys(client, "locks").await.is_empty(), "the rule that kept it is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_due_while_no_server_ran_is_done_by_the_next() {
    let server = server_with("aging").await;
    server.client.put("/aging/before", "x").send().await.ok();
    set(&server.client, "aging", &[expire("end", "", 3)]).await;
    server.client.put("/aging/after", "x").send().await.ok();
    server.client.create_upload("/aging/upload").await;
    let server = server.restart().await;
    server.clock.advance(2 * DAY);
    let server = server.restart().await;
    server.client.put("/aging/young", "x").send().await.ok();
    let server = server.restart().await;
    pass(&server, DAY).await;
    assert_eq!(keys(&server.client, "aging").await, ["young"]);
}

/// Nobody but the server's own loop acts here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_acts_by_itself() {
    let server = server_with("aging").await;
    let client = &server.client;
    client.put("/aging/before", "x").send().await.ok();
    set(client, "aging", &[expire("end", "", 1)]).await;
    client.put("/aging/after", "x").send().await.ok();
    server.clock.advance(DAY);
    until("the objects are removed", async || {
        server.clock.advance(background::lifecycle::ROUND);
        keys(client, "aging").await.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_can_go_with_its_rules_and_its_name_be_used_again() {
    let server = server_with("aging").await;
    let client = &server.client;
    set(client, "aging", &[expire("end", "", 1)]).await;
    let upload = client.create_upload("/aging/upload").await;
    client.delete(&format!("/aging/upload?uploadId={upload}")).send().await.ok();
    client.put("/aging/a", "x").send().await.ok();
    client.delete("/aging/a").send().await;
    assert_eq!(client.delete("/aging").send().await.status, 204);
    client.request("PUT", "/aging").send().await.ok();
    client.put("/aging/a", "x").send().await.ok();
    client.create_upload("/aging/upload").await;
    pass(&server, 5 * DAY).await;
    assert_eq!(keys(client, "aging").await, ["a"]);
    assert_eq!(uploads(client, "aging").await, ["upload"]);
}

/// A thousand rules, each about one object in a hundred thousand keys' worth of names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_thousand_rules_acts_on_its_own_prefix() {
    let server = server_with("aging").await;
    let client = &server.client;
    let rules: Vec<_> =
        (0..1000).map(|number| expire(&number.to_string(), &format!("{number:04}/"), number + 1)).collect();
    set(client, "aging", &rules).await;
    for number in [0, 1, 500, 999] {
        client.put(&format!("/aging/{number:04}/a"), "x").send().await.ok();
    }
    client.put("/aging/none", "x").send().await.ok();
    for (days, left) in [(1, 4), (1, 3), (499, 2), (499, 1)] {
        pass(&server, days * DAY).await;
        assert_eq!(keys(client, "aging").await.len(), left);
    }
}
