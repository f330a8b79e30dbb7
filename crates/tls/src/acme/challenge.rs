//! TLS-ALPN-01 (RFC 8737): the certificate that answers a challenge, shown to nobody but the authority that asks.

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::error::Error;
use std::sync::Arc;

/// The protocol by which an authority asks.
pub(crate) const PROTOCOL: &[u8] = b"acme-tls/1";

/// The configuration of the one handshake that answers.
///
/// # Errors
/// A name that no certificate can have.
pub(crate) fn config(name: &str, key_authorization: &str) -> Result<ServerConfig, Box<dyn Error + Send + Sync>> {
    let digest = aws_lc_rs_digest(key_authorization);
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

fn aws_lc_rs_digest(key_authorization: &str) -> [u8; 32] {
    let mut digest = [0; 32];
    let computed = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, key_authorization.as_bytes());
    digest.copy_from_slice(computed.as_ref());
    digest
}
