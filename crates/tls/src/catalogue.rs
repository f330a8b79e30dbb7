//! Which certificate a name gets: the one from files before the one that ACME issued, an exact name before a wildcard,
//! and the default for all else. Replaced as a whole while connections go on.

use crate::certificate::Certificate;
use crate::names;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The certificates in force.
#[derive(Debug, Default)]
pub struct Catalogue {
    current: RwLock<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    from_files: HashMap<String, Arc<CertifiedKey>>,
    issued: HashMap<String, Arc<CertifiedKey>>,
    default: Option<Arc<CertifiedKey>>,
}

impl Entries {
    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let wildcard = names::wildcard_of(name);
        [&self.from_files, &self.issued]
            .into_iter()
            .find_map(|entries| entries.get(name).or_else(|| entries.get(wildcard.as_deref()?)))
    }
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
        current.from_files = from_files;
        current.default = default.map(|certificate| Arc::clone(certificate.key()));
    }

    /// Replaces what ACME issued, each for one name.
    pub fn replace_issued(&self, certificates: &HashMap<String, Certificate>) {
        let issued = certificates.iter().map(|(name, issued)| (name.clone(), Arc::clone(issued.key()))).collect();
        self.current.write().unwrap_or_else(PoisonError::into_inner).issued = issued;
    }

    /// Whether files have a certificate for a normalized name, so that none need be issued.
    pub fn is_in_files(&self, name: &str) -> bool {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let wildcard = names::wildcard_of(name);
        current.from_files.contains_key(name) || wildcard.is_some_and(|name| current.from_files.contains_key(&name))
    }

    /// Whether a normalized name has a certificate, not counting the default.
    pub fn has(&self, name: &str) -> bool {
        self.current.read().unwrap_or_else(PoisonError::into_inner).find(name).is_some()
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
        catalogue.replace_issued(&all.map(|(name, made)| (name.to_owned(), made.clone())).into());
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
}
