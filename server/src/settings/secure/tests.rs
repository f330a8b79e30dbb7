//! Settings of TLS that go together, and those that do not.

use super::super::{parse, tests::from_file};
use super::*;

fn resolved(text: &str) -> Result<Option<TlsSettings>, String> {
    from_file(text).map_err(|error| error.to_string())?.tls().map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    resolved(text).unwrap_err()
}

#[test]
fn tls_is_spoken_only_where_it_was_asked_for() {
    assert_eq!(resolved(""), Ok(None));
    let settings = resolved("tls_listen = '[::]:443'\ncertificates = '/etc/c'\nhttps_redirect = 308").unwrap().unwrap();
    assert_eq!(settings.redirect, Some(Redirect { status: 308, port: None }));
    assert_eq!(settings.acme, None);
}

#[test]
fn certificates_are_named_one_by_one() {
    let text = "tls_listen = '[::]:443'\n[[certificate]]\ndomain = '*.Example.com'\nchain = 'c'\nkey = 'k'\n\
        [[certificate]]\nchain = 'd'\nkey = 'e'";
    let certificates = resolved(text).unwrap().unwrap().certificates;
    assert_eq!(certificates[0].domain.as_deref(), Some("*.example.com"));
    assert_eq!(certificates[1].domain, None);
}

#[test]
fn what_does_not_go_together_says_what_to_set() {
    assert!(refusal("https_redirect = 301").contains("set tls_listen"));
    assert!(refusal("tls_listen = '[::]:443'").contains("needs certificates"));
    assert!(refusal("tls_listen = '[::]:443'\ncertificates = 'c'\nhttps_redirect = 302").contains("301 or 308"));
    let acme = "tls_listen = '[::]:443'\nacme_directory = 'https://a.example/d'";
    assert!(refusal(acme).contains("acme_terms_agreed"));
    assert!(refusal("tls_listen = '[::]:443'\nacme_domains = ['a.b']").contains("acme_directory"));
    assert!(refusal(&format!("{acme}\nacme_terms_agreed = true\nacme_domains = ['*.b.c']")).contains("acme_domains"));
    let good = format!("{acme}\nacme_terms_agreed = true\nacme_domains = ['A.b.']\nacme_contact = ['me@b']");
    let settings = resolved(&good).unwrap().unwrap().acme.unwrap();
    assert_eq!(
        (&settings.domains[..], &settings.contact[..]),
        (&["a.b".to_owned()][..], &["mailto:me@b".to_owned()][..])
    );
    assert!(parse("acme_challenge = 'dns-01'", std::path::Path::new("x")).is_err());
}
