//! Buckets over the REST API.

use crate::api::{Api, on_account, on_bucket};
use crate::r2::RestClient;
use crate::support::TestServer;
use serde_json::{Value, json};
use types::PermissionGroup::{R2BucketItemWrite, R2StorageRead};

async fn server() -> (TestServer, RestClient) {
    let server = TestServer::start().await;
    let rest = RestClient::of(&server);
    (server, rest)
}

async fn create(rest: &RestClient, name: &str) {
    rest.r2("POST", "/buckets").json(&json!({ "name": name })).send().await.result();
}

fn names(result: &Value) -> Vec<String> {
    let buckets = result["buckets"].as_array().unwrap();
    buckets.iter().map(|bucket| bucket["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_made_seen_changed_and_removed() {
    let (_server, rest) = server().await;
    let new = json!({ "name": "my-bucket", "locationHint": "weur", "storageClass": "InfrequentAccess" });
    // wrangler sends JSON as text.
    let call = rest.r2("POST", "/buckets").header("content-type", "text/plain;charset=UTF-8").json(&new);
    let made = call.send().await.result();
    assert!(made["creation_date"].as_str().unwrap().ends_with('Z'), "{made}");
    for (field, value) in [
        ("name", "my-bucket"),
        ("location", "WEUR"),
        ("storage_class", "InfrequentAccess"),
        ("jurisdiction", "default"),
    ] {
        assert_eq!(made[field], value, "{made}");
    }
    assert_eq!(rest.r2("GET", "/buckets/my-bucket").send().await.result(), made);
    let call = rest.r2("PATCH", "/buckets/my-bucket").header("cf-r2-storage-class", "Standard");
    assert_eq!(call.send().await.result()["storage_class"], "Standard");
    assert_eq!(rest.r2("GET", "/buckets/my-bucket").send().await.result()["storage_class"], "Standard");
    assert_eq!(rest.r2("DELETE", "/buckets/my-bucket").send().await.result(), json!({}));
    assert_eq!(rest.r2("GET", "/buckets/my-bucket").send().await.failure(), (404, 10006));
    assert_eq!(rest.r2("PUT", "/buckets/my-bucket").send().await.result(), json!({}));
    let made = rest.r2("GET", "/buckets/my-bucket").send().await.result();
    assert_eq!(made["location"], "WEUR", "a name keeps the location of its first bucket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buckets_that_cannot_be_made_are_refused_in_r2s_numbers() {
    let (_server, rest) = server().await;
    create(&rest, "taken").await;
    let taken = rest.r2("POST", "/buckets").json(&json!({ "name": "taken" })).send().await;
    assert_eq!(taken.failure(), (409, 10004));
    assert_eq!(taken.raw.header("x-should-retry"), Some("false"));
    for name in ["", "ab", "Upper", "a@b", "-ab", "a.b"] {
        let call = rest.r2("POST", "/buckets").json(&json!({ "name": name }));
        assert_eq!(call.send().await.failure(), (400, 10005), "{name}");
    }
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"name":1}"#,
        r#"{"name":"fine","storageClass":"Cold"}"#,
        r#"{"name":"fine","locationHint":"mars"}"#,
        r#"{"name":"fine","unknown":true}"#,
        r#"{"name":"fine","storage_class":"Standard"}"#,
    ] {
        assert_eq!(rest.r2("POST", "/buckets").body(body).send().await.failure(), (400, 10040), "{body}");
    }
    let oversize = format!(r#"{{"name":"{}"}}"#, "a".repeat(8 << 20));
    assert_eq!(rest.r2("POST", "/buckets").body(oversize).send().await.failure().0, 400);
    assert_eq!(names(&rest.r2("GET", "/buckets").send().await.result()), ["taken"], "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn classes_and_jurisdictions_that_do_not_exist_are_refused() {
    let (_server, rest) = server().await;
    create(&rest, "bucket").await;
    let patch = |class: &'static str| rest.r2("PATCH", "/buckets/bucket").header("cf-r2-storage-class", class);
    assert_eq!(patch("STANDARD").send().await.failure(), (400, 10062));
    assert_eq!(rest.r2("PATCH", "/buckets/bucket").send().await.failure(), (400, 10062));
    let mars = rest.r2("GET", "/buckets").header("cf-r2-jurisdiction", "mars").send().await;
    assert_eq!(mars.failure(), (400, 10040));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_belongs_to_its_jurisdiction() {
    let (_server, rest) = server().await;
    let eu = |method, path: &str| rest.r2(method, path).header("cf-r2-jurisdiction", "eu");
    let made = eu("POST", "/buckets").json(&json!({ "name": "bucket" })).send().await.result();
    assert_eq!(made["jurisdiction"], "eu");
    assert_eq!(rest.r2("GET", "/buckets/bucket").send().await.failure(), (404, 10006));
    assert_eq!(names(&rest.r2("GET", "/buckets").send().await.result()), [""; 0]);
    assert_eq!(names(&eu("GET", "/buckets").send().await.result()), ["bucket"]);
    create(&rest, "bucket").await;
    eu("DELETE", "/buckets/bucket").send().await.result();
    rest.r2("GET", "/buckets/bucket").send().await.result();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_buckets_go_both_ways_and_end() {
    let (_server, rest) = server().await;
    for number in 0..25 {
        create(&rest, &format!("bucket-{number:02}")).await;
    }
    assert_eq!(
        names(&rest.r2("GET", "/buckets").send().await.result()).len(),
        20,
        "a page has 20 unless told otherwise"
    );
    for (direction, first, last) in [("asc", "bucket-00", "bucket-24"), ("desc", "bucket-24", "bucket-00")] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/buckets?per_page=10&order=name&direction={direction}&cursor={cursor}");
            let page = rest.r2("GET", &path).send().await;
            seen.extend(names(&page.envelope["result"]));
            match page.envelope["result_info"]["cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!((seen.len(), seen[0].as_str(), seen[24].as_str()), (25, first, last));
    }
    let found = async |query: &str| names(&rest.r2("GET", &format!("/buckets?{query}")).send().await.result());
    assert_eq!(found("name_contains=t-1&per_page=3").await, ["bucket-10", "bucket-11", "bucket-12"]);
    assert_eq!(found("start_after=bucket-23").await, ["bucket-24"]);
    assert_eq!(found("direction=desc&start_after=bucket-01").await, ["bucket-00"]);
    for query in ["per_page=0", "per_page=1001", "per_page=x", "order=size", "direction=up", "cursor=forged"] {
        assert_eq!(rest.r2("GET", &format!("/buckets?{query}")).send().await.failure(), (400, 10040), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_uploads_in_progress_stays() {
    let (server, rest) = server().await;
    create(&rest, "bucket").await;
    let upload = server.client.create_upload("/bucket/big").await;
    let refused = rest.r2("DELETE", "/buckets/bucket").send().await;
    assert_eq!(refused.failure(), (409, 10008));
    let message = refused.envelope["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("multipart uploads in progress: abort"), "{message}");
    server.client.upload_part("/bucket/big", &upload, 1, b"kept").await;
    server.client.delete(&format!("/bucket/big?uploadId={upload}")).send().await.ok();
    rest.r2("DELETE", "/buckets/bucket").send().await.result();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_objects_stays() {
    let (_server, rest) = server().await;
    create(&rest, "bucket").await;
    rest.r2("PUT", "/buckets/bucket/objects/key").body("content").send().await.result();
    let refused = rest.r2("DELETE", "/buckets/bucket").send().await;
    assert_eq!(refused.failure(), (409, 10008));
    let expected = format!("The bucket you tried to delete (bucket) is not empty (account {}).", rest.account);
    assert_eq!(refused.envelope["errors"][0]["message"], expected);
    assert_eq!(refused.raw.header("x-should-retry"), Some("false"));
    assert_eq!(rest.r2("DELETE", "/buckets/nothing").send().await.failure(), (404, 10006));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_what_the_bucket_holds() {
    let (_server, rest) = server().await;
    create(&rest, "bucket").await;
    rest.r2("PUT", "/buckets/bucket/objects/a").body("12345").send().await.result();
    let infrequent = rest.r2("PUT", "/buckets/bucket/objects/b").header("cf-r2-storage-class", "InfrequentAccess");
    assert_eq!(infrequent.body("123").send().await.result()["storage_class"], "InfrequentAccess");
    let usage = rest.r2("GET", "/buckets/bucket/usage").send().await.result();
    for (field, expected) in
        [("payloadSize", "5"), ("objectCount", "2"), ("uploadCount", "0"), ("infrequentAccessPayloadSize", "3")]
    {
        assert_eq!(usage[field], expected, "{usage}");
    }
    rest.r2("DELETE", "/buckets/bucket/objects/b").send().await.result();
    let metrics = rest.r2("GET", "/metrics").send().await.result();
    assert_eq!(metrics["standard"]["published"]["objects"], 1);
    assert_eq!(metrics["standard"]["published"]["payloadSize"], 5);
    assert_eq!(metrics["infrequentAccess"]["published"]["objects"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_of_the_account_count_what_is_uploaded_by_class_and_over_all_jurisdictions() {
    let (server, rest) = server().await;
    create(&rest, "first").await;
    let second = rest.r2("POST", "/buckets").header("cf-r2-jurisdiction", "eu");
    second.json(&json!({ "name": "second" })).send().await.result();
    rest.r2("PUT", "/buckets/first/objects/a").body("12345").send().await.result();
    let put = rest.r2("PUT", "/buckets/second/objects/b").header("cf-r2-jurisdiction", "eu");
    put.header("cf-r2-storage-class", "InfrequentAccess").body("123").send().await.result();
    let begun = server.client.post("/first/big?uploads", "").header("x-amz-storage-class", "STANDARD_IA").send().await;
    let infrequent = begun.ok().element("UploadId").unwrap();
    let standard = server.client.create_upload("/first/other").await;
    server.client.upload_part("/first/big", &infrequent, 1, b"1234567").await;
    server.client.upload_part("/first/big", &infrequent, 1, b"1234").await;
    let etag = server.client.upload_part("/first/other", &standard, 1, b"12").await;
    server.client.upload_part("/first/other", &standard, 2, b"123").await;
    let sums =
        |objects, payload, metadata| json!({ "objects": objects, "payloadSize": payload, "metadataSize": metadata });
    let metrics = async || rest.r2("GET", "/metrics").send().await.result();
    let found = metrics().await;
    assert_eq!(found["standard"], json!({ "published": sums(1, 5, 11), "uploaded": sums(1, 5, 5) }));
    assert_eq!(found["infrequentAccess"], json!({ "published": sums(1, 3, 11), "uploaded": sums(1, 4, 3) }));

    let parts = crate::support::complete_document(&[(1, etag)]);
    server.client.post(&format!("/first/other?uploadId={standard}"), parts).send().await.ok();
    server.client.delete(&format!("/first/big?uploadId={infrequent}")).send().await;
    let found = metrics().await;
    assert_eq!(found["standard"], json!({ "published": sums(2, 7, 16), "uploaded": sums(0, 0, 0) }));
    assert_eq!(found["infrequentAccess"], json!({ "published": sums(1, 3, 11), "uploaded": sums(0, 0, 0) }));
}

/// The very query of `wrangler r2 bucket info`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wranglers_query_of_a_buckets_size_is_answered() {
    let (server, rest) = server().await;
    rest.r2("POST", "/buckets")
        .header("cf-r2-jurisdiction", "eu")
        .json(&json!({ "name": "bucket" }))
        .send()
        .await
        .result();
    let put = rest.r2("PUT", "/buckets/bucket/objects/key").header("cf-r2-jurisdiction", "eu");
    put.header("content-type", "a/b").body("content").send().await.result();
    let query = "query getR2StorageMetrics($accountTag: String, $filter: R2StorageAdaptiveGroupsFilter_InputObject) {
        viewer { accounts(filter: { accountTag: $accountTag }) {
          r2StorageAdaptiveGroups(limit: 1, filter: $filter, orderBy: [datetime_DESC]) {
            max { objectCount payloadSize metadataSize } dimensions { datetime } } } } }";
    let now = server.client.clock.now();
    let day_ago = types::Timestamp(now.0 - 86_400_000);
    let root = Api::root(&server);
    let ask = async |query: &str, bucket: &str| {
        let filter = json!({
            "datetime_geq": day_ago.to_iso8601(), "datetime_leq": now.to_iso8601(), "bucketName": bucket,
        });
        let variables = json!({ "accountTag": root.account(), "filter": filter });
        root.post("/graphql", &json!({ "query": query, "variables": variables })).await.json
    };
    let answer = ask(query, "eu_bucket").await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let groups = &answer["data"]["viewer"]["accounts"][0]["r2StorageAdaptiveGroups"];
    assert_eq!(groups[0]["max"], json!({ "objectCount": 1, "payloadSize": 7, "metadataSize": 6 }));
    let none = ask(query, "bucket").await;
    assert_eq!(none["data"]["viewer"]["accounts"][0]["r2StorageAdaptiveGroups"], json!([]));
    let other = ask(&query.replace("r2Storage", "r2Operations"), "eu_bucket").await;
    assert_eq!(other["data"], Value::Null);
    assert!(other["errors"][0]["message"].as_str().unwrap().contains("r2OperationsAdaptiveGroups"));
}

/// Source: R2's API, which serves tokens of single buckets on the S3 API only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_a_bucket_and_tokens_that_only_read_are_held_to_that() {
    let (server, rest) = server().await;
    create(&rest, "bucket").await;
    rest.r2("PUT", "/buckets/bucket/objects/key").body("content").send().await.result();
    let root = Api::root(&server);
    let of_bucket = root.make(&on_bucket(&rest.account, "bucket", &[R2BucketItemWrite])).await;
    let reads = root.make(&on_account(&rest.account, &[R2StorageRead])).await;
    assert_eq!(of_bucket.s3().get("/bucket/key").send().await.ok().text(), "content");
    let (of_bucket, reads) = (rest.with_token(&of_bucket.value), rest.with_token(&reads.value));
    assert_eq!(reads.r2("GET", "/buckets/bucket/objects/key").raw().await.ok().text(), "content");
    assert_eq!(reads.r2("GET", "/buckets").send().await.result()["buckets"][0]["name"], "bucket");
    for (method, path) in [
        ("DELETE", "/buckets/bucket"),
        ("PUT", "/buckets/new"),
        ("PUT", "/buckets/bucket/objects/key"),
        ("DELETE", "/buckets/bucket/objects/key"),
        ("DELETE", "/buckets/bucket/objects?prefix="),
        ("DELETE", "/buckets/bucket/cors"),
    ] {
        assert_eq!(reads.r2(method, path).body("x").send().await.failure(), (403, 10000), "{method} {path}");
        assert_eq!(of_bucket.r2(method, path).body("x").send().await.failure(), (403, 10000), "{method} {path}");
    }
    for path in ["/buckets", "/buckets/bucket", "/buckets/bucket/objects/key", "/buckets/nothing", "/metrics"] {
        assert_eq!(of_bucket.r2("GET", path).send().await.failure(), (403, 10000), "{path}");
    }
    assert_eq!(rest.r2("GET", "/buckets/bucket/objects/key").raw().await.ok().text(), "content", "nothing changed");
}
