//! What a domain demands of a handshake: a least version, and ciphers. As with Cloudflare, ciphers are chosen for TLS
//! 1.2; those of 1.3 are all good and always allowed.

use crate::catalogue::Catalogue;
use http_support::Security;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ProtocolVersion, ServerConfig, SupportedCipherSuite};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A least version. TLS 1.0 and 1.1 are not spoken at all (RFC 8996), so a domain that allows them gets 1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MinVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What a domain demands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    min_version: MinVersion,
    /// Numbers of the suites of TLS 1.2 that are allowed, in order; `None` for all.
    ciphers: Option<Vec<u16>>,
}

/// The suites of TLS 1.2 that there are, by the names BoringSSL has for them.
const SUITES: [(&str, CipherSuite); 6] = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

impl Rules {
    /// Rules with a list of ciphers by their names in BoringSSL; an empty list allows all. Older ciphers, which are not
    /// spoken at all, count for nothing: a list of none but those leaves TLS 1.3 only.
    pub fn new<'a>(min_version: MinVersion, ciphers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut allowed = Vec::new();
        let mut any = false;
        for name in ciphers {
            any = true;
            let name = name.strip_suffix("-SHA256").filter(|name| name.ends_with("POLY1305")).unwrap_or(name);
            let suite = SUITES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            allowed.extend(suite.map(|(_, suite)| u16::from(*suite)));
        }
        allowed.sort_unstable();
        allowed.dedup();
        Self { min_version, ciphers: any.then_some(allowed) }
    }

    /// Whether a connection meets whatever rules there may be.
    pub fn any_allow(connection: &Security) -> bool {
        connection.version >= u16::from(ProtocolVersion::TLSv1_3)
    }

    /// Whether a connection meets them.
    pub fn allow(&self, connection: &Security) -> bool {
        if Self::any_allow(connection) {
            return true;
        }
        self.min_version == MinVersion::Tls12
            && self.ciphers.as_ref().is_none_or(|allowed| allowed.contains(&connection.cipher))
    }

    fn provider(&self) -> CryptoProvider {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites.retain(|suite| match (suite, &self.ciphers) {
            (SupportedCipherSuite::Tls12(_), Some(allowed)) => allowed.contains(&u16::from(suite.suite())),
            _ => true,
        });
        provider
    }

    fn config(&self, catalogue: Arc<Catalogue>) -> Result<ServerConfig, rustls::Error> {
        let provider = self.provider();
        let speaks_1_2 = self.min_version == MinVersion::Tls12
            && provider.cipher_suites.iter().any(|suite| matches!(suite, SupportedCipherSuite::Tls12(_)));
        let versions: &[&rustls::SupportedProtocolVersion] = if speaks_1_2 { &[&TLS13, &TLS12] } else { &[&TLS13] };
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_cert_resolver(catalogue);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Each configuration has tickets of its own: a session begun under weaker rules is not taken up again here.
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(config)
    }
}

/// Configurations kept at once. There are few different rules; a store with more makes them anew.
const CONFIGS_MAX: usize = 256;

/// The configurations of the rules in use.
#[derive(Debug)]
pub(crate) struct Configs {
    catalogue: Arc<Catalogue>,
    made: Mutex<HashMap<Rules, Arc<ServerConfig>>>,
}

impl Configs {
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue, made: Mutex::default() }
    }

    /// The configuration of some rules.
    pub(crate) fn of(&self, rules: Rules) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = made.get(&rules) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(rules.config(Arc::clone(&self.catalogue))?);
        if made.len() >= CONFIGS_MAX {
            made.clear();
        }
        made.insert(rules, Arc::clone(&config));
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(version: u16, suite: CipherSuite) -> Security {
        Security { version, cipher: suite.into() }
    }

    #[test]
    fn tls_1_3_is_above_every_list_of_ciphers() {
        let aes128 = agreed(0x0303, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
        let modern = agreed(0x0304, CipherSuite::TLS13_AES_128_GCM_SHA256);
        let strict = Rules::new(MinVersion::Tls13, []);
        assert!(strict.allow(&modern) && !strict.allow(&aes128));
        let listed = Rules::new(MinVersion::Tls12, ["ECDHE-RSA-AES256-GCM-SHA384", "AES128-SHA"]);
        assert!(listed.allow(&modern) && !listed.allow(&aes128));
        assert!(Rules::new(MinVersion::Tls12, ["ecdhe-rsa-aes128-gcm-sha256"]).allow(&aes128));
        assert!(Rules::default().allow(&aes128));
    }

    #[test]
    fn every_list_of_ciphers_makes_a_configuration() {
        let configs = Configs::new(Arc::default());
        for ciphers in [vec![], vec!["AES128-SHA"], vec!["ECDHE-ECDSA-CHACHA20-POLY1305"], vec!["no such cipher"]] {
            let rules = Rules::new(MinVersion::Tls12, ciphers);
            let config = configs.of(rules.clone()).unwrap();
            assert!(Arc::ptr_eq(&config, &configs.of(rules).unwrap()));
        }
    }
}
