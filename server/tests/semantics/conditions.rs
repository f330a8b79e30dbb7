//! Conditional writes: who may write over what, and that of a crowd exactly one does.

use crate::server_with;
use crate::support::{Answer, Client, INLINE_BYTES_MAX, KIB, RequestBuilder, TestServer, body_of, complete_document};
use std::ops::Range;
use std::time::Duration;
use types::Timestamp;

const OTHER: &str = "\"00000000000000000000000000000000\"";

/// An HTTP date some seconds from now.
fn date(server: &TestServer, seconds: i64) -> String {
    let now = environment::Clock::now(&*server.clock);
    Timestamp::from_seconds(now.seconds().checked_add_signed(seconds).unwrap()).to_http_date()
}

fn with<'c>(request: RequestBuilder<'c>, headers: &[(&str, &str)]) -> RequestBuilder<'c> {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// Headers, and whether a write with them goes over the object and over nothing.
type Row<'t> = (&'t [(&'t str, &'t str)], bool, bool);

/// Runs `check` for every row of the table: over an object written just now, whose ETag is that of `old`.
async fn for_each_condition(server: &TestServer, etag: &str, check: impl AsyncFn(&Row<'_>)) {
    server.clock.advance(Duration::from_secs(100));
    let (weak, both) = (format!("W/{etag}"), format!("{OTHER}, {etag}"));
    let (before, at, after) = (date(server, -1), date(server, 0), date(server, 1));
    let table: [Row<'_>; 17] = [
        (&[("if-match", etag)], true, false),
        (&[("if-match", &both)], true, false),
        (&[("if-match", "*")], true, false),
        (&[("if-match", &weak)], false, false),
        (&[("if-match", OTHER)], false, false),
        (&[("if-none-match", etag)], false, true),
        (&[("if-none-match", &weak)], false, true),
        (&[("if-none-match", "*")], false, true),
        (&[("if-none-match", OTHER)], true, true),
        (&[("if-modified-since", &before)], true, false),
        (&[("if-modified-since", &at)], false, false),
        (&[("if-unmodified-since", &before)], false, true),
        (&[("if-unmodified-since", &at)], true, true),
        (&[("if-unmodified-since", &after)], true, true),
        (&[("if-match", etag), ("if-unmodified-since", &before)], true, false),
        (&[("if-none-match", OTHER), ("if-modified-since", &after)], true, false),
        (&[("if-modified-since", "yesterday"), ("if-unmodified-since", "never")], true, true),
    ];
    for row in &table {
        check(row).await;
    }
}

#[track_caller]
fn expect(answer: &Answer, allowed: bool, row: &Row<'_>) {
    match allowed {
        true => assert_eq!(answer.status, 200, "{:?} {}", row.0, answer.text()),
        false => answer.refused(412, "PreconditionFailed"),
    }
}

async fn gone(client: &Client, target: &str) -> bool {
    client.head(target).send().await.status == 404
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_is_refused_with_412_where_the_object_is_not_as_demanded() {
    let server = server_with("conditions").await;
    let client = &server.client;
    let etag = client.put("/conditions/old", "old").send().await.ok().etag().to_owned();
    for_each_condition(&server, &etag, async |row| {
        client.put("/conditions/old", "old").send().await.ok();
        expect(&with(client.put("/conditions/old", "new"), row.0).send().await, row.1, row);
        let kept = client.get("/conditions/old").send().await.ok();
        assert_eq!(kept.text(), if row.1 { "new" } else { "old" });
        expect(&with(client.put("/conditions/none", "new"), row.0).send().await, row.2, row);
        assert_eq!(gone(client, "/conditions/none").await, !row.2);
        client.delete("/conditions/none").send().await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_in_parts_is_held_to_its_conditions_where_it_begins_and_aborted_where_it_ends() {
    let server = server_with("conditions").await;
    let client = &server.client;
    let etag = client.put("/conditions/old", "old").send().await.ok().etag().to_owned();
    for_each_condition(&server, &etag, async |row| {
        for (target, allowed) in [("/conditions/old", row.1), ("/conditions/none", row.2)] {
            client.put("/conditions/old", "old").send().await.ok();
            let begun = with(client.post(&format!("{target}?uploads"), ""), row.0).send().await;
            expect(&begun, allowed, row);

            let upload = client.create_upload(target).await;
            let parts = [(1, client.upload_part(target, &upload, 1, b"new").await)];
            let complete = client.post(&format!("{target}?uploadId={upload}"), complete_document(&parts));
            expect(&with(complete.clone(), row.0).send().await, allowed, row);
            let again = with(complete, row.0).send().await;
            if allowed {
                assert_eq!(client.get(target).send().await.ok().text(), "new");
            } else {
                again.refused(404, "NoSuchUpload");
                client.get(&format!("{target}?uploadId={upload}")).send().await.refused(404, "NoSuchUpload");
            }
            client.delete("/conditions/none").send().await.ok();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_held_to_conditions_on_its_destination() {
    let server = server_with("conditions").await;
    let client = &server.client;
    client.put("/conditions/source", "new").send().await.ok();
    let etag = client.put("/conditions/old", "old").send().await.ok().etag().to_owned();
    for_each_condition(&server, &etag, async |row| {
        client.put("/conditions/old", "old").send().await.ok();
        for (target, allowed) in [("/conditions/old", row.1), ("/conditions/none", row.2)] {
            let names: Vec<_> = row.0.iter().map(|(name, _)| format!("cf-copy-destination-{name}")).collect();
            let headers: Vec<_> = names.iter().map(String::as_str).zip(row.0.iter().map(|(_, value)| *value)).collect();
            let copy = client.put(target, "").header("x-amz-copy-source", "/conditions/source");
            expect(&with(copy, &headers).send().await, allowed, row);
        }
        let kept = client.get("/conditions/old").send().await.ok();
        assert_eq!(kept.text(), if row.1 { "new" } else { "old" });
        client.delete("/conditions/none").send().await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_on_source_and_destination_must_both_hold() {
    let server = server_with("conditions").await;
    let client = &server.client;
    let source = client.put("/conditions/source", "new").send().await.ok().etag().to_owned();
    let old = client.put("/conditions/old", "old").send().await.ok().etag().to_owned();
    for (on_source, on_destination, status) in
        [(&*source, OTHER, 412), (OTHER, &*old, 412), (&source, &old, 200), (&source, &old, 412)]
    {
        let copy = client.put("/conditions/old", "").header("x-amz-copy-source", "/conditions/source");
        let copy = copy.header("x-amz-copy-source-if-match", on_source);
        let answer = copy.header("cf-copy-destination-if-match", on_destination).send().await;
        assert_eq!(answer.status, status, "{on_source} {on_destination} {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_of_what_is_not_there_says_so_whatever_it_demands() {
    let server = server_with("conditions").await;
    for (name, value) in
        [("if-match", "*"), ("if-none-match", "*"), ("if-unmodified-since", "Thu, 01 Dec 1994 16:00:00 GMT")]
    {
        server.client.get("/conditions/none").header(name, value).send().await.refused(404, "NoSuchKey");
    }
}

/// Racers of one round.
const RACERS: u64 = 100;

/// Sends all requests at once, each on a connection of its own, and answers which succeeded. The others must have
/// been refused by their condition.
async fn race<'c>(client: &'c Client, request: impl Fn(u64) -> RequestBuilder<'c>) -> Vec<u64> {
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            let (client, (parts, body, _)) = (client.clone(), request(racer).sign());
            tokio::spawn(async move { client.exchange(&parts, &body).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (racer, answer) in (0..).zip(racers) {
        let answer = answer.await.unwrap();
        match answer.status {
            200 => winners.push(racer),
            _ => answer.refused(412, "PreconditionFailed"),
        }
    }
    winners
}

/// Some contents fit beside the row, some need a file.
fn content(racer: u64) -> Vec<u8> {
    body_of(racer, if racer.is_multiple_of(4) { INLINE_BYTES_MAX + 1 } else { KIB })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_puts_over_nothing_exactly_one_wins() {
    let server = server_with("conditions").await;
    let client = &server.client;
    for round in 0..3 {
        let target = format!("/conditions/{round}");
        let put = |racer| client.put(&target, content(racer)).header("if-none-match", "*");
        let winners = race(client, put).await;
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stored = client.get(&target).send().await.ok();
        assert!(stored.body == content(winners[0]));
    }
    assert!(server.files_after_collection().await <= 3, "losers leave nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_puts_over_one_etag_exactly_one_wins() {
    let server = server_with("conditions").await;
    let client = &server.client;
    let first = client.put("/conditions/a", "first").send().await.ok();
    let mut etag = first.etag().to_owned();
    for round in 1..4 {
        let put = |racer| client.put("/conditions/a", content(round * RACERS + racer)).header("if-match", &etag);
        let winners = race(client, put).await;
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stored = server.client.get("/conditions/a").send().await.ok();
        assert!(stored.body == content(round * RACERS + winners[0]));
        stored.etag().clone_into(&mut etag);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_copies_exactly_one_wins() {
    let server = server_with("conditions").await;
    let client = &server.client;
    for source in 0..RACERS {
        client.put(&format!("/conditions/source-{source}"), source.to_string()).send().await.ok();
    }
    let make = |racer| copy_onto(client, racer).header("cf-copy-destination-if-none-match", "*");
    let made = race(client, make).await;
    assert_eq!(made.len(), 1, "{made:?}");
    let stored = client.get("/conditions/a").send().await.ok();
    assert_eq!(stored.text(), made[0].to_string());
    // The winner's source has the ETag that is there already: it would win once more.
    let others = |racer| {
        let racer = if racer == made[0] { RACERS } else { racer };
        copy_onto(client, racer).header("cf-copy-destination-if-match", stored.etag())
    };
    client.put(&format!("/conditions/source-{RACERS}"), RACERS.to_string()).send().await.ok();
    let replaced = race(client, others).await;
    assert_eq!(replaced.len(), 1, "{replaced:?}");
}

fn copy_onto(client: &Client, source: u64) -> RequestBuilder<'_> {
    client.put("/conditions/a", "").header("x-amz-copy-source", format!("/conditions/source-{source}"))
}

/// Begins an upload for each content, with one part.
async fn uploads(client: &Client, target: &str, contents: Range<u64>) -> Vec<(String, String)> {
    let mut uploads = Vec::new();
    for id in contents {
        let upload = client.create_upload(target).await;
        let etag = client.upload_part(target, &upload, 1, &content(id)).await;
        uploads.push((upload, complete_document(&[(1, etag)])));
    }
    uploads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_completed_uploads_exactly_one_wins_and_the_others_are_aborted() {
    let server = server_with("conditions").await;
    let client = &server.client;
    let mut condition = ("if-none-match", "*".to_owned());
    for round in 0..2 {
        // Were the object written again with what it holds, its ETag would allow one more.
        let first = round * RACERS;
        let uploads = uploads(client, "/conditions/a", first..first + RACERS).await;
        let complete = |racer: u64| complete_upload(client, &uploads[racer as usize], &condition);
        let winners = race(client, complete).await;
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stored = client.get("/conditions/a").send().await.ok();
        assert!(stored.body == content(first + winners[0]));
        let left = client.get("/conditions?uploads").send().await.ok();
        assert!(!left.text().contains("<Upload>"), "losers are aborted");
        condition = ("if-match", stored.etag().to_owned());
    }
    assert!(server.files_after_collection().await <= 1, "losers leave nothing");
}

fn complete_upload<'c>(
    client: &'c Client,
    (upload, document): &(String, String),
    (name, value): &(&str, String),
) -> RequestBuilder<'c> {
    client.post(&format!("/conditions/a?uploadId={upload}"), document.as_str()).header(name, value)
}
