//! Which certificate a name gets: the one from files before the one that ACME issued, an exact name before a wildcard,
//! and the default for all else. Replaced as a whole while connections go on.

use crate::certificate::Certificate;
use crate::names;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The certificates in force.
#[derive(Debug, Default)]
pub struct Catalogue {
    current: RwLock<Entries>,
    /// How often what files have became something else.
    files_version: AtomicU64,
}

#[derive(Debug, Default)]
struct Entries {
    from_files: HashMap<String, Arc<CertifiedKey>>,
    /// Each for one name, which is no wildcard.
    issued: HashMap<String, Issued>,
    default: Option<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Issued {
    key: Arc<CertifiedKey>,
    wanted: Wanted,
}

/// Who wants a certificate that ACME issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Whoever runs the server.
    Always,
    /// A bucket, while the name is a custom domain of it.
    WhileDomain,
}

impl Entries {
    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        self.in_files(name).or_else(|| Some(&self.issued.get(name)?.key))
    }

    fn in_files(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        self.from_files.get(name).or_else(|| self.from_files.get(names::wildcard_of(name)?.as_str()))
    }
}

/// Whether two tables have the same names.
fn same_names(one: &HashMap<String, Arc<CertifiedKey>>, other: &HashMap<String, Arc<CertifiedKey>>) -> bool {
    one.len() == other.len() && one.keys().all(|name| other.contains_key(name))
}

impl Catalogue {
    /// Replaces what files have. Of two for one name the first counts.
    pub fn replace_files(&self, certificates: &[Certificate], default: Option<&Certificate>) {
        let mut from_files = HashMap::new();
        for certificate in certificates {
            for name in certificate.names() {
                from_files.entry(name.clone()).or_insert_with(|| Arc::clone(certificate.key()));
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !same_names(&current.from_files, &from_files) {
            self.files_version.fetch_add(1, Ordering::Release);
        }
        current.from_files = from_files;
        current.default = default.map(|certificate| Arc::clone(certificate.key()));
    }

    /// How often the names that files have certificates for became others.
    pub fn files_version(&self) -> u64 {
        self.files_version.load(Ordering::Acquire)
    }

    /// Replaces what ACME issued, each for one normalized name.
    pub fn replace_issued<'c>(&self, certificates: impl Iterator<Item = (String, &'c Certificate, Wanted)>) {
        let issued = |(name, certificate, wanted): (_, &Certificate, _)| {
            (name, Issued { key: Arc::clone(certificate.key()), wanted })
        };
        let issued = certificates.map(issued).collect();
        self.current.write().unwrap_or_else(PoisonError::into_inner).issued = issued;
    }

    /// Adds what ACME just issued for a normalized name, or renewed.
    pub fn add_issued(&self, name: String, certificate: &Certificate, wanted: Wanted) {
        let issued = Issued { key: Arc::clone(certificate.key()), wanted };
        self.current.write().unwrap_or_else(PoisonError::into_inner).issued.insert(name, issued);
    }

    /// Takes away what ACME issued for a normalized name that is no bucket's any more, if it was issued for one.
    pub fn withdraw(&self, name: &str) {
        let is_of_domain =
            |entries: &Entries| entries.issued.get(name).is_some_and(|issued| issued.wanted == Wanted::WhileDomain);
        // Seldom anything is to be done, and reading holds nobody up.
        if is_of_domain(&self.current.read().unwrap_or_else(PoisonError::into_inner)) {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            if is_of_domain(&current) {
                current.issued.remove(name);
            }
        }
    }

    /// Whether files have a certificate for a normalized name, so that none need be issued.
    pub fn is_in_files(&self, name: &str) -> bool {
        self.current.read().unwrap_or_else(PoisonError::into_inner).in_files(name).is_some()
    }

    /// The certificate for a normalized name, or for a client that names none.
    pub fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        name.and_then(|name| current.find(name)).or(current.default.as_ref()).cloned()
    }
}

impl ResolvesServerCert for Catalogue {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name().and_then(names::normalized).as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn made_for(name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        Certificate::from_pem(made.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    #[test]
    fn files_go_before_what_was_issued_and_exact_names_before_wildcards() {
        let (exact, wildcard, issued) = (made_for("a.x.org"), made_for("*.x.org"), made_for("b.x.org"));
        let other = made_for("c.y.org");
        let catalogue = Catalogue::default();
        catalogue.replace_files(&[wildcard.clone(), exact.clone()], None);
        let all = [("b.x.org", &issued), ("c.y.org", &other)];
        catalogue.replace_issued(all.into_iter().map(|(name, made)| (name.to_owned(), made, Wanted::Always)));
        let is = |name: Option<&str>, expected: Option<&Certificate>| {
            let found = catalogue.find(name);
            assert_eq!(found.is_some(), expected.is_some(), "{name:?}");
            assert!(
                found.zip(expected).is_none_or(|(found, expected)| Arc::ptr_eq(&found, expected.key())),
                "{name:?}"
            );
        };
        is(Some("a.x.org"), Some(&exact));
        is(Some("b.x.org"), Some(&wildcard));
        is(Some("c.y.org"), Some(&other));
        is(Some("d.y.org"), None);
        is(None, None);
        catalogue.replace_files(&[], Some(&wildcard));
        is(Some("b.x.org"), Some(&issued));
        is(Some("d.y.org"), Some(&wildcard));
        is(None, Some(&wildcard));
    }
    #[test]
    fn only_what_was_issued_for_a_domain_is_withdrawn() {
        let (made, catalogue) = (made_for("a.x.org"), Catalogue::default());
        catalogue.replace_files(std::slice::from_ref(&made), None);
        catalogue.add_issued("b.x.org".to_owned(), &made, Wanted::Always);
        catalogue.add_issued("c.x.org".to_owned(), &made, Wanted::WhileDomain);
        for name in ["a.x.org", "b.x.org", "c.x.org", "d.x.org"] {
            catalogue.withdraw(name);
        }
        let shown = ["a.x.org", "b.x.org", "c.x.org"].map(|name| catalogue.find(Some(name)).is_some());
        assert_eq!(shown, [true, true, false]);
    }

    #[test]
    fn that_the_names_in_files_changed_is_counted() {
        let (one, other) = (made_for("a.x.org"), made_for("b.x.org"));
        let renewed = made_for("a.x.org");
        let catalogue = Catalogue::default();
        for (files, expected) in [
            (vec![], 0),
            (vec![one], 1),
            (vec![renewed.clone()], 1),
            (vec![renewed, other.clone()], 2),
            (vec![other], 3),
        ] {
            catalogue.replace_files(&files, None);
            assert_eq!(catalogue.files_version(), expected);
        }
    }
}
