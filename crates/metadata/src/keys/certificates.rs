//! Keys of rows: certificates from ACME authorities, and what it takes to get them.

use super::kinds::ACME;
use super::tuple::Key;

/// The account at the ACME authority with this directory.
pub fn acme_account(directory: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[0]).bytes(directory.as_bytes()).done()
}

/// All certificates that were issued.
pub fn issued_certificates() -> Vec<u8> {
    Key::new(ACME).bytes(&[1]).done()
}

/// The certificate that was issued for a name.
pub fn issued_certificate(name: &str) -> Vec<u8> {
    Key(issued_certificates()).bytes(name.as_bytes()).done()
}

/// Attempts to get a certificate for a name.
pub fn issuance(name: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[2]).bytes(name.as_bytes()).done()
}

/// The challenge about a name.
pub fn challenge_about(name: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[3]).bytes(name.as_bytes()).done()
}

/// The challenge with a token.
pub fn challenge_with(token: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[4]).bytes(token.as_bytes()).done()
}
