//! Many at once: the last writer wins, bytes are always those of one write, no success outlives its bucket.

use crate::server_with;
use crate::support::{
    Client, Connection, INLINE_BYTES_MAX, KIB, MIB, Random, blocks, body_of, elements, etag_of, etag_of_parts,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// ETag and bytes of everything that is ever written.
type Contents = Arc<BTreeMap<String, Vec<u8>>>;

fn contents(lengths: &[usize]) -> Contents {
    let content = |(id, length): (u64, &usize)| {
        let body = body_of(id, *length);
        (etag_of(&body), body)
    };
    Arc::new((0..).zip(lengths).map(content).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_to_one_key_each_is_acknowledged_and_one_is_left_whole() {
    let server = server_with("race").await;
    let contents = contents(&[10, 4 * KIB, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 200 * KIB, 300 * KIB, 0, 90 * KIB]);
    let writers: Vec<_> = contents
        .keys()
        .map(|etag| {
            let (client, contents, etag) = (server.client.clone(), Arc::clone(&contents), etag.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let answer = client.put("/race/key", contents[&etag].clone()).send().await.ok();
                    assert_eq!(answer.etag(), etag);
                    let seen = client.get("/race/key").send().await.ok();
                    assert!(contents[seen.etag()] == seen.body, "the bytes are those of the ETag");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let last = server.client.get("/race/key").send().await.ok();
    assert!(contents[last.etag()] == last.body);
    let needed = usize::from(last.body.len() > INLINE_BYTES_MAX);
    assert_eq!(server.files_after_collection().await, needed, "those that were replaced are gone");
    server.client.put("/race/key", "last").send().await.ok();
    assert_eq!(server.client.get("/race/key").send().await.ok().text(), "last");
}

/// Reads `target` until told to stop; counts the reads.
async fn read_until(client: Client, target: &'static str, contents: Contents, stop: Arc<AtomicBool>) -> usize {
    let mut connection = Connection::open(client.address).await.unwrap();
    let mut reads = 0;
    while !stop.load(Ordering::Acquire) || reads == 0 {
        let seen = client.get(target).send_on(&mut connection).await.unwrap().ok();
        assert!(contents[seen.etag()] == seen.body, "bytes of one version only");
        reads += 1;
    }
    reads
}

/// 64 readers, while `write` replaces the object with one content after the other.
async fn read_during_overwrite(
    server: &crate::TestServer,
    target: &'static str,
    contents: Contents,
    write: impl AsyncFn(&Client, usize),
) {
    write(&server.client, 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..64)
        .map(|_| tokio::spawn(read_until(server.client.clone(), target, Arc::clone(&contents), Arc::clone(&stop))))
        .collect();
    for round in 1..=12 {
        write(&server.client, round % 3).await;
        // Collecting while they read is what could pull bytes away under them.
        server.instance.store().collect_garbage().await.unwrap();
    }
    stop.store(true, Ordering::Release);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_readers_of_an_inline_object_see_old_or_new_bytes_while_it_is_replaced() {
    let server = server_with("race").await;
    let contents = contents(&[KIB, INLINE_BYTES_MAX, 5]);
    let bodies: Vec<_> = contents.values().cloned().collect();
    let write =
        async |client: &Client, which: usize| drop(client.put("/race/a", bodies[which].clone()).send().await.ok());
    read_during_overwrite(&server, "/race/a", contents, write).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_readers_of_a_file_see_old_or_new_bytes_while_it_is_replaced() {
    let server = server_with("race").await;
    let contents = contents(&[MIB, 700 * KIB, 65 * KIB]);
    let bodies: Vec<_> = contents.values().cloned().collect();
    let write =
        async |client: &Client, which: usize| drop(client.put("/race/a", bodies[which].clone()).send().await.ok());
    read_during_overwrite(&server, "/race/a", contents, write).await;
    assert_eq!(server.files_after_collection().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_readers_of_a_multipart_object_see_old_or_new_bytes_while_it_is_replaced() {
    let server = server_with("race").await;
    let bodies = [5 * MIB + 70 * KIB, 6 * MIB, 5 * MIB + 1].map(|length| body_of(length as u64, length));
    let split = |body: &[u8]| [body[..5 * MIB].to_vec(), body[5 * MIB..].to_vec()];
    let contents = bodies.iter().map(|body| (etag_of_parts(&split(body)), body.clone())).collect();
    let write = async |client: &Client, which: usize| drop(client.put_parts("/race/a", &split(&bodies[which])).await);
    read_during_overwrite(&server, "/race/a", Arc::new(contents), write).await;
    assert!(server.files_after_collection().await <= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_put_succeeds_into_a_bucket_that_is_deleted_at_the_same_time() {
    let server = server_with("race").await;
    let client = &server.client;
    let (mut deleted, mut kept) = (0, 0);
    for round in 0..60 {
        let bucket = format!("/short-lived-{round}");
        client.request("PUT", &bucket).send().await.ok();
        let length = if round % 3 == 0 { 100 * KIB } else { 10 };
        let put = client.put(&format!("{bucket}/key"), body_of(round, length)).send();
        let delete = client.delete(&bucket).send();
        let (put, delete) = if round % 2 == 0 {
            tokio::join!(put, delete)
        } else {
            let (delete, put) = tokio::join!(delete, put);
            (put, delete)
        };
        match delete.status {
            204 => {
                put.refused(404, "NoSuchBucket");
                client.head(&bucket).send().await.refused_without_body(404);
                deleted += 1;
            }
            _ => {
                delete.refused(409, "BucketNotEmpty");
                put.ok();
                assert_eq!(client.get(&format!("{bucket}/key")).send().await.ok().body.len(), length);
                client.delete(&format!("{bucket}/key")).send().await.ok();
                kept += 1;
            }
        }
    }
    println!("{deleted} buckets deleted, {kept} kept");
    assert_eq!(server.files_after_collection().await, 0);
}

/// Changes a handful of keys at random; whatever becomes of a copy, its source may go meanwhile.
async fn change_at_random(client: Client, seed: u64) {
    let mut random = Random::new(seed);
    let mut connection = Connection::open(client.address).await.unwrap();
    for _ in 0..60 {
        let target = format!("/race/{}", random.below(4));
        let request = match random.below(6) {
            0 | 1 => client.put(&target, body_of(random.next(), 70 * KIB)),
            2 => client.delete(&target),
            _ => client.put(&target, "").header("x-amz-copy-source", format!("/race/{}", random.below(4))),
        };
        let answer = request.send_on(&mut connection).await.unwrap();
        // No source, or a copy onto itself.
        assert!(matches!(answer.status, 200 | 204 | 400 | 404), "{} {}", answer.status, answer.text());
        if random.below(20) == 0 {
            let parts = [body_of(random.next(), 70 * KIB)];
            client.put_parts(&target, &parts).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_race_with_their_sources_lose_and_leave_nothing() {
    let server = server_with("race").await;
    let racers: Vec<_> = (0..12).map(|seed| tokio::spawn(change_at_random(server.client.clone(), seed))).collect();
    for racer in racers {
        racer.await.unwrap();
    }
    let mut etags = BTreeSet::new();
    for key in 0..4 {
        let answer = server.client.get(&format!("/race/{key}")).send().await;
        if answer.status != 404 {
            let answer = answer.ok();
            assert_eq!(answer.body.len(), 70 * KIB, "whole");
            etags.insert(answer.etag().to_owned());
        }
    }
    assert_eq!(server.files_after_collection().await, etags.len(), "copies share, and nothing else is left");
    for key in 0..4 {
        server.client.delete(&format!("/race/{key}")).send().await.ok();
    }
    assert_eq!(server.files_after_collection().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_upload_begins_in_a_bucket_that_is_deleted_at_the_same_time() {
    let server = server_with("race").await;
    let client = &server.client;
    for round in 0..60 {
        let bucket = format!("/short-lived-{round}");
        client.request("PUT", &bucket).send().await.ok();
        let begin = client.post(&format!("{bucket}/key?uploads"), "").send();
        let delete = client.delete(&bucket).send();
        let (begin, delete) = if round % 2 == 0 {
            tokio::join!(begin, delete)
        } else {
            let (delete, begin) = tokio::join!(delete, begin);
            (begin, delete)
        };
        if delete.status == 204 {
            begin.refused(404, "NoSuchBucket");
            continue;
        }
        delete.refused(409, "BucketNotEmpty");
        let upload = begin.ok().element("UploadId").unwrap();
        client.delete(&format!("{bucket}/key?uploadId={upload}")).send().await.ok();
        client.delete(&bucket).send().await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_goes_once_its_uploads_are_ended_and_made_again_is_empty() {
    let server = server_with("race").await;
    let client = &server.client;
    let upload = client.create_upload("/race/left").await;
    client.upload_part("/race/left", &upload, 1, &body_of(1, MIB)).await;
    let refused = client.delete("/race").send().await;
    assert!(refused.text().contains("multipart uploads in progress"), "{}", refused.text());
    refused.refused(409, "BucketNotEmpty");
    client.upload_part("/race/left", &upload, 2, &body_of(2, MIB)).await;
    client.delete(&format!("/race/left?uploadId={upload}")).send().await.ok();
    client.delete("/race").send().await.ok();
    client.request("PUT", "/race").send().await.ok();
    let uploads = client.get("/race?uploads").send().await.ok();
    assert!(blocks(uploads.text(), "Upload").is_empty(), "{}", uploads.text());
    client.put(&format!("/race/left?partNumber=2&uploadId={upload}"), "x").send().await.refused(404, "NoSuchUpload");
    assert_eq!(server.files_after_collection().await, 0);
}

/// Puts `count` objects over many connections.
async fn put_many(client: &Client, count: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..64)
        .map(|_| {
            let (client, next) = (client.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut connection = Connection::open(client.address).await.unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let put = client.put(&format!("/race/{number:05}"), number.to_string());
                    put.send_on(&mut connection).await.unwrap().ok();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_objects_are_deleted_page_by_page() {
    let server = server_with("race").await;
    let client = &server.client;
    put_many(client, 20_000).await;
    let mut connection = Connection::open(client.address).await.unwrap();
    for page in 0..20 {
        let listed = client.get("/race?list-type=2").send_on(&mut connection).await.unwrap().ok();
        let keys = elements(listed.text(), "Key");
        assert_eq!((keys.len(), &*keys[0]), (1000, &*format!("{:05}", page * 1000)));
        let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
        let document = format!("<Delete><Quiet>true</Quiet>{objects}</Delete>");
        let deleted = client.post("/race?delete", document).send_on(&mut connection).await.unwrap().ok();
        assert!(!deleted.text().contains("<Error>"), "{}", deleted.text());
    }
    client.delete("/race").send().await.ok();
}
