//! Multipart uploads: R2's rules for parts, completing twice, completing against aborting.

use crate::server_with;
use crate::support::{Answer, Client, MIB, TestServer, body_of, complete_document, etag_of_parts};

const TARGET: &str = "/multi/object";

/// An upload with one part per size, numbered from 1, and how to list them.
async fn upload_of(client: &Client, sizes: &[usize]) -> (String, Vec<(u16, String)>) {
    let upload = client.create_upload(TARGET).await;
    let mut parts = Vec::new();
    for (number, size) in (1..).zip(sizes) {
        let body = body_of(u64::from(number), *size);
        parts.push((number, client.upload_part(TARGET, &upload, number, &body).await));
    }
    (upload, parts)
}

async fn completed(client: &Client, sizes: &[usize]) -> Answer {
    let (upload, parts) = upload_of(client, sizes).await;
    client.complete_upload(TARGET, &upload, &parts).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_parts_but_the_last_are_of_one_size_of_at_least_5_mib() {
    let server = server_with("multi").await;
    let client = &server.client;
    for (sizes, expected) in [
        (vec![0], (200, "")),
        (vec![1], (200, "")),
        (vec![5 * MIB, 5 * MIB], (200, "")),
        (vec![5 * MIB, 0], (200, "")),
        (vec![5 * MIB, 5 * MIB, 3], (200, "")),
        (vec![5 * MIB - 1, 1], (400, "EntityTooSmall")),
        (vec![6 * MIB, 5 * MIB, 1], (400, "InvalidPart")),
        (vec![5 * MIB, 6 * MIB, 1], (400, "InvalidPart")),
        (vec![5 * MIB, 5 * MIB + 1], (400, "InvalidPart")),
    ] {
        let answer = completed(client, &sizes).await;
        assert_eq!(answer.outcome(), (expected.0, expected.1.to_owned()), "{sizes:?}");
    }
    let usage = usage(&server).await;
    assert_eq!((usage.objects, usage.uploads), (1, 4), "refused uploads can still be mended");
}

async fn usage(server: &TestServer) -> metadata::rows::BucketCounters {
    let name = types::BucketName::parse("multi").unwrap();
    server.instance.store().bucket_usage(&server.caller().await, &name).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_may_have_gaps_come_in_any_order_and_be_uploaded_again() {
    let server = server_with("multi").await;
    let client = &server.client;
    let upload = client.create_upload(TARGET).await;
    let bodies = [body_of(2, 5 * MIB), body_of(5, 5 * MIB), body_of(9, 100)];
    let old = client.upload_part(TARGET, &upload, 5, &body_of(55, 6 * MIB)).await;
    let ninth = client.upload_part(TARGET, &upload, 9, &bodies[2]).await;
    let fifth = client.upload_part(TARGET, &upload, 5, &bodies[1]).await;
    let second = client.upload_part(TARGET, &upload, 2, &bodies[0]).await;
    let with = |fifth: &String| [(9, ninth.clone()), (2, second.clone()), (5, fifth.clone())];
    client.complete_upload(TARGET, &upload, &with(&old)).await.refused(400, "InvalidPart");
    let answer = client.complete_upload(TARGET, &upload, &with(&fifth)).await.ok();
    assert_eq!(answer.element("ETag"), Some(etag_of_parts(&bodies)));
    assert_eq!(answer.element("Bucket").as_deref(), Some("multi"));
    assert_eq!(answer.element("Key").as_deref(), Some("object"));
    let object = client.get(TARGET).send().await.ok();
    assert!(object.body == bodies.concat());
    assert_eq!(object.etag(), etag_of_parts(&bodies));
    let part = client.get(&format!("{TARGET}?partNumber=2")).send().await.ok();
    assert!(part.body == bodies[1], "parts of an object count from 1 whatever their numbers were");
    assert_eq!(
        server.files_after_collection().await,
        2,
        "the part that was replaced is gone, the small one has no file"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_parts_that_make_no_object_are_refused_and_the_upload_goes_on() {
    let server = server_with("multi").await;
    let client = &server.client;
    let (upload, parts) = upload_of(client, &[5 * MIB, 10]).await;
    let [first, second] = parts.clone().try_into().unwrap();
    let zeros = "\"00000000000000000000000000000000\"".to_owned();
    for (listed, code) in [
        (vec![first.clone(), first.clone()], "InvalidPartOrder"),
        (vec![first.clone(), (3, second.1.clone())], "InvalidPart"),
        (vec![first.clone(), (2, zeros)], "InvalidPart"),
        (vec![first.clone(), (2, "\"x\"".to_owned())], "InvalidPart"),
        (vec![(0, first.1.clone())], "InvalidArgument"),
        (vec![(10_001, first.1.clone())], "InvalidArgument"),
        (vec![], "MalformedXML"),
    ] {
        client.complete_upload(TARGET, &upload, &listed).await.refused(400, code);
    }
    client.get(TARGET).send().await.refused(404, "NoSuchKey");
    client.complete_upload(TARGET, &upload, &[first]).await.ok();
    assert_eq!(client.get(TARGET).send().await.ok().body.len(), 5 * MIB, "a part may be left out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_twice_answers_the_same_until_the_object_is_another() {
    let server = server_with("multi").await;
    let client = &server.client;
    let (upload, parts) = upload_of(client, &[5 * MIB, 10]).await;
    let first = client.complete_upload(TARGET, &upload, &parts).await.ok();
    let again = client.complete_upload(TARGET, &upload, &parts).await.ok();
    assert_eq!(first.text(), again.text());
    client.put(&format!("{TARGET}?partNumber=3&uploadId={upload}"), "x").send().await.refused(404, "NoSuchUpload");
    assert_eq!(client.delete(&format!("{TARGET}?uploadId={upload}")).send().await.status, 204);
    assert_eq!(client.get(TARGET).send().await.ok().body.len(), 5 * MIB + 10, "aborting comes too late");
    client.put(TARGET, "another").send().await.ok();
    client.complete_upload(TARGET, &upload, &parts).await.refused(404, "NoSuchUpload");
    assert_eq!(client.get(TARGET).send().await.ok().text(), "another");
    assert_eq!(server.files_after_collection().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_completing_and_aborting_exactly_one_wins() {
    let server = server_with("multi").await;
    let client = &server.client;
    let (mut completed, mut aborted) = (0, 0);
    for round in 0..60 {
        let target = format!("/multi/race-{round}");
        let upload = client.create_upload(&target).await;
        let part = (1, client.upload_part(&target, &upload, 1, &body_of(round, 100_000)).await);
        let complete = client.complete_upload(&target, &upload, std::slice::from_ref(&part));
        let abort = client.delete(&format!("{target}?uploadId={upload}")).send();
        let (complete, abort) = if round % 2 == 0 {
            tokio::join!(complete, abort)
        } else {
            let (abort, complete) = tokio::join!(abort, complete);
            (complete, abort)
        };
        assert_eq!(abort.status, 204);
        let object = client.get(&target).send().await;
        match complete.status {
            200 => {
                assert!(object.ok().body == body_of(round, 100_000));
                completed += 1;
            }
            _ => {
                complete.refused(404, "NoSuchUpload");
                object.refused(404, "NoSuchKey");
                aborted += 1;
            }
        }
    }
    println!("{completed} completed, {aborted} aborted");
    let usage = usage(&server).await;
    assert_eq!((usage.objects, usage.uploads), (completed, 0));
    assert_eq!(server.files_after_collection().await, usize::try_from(completed).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_that_complete_one_upload_at_once_hear_the_same() {
    let server = server_with("multi").await;
    let (upload, parts) = upload_of(&server.client, &[5 * MIB, 10]).await;
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (client, upload, parts) = (server.client.clone(), upload.clone(), parts.clone());
            tokio::spawn(async move { client.complete_upload(TARGET, &upload, &parts).await.ok().text().to_owned() })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(usage(&server).await.objects, 1);
    assert_eq!(server.files_after_collection().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aborted_uploads_and_replaced_objects_leave_no_file() {
    let server = server_with("multi").await;
    let client = &server.client;
    let (upload, parts) = upload_of(client, &[5 * MIB, 5 * MIB]).await;
    assert_eq!(server.files_after_collection().await, 2, "a part is kept as long as its upload is");
    client.delete(&format!("{TARGET}?uploadId={upload}")).send().await.ok();
    client.complete_upload(TARGET, &upload, &parts).await.refused(404, "NoSuchUpload");
    assert_eq!(server.files_after_collection().await, 0);
    completed(client, &[5 * MIB, 5 * MIB]).await.ok();
    completed(client, &[5 * MIB]).await.ok();
    assert_eq!(server.files_after_collection().await, 1);
    client.delete(TARGET).send().await.ok();
    assert_eq!(server.files_after_collection().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_is_given_when_the_upload_begins() {
    let server = server_with("multi").await;
    let client = &server.client;
    let create = client.post(&format!("{TARGET}?uploads"), "").header("content-type", "text/x-dog");
    let answer = create.header("x-amz-meta-dog", "lazy").send().await.ok();
    let upload = answer.element("UploadId").unwrap();
    let part = (1, client.upload_part(TARGET, &upload, 1, b"x").await);
    let target = format!("{TARGET}?uploadId={upload}");
    let complete = client.post(&target, complete_document(&[part])).header("x-amz-mp-object-size", "2").send().await;
    complete.refused(400, "InvalidRequest");
    let part = (1, crate::support::etag_of(b"x"));
    client.post(&target, complete_document(&[part])).header("x-amz-mp-object-size", "1").send().await.ok();
    let head = client.head(TARGET).send().await.ok();
    assert_eq!((head.header("content-type"), head.header("x-amz-meta-dog")), (Some("text/x-dog"), Some("lazy")));
}
