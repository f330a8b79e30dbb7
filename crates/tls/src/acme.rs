//! ACME (RFC 8555): certificates from an authority that first sees that a name leads here.

pub mod authority;
pub mod challenge;
mod https;

pub use authority::{AcmeError, Authority, Board, ChallengeKind, NewCertificate};
