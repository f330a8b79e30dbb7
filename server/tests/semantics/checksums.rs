//! Checksums of objects that are put at once: kept, answered when asked for, copied and listed.

use crate::server_with;
use crate::support::{Answer, Client, MIB, blocks, body_of, checksum, checksum_header, element};
use types::ChecksumAlgorithm;

/// The checksum of an answer: value and type, under the one header there may be.
pub(crate) fn shown(answer: &Answer) -> Option<(ChecksumAlgorithm, String, Option<String>)> {
    let mut found = ChecksumAlgorithm::AMZ
        .into_iter()
        .filter_map(|algorithm| Some((algorithm, answer.header(&checksum_header(algorithm))?.to_owned())));
    let first = found.next();
    assert!(found.next().is_none(), "two checksums: {:?}", answer.headers);
    let kind = answer.header("x-amz-checksum-type").map(str::to_owned);
    first.map(|(algorithm, value)| (algorithm, value, kind))
}

fn whole(algorithm: ChecksumAlgorithm, body: &[u8]) -> Option<(ChecksumAlgorithm, String, Option<String>)> {
    Some((algorithm, checksum(algorithm, body).to_base64(), Some("FULL_OBJECT".to_owned())))
}

async fn put(client: &Client, target: &str, algorithm: ChecksumAlgorithm, body: &[u8]) -> Answer {
    let value = checksum(algorithm, body).to_base64();
    client.put(target, body).header(&checksum_header(algorithm), value).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_algorithm_is_kept_and_answered_to_those_who_ask() {
    let server = server_with("sums").await;
    let client = &server.client;
    for algorithm in ChecksumAlgorithm::AMZ {
        for size in [0, 10, MIB] {
            let body = body_of(1, size);
            let answer = put(client, "/sums/a", algorithm, &body).await.ok();
            assert_eq!(shown(&answer), whole(algorithm, &body), "the answer to the upload");
            for read in [client.get("/sums/a"), client.head("/sums/a")] {
                assert_eq!(shown(&read.clone().send().await.ok()), None, "nobody asked");
                let disabled = read.clone().header("x-amz-checksum-mode", "DISABLED").send().await.ok();
                assert_eq!(shown(&disabled), None);
                let asked = read.header("x-amz-checksum-mode", "ENABLED").send().await.ok();
                assert_eq!(shown(&asked), whole(algorithm, &body), "{algorithm:?} {size}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_sent_without_a_checksum_has_none() {
    let server = server_with("sums").await;
    let client = &server.client;
    let md5 = checksum(ChecksumAlgorithm::Md5, b"abc").to_base64();
    for put in [client.put("/sums/a", "abc"), client.put("/sums/a", "abc").header("content-md5", md5)] {
        assert_eq!(shown(&put.send().await.ok()), None, "the hash of a signature is none either");
        let read = client.get("/sums/a").header("x-amz-checksum-mode", "ENABLED").send().await.ok();
        assert_eq!((shown(&read), read.header("x-amz-checksum-type")), (None, None));
    }
    let list = client.get("/sums?list-type=2").send().await.ok();
    assert_eq!(list.element("ChecksumAlgorithm"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_shows_the_checksum_only_if_it_is_the_whole() {
    let server = server_with("sums").await;
    let client = &server.client;
    let algorithm = ChecksumAlgorithm::Crc32;
    put(client, "/sums/a", algorithm, b"0123456789").await.ok();
    let get = |name: &str, value: &str| {
        client.get("/sums/a").header("x-amz-checksum-mode", "ENABLED").header(name, value).send()
    };
    for part in ["bytes=0-8", "bytes=1-9", "bytes=5-5", "bytes=-9"] {
        assert_eq!(shown(&get("range", part).await.ok()), None, "{part}");
    }
    for all in ["bytes=0-9", "bytes=0-", "bytes=-10"] {
        assert_eq!(shown(&get("range", all).await.ok()), whole(algorithm, b"0123456789"), "{all}");
    }
    let part = client.get("/sums/a?partNumber=1").header("x-amz-checksum-mode", "ENABLED").send().await.ok();
    assert_eq!(shown(&part), whole(algorithm, b"0123456789"), "an object put at once is its only part");
    let etag = client.head("/sums/a").send().await.ok().etag().to_owned();
    let unchanged = get("if-none-match", &etag).await;
    assert_eq!((unchanged.status, shown(&unchanged)), (304, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_has_the_checksum_of_its_source_and_says_so() {
    let server = server_with("sums").await;
    let client = &server.client;
    let algorithm = ChecksumAlgorithm::Sha256;
    put(client, "/sums/a", algorithm, b"abc").await.ok();
    let copy = client.put("/sums/copy", "").header("x-amz-copy-source", "/sums/a");
    let answer = copy.clone().send().await.ok();
    assert_eq!(answer.element("ChecksumSHA256"), Some(checksum(algorithm, b"abc").to_base64()));
    assert_eq!(answer.element("ChecksumType").as_deref(), Some("FULL_OBJECT"));
    let read = client.head("/sums/copy").header("x-amz-checksum-mode", "ENABLED").send().await.ok();
    assert_eq!(shown(&read), whole(algorithm, b"abc"));
    let other = copy.header("x-amz-checksum-algorithm", "CRC32").send().await;
    other.refused(501, "NotImplemented");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_tell_which_algorithm_each_object_has() {
    let server = server_with("sums").await;
    let client = &server.client;
    client.put("/sums/none", "abc").send().await.ok();
    for algorithm in ChecksumAlgorithm::AMZ {
        put(client, &format!("/sums/{}", algorithm.s3_name()), algorithm, b"abc").await.ok();
    }
    for target in ["/sums", "/sums?list-type=2"] {
        let answer = client.get(target).send().await.ok();
        let contents = blocks(answer.text(), "Contents");
        assert_eq!(contents.len(), 6);
        for entry in contents {
            let key = element(entry, "Key").unwrap();
            let (algorithm, kind) = (element(entry, "ChecksumAlgorithm"), element(entry, "ChecksumType"));
            if key == "none" {
                assert_eq!((algorithm, kind), (None, None));
            } else {
                assert_eq!((algorithm.as_deref(), kind.as_deref()), (Some(&*key), Some("FULL_OBJECT")));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_contradicts_itself_stores_nothing() {
    let server = server_with("sums").await;
    let client = &server.client;
    let crc32 = checksum(ChecksumAlgorithm::Crc32, b"abc").to_base64();
    let sha1 = checksum(ChecksumAlgorithm::Sha1, b"abc").to_base64();
    let put = || client.put("/sums/a", "abc").header("x-amz-checksum-crc32", &crc32);
    put().header("x-amz-checksum-sha1", &sha1).send().await.refused(400, "InvalidRequest");
    put().header("x-amz-checksum-crc32", &crc32).send().await.refused(400, "InvalidRequest");
    put().header("x-amz-sdk-checksum-algorithm", "SHA1").send().await.refused(400, "BadDigest");
    let announced = client.put("/sums/a", "abc").header("x-amz-sdk-checksum-algorithm", "SHA1");
    announced.send().await.refused(400, "InvalidRequest");
    put().header("x-amz-sdk-checksum-algorithm", "MD4").send().await.refused(400, "InvalidRequest");
    client.get("/sums/a").send().await.refused(404, "NoSuchKey");
    let md5 = checksum(ChecksumAlgorithm::Md5, b"abc").to_base64();
    put().header("content-md5", md5).header("x-amz-sdk-checksum-algorithm", "CRC32").send().await.ok();
}
