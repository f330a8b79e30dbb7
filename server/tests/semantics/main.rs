//! What R2 means, seen through the socket: one file per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod audit_log;
mod bucket_locks;
mod checksums;
mod checksums_of_parts;
mod conditions;
mod configurations;
mod copying;
mod customer_keys;
mod extensions;
mod infrequent_access;
mod jurisdictions;
mod lifecycle;
mod limits;
mod listing;
mod listing_uploads;
mod multipart;
mod racing;
mod racing_locks;
mod reading;
mod stopping;
mod storage_classes;
#[path = "../support/mod.rs"]
mod support;

use support::TestServer;

/// A server with a bucket.
async fn server_with(bucket: &str) -> TestServer {
    let server = TestServer::start().await;
    server.client.request("PUT", &format!("/{bucket}")).send().await.ok();
    server
}
