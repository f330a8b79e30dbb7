//! What everybody gets of an object: bytes, headers, ranges, conditions. Sources: R2 "Public buckets"; "Release notes"
//! 2022-09-28 (`Content-Range` only where partial), 2023-03-16 (`Content-Encoding`).

use crate::bucket::{BUCKET, PublicBucket, assert_nothing_of_s3, assert_page};
use crate::support::{INLINE_BYTES_MAX, body_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_comes_with_its_http_headers_and_nothing_of_s3() {
    let open = PublicBucket::open().await;
    let stored = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "public, max-age=60"),
        ("content-disposition", "inline; filename=\"cat.html\""),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("expires", "Thu, 01 Dec 2033 16:00:00 GMT"),
    ];
    let mut put = open.owner().put(&format!("/{BUCKET}/cat.html"), "bytes as they are");
    for (name, value) in stored {
        put = put.header(name, value);
    }
    put = put.header("x-amz-meta-owner", "somebody").header("x-amz-storage-class", "STANDARD_IA");
    let etag = put.send().await.ok().etag().to_owned();
    // Whatever the client says it can decode: the bytes are those that were stored.
    for accepted in ["gzip", "identity", "br"] {
        let answer = open.send("GET", "/cat.html", &[("accept-encoding", accepted)]).await.ok();
        for (name, value) in stored.iter().chain(&[("accept-ranges", "bytes"), ("content-length", "17")]) {
            assert_eq!(answer.header(name), Some(*value), "{name}");
        }
        assert_eq!((answer.text(), answer.etag()), ("bytes as they are", etag.as_str()));
        assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
        assert_eq!((answer.header("content-range"), answer.header("vary")), (None, None));
        assert_nothing_of_s3(&answer);
        let head = open.send("HEAD", "/cat.html", &[]).await;
        assert_eq!(head.status, 200);
        let told = |name: &str| name != "cf-ray" && name != "date";
        let same = |name: &http::HeaderName| head.headers.get(name) == answer.headers.get(name);
        assert!(answer.headers.keys().filter(|name| told(name.as_str())).all(same), "{head:?} {answer:?}");
    }
    open.put("bare", "x").await;
    assert!(open.get("/bare").await.ok().header("content-type").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_objects_and_their_ranges_are_streamed() {
    let open = PublicBucket::open().await;
    let bytes = body_of(1, 20 * INLINE_BYTES_MAX + 17);
    open.owner().put(&format!("/{BUCKET}/film"), bytes.clone()).send().await.ok();
    assert!(open.get("/film").await.ok().body == bytes);
    let answer = open.send("GET", "/film", &[("range", "bytes=100000-299999")]).await;
    assert_eq!((answer.status, answer.body.len()), (206, 200_000));
    assert!(answer.body == bytes[100_000..300_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_are_answered_in_part_and_only_then_with_content_range() {
    let open = PublicBucket::open().await;
    open.put("digits", "0123456789").await;
    let etag = open.get("/digits").await.ok().etag().to_owned();
    for (range, bytes, shown) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
        ("bytes=0-", "0123456789", "bytes 0-9/10"),
    ] {
        let answer = open.send("GET", "/digits", &[("range", range)]).await;
        assert_eq!((answer.status, answer.text(), answer.header("content-range")), (206, bytes, Some(shown)));
        assert_eq!(answer.etag(), etag);
        let head = open.send("HEAD", "/digits", &[("range", range)]).await;
        assert_eq!((head.status, head.header("content-length")), (200, Some("10")), "ranges are of GET");
    }
    for ignored in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", ""] {
        let answer = open.send("GET", "/digits", &[("range", ignored)]).await;
        assert_eq!((answer.status, answer.text(), answer.header("content-range")), (200, "0123456789", None));
    }
    for outside in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"] {
        let answer = open.send("GET", "/digits", &[("range", outside)]).await;
        assert_page(&answer, 416);
        assert_eq!(answer.header("content-range"), Some("bytes */10"));
    }
    for (if_range, status) in [(etag.as_str(), 206), ("\"other\"", 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)] {
        let answer = open.send("GET", "/digits", &[("range", "bytes=2-4"), ("if-range", if_range)]).await;
        assert_eq!(answer.status, status, "{if_range}");
        assert_eq!(answer.text(), if status == 206 { "234" } else { "0123456789" });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_decide_over_304_and_412() {
    let open = PublicBucket::open().await;
    open.owner().put(&format!("/{BUCKET}/cat"), "meow").header("cache-control", "max-age=5").send().await.ok();
    let whole = open.get("/cat").await.ok();
    let (etag, modified) = (whole.etag().to_owned(), whole.header("last-modified").unwrap().to_owned());
    let (weak, list) = (format!("W/{etag}"), format!("\"x\", {etag}"));
    let past = "Thu, 01 Jan 1970 00:00:00 GMT";
    for (name, value, status) in [
        ("if-none-match", etag.as_str(), 304),
        ("if-none-match", weak.as_str(), 304),
        ("if-none-match", list.as_str(), 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"x\"", 200),
        ("if-modified-since", modified.as_str(), 304),
        ("if-modified-since", past, 200),
        ("if-modified-since", "no date", 200),
        ("if-match", etag.as_str(), 200),
        ("if-match", "*", 200),
        ("if-match", weak.as_str(), 412),
        ("if-match", "\"x\"", 412),
        ("if-unmodified-since", modified.as_str(), 200),
        ("if-unmodified-since", past, 412),
    ] {
        let answer = open.send("GET", "/cat", &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(open.send("HEAD", "/cat", &[(name, value)]).await.status, status, "{name}: {value}");
        match status {
            304 => {
                assert_eq!((answer.etag(), answer.header("last-modified")), (etag.as_str(), Some(modified.as_str())));
                assert_eq!((answer.header("cache-control"), answer.header("content-type")), (Some("max-age=5"), None));
            }
            412 => assert_page(&answer, 412),
            _ => assert_eq!(answer.text(), "meow"),
        }
    }
    // RFC 9110 section 13.2.2: tags go before dates.
    let both = [("if-none-match", "\"x\""), ("if-modified-since", modified.as_str())];
    assert_eq!(open.send("GET", "/cat", &both).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_only_read_there() {
    let open = PublicBucket::open().await;
    open.put("cat", "meow").await;
    for method in ["PUT", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
        for target in ["/cat", "/new", "/", "/?delete", "/cat?uploads", "/?cors"] {
            let answer = open.send(method, target, &[("content-length", "0")]).await;
            assert_page(&answer, 405);
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        }
    }
    let put = format!("PUT /cat HTTP/1.1\r\nHost: {}\r\nContent-Length: 4\r\n\r\nwoof", open.host);
    assert_page(&open.owner().exchange_raw(put.as_bytes(), false).await, 405);
    let waiting =
        format!("PUT /cat HTTP/1.1\r\nHost: {}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", open.host);
    assert_page(&open.owner().exchange_raw(waiting.as_bytes(), false).await, 405);
    assert_eq!(open.get("/cat").await.ok().text(), "meow");
    assert!(!open.owner().get(&format!("/{BUCKET}")).send().await.ok().text().contains("new"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_listed_and_the_query_says_nothing() {
    let open = PublicBucket::open().await;
    open.put("secret-name", "x").await;
    for root in ["/", "", "/?list-type=2", "/?prefix=s", "/?uploads", "/?location", "/?cors", "/?acl"] {
        let target = if root.is_empty() { format!("http://{}", open.host) } else { root.to_owned() };
        let answer = open.get(&target).await;
        assert_page(&answer, 404);
        assert!(!answer.text().contains("secret-name"));
    }
    for query in
        ["uploads", "partNumber=1", "response-content-type=text/evil", "versionId=1", "X-Amz-Algorithm=x", "%zz"]
    {
        let answer = open.get(&format!("/secret-name?{query}")).await.ok();
        assert_eq!((answer.text(), answer.header("content-type")), ("x", Some("text/plain")), "{query}");
    }
    let missing = open.send("HEAD", "/none", &[]).await;
    assert_eq!((missing.status, missing.header("content-type")), (404, Some("text/html; charset=UTF-8")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_under_a_customers_key_is_read_by_nobody_there() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let open = PublicBucket::open().await;
    let key = [7; 32];
    let headers = [
        ("x-amz-server-side-encryption-customer-algorithm", "AES256".to_owned()),
        ("x-amz-server-side-encryption-customer-key", STANDARD.encode(key)),
        ("x-amz-server-side-encryption-customer-key-md5", STANDARD.encode(crate::support::md5(&key))),
    ];
    let mut put = open.owner().put(&format!("/{BUCKET}/sealed"), "sealed");
    for (name, value) in &headers {
        put = put.header(name, value);
    }
    put.send().await.ok();
    let with_key: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for sent in [&[][..], &with_key] {
        assert_page(&open.send("GET", "/sealed", sent).await, 400);
        assert_eq!(open.send("HEAD", "/sealed", sent).await.status, 400);
    }
}
