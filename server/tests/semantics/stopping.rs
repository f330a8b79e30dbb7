//! Stopping gracefully: what runs is finished, what hangs is cut off, and nothing new begins.

use crate::server_with;
use crate::support::{Connection, MIB, TestServer, body_of, etag_of, until};
use std::net::SocketAddr;
use std::time::Duration;

/// Returns once the server accepts nobody any more.
async fn stop_has_begun(address: SocketAddr) {
    until("nobody is accepted", async || Connection::open(address).await.is_err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_downloads_and_uploads_are_finished_first() {
    let server = server_with("stop").await;
    let (client, address) = (server.client.clone(), server.client.address);
    let (old, new) = (body_of(1, 24 * MIB), body_of(2, 3 * MIB));
    client.put("/stop/old", old.clone()).send().await.ok();

    let mut download = Connection::open(address).await.unwrap();
    download.send(&client.get("/stop/old").into_wire()).await.unwrap();
    assert_eq!(download.answer_head().await.unwrap().0, 200);

    let mut upload = Connection::open(address).await.unwrap();
    let request = client.put("/stop/new", new.clone()).into_wire();
    let (first, rest) = request.split_at(request.len() - MIB);
    upload.send(first).await.unwrap();
    server.until_a_body_is_waited_for().await;
    let mut idle = Connection::open(address).await.unwrap();
    client.head("/stop/old").send_on(&mut idle).await.unwrap().ok();

    let stopping = tokio::spawn(server.stop());
    stop_has_begun(address).await;
    assert!(idle.is_closed().await, "idle connections end at once");
    assert!(!stopping.is_finished(), "it waits for what runs");
    upload.send(rest).await.unwrap();
    assert_eq!(upload.answer(false).await.unwrap().ok().etag(), etag_of(&new));
    assert!(download.bytes(old.len()).await.unwrap() == old, "the download is whole");
    assert!(upload.is_closed().await && download.is_closed().await);

    let (home, clock) = stopping.await.unwrap();
    let server = TestServer::open(home, clock, |_| ()).await;
    assert!(server.client.get("/stop/new").send().await.ok().body == new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_keeps_nobody_from_stopping() {
    let server = server_with("stop").await;
    let (client, clock, address) = (server.client.clone(), server.clock.clone(), server.client.address);
    let mut hanging = Connection::open(address).await.unwrap();
    let request = client.put("/stop/never", body_of(1, MIB)).into_wire();
    hanging.send(&request[..request.len() - 1]).await.unwrap();
    server.until_a_body_is_waited_for().await;
    let stopping = tokio::spawn(server.stop());
    stop_has_begun(address).await;
    until("it has stopped", async || {
        clock.advance(Duration::from_secs(1));
        stopping.is_finished()
    })
    .await;
    let (home, clock) = stopping.await.unwrap();
    let server = TestServer::open(home, clock, |_| ()).await;
    server.client.get("/stop/never").send().await.refused(404, "NoSuchKey");
    assert_eq!(server.files_after_collection().await, 0, "nothing of the upload is left");
    drop(hanging);
}
