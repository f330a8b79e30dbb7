//! Objects over the REST API.

use crate::r2::RestClient;
use crate::support::{MIB, TestServer, body_of};
use serde_json::{Value, json};

async fn server_with_bucket() -> (TestServer, RestClient) {
    let server = TestServer::start().await;
    let rest = RestClient::of(&server);
    rest.r2("POST", "/buckets").json(&json!({ "name": "bucket" })).send().await.result();
    (server, rest)
}

fn path(key: &str) -> String {
    format!("/buckets/bucket/objects/{key}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_comes_back_with_its_headers_on_both_faces() {
    let (server, rest) = server_with_bucket().await;
    let stored = [
        ("content-type", "text/plain"),
        ("content-encoding", "identity"),
        ("content-disposition", "attachment"),
        ("content-language", "de"),
        ("cache-control", "no-cache"),
        ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ];
    let mut put = rest.r2("PUT", &path("dir/key")).body("content");
    for (name, value) in stored {
        put = put.header(name, value);
    }
    let result = put.send().await.result();
    assert_eq!(result["key"], "dir/key");
    assert_eq!(result["size"], "7", "a text");
    assert_eq!(result["etag"], "9a0364b9e99bb480dd25e1f0284c8555");
    assert_eq!(result["storage_class"], "Standard");
    assert_eq!(result["version"].as_str().unwrap().len(), 36);
    let answer = rest.r2("GET", &path("dir/key")).raw().await.ok();
    assert_eq!(answer.text(), "content");
    assert_eq!(answer.etag(), "\"9a0364b9e99bb480dd25e1f0284c8555\"");
    assert_eq!(answer.header("cf-r2-storage-class"), Some("Standard"));
    assert!(answer.header("last-modified").is_some());
    let over_s3 = server.client.get("/bucket/dir/key").send().await.ok();
    assert_eq!(over_s3.text(), "content");
    for (name, value) in stored {
        assert_eq!(answer.header(name), Some(value));
        assert_eq!(over_s3.header(name), Some(value));
    }
    let head = rest.r2("HEAD", &path("dir/key")).raw().await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("7"), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_what_is_behind_the_slash_whatever_its_escapes() {
    let (server, rest) = server_with_bucket().await;
    // As sent in the path, and as it is.
    let keys = [
        ("a/b", "a/b"),
        ("a%2Fc", "a/c"),
        ("with%20space", "with space"),
        ("%C3%BC%23k%3Fx", "ü#k?x"),
        ("plus+and%2B", "plus+and+"),
        ("/leading//double/", "/leading//double/"),
        ("100%25", "100%"),
        ("cut?if_none_match=*", "cut"),
    ];
    for (sent, key) in keys {
        assert_eq!(rest.r2("PUT", &path(sent)).body(key).send().await.result()["key"], key, "{sent}");
        assert_eq!(rest.r2("GET", &path(sent)).raw().await.ok().text(), key, "{sent}");
    }
    let listing = rest.r2("GET", "/buckets/bucket/objects").send().await.result();
    let mut listed: Vec<&str> =
        listing.as_array().unwrap().iter().map(|object| object["key"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = keys.iter().map(|(_, key)| *key).collect();
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    for (sent, key) in keys {
        assert_eq!(rest.r2("DELETE", &path(sent)).send().await.result(), json!({ "key": key }));
    }
    assert!(server.client.get("/bucket?list-type=2").send().await.ok().text().contains("<KeyCount>0</KeyCount>"));
    assert_eq!(rest.r2("PUT", &path("%FF")).send().await.failure(), (400, 10020));
    assert_eq!(rest.r2("PUT", &path(&"k".repeat(1025))).send().await.failure(), (400, 10020));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_told_apart() {
    let (_server, rest) = server_with_bucket().await;
    assert_eq!(rest.r2("GET", &path("nothing")).send().await.failure(), (404, 10007));
    assert_eq!(rest.r2("GET", "/buckets/nothing/objects/key").send().await.failure(), (404, 10006));
    assert_eq!(rest.r2("PUT", "/buckets/nothing/objects/key").body("x").send().await.failure(), (404, 10006));
    assert_eq!(rest.r2("DELETE", "/buckets/nothing/objects/key").send().await.failure(), (404, 10006));
    assert_eq!(rest.r2("GET", "/buckets/nothing/objects").send().await.failure(), (404, 10006));
    rest.r2("DELETE", &path("nothing")).send().await.result();
    let cold = rest.r2("PUT", &path("key")).header("cf-r2-storage-class", "Cold").body("x");
    assert_eq!(cold.send().await.failure(), (400, 10062));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_conditions_hold() {
    let (_server, rest) = server_with_bucket().await;
    let body = body_of(1, MIB);
    let etag = rest.r2("PUT", &path("key")).body(body.clone()).send().await.result()["etag"].clone();
    let etag = format!("\"{}\"", etag.as_str().unwrap());
    assert!(rest.r2("GET", &path("key")).raw().await.ok().body == body);
    let range = rest.r2("GET", &path("key")).header("range", "bytes=10-19").raw().await;
    assert_eq!((range.status, range.header("content-range")), (206, Some("bytes 10-19/1048576")));
    assert_eq!(range.body, body[10..20]);
    let beyond = rest.r2("GET", &path("key")).header("range", "bytes=9999999-").send().await;
    assert_eq!(beyond.failure(), (416, 10039));
    let unchanged = rest.r2("GET", &path("key")).header("if-none-match", &etag).raw().await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let other = rest.r2("GET", &path("key")).header("if-match", "\"other\"").send().await;
    assert_eq!(other.failure(), (412, 10031));
    rest.r2("GET", &path("key")).header("if-match", &etag).raw().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_above_300_mebibytes_is_refused_before_it_comes() {
    let (server, rest) = server_with_bucket().await;
    let head = format!(
        "PUT /client/v4/accounts/{}/r2{} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        rest.account,
        path("key"),
        rest.token,
        300 * MIB + 1
    );
    let answer = server.client.exchange_raw(head.as_bytes(), false).await;
    let envelope: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &envelope["errors"][0]["code"]), (400, &json!(100_100)));
    assert_eq!(rest.r2("GET", &path("key")).send().await.failure(), (404, 10007));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_objects_have_prefixes_and_cursors() {
    let (server, rest) = server_with_bucket().await;
    for key in ["a/1", "a/2", "b", "c/1", "d"] {
        rest.r2("PUT", &path(key)).header("content-type", "text/x").body(key).send().await.result();
    }
    server.client.put("/bucket/meta", "x").header("x-amz-meta-owner", "me").send().await.ok();
    let keys = |envelope: &Value| -> Vec<String> {
        envelope["result"].as_array().unwrap().iter().map(|o| o["key"].as_str().unwrap().to_owned()).collect()
    };
    let page = async |query: &str| rest.r2("GET", &format!("/buckets/bucket/objects?{query}")).send().await.envelope;
    let first = page("delimiter=/&per_page=2").await;
    assert_eq!((keys(&first), &first["result_info"]["delimited"]), (vec!["b".to_owned()], &json!(["a/"])));
    assert_eq!(first["result_info"]["is_truncated"], true);
    let cursor = first["result_info"]["cursor"].as_str().unwrap();
    let rest_of_it = page(&format!("delimiter=/&cursor={cursor}")).await;
    assert_eq!(
        (keys(&rest_of_it), &rest_of_it["result_info"]["delimited"]),
        (vec!["d".into(), "meta".into()], &json!(["c/"]))
    );
    assert_eq!(rest_of_it["result_info"]["is_truncated"], false);
    assert_eq!(keys(&page("prefix=a%2F&start_after=a/1").await), ["a/2"]);
    assert_eq!(page("delimiter=ab").await["errors"][0]["code"], 10040, "a delimiter is one character");
    let meta = &page("prefix=meta").await["result"][0];
    assert_eq!(meta["custom_metadata"], json!({ "owner": "me" }));
    let object = &page("prefix=b").await["result"][0];
    assert_eq!((&object["size"], &object["ssec"]), (&json!(1), &json!(false)));
    assert_eq!(
        (&object["http_metadata"], &object["custom_metadata"]),
        (&json!({ "contentType": "text/x" }), &json!({}))
    );
    assert_eq!(object["etag"], "92eb5ffee6ae2fec3ad71c777531578f");
    for query in ["per_page=0", "per_page=1001", "cursor=forged"] {
        assert_eq!(rest.r2("GET", &format!("/buckets/bucket/objects?{query}")).send().await.failure(), (400, 10040));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_objects_are_removed_at_once() {
    let (_server, rest) = server_with_bucket().await;
    for key in ["a/1", "a/2", "b", "c"] {
        rest.r2("PUT", &path(key)).body(key).send().await.result();
    }
    let objects = "/buckets/bucket/objects";
    let removed = rest.r2("DELETE", objects).json(&json!(["b", "never-there"])).send().await.result();
    assert_eq!(removed, json!([{ "key": "b" }, { "key": "never-there" }]));
    let left = rest.r2("GET", objects).send().await.result();
    let left: Vec<_> = left.as_array().unwrap().iter().map(|object| object["key"].clone()).collect();
    assert_eq!(left, ["a/1", "a/2", "c"]);
    let too_many: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    for bad in [json!({}), json!([1]), json!("c"), json!(too_many)] {
        assert_eq!(rest.r2("DELETE", objects).json(&bad).send().await.failure(), (400, 10040));
    }
    assert_eq!(rest.r2("DELETE", objects).json(&json!(["c", ""])).send().await.failure(), (400, 10020));
    assert_eq!(rest.r2("GET", &path("c")).raw().await.ok().text(), "c", "a call that fails removes nothing");
}
