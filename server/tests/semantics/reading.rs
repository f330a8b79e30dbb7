//! GET and HEAD: ranges, parts, conditions, metadata, whatever way the bytes are stored.

use crate::server_with;
use crate::support::{Answer, Client, INLINE_BYTES_MAX, KIB, MIB, Random, TestServer, body_of, etag_of, etag_of_parts};
use std::time::Duration;
use types::Timestamp;

/// Not a multiple of the 64 KiB that are encrypted together, so that no boundary falls on another.
const PART_BYTES: usize = 5 * MIB + 12_345;

struct Stored {
    target: &'static str,
    bytes: Vec<u8>,
}

/// An object of every way to store one.
async fn one_of_each(client: &Client) -> Vec<Stored> {
    let mut all = Vec::new();
    for (id, target, length) in [
        (1, "/read/tiny", 10),
        (2, "/read/inline", INLINE_BYTES_MAX),
        (3, "/read/file", INLINE_BYTES_MAX + 1),
        (4, "/read/large", 3 * MIB + 7),
    ] {
        let bytes = body_of(id, length);
        let answer = client.put(target, bytes.clone()).send().await.ok();
        assert_eq!(answer.etag(), etag_of(&bytes));
        all.push(Stored { target, bytes });
    }
    let bytes = body_of(5, 2 * PART_BYTES + 70 * KIB);
    let parts: Vec<_> = bytes.chunks(PART_BYTES).collect();
    assert_eq!(client.put_parts("/read/parts", &parts).await, etag_of_parts(&parts));
    all.push(Stored { target: "/read/parts", bytes });
    let bytes = body_of(6, PART_BYTES + 5);
    client.put_parts("/read/inline-tail", &bytes.chunks(PART_BYTES).collect::<Vec<_>>()).await;
    all.push(Stored { target: "/read/inline-tail", bytes });
    all
}

/// First and last byte that `range` selects of `size`, as RFC 9110 has it.
fn selected(range: &str, size: usize) -> Option<(usize, usize)> {
    let (first, last) = range.split_once('-').unwrap();
    match (first, last) {
        ("", suffix) => {
            let suffix = suffix.parse::<usize>().unwrap().min(size);
            (suffix > 0).then(|| (size - suffix, size - 1))
        }
        (first, "") => Some((first.parse().unwrap(), size - 1)).filter(|(first, _)| *first < size),
        (first, last) => Some((first.parse().unwrap(), last.parse::<usize>().unwrap().min(size - 1)))
            .filter(|(first, _)| *first < size),
    }
}

fn edges(size: usize) -> Vec<usize> {
    let mut edges = vec![0, 1, size / 2, size - 1, size];
    for boundary in
        [INLINE_BYTES_MAX, 64 * KIB, 128 * KIB, 256 * KIB, PART_BYTES, 2 * PART_BYTES, PART_BYTES + 64 * KIB]
    {
        edges.extend([boundary - 1, boundary, boundary + 1].into_iter().filter(|edge| *edge < size));
    }
    edges
}

fn ranges(size: usize, random: &mut Random) -> Vec<String> {
    let edges = edges(size);
    let mut ranges =
        vec!["0-".to_owned(), "-1".to_owned(), "-0".to_owned(), format!("-{}", size + 9), format!("0-{}", size + 9)];
    for _ in 0..30 {
        let (one, other) = (*random.pick(&edges), *random.pick(&edges));
        ranges.push(format!("{}-{}", one.min(other), one.max(other)));
        ranges.push(format!("{one}-"));
        ranges.push(format!("-{other}"));
    }
    ranges
}

async fn check_range(client: &Client, stored: &Stored, range: &str) {
    let (target, bytes) = (stored.target, &stored.bytes);
    let whole_range = format!("bytes={range}");
    let get = client.get(target).header("range", &whole_range).send().await;
    let head = client.head(target).header("range", &whole_range).send().await;
    let (size, content_range) = (bytes.len().to_string(), None);
    let shown = (head.status, head.header("content-length"), head.header("content-range"));
    assert_eq!(shown, (200, Some(&*size), content_range), "Range has no effect in HeadObject");
    let Some((first, last)) = selected(range, bytes.len()) else {
        assert_eq!(get.header("content-range"), Some(&*format!("bytes */{size}")), "{target} {range}");
        assert_eq!(get.element("ActualObjectSize"), Some(size), "{target} {range}");
        return get.refused(416, "InvalidRange");
    };
    assert_eq!(get.status, 206, "{target} {range}");
    assert!(get.body == bytes[first..=last], "other bytes: {target} {range}");
    let content_range = format!("bytes {first}-{last}/{}", bytes.len());
    assert_eq!(get.header("content-range"), Some(&*content_range));
    assert_eq!(get.header("content-length"), Some(&*(last - first + 1).to_string()));
    assert_eq!(get.header("accept-ranges"), Some("bytes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_range_of_every_kind_of_object_has_its_bytes() {
    let server = server_with("read").await;
    let mut random = Random::new(7);
    for stored in one_of_each(&server.client).await {
        let whole = server.client.get(stored.target).send().await;
        assert_eq!((whole.status, whole.body.len()), (200, stored.bytes.len()));
        assert!(whole.body == stored.bytes, "{}", stored.target);
        assert_eq!(whole.header("content-range"), None);
        for range in ranges(stored.bytes.len(), &mut random) {
            check_range(&server.client, &stored, &range).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_that_cannot_be_read_counts_as_none() {
    let server = server_with("read").await;
    server.client.put("/read/a", "0123456789").send().await.ok();
    for range in ["bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "octets=0-1", "0-1", "bytes=1-2x"] {
        let answer = server.client.get("/read/a").header("range", range).send().await;
        assert_eq!((answer.status, answer.text()), (200, "0123456789"), "{range}");
    }
    server.client.put("/read/empty", "").send().await.ok();
    let empty = server.client.get("/read/empty").send().await;
    assert_eq!((empty.status, empty.header("content-length")), (200, Some("0")));
    server.client.get("/read/empty").header("range", "bytes=0-").send().await.refused(416, "InvalidRange");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_of_an_object_that_was_replaced_begins_again() {
    let server = server_with("read").await;
    let client = &server.client;
    let first = client.put("/read/a", "0123456789").send().await.ok().etag().to_owned();
    let modified = client.head("/read/a").send().await.header("last-modified").unwrap().to_owned();
    let more = async |if_range: &str| {
        let request = client.get("/read/a").header("range", "bytes=8-").header("if-range", if_range);
        let answer = request.send().await;
        (answer.status, answer.header("content-range").is_some(), answer.text().to_owned())
    };
    for same in [&*first, &modified] {
        assert_eq!(more(same).await, (206, true, "89".to_owned()), "{same}");
    }
    server.clock.advance(Duration::from_secs(10));
    client.put("/read/a", "abc").send().await.ok();
    for gone in [&*first, &modified, "\"\"", "garbage"] {
        assert_eq!(more(gone).await, (200, false, "abc".to_owned()), "{gone}");
    }
    let part = client.get("/read/a?partNumber=1").header("if-range", &first).send().await;
    assert_eq!(part.status, 206, "If-Range is about the Range header only");
    client.put("/read/b", "x").header("if-range", &first).send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_number_selects_the_bytes_of_that_part() {
    let server = server_with("read").await;
    let client = &server.client;
    let bytes = body_of(5, 2 * PART_BYTES + 77);
    let parts: Vec<_> = bytes.chunks(PART_BYTES).collect();
    client.put_parts("/read/parts", &parts).await;
    for (number, part) in (1..).zip(&parts) {
        let target = format!("/read/parts?partNumber={number}");
        let (get, head) = (client.get(&target).send().await, client.head(&target).send().await);
        assert!(get.body == *part, "part {number}");
        for answer in [get, head] {
            assert_eq!(answer.status, 206);
            assert_eq!(answer.header("x-amz-mp-parts-count"), Some("3"));
            assert_eq!(answer.header("content-length"), Some(&*part.len().to_string()));
        }
    }
    client.get("/read/parts?partNumber=4").send().await.refused(416, "InvalidRange");
    client.put("/read/whole", "abc").send().await.ok();
    assert_eq!(client.get("/read/whole?partNumber=1").send().await.ok().text(), "abc");
    client.get("/read/whole?partNumber=2").send().await.refused(416, "InvalidRange");
    for bad in ["0", "10001", "-1", "x", ""] {
        client.get(&format!("/read/whole?partNumber={bad}")).send().await.refused(400, "InvalidArgument");
    }
    let both = client.get("/read/parts?partNumber=1").header("range", "bytes=0-1").send().await;
    both.refused(400, "InvalidRequest");
}

async fn conditional(server: &TestServer, headers: &[(&str, &str)]) -> (u16, u16) {
    let mut get = server.client.get("/read/a");
    let mut head = server.client.head("/read/a");
    for (name, value) in headers {
        (get, head) = (get.header(name, value), head.header(name, value));
    }
    (get.send().await.status, head.send().await.status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_on_reads_are_judged_in_the_order_of_rfc_9110() {
    let server = server_with("read").await;
    server.clock.advance(Duration::from_secs(100));
    let etag = server.client.put("/read/a", "abc").send().await.ok().etag().to_owned();
    let written = Timestamp(environment::Clock::now(&*server.clock).0);
    let date =
        |seconds: i64| Timestamp::from_seconds(written.seconds().checked_add_signed(seconds).unwrap()).to_http_date();
    let (before, at, after) = (date(-1), date(0), date(1));
    let other = "\"00000000000000000000000000000000\"";
    let both = format!("{other}, {etag}");
    let weak = format!("W/{etag}");
    let table: [(&[(&str, &str)], u16); 22] = [
        (&[("if-match", &etag)], 200),
        (&[("if-match", &both)], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", other)], 412),
        (&[("if-match", &weak)], 412),
        (&[("if-match", other), ("if-match", &etag)], 200),
        (&[("if-none-match", &etag)], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", &both)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", other)], 200),
        (&[("if-modified-since", &before)], 200),
        (&[("if-modified-since", &at)], 304),
        (&[("if-modified-since", &after)], 304),
        (&[("if-unmodified-since", &before)], 412),
        (&[("if-unmodified-since", &at)], 200),
        (&[("if-unmodified-since", &after)], 200),
        (&[("if-match", &etag), ("if-unmodified-since", &before)], 200),
        (&[("if-none-match", other), ("if-modified-since", &after)], 200),
        (&[("if-none-match", &etag), ("if-modified-since", &before)], 304),
        (&[("if-match", other), ("if-none-match", &etag)], 412),
        (&[("if-modified-since", "yesterday"), ("if-unmodified-since", "never")], 200),
    ];
    for (headers, status) in table {
        assert_eq!(conditional(&server, headers).await, (status, status), "{headers:?}");
    }
    let not_modified = server.client.get("/read/a").header("if-none-match", &etag).send().await;
    assert_eq!((not_modified.etag(), not_modified.body.len()), (&*etag, 0));
    server.client.get("/read/gone").header("if-none-match", "*").send().await.refused(404, "NoSuchKey");
}

fn shown(answer: &Answer) -> Vec<Option<&str>> {
    let names = [
        "content-type",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "expires",
        "x-amz-meta-dog",
        "x-amz-meta-umlaut",
    ];
    names.map(|name| answer.header(name)).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_comes_back_as_it_was_sent_and_an_answer_may_override_it() {
    let server = server_with("read").await;
    let client = &server.client;
    let put = client.put("/read/m", "x").header("content-type", "text/x-dog").header("cache-control", "no-store");
    let put = put
        .header("content-disposition", "attachment; filename=\"a b\"")
        .header("content-encoding", "gzip, aws-chunked");
    let put = put.header("content-language", "de, en").header("expires", "Thu, 01 Dec 2033 16:00:00 GMT");
    put.header("x-amz-meta-Dog", "lazy  one").header("x-amz-meta-umlaut", "\u{fc}").send().await.ok();
    let expected = [
        "text/x-dog",
        "no-store",
        "attachment; filename=\"a b\"",
        "gzip",
        "de, en",
        "Thu, 01 Dec 2033 16:00:00 GMT",
        "lazy  one",
        "=?UTF-8?B?w7w=?=",
    ];
    let (get, head) = (client.get("/read/m").send().await, client.head("/read/m").send().await);
    assert_eq!(shown(&get), expected.map(Some));
    assert_eq!(shown(&head), expected.map(Some));
    let target = "/read/m?response-content-type=a%2Fb&response-cache-control=private";
    let overridden = client.get(target).send().await.ok();
    assert_eq!(shown(&overridden)[..3], [Some("a/b"), Some("private"), Some(expected[2])]);
}
