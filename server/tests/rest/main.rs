//! The REST API through the socket: who a token is, the life of tokens, and what they may do there and over S3.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod api;
mod audit;
mod bad_input;
mod buckets;
mod configurations;
mod identity;
mod jobs;
mod lives;
mod locks;
mod objects;
mod permissions;
mod r2;
mod routing;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod temporary;
mod tokens;
