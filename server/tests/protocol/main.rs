//! The S3 protocol through the socket: signatures and their time, payload modes and checksums, host names, CORS, and
//! what is refused by name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod compatibility;
mod cors;
mod forms;
mod hosts;
mod not_implemented;
mod payloads;
mod presigned;
mod signatures;
mod small_promises;
#[path = "../support/mod.rs"]
mod support;
mod temporary_credentials;
mod unannounced;

use support::TestServer;

/// A server with a bucket and an object `a` that holds `abc`.
async fn server_with(bucket: &str) -> TestServer {
    let server = TestServer::start().await;
    server.client.request("PUT", &format!("/{bucket}")).send().await.ok();
    server.client.put(&format!("/{bucket}/a"), "abc").send().await.ok();
    server
}
