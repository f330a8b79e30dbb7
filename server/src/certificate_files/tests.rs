//! Certificates in files: good ones, bad ones, and those that change.

#![expect(clippy::disallowed_methods, reason = "the tests are the operator who changes files")]

use super::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::fs;
use tempfile::TempDir;

/// 2026-06-01, and a hundred days later.
const NOW: Timestamp = Timestamp(1_780_272_000_000);
const LATER: Timestamp = Timestamp(1_788_912_000_000);

fn put(directory: &TempDir, stem: &str, names: &[&str]) -> Vec<u8> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2026, 5, 1), date_time_ymd(2026, 7, 30));
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    fs::write(directory.path().join(format!("{stem}.crt")), made.pem()).unwrap();
    fs::write(directory.path().join(format!("{stem}.key")), key.serialize_pem()).unwrap();
    made.der().to_vec()
}

fn loader(directory: &Path) -> CertificateLoader {
    CertificateLoader::new(&TlsSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        directory: Some(directory.to_owned()),
        certificates: Vec::new(),
        redirect: None,
        acme: None,
    })
}

fn shown(catalogue: &Catalogue, name: &str) -> Option<Vec<u8>> {
    catalogue.find(Some(name)).map(|key| key.cert[0].to_vec())
}

#[test]
fn files_are_named_after_hosts_and_one_is_for_all_others() {
    let directory = tempfile::tempdir().unwrap();
    let wildcard = put(&directory, "_.x.org", &["*.x.org"]);
    let default = put(&directory, "default", &["y.org"]);
    fs::write(directory.path().join("notes.txt"), "not looked at").unwrap();
    let (catalogue, mut loader) = (Catalogue::default(), loader(directory.path()));
    loader.start(&catalogue, NOW).unwrap();
    assert_eq!(loader.count(), 2);
    assert_eq!(shown(&catalogue, "a.x.org"), Some(wildcard));
    assert_eq!(shown(&catalogue, "elsewhere.org"), Some(default));
}

#[test]
fn a_bad_certificate_stops_the_start_with_its_file_and_the_reason() {
    let refused = |stem: &str, names: &[&str], change: &dyn Fn(&Path), now: Timestamp| {
        let directory = tempfile::tempdir().unwrap();
        put(&directory, stem, names);
        change(directory.path());
        let text = loader(directory.path()).start(&Catalogue::default(), now).unwrap_err().to_string();
        text.replace(&format!("{}/", directory.path().display()), "")
    };
    let nothing = |_: &Path| ();
    let no_key = |directory: &Path| fs::remove_file(directory.join("a.org.key")).unwrap();
    let text = refused("a.org", &["b.org"], &nothing, NOW);
    assert_eq!(text, "a.org.crt: the certificate is not for a.org, but for b.org");
    assert!(refused("a.org", &["a.org"], &nothing, LATER).starts_with("a.org.crt: the certificate expired at Jul 30"));
    assert!(refused("a.org", &["a.org"], &no_key, NOW).starts_with("a.org.key: No such file"));
    assert!(refused("a b", &["a.org"], &nothing, NOW).contains("not named after a host"));
    assert!(loader(Path::new("/nowhere")).start(&Catalogue::default(), NOW).is_err());
}

#[test]
fn changes_are_taken_up_and_what_cannot_be_used_leaves_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let first = put(&directory, "a.org", &["a.org"]);
    let (catalogue, mut loader) = (Catalogue::default(), loader(directory.path()));
    loader.start(&catalogue, NOW).unwrap();

    let good_key = fs::read(directory.path().join("a.org.key")).unwrap();
    let second = put(&directory, "a.org", &["a.org"]);
    let second_key = fs::read(directory.path().join("a.org.key")).unwrap();
    fs::write(directory.path().join("a.org.key"), good_key).unwrap();
    loader.again(&catalogue, NOW);
    assert_eq!(shown(&catalogue, "a.org"), Some(first.clone()), "the key is not the new certificate's");
    fs::write(directory.path().join("a.org.key"), second_key).unwrap();
    loader.again(&catalogue, NOW);
    assert_eq!(shown(&catalogue, "a.org"), Some(second.clone()));

    put(&directory, "a.org", &["b.org"]);
    loader.again(&catalogue, NOW);
    assert_eq!(shown(&catalogue, "a.org"), Some(second.clone()), "for another name");
    loader.again(&catalogue, LATER);
    assert_eq!(shown(&catalogue, "a.org"), Some(second), "nothing better is there");

    fs::remove_file(directory.path().join("a.org.crt")).unwrap();
    loader.again(&catalogue, NOW);
    assert_eq!(shown(&catalogue, "a.org"), None, "taken away by the operator");
}
