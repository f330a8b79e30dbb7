//! The commands that speak to a server: what they send, what they print, how they end. The server is one that answers
//! as the documents of Cloudflare's API have it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test"
)]

mod buckets;
mod configurations;
mod page;
mod refusals;
mod reset_root;
mod stub;
#[path = "../support/mod.rs"]
mod support;
mod tokens;

/// An account's id.
const ACCOUNT: &str = "4793d734c0b8e484dfc37ec392b5fa8a";
/// A token's id.
const TOKEN: &str = "ed17574386854bf78a67040be0a770b0";
/// A token's value.
const VALUE: &str = "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5T";
