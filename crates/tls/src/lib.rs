//! TLS: certificates, the names they are for, the rules of handshakes, and ACME.
//!
//! A connection's way: [`Handshakes`] reads the client's hello, looks for the certificate of the name in
//! [`Catalogue`], asks [`Domains`] for rules of that name, and agrees on a version, a cipher and a protocol. What comes
//! of it is a stream like a plain one, with a [`http_support::Security`] that requests carry. Knows no store: whoever
//! wires it says where rules and challenges come from.

pub mod acme;
pub mod catalogue;
pub mod certificate;
pub mod handshake;
pub mod names;
pub mod rules;

pub use catalogue::{Catalogue, Wanted};
pub use certificate::{Certificate, CertificateError};
pub use handshake::{Asked, Domains, Handshakes};
pub use rules::{MinVersion, Rules};
