//! Whom connections to providers trust: the certificate authorities that browsers trust, and those of the operator.

use environment::Clock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why the operator's authorities cannot be used.
#[derive(Debug)]
pub struct RootsError(String);

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RootsError {}

/// TLS with providers. `roots` are PEM certificates to trust besides the public ones: one provider may be the
/// operator's own, and another one everybody's.
///
/// # Errors
/// `roots` are no PEM certificates.
pub(crate) fn client_config(roots: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<ClientConfig, RootsError> {
    let failed = |error: &dyn fmt::Display| RootsError(error.to_string());
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(roots) = roots {
        let public = trusted.len();
        for root in CertificateDer::pem_slice_iter(roots) {
            trusted.add(root.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
        }
        if trusted.len() == public {
            return Err(failed(&"no PEM certificate is in it"));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(CertificateTime(clock)));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| failed(&error))?;
    Ok(builder.with_root_certificates(trusted).with_no_client_auth())
}

/// The time by which certificates are too old, or not good yet.
struct CertificateTime(Arc<dyn Clock>);

impl fmt::Debug for CertificateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateTime")
    }
}

impl TimeProvider for CertificateTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.now().seconds())))
    }
}
