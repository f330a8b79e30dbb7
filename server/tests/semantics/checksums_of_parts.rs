//! Checksums of multipart uploads: R2's table of algorithms and types, every level at which one is checked, and what
//! becomes of the object's.

use crate::checksums::shown;
use crate::server_with;
use crate::support::{Answer, Client, MIB, blocks, body_of, checksum, checksum_header, element, elements};
use types::{Checksum, ChecksumAlgorithm, ChecksumType};

const TARGET: &str = "/sums/object";

/// An upload begun with these headers.
async fn begun(client: &Client, headers: &[(&str, &str)]) -> Answer {
    let mut request = client.post(&format!("{TARGET}?uploads"), "");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await
}

async fn begin(client: &Client, algorithm: ChecksumAlgorithm) -> String {
    let answer = begun(client, &[("x-amz-checksum-algorithm", algorithm.s3_name())]).await.ok();
    answer.element("UploadId").unwrap()
}

/// A part as a completion lists it.
#[derive(Clone)]
struct Part {
    number: u16,
    etag: String,
    checksum: Option<Checksum>,
}

async fn send_part(client: &Client, upload: &str, number: u16, body: &[u8], sent: Option<Checksum>) -> Answer {
    let mut request = client.put(&format!("{TARGET}?partNumber={number}&uploadId={upload}"), body);
    if let Some(checksum) = sent {
        request = request.header(&checksum_header(checksum.algorithm()), checksum.to_base64());
    }
    request.send().await
}

async fn part(client: &Client, upload: &str, number: u16, body: &[u8], algorithm: ChecksumAlgorithm) -> Part {
    let sum = checksum(algorithm, body);
    let answer = send_part(client, upload, number, body, Some(sum)).await.ok();
    assert_eq!(shown(&answer), Some((algorithm, sum.to_base64(), None)), "the answer to a part");
    Part { number, etag: answer.etag().to_owned(), checksum: Some(sum) }
}

async fn complete(client: &Client, upload: &str, parts: &[Part], headers: &[(&str, &str)]) -> Answer {
    let listed = |part: &Part| {
        let sum = part.checksum.map(|sum| {
            let name = format!("Checksum{}", sum.algorithm().s3_name());
            format!("<{name}>{}</{name}>", sum.to_base64())
        });
        let (number, etag, sum) = (part.number, &part.etag, sum.unwrap_or_default());
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{sum}</Part>")
    };
    let parts: String = parts.iter().map(listed).collect();
    let document = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let mut request = client.post(&format!("{TARGET}?uploadId={upload}"), document);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await
}

/// What the object's checksum must be.
fn expected(algorithm: ChecksumAlgorithm, bodies: &[Vec<u8>]) -> String {
    if algorithm == ChecksumAlgorithm::Crc64Nvme {
        return checksum(algorithm, &bodies.concat()).to_base64();
    }
    let digests: Vec<u8> = bodies.iter().flat_map(|body| checksum(algorithm, body).bytes().to_vec()).collect();
    format!("{}-{}", checksum(algorithm, &digests).to_base64(), bodies.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_algorithm_has_the_one_type_of_the_table() {
    let server = server_with("sums").await;
    let client = &server.client;
    for (algorithm, full_object, composite) in [
        ("CRC64NVME", true, false),
        ("CRC32", false, true),
        ("CRC32C", false, true),
        ("SHA1", false, true),
        ("SHA256", false, true),
    ] {
        for (kind, allowed) in [("FULL_OBJECT", full_object), ("COMPOSITE", composite)] {
            let headers = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", kind)];
            let answer = begun(client, &headers).await;
            if !allowed {
                answer.refused(400, "InvalidRequest");
                continue;
            }
            for answer in [answer, begun(client, &headers[..1]).await] {
                let answer = answer.ok();
                let (name, shown) = (answer.header("x-amz-checksum-algorithm"), answer.header("x-amz-checksum-type"));
                assert_eq!((name, shown), (Some(algorithm), Some(kind)));
            }
        }
    }
    begun(client, &[("x-amz-checksum-type", "COMPOSITE")]).await.refused(400, "InvalidRequest");
    begun(client, &[("x-amz-checksum-algorithm", "SHA512")]).await.refused(400, "InvalidRequest");
    let plain = begun(client, &[]).await.ok();
    assert_eq!((plain.header("x-amz-checksum-algorithm"), plain.header("x-amz-checksum-type")), (None, None));
    let uploads = client.get("/sums?uploads").send().await.ok();
    let uploads = blocks(uploads.text(), "Upload");
    assert_eq!(uploads.len(), 11);
    let with_crc64 =
        uploads.iter().filter(|upload| element(upload, "ChecksumAlgorithm").as_deref() == Some("CRC64NVME"));
    assert!(with_crc64.clone().all(|upload| element(upload, "ChecksumType").as_deref() == Some("FULL_OBJECT")));
    assert_eq!(with_crc64.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_of_parts_has_the_checksum_its_parts_make() {
    let server = server_with("sums").await;
    let client = &server.client;
    let bodies = [body_of(1, 5 * MIB), body_of(2, 5 * MIB), body_of(3, 1000)];
    for algorithm in ChecksumAlgorithm::AMZ {
        let upload = begin(client, algorithm).await;
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(&bodies) {
            parts.push(part(client, &upload, number, body, algorithm).await);
        }
        let listed = client.get(&format!("{TARGET}?uploadId={upload}")).send().await.ok();
        assert_eq!(listed.element("ChecksumAlgorithm").as_deref(), Some(algorithm.s3_name()));
        assert_eq!(listed.element("ChecksumType").as_deref(), Some(algorithm.multipart_type().s3_name()));
        let sums: Vec<_> = bodies.iter().map(|body| checksum(algorithm, body).to_base64()).collect();
        let element = format!("Checksum{}", algorithm.s3_name());
        assert_eq!(elements(listed.text(), &element), sums);

        let value = expected(algorithm, &bodies);
        let kind = algorithm.multipart_type().s3_name();
        let (header, size) = (checksum_header(algorithm), bodies.concat().len().to_string());
        let asked = [(&*header, &*value), ("x-amz-checksum-type", kind), ("x-amz-mp-object-size", &*size)];
        for answer in
            [complete(client, &upload, &parts, &asked).await.ok(), complete(client, &upload, &parts, &[]).await.ok()]
        {
            assert_eq!(answer.element(&element).as_deref(), Some(&*value), "{algorithm:?}");
            assert_eq!(answer.element("ChecksumType").as_deref(), Some(kind));
        }
        read_back(client, algorithm, &value, &sums).await;
    }
}

/// Object and parts as GET and HEAD show them.
async fn read_back(client: &Client, algorithm: ChecksumAlgorithm, value: &str, parts: &[String]) {
    let kind = Some(algorithm.multipart_type().s3_name().to_owned());
    for method in ["GET", "HEAD"] {
        let read = |query: &str| {
            let request = client.request(method, &format!("{TARGET}{query}"));
            request.header("x-amz-checksum-mode", "ENABLED")
        };
        let whole = read("").send().await.ok();
        assert_eq!(shown(&whole), Some((algorithm, value.to_owned(), kind.clone())));
        for (number, part) in (1..).zip(parts) {
            let answer = read(&format!("?partNumber={number}")).send().await.ok();
            assert_eq!(shown(&answer), Some((algorithm, part.clone(), kind.clone())), "part {number}");
        }
    }
    let range = client.get(TARGET).header("x-amz-checksum-mode", "ENABLED").header("range", "bytes=0-9");
    assert_eq!(shown(&range.send().await.ok()), None);
    let copy = client.put("/sums/copy", "").header("x-amz-copy-source", TARGET).send().await.ok();
    assert_eq!(copy.element(&format!("Checksum{}", algorithm.s3_name())).as_deref(), Some(value));
    let list = client.get("/sums?list-type=2&prefix=object").send().await.ok();
    assert_eq!(list.element("ChecksumAlgorithm").as_deref(), Some(algorithm.s3_name()));
    assert_eq!(list.element("ChecksumType"), kind);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_must_bring_the_checksum_its_upload_was_begun_with() {
    let server = server_with("sums").await;
    let client = &server.client;
    for algorithm in ChecksumAlgorithm::AMZ {
        let upload = begin(client, algorithm).await;
        for other in ChecksumAlgorithm::AMZ.into_iter().filter(|other| *other != algorithm) {
            let answer = send_part(client, &upload, 1, b"abc", Some(checksum(other, b"abc"))).await;
            answer.refused(400, "InvalidRequest");
        }
        send_part(client, &upload, 1, b"abc", Some(checksum(algorithm, b"other"))).await.refused(400, "BadDigest");
        let listed = client.get(&format!("{TARGET}?uploadId={upload}")).send().await.ok();
        assert!(!listed.text().contains("<Part>"), "nothing was stored");
        let silent = send_part(client, &upload, 1, b"abc", None).await;
        match algorithm.multipart_type() {
            ChecksumType::Composite => silent.refused(400, "InvalidRequest"),
            ChecksumType::FullObject => {
                let sum = checksum(algorithm, b"abc").to_base64();
                assert_eq!(shown(&silent.ok()), Some((algorithm, sum, None)), "it is computed instead");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_with_a_wrong_checksum_makes_no_object() {
    let server = server_with("sums").await;
    let client = &server.client;
    let bodies = [body_of(1, 5 * MIB), body_of(2, 10)];
    for algorithm in ChecksumAlgorithm::AMZ {
        let upload = begin(client, algorithm).await;
        let first = part(client, &upload, 1, &bodies[0], algorithm).await;
        let second = part(client, &upload, 2, &bodies[1], algorithm).await;
        let with = |checksum| [first.clone(), Part { checksum, ..second.clone() }];
        let good = with(second.checksum);
        let wrong_part = with(Some(checksum(algorithm, b"other")));
        complete(client, &upload, &wrong_part, &[]).await.refused(400, "InvalidPart");
        if algorithm.multipart_type() == ChecksumType::Composite {
            complete(client, &upload, &with(None), &[]).await.refused(400, "InvalidRequest");
        }
        let header = checksum_header(algorithm);
        let (right, wrong) = (expected(algorithm, &bodies), expected(algorithm, &bodies[..1]));
        let other =
            if algorithm == ChecksumAlgorithm::Crc32 { ChecksumAlgorithm::Sha1 } else { ChecksumAlgorithm::Crc32 };
        let (other_header, other_value) = (checksum_header(other), checksum(other, b"").to_base64());
        let other_type = match algorithm.multipart_type() {
            ChecksumType::Composite => "FULL_OBJECT",
            ChecksumType::FullObject => "COMPOSITE",
        };
        for (headers, code) in [
            (vec![(&*header, &*wrong)], "BadDigest"),
            (vec![(&*header, "nonsense")], "InvalidDigest"),
            (vec![(&*header, &*right), (&*other_header, &*other_value)], "InvalidRequest"),
            (vec![(&*other_header, &*other_value)], "InvalidRequest"),
            (vec![("x-amz-checksum-type", other_type)], "InvalidRequest"),
            (vec![("x-amz-mp-object-size", "7")], "InvalidRequest"),
        ] {
            complete(client, &upload, &good, &headers).await.refused(400, code);
        }
        client.get(TARGET).send().await.refused(404, "NoSuchKey");
        complete(client, &upload, &good, &[(&*header, &*right)]).await.ok();
        client.delete(TARGET).send().await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_begun_without_an_algorithm_has_a_checksum_only_if_its_completion_asks() {
    let server = server_with("sums").await;
    let client = &server.client;
    let algorithm = ChecksumAlgorithm::Crc32;
    let bodies = [body_of(1, 5 * MIB), body_of(2, 10)];
    let value = expected(algorithm, &bodies);
    for asked in [vec![], vec![("x-amz-checksum-crc32", &*value)]] {
        let upload = client.create_upload(TARGET).await;
        let first = part(client, &upload, 1, &bodies[0], algorithm).await;
        let second = part(client, &upload, 2, &bodies[1], algorithm).await;
        let without = Part { checksum: None, ..second };
        complete(client, &upload, &[first, without], &asked).await.ok();
        let read = client.head(TARGET).header("x-amz-checksum-mode", "ENABLED").send().await.ok();
        let sum = shown(&read).map(|(_, value, _)| value);
        assert_eq!(sum.as_deref(), asked.first().map(|(_, value)| *value));
    }
    let upload = client.create_upload(TARGET).await;
    let answer = send_part(client, &upload, 1, b"abc", None).await.ok();
    let silent = Part { number: 1, etag: answer.etag().to_owned(), checksum: None };
    let listed = Part { checksum: Some(checksum(algorithm, b"abc")), ..silent.clone() };
    complete(client, &upload, &[listed], &[]).await.refused(400, "InvalidPart");
    let asked = [("x-amz-checksum-crc32", &*value)];
    complete(client, &upload, std::slice::from_ref(&silent), &asked).await.refused(400, "InvalidRequest");
    complete(client, &upload, &[silent], &[]).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_part_gets_the_checksum_of_its_upload() {
    let server = server_with("sums").await;
    let client = &server.client;
    let source = body_of(7, 5 * MIB + 100);
    client.put("/sums/source", source.clone()).send().await.ok();
    for algorithm in ChecksumAlgorithm::AMZ {
        let upload = begin(client, algorithm).await;
        let bodies = [source[..5 * MIB].to_vec(), source[5 * MIB..].to_vec()];
        let name = format!("Checksum{}", algorithm.s3_name());
        let mut parts = Vec::new();
        for (number, range) in
            [(1, format!("bytes=0-{}", 5 * MIB - 1)), (2, format!("bytes={}-{}", 5 * MIB, source.len() - 1))]
        {
            let request = client.put(&format!("{TARGET}?partNumber={number}&uploadId={upload}"), "");
            let request = request.header("x-amz-copy-source", "/sums/source").header("x-amz-copy-source-range", range);
            let answer = request.send().await.ok();
            let sum = checksum(algorithm, &bodies[usize::from(number) - 1]);
            assert_eq!(answer.element(&name), Some(sum.to_base64()));
            parts.push(Part { number, etag: answer.element("ETag").unwrap(), checksum: Some(sum) });
        }
        let answer = complete(client, &upload, &parts, &[]).await.ok();
        assert_eq!(answer.element(&name), Some(expected(algorithm, &bodies)));
    }
}
