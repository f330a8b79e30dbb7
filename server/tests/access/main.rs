//! Access control of custom domains through the socket: tokens in URLs, logins, service tokens, and how they are set.

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
#[path = "../public/bucket.rs"]
#[allow(dead_code, reason = "the tests of public buckets use all of it")]
mod bucket;
mod configuration;
mod logins;
mod protected;
mod provider;
mod secure_providers;
mod service_tokens;
#[path = "../support/mod.rs"]
mod support;
mod url_tokens;
mod userinfo;
