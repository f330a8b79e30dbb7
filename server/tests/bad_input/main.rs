//! Bad input, byte by byte: the documented error, nothing stored, no file left, and the server answers the next.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod bodies;
mod documents;
mod forms;
mod heads;
mod names;
#[path = "../support/mod.rs"]
mod support;

use support::TestServer;

/// A server with a bucket and an object `a` that holds `abc`.
async fn server_with(bucket: &str) -> TestServer {
    let server = TestServer::start().await;
    server.client.request("PUT", &format!("/{bucket}")).send().await.ok();
    server.client.put(&format!("/{bucket}/a"), "abc").send().await.ok();
    server
}

/// The bucket holds what [`server_with`] put there and no more, its sums agree, and no file lies around. Ends every
/// connection first, so that nobody who hung up is still being served.
async fn nothing_changed(server: TestServer, bucket: &str) {
    let server = server.restart().await;
    let listed = server.client.get(&format!("/{bucket}?list-type=2")).send().await.ok();
    assert_eq!(support::elements(listed.text(), "Key"), ["a"]);
    assert_eq!(server.client.get(&format!("/{bucket}/a")).send().await.ok().text(), "abc");
    let name = types::BucketName::parse(bucket).unwrap();
    let usage = server.instance.store().bucket_usage(&server.caller().await, &name).await.unwrap();
    assert_eq!((usage.objects, usage.bytes, usage.uploads), (1, 3, 0));
    assert_eq!(server.files_after_collection().await, 0, "no file is left");
}
