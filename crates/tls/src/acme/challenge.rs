//! TLS-ALPN-01 (RFC 8737): the certificate that answers a challenge, shown to nobody but the authority that asks.

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::error::Error;
use std::sync::Arc;

/// The protocol by which an authority asks.
pub(crate) const PROTOCOL: &[u8] = b"acme-tls/1";

/// The configuration of the one handshake that answers.
///
/// # Errors
/// A name that no certificate can have.
pub(crate) fn config(name: &str, key_authorization: &str) -> Result<ServerConfig, Box<dyn Error + Send + Sync>> {
    let digest = digest_of(key_authorization);
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key)?;
    // Not `with_single_cert`: it refuses what it does not know, and the extension of the answer must be critical.
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate.der().clone()], key));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn digest_of(key_authorization: &str) -> [u8; 32] {
    let mut digest = [0; 32];
    let computed = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, key_authorization.as_bytes());
    digest.copy_from_slice(computed.as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_challenge_can_be_shown() {
        let config = config("files.example.com", "token.print").unwrap();
        assert_eq!(config.alpn_protocols, [PROTOCOL]);
        assert_eq!(digest_of("")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }
}
