//! Which rows may be kept in memory, by their keys.

use super::kinds::{ACCESS_APP, BUCKET, CORS, DOMAIN, LIFECYCLE, TOKEN, TOKEN_RULES, TOKEN_VALUE};

/// A kind of row that may be kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A bucket.
    Bucket,
    /// A token.
    Token,
    /// Which token has a value.
    TokenValue,
    /// The CORS rules of a bucket.
    Cors,
    /// A name that a bucket is public at.
    Domain,
    /// The lifecycle rules of a bucket.
    Lifecycle,
    /// The application that protects a domain.
    AccessApp,
    /// The rules of a zone.
    TokenRules,
}

/// Whether the row of a key may be kept in memory.
pub fn kept(key: &[u8]) -> Option<Kept> {
    match key.first() {
        Some(&BUCKET) => Some(Kept::Bucket),
        Some(&TOKEN) => Some(Kept::Token),
        Some(&TOKEN_VALUE) => Some(Kept::TokenValue),
        Some(&CORS) => Some(Kept::Cors),
        Some(&DOMAIN) => Some(Kept::Domain),
        Some(&LIFECYCLE) => Some(Kept::Lifecycle),
        Some(&ACCESS_APP) => Some(Kept::AccessApp),
        Some(&TOKEN_RULES) => Some(Kept::TokenRules),
        _ => None,
    }
}
