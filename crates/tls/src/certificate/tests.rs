//! What is read of a certificate, and what is wrong with those that cannot be used.

use super::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// 2026-06-01.
const NOW: Timestamp = Timestamp(1_780_272_000_000);

fn made_for(names: &[&str]) -> (String, String) {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.not_before = date_time_ymd(2026, 5, 1);
    params.not_after = date_time_ymd(2026, 7, 30);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_certificate_knows_its_names_and_when_to_renew_it() {
    let (chain, key) = made_for(&["Files.example.com", "*.files.example.com"]);
    let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(certificate.names(), ["files.example.com", "*.files.example.com"]);
    certificate.check(Some("files.example.com"), NOW).unwrap();
    certificate.check(Some("a.files.example.com"), NOW).unwrap();
    // 60 of its 90 days: 2026-06-30.
    assert_eq!(certificate.renew_at(), Timestamp(1_782_777_600_000));
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let (chain, key) = made_for(&["files.example.com"]);
    let (_, other_key) = made_for(&["files.example.com"]);
    let refused = |chain: &str, key: &str| Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
    assert_eq!(refused(&chain, &other_key), CertificateError::KeyMismatch);
    assert!(matches!(refused("", &key), CertificateError::Chain(_)));
    assert!(matches!(refused(&key, &key), CertificateError::Chain(_)));
    assert!(matches!(refused(&chain, &chain), CertificateError::Key(_)));
    assert!(matches!(refused(&chain[..chain.len() / 2], &key), CertificateError::Chain(_)));

    let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let text = certificate.check(Some("other.example.com"), NOW).unwrap_err().to_string();
    assert_eq!(text, "the certificate is not for other.example.com, but for files.example.com");
    let text = certificate.check(None, Timestamp(1_790_000_000_000)).unwrap_err().to_string();
    assert_eq!(text, "the certificate expired at Jul 30 00:00:00 2026 +00:00");
    assert!(matches!(certificate.check(None, Timestamp(1_000)), Err(CertificateError::NotYetValid(_))));
}
