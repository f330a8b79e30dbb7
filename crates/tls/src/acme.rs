//! ACME (RFC 8555): certificates from an authority that first sees that a name leads here.

pub mod challenge;
