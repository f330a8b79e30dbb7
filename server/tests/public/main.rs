//! Public buckets through the socket: development URLs, custom domains, and what everybody gets there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

#[path = "../rest/api.rs"]
#[allow(dead_code, reason = "the tests of the API use all of it")]
mod api;
mod bucket;
mod caching;
mod cors;
mod custom_domains;
mod development_urls;
mod hosts;
mod keys;
mod objects;
mod poisoning;
mod purging;
#[path = "../support/mod.rs"]
mod support;
