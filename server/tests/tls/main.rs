//! TLS, at the socket: which certificate and which rules a name gets, both versions of HTTP over it, and what becomes
//! of clients that do not play by the rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

#[path = "../support/mod.rs"]
mod support;

mod acme;
#[path = "../rest/api.rs"]
#[allow(dead_code, reason = "the tests of the API use all of it")]
mod api;
mod authority;
mod bad_input;
mod certificates;
mod domains;
mod faces;
mod house;
mod http2;
mod logs;
