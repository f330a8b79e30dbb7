//! What the use of Infrequent Access is charged for: bytes that are read, whichever way, and objects that go before
//! their 30 days. Source: R2 "Pricing".

use crate::server_with;
use crate::support::{Client, Connection, KIB, MIB, RequestBuilder, TestServer, body_of, element, until};
use background::retrievals::ROUND;
use environment::Clock;
use operations::{InfrequentUsage, UsageByDay};
use std::time::Duration;
use types::{BucketName, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

async fn usage(server: &TestServer, bucket: &str) -> UsageByDay {
    let (caller, name) = (server.caller().await, BucketName::parse(bucket).unwrap());
    let store = server.instance.store();
    store.bucket_infrequent_usage(&caller, &name, Timestamp(0), server.clock.now()).await.unwrap()
}

/// All that was charged so far, with what is not written down yet.
async fn total(server: &TestServer, bucket: &str) -> InfrequentUsage {
    server.instance.store().write_down_retrievals().await.unwrap();
    usage(server, bucket).await.into_values().fold(InfrequentUsage::default(), InfrequentUsage::plus)
}

/// Runs `act` and answers how many bytes that retrieved.
async fn retrieved(server: &TestServer, act: impl AsyncFnOnce(&Client)) -> u64 {
    let before = total(server, "rare").await.retrieved_bytes;
    act(&server.client).await;
    total(server, "rare").await.retrieved_bytes - before
}

fn put<'c>(client: &'c Client, target: &str, body: impl Into<Vec<u8>>) -> RequestBuilder<'c> {
    client.put(target, body).header("x-amz-storage-class", "STANDARD_IA")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_byte_that_is_read_of_infrequent_access_counts_and_no_other() {
    let server = server_with("rare").await;
    let large = 3 * MIB as u64;
    put(&server.client, "/rare/small", "0123456789").send().await.ok();
    put(&server.client, "/rare/large", body_of(1, 3 * MIB)).send().await.ok();
    server.client.put("/rare/standard", body_of(2, MIB)).send().await.ok();
    let get = async |target: &str, range: Option<&str>| {
        let range = range.map(str::to_owned);
        retrieved(&server, async |client| {
            let request = client.get(target);
            let request = if let Some(range) = range { request.header("range", range) } else { request };
            request.send().await.ok();
        })
        .await
    };
    assert_eq!(get("/rare/small", None).await, 10);
    assert_eq!(get("/rare/large", None).await, large);
    assert_eq!(get("/rare/small", Some("bytes=2-4")).await, 3);
    assert_eq!(get("/rare/large", Some("bytes=100-1000099")).await, 1_000_000);
    assert_eq!(get("/rare/large", Some("bytes=-7")).await, 7);
    assert_eq!(get("/rare/standard", None).await, 0);
    let nothing = retrieved(&server, async |client| {
        client.head("/rare/large").send().await.ok();
        let etag = client.head("/rare/small").send().await.ok().etag().to_owned();
        let unchanged = client.get("/rare/small").header("if-none-match", format!("\"{etag}\"")).send().await;
        assert_eq!(unchanged.status, 304);
        client.get("/rare?list-type=2").send().await.ok();
    });
    assert_eq!(nothing.await, 0, "heads, lists and what the client has already retrieve nothing");
    let rest = retrieved(&server, async |client| {
        let path = format!("/client/v4/accounts/{}/r2/buckets/rare/objects/large", client.account);
        let token = server.instance.access().api_token.clone().unwrap();
        let request = http::Request::get(path).header("host", client.address.to_string());
        let (parts, ()) = request.header("authorization", format!("Bearer {token}")).body(()).unwrap().into_parts();
        assert_eq!(client.exchange(&parts, b"").await.status, 200);
    });
    assert_eq!(rest.await, large, "over the REST API");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_of_a_copy_is_retrieved() {
    let server = server_with("rare").await;
    server.client.request("PUT", "/other").send().await.ok();
    let large = 6 * MIB as u64;
    put(&server.client, "/rare/large", body_of(1, 6 * MIB)).send().await.ok();
    server.client.put("/rare/standard", "x").send().await.ok();
    let copied = retrieved(&server, async |client| {
        client.put("/other/a", "").header("x-amz-copy-source", "/rare/large").send().await.ok();
    });
    assert_eq!(copied.await, large);
    let standard = retrieved(&server, async |client| {
        client.put("/other/b", "").header("x-amz-copy-source", "/rare/standard").send().await.ok();
    });
    assert_eq!(standard.await, 0);
    let part = retrieved(&server, async |client| {
        let upload = client.create_upload("/other/parts").await;
        let part = client.put(&format!("/other/parts?partNumber=1&uploadId={upload}"), "");
        let part = part.header("x-amz-copy-source", "/rare/large");
        let answer = part.header("x-amz-copy-source-range", "bytes=0-999999").send().await.ok();
        let etag = element(answer.text(), "ETag").unwrap();
        client.complete_upload("/other/parts", &upload, &[(1, etag)]).await.ok();
    });
    assert_eq!(part.await, 1_000_000);
    assert_eq!(total(&server, "other").await, InfrequentUsage::default(), "it is charged where it was read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_go_early_are_charged_for_the_days_that_are_left() {
    let server = server_with("rare").await;
    let client = &server.client;
    for key in ["deleted", "replaced", "moved", "several", "kept"] {
        put(client, &format!("/rare/{key}"), vec![0; 1000]).header("content-type", "a/b").send().await.ok();
    }
    client.put("/rare/standard", vec![0; 1000]).send().await.ok();
    server.clock.advance(10 * DAY);
    let early = async |act: RequestBuilder<'_>, key: &str| {
        let before = total(&server, "rare").await;
        act.send().await.ok();
        let now = total(&server, "rare").await;
        assert_eq!(now.early_byte_days - before.early_byte_days, 20 * 1000, "{key}");
        let metadata_bytes = (key.len() + "a/b".len()) as u64;
        assert_eq!(now.early_metadata_byte_days - before.early_metadata_byte_days, 20 * metadata_bytes, "{key}");
    };
    early(client.delete("/rare/deleted"), "deleted").await;
    early(client.put("/rare/replaced", "new"), "replaced").await;
    let moved = client.put("/rare/moved", "").header("x-amz-copy-source", "/rare/moved");
    early(moved.header("x-amz-storage-class", "STANDARD"), "moved").await;
    let document = "<Delete><Object><Key>several</Key></Object><Object><Key>nothing</Key></Object></Delete>";
    early(client.post("/rare?delete", document), "several").await;
    let before = total(&server, "rare").await;
    client.delete("/rare/standard").send().await.ok();
    server.clock.advance(20 * DAY);
    client.delete("/rare/kept").send().await.ok();
    assert_eq!(total(&server, "rare").await, before, "neither a Standard object nor one that stayed 30 days");
    let days: Vec<_> = usage(&server, "rare").await.into_iter().collect();
    assert_eq!(days.len(), 1, "all on the day they went: {days:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_written_down_within_a_minute_and_at_the_end_and_outlives_the_bucket() {
    let server = server_with("rare").await;
    put(&server.client, "/rare/a", "0123456789").send().await.ok();
    server.client.get("/rare/a").send().await.ok();
    assert_eq!(usage(&server, "rare").await, UsageByDay::new(), "a read commits nothing");
    until("what was read is written down", async || {
        // Again and again: the loop may only just have begun to wait.
        server.clock.advance(ROUND);
        !usage(&server, "rare").await.is_empty()
    })
    .await;
    server.client.get("/rare/a").send().await.ok();
    let server = server.restart().await;
    let read: u64 = usage(&server, "rare").await.values().map(|usage| usage.retrieved_bytes).sum();
    assert_eq!(read, 20, "a server that is stopped forgets nothing");
    server.client.delete("/rare/a").send().await.ok();
    server.client.delete("/rare").send().await.ok();
    let (caller, now) = (server.caller().await, server.clock.now());
    let account = server.instance.store().account_infrequent_usage(&caller, Timestamp(0), now).await.unwrap();
    let all = account.into_values().fold(InfrequentUsage::default(), InfrequentUsage::plus);
    assert_eq!(all.retrieved_bytes, 20, "neither does one whose bucket is gone");
    assert!(all.early_byte_days > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_is_cut_off_counts_what_was_read() {
    let server = server_with("rare").await;
    let length = 48 * MIB;
    put(&server.client, "/rare/large", body_of(1, length)).send().await.ok();
    let read = retrieved(&server, async |client| {
        let mut connection = Connection::open(client.address).await.unwrap();
        connection.send(&client.get("/rare/large").into_wire()).await.unwrap();
        connection.answer_head().await.unwrap();
    });
    let read = read.await;
    assert!(read < length as u64 / 2, "{} KiB", read / KIB as u64);
}
