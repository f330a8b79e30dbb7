//! Every bound of R2's page "Limits" that can be reached through the socket: the last value that is allowed, and the
//! first that is not. Sums of parts, and the longest body that is taken, are tested beside their code.

use crate::server_with;
use crate::support::{TestServer, elements, percent_encoded};
use std::time::Duration;
use types::limits::{
    BUCKET_CHANGES_PER_SECOND_MAX, DELETE_KEYS_MAX, KEY_BYTES_MAX, LIST_PAGE_MAX, PARTS_MAX, UPLOAD_BYTES_MAX,
    USER_METADATA_BYTES_MAX,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_have_1024_bytes() {
    let server = server_with("limits").await;
    let client = &server.client;
    for (longest, too_long) in [
        ("k".repeat(KEY_BYTES_MAX), "k".repeat(KEY_BYTES_MAX + 1)),
        ("\u{20ac}".repeat(341) + "k", "\u{20ac}".repeat(341) + "kk"),
    ] {
        assert_eq!((longest.len(), too_long.len()), (KEY_BYTES_MAX, KEY_BYTES_MAX + 1));
        let target = format!("/limits/{}", percent_encoded(&longest));
        client.put(&target, "x").send().await.ok();
        assert_eq!(client.get(&target).send().await.ok().text(), "x");
        let target = format!("/limits/{}", percent_encoded(&too_long));
        client.put(&target, "x").send().await.refused(400, "InvalidObjectName");
        client.get(&target).send().await.refused(400, "InvalidObjectName");
        client.post(&format!("{target}?uploads"), "").send().await.refused(400, "InvalidObjectName");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_has_8192_bytes() {
    let server = server_with("limits").await;
    let client = &server.client;
    let fits = "v".repeat(USER_METADATA_BYTES_MAX - "name".len());
    for target in ["/limits/k", "/limits/k?uploads"] {
        let request = || if target.contains('?') { client.post(target, "") } else { client.put(target, "x") };
        request().header("x-amz-meta-name", &fits).send().await.ok();
        request().header("x-amz-meta-name", format!("{fits}v")).send().await.refused(400, "MetadataTooLarge");
        let two = request().header("x-amz-meta-name", &fits).header("x-amz-meta-n", "");
        two.send().await.refused(400, "MetadataTooLarge");
    }
    let head = client.head("/limits/k").send().await.ok();
    assert_eq!(head.header("x-amz-meta-name"), Some(&*fits));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_upload_has_5_gib_less_5_mib() {
    let server = server_with("limits").await;
    let client = &server.client;
    let upload = client.create_upload("/limits/parts").await;
    for target in ["/limits/k".to_owned(), format!("/limits/parts?partNumber=1&uploadId={upload}")] {
        let too_long = client.put(&target, "").without_length().payload_hash("UNSIGNED-PAYLOAD");
        let too_long = too_long.header("content-length", (UPLOAD_BYTES_MAX + 1).to_string());
        too_long.header("expect", "100-continue").send().await.refused(400, "EntityTooLarge");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_has_10000_parts() {
    let server = server_with("limits").await;
    let client = &server.client;
    let upload = client.create_upload("/limits/parts").await;
    let etag = client.upload_part("/limits/parts", &upload, PARTS_MAX, b"last").await;
    for number in ["0", "10001", "65536", "-1", "1.5", ""] {
        let target = format!("/limits/parts?partNumber={number}&uploadId={upload}");
        client.put(&target, "x").send().await.refused(400, "InvalidArgument");
    }
    client.complete_upload("/limits/parts", &upload, &[(PARTS_MAX, etag)]).await.ok();
    assert_eq!(client.get("/limits/parts").send().await.ok().text(), "last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_and_a_deletion_have_1000_keys() {
    let server = server_with("limits").await;
    let client = &server.client;
    for (asked, given) in [("1000", LIST_PAGE_MAX), ("1001", LIST_PAGE_MAX), ("999", 999)] {
        for (list, shown) in [
            (format!("/limits?max-keys={asked}"), "MaxKeys"),
            (format!("/limits?list-type=2&max-keys={asked}"), "MaxKeys"),
            (format!("/limits?uploads&max-uploads={asked}"), "MaxUploads"),
            (format!("/?max-keys={asked}"), "MaxKeys"),
        ] {
            let listed = client.get(&list).send().await.ok();
            assert_eq!(elements(listed.text(), shown), [given.to_string()], "{list}");
        }
    }
    let delete = |keys: usize| format!("<Delete>{}</Delete>", "<Object><Key>k</Key></Object>".repeat(keys));
    client.post("/limits?delete", delete(DELETE_KEYS_MAX)).send().await.ok();
    client.post("/limits?delete", delete(DELETE_KEYS_MAX + 1)).send().await.refused(400, "MalformedXML");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bucket_names_have_3_to_63_letters_digits_and_hyphens() {
    let server = TestServer::start().await;
    let client = &server.client;
    let (longest, too_long) = ("b".repeat(63), "b".repeat(64));
    for name in ["abc", "0-9", &longest] {
        client.put(&format!("/{name}"), "").send().await.ok();
    }
    for name in ["ab", &too_long, "-ab", "ab-", "Abc", "a_b", "a.b", "a%20b", "%C3%A9t%C3%A9"] {
        client.put(&format!("/{name}"), "").send().await.refused(400, "InvalidBucketName");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_so_many_buckets_in_all_jurisdictions_together() {
    let server = TestServer::start_with(|settings| settings.limits.buckets_max = 3).await;
    let client = &server.client;
    client.put("/first", "").send().await.ok();
    client.put("/second", "").send().await.ok();
    client.put("/first", "").host("eu.r2.localhost").send().await.ok();
    client.put("/third", "").send().await.refused(400, "TooManyBuckets");
    client.put("/third", "").host("eu.r2.localhost").send().await.refused(400, "TooManyBuckets");
    client.put("/first", "").send().await.refused(409, "BucketAlreadyOwnedByYou");
    client.delete("/second").send().await.ok();
    client.put("/third", "").send().await.ok();
    let put = client.put("/fourth/k", "x").header("cf-create-bucket-if-missing", "true");
    put.send().await.refused(400, "TooManyBuckets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_race_for_the_last_buckets_no_more_get_one() {
    let server = TestServer::start_with(|settings| settings.limits.buckets_max = 5).await;
    let mut racers = Vec::new();
    for number in 0..20 {
        let client = server.client.clone();
        racers.push(tokio::spawn(async move { client.put(&format!("/racer-{number}"), "").send().await.status }));
    }
    let mut made = 0;
    for racer in racers {
        made += u32::from(racer.await.unwrap() == 200);
    }
    assert_eq!(made, 5);
    assert_eq!(elements(server.client.get("/").send().await.ok().text(), "Name").len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_written_once_a_second_where_rates_are_limited() {
    let server = TestServer::start_with(|settings| settings.limits.rates = true).await;
    let client = &server.client;
    client.put("/rates", "").send().await.ok();
    let upload = client.create_upload("/rates/k").await;
    let etag = client.upload_part("/rates/k", &upload, 1, b"part").await;
    client.put("/rates/k", "first").send().await.ok();
    let refused = client.put("/rates/k", "second").send().await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refused(429, "TooManyRequests");
    client.put("/rates/k", "").header("x-amz-copy-source", "/rates/other").send().await.refused(429, "TooManyRequests");
    client.complete_upload("/rates/k", &upload, &[(1, etag.clone())]).await.refused(429, "TooManyRequests");
    client.put("/rates/other", "another key").send().await.ok();
    client.put("/rates", "").host("eu.r2.localhost").send().await.ok();
    client.put("/rates/k", "another bucket").host("eu.r2.localhost").send().await.ok();
    assert_eq!(client.get("/rates/k").send().await.ok().text(), "first", "reads are not limited");
    server.clock.advance(Duration::from_secs(1));
    client.complete_upload("/rates/k", &upload, &[(1, etag)]).await.ok();
    client.put("/rates/k", "too soon").send().await.refused(429, "TooManyRequests");
    server.clock.advance(Duration::from_secs(1));
    client.put("/rates/k", "third").send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bucket_is_changed_fifty_times_a_second_where_rates_are_limited() {
    let server = TestServer::start_with(|settings| settings.limits.rates = true).await;
    let client = &server.client;
    for change in 0..BUCKET_CHANGES_PER_SECOND_MAX {
        let answer = client.request(if change % 2 == 0 { "PUT" } else { "DELETE" }, "/rates").send().await;
        assert!(answer.status < 300, "change {change}");
    }
    let refused = client.put("/rates", "").send().await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refused(429, "TooManyRequests");
    client.put("/others", "").send().await.ok();
    server.clock.advance(Duration::from_secs(1));
    client.put("/rates", "").send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_held_to_a_rate_by_default() {
    let server = server_with("rates").await;
    for _ in 0..100 {
        server.client.put("/rates/k", "x").send().await.ok();
    }
}
