//! One certificate with its key, checked: they belong together, it covers the names it is meant for, it is in force.

use crate::names;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use types::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// A chain with the key of its first certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    names: Vec<String>,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Why a certificate cannot be used. Its text says what is wrong with it; who shows it names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// The chain cannot be read.
    Chain(String),
    /// The key cannot be read.
    Key(String),
    /// Chain and key do not belong together.
    KeyMismatch,
    /// It is for other names.
    OtherNames {
        /// The name it should be for.
        wanted: String,
        /// Those it is for.
        names: Vec<String>,
    },
    /// Its time is over.
    Expired(Timestamp),
    /// Its time has not come.
    NotYetValid(Timestamp),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(reason) => write!(f, "the certificate cannot be read: {reason}"),
            Self::Key(reason) => write!(f, "the private key cannot be read: {reason}"),
            Self::KeyMismatch => f.write_str("the private key is not the one of the first certificate"),
            Self::OtherNames { wanted, names } if names.is_empty() => {
                write!(f, "the certificate is not for {wanted}: it has no name in its subjectAltName")
            }
            Self::OtherNames { wanted, names } => {
                write!(f, "the certificate is not for {wanted}, but for {}", names.join(", "))
            }
            Self::Expired(when) => write!(f, "the certificate expired at {}", shown(*when)),
            Self::NotYetValid(when) => write!(f, "the certificate is valid only from {}", shown(*when)),
        }
    }
}

impl std::error::Error for CertificateError {}

fn shown(time: Timestamp) -> String {
    let seconds = i64::try_from(time.0 / 1000).unwrap_or(i64::MAX);
    ASN1Time::from_timestamp(seconds).map_or_else(|_| format!("{seconds} s after 1970"), |time| time.to_string())
}

impl Certificate {
    /// Reads a PEM chain, the host's certificate first, and its PEM key (PKCS #8, PKCS #1 or SEC 1, not encrypted).
    ///
    /// # Errors
    /// What cannot be read, or `KeyMismatch`. Names and times are for [`Certificate::check`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::Chain(error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => {
                CertificateError::Key("no PEM key is in it; encrypted keys cannot be used".to_owned())
            }
            error => CertificateError::Key(error.to_string()),
        })?;
        let first = chain.first().ok_or_else(|| CertificateError::Chain("no PEM certificate is in it".to_owned()))?;
        let (names, not_before, not_after) = read(first)?;
        let provider = aws_lc_rs::default_provider();
        let key =
            provider.key_provider.load_private_key(key).map_err(|error| CertificateError::Key(error.to_string()))?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => CertificateError::KeyMismatch,
            error => CertificateError::Chain(error.to_string()),
        })?;
        Ok(Self { key: Arc::new(key), names, not_before, not_after })
    }

    /// Whether it may be used now, for `domain` if one is given.
    ///
    /// # Errors
    /// `OtherNames`, `Expired` or `NotYetValid`.
    pub fn check(&self, domain: Option<&str>, now: Timestamp) -> Result<(), CertificateError> {
        if let Some(domain) = domain
            && !self.names.iter().any(|name| names::covers(name, domain))
        {
            return Err(CertificateError::OtherNames { wanted: domain.to_owned(), names: self.names.clone() });
        }
        if now >= self.not_after {
            return Err(CertificateError::Expired(self.not_after));
        }
        if now < self.not_before {
            return Err(CertificateError::NotYetValid(self.not_before));
        }
        Ok(())
    }

    /// What handshakes need of it.
    pub fn key(&self) -> &Arc<CertifiedKey> {
        &self.key
    }

    /// The names it is for, normalized; wildcards among them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The end of its time.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// When two thirds of its time are over.
    pub fn renew_at(&self) -> Timestamp {
        let life = self.not_after.0.saturating_sub(self.not_before.0);
        Timestamp(self.not_before.0.saturating_add(life / 3 * 2))
    }
}

/// The names and times of a certificate. Like every browser, this reads only `subjectAltName`.
fn read(certificate: &CertificateDer<'_>) -> Result<(Vec<String>, Timestamp, Timestamp), CertificateError> {
    let malformed = |error: &dyn fmt::Display| CertificateError::Chain(error.to_string());
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| malformed(&error))?;
    let mut found = Vec::new();
    if let Some(alternatives) = parsed.subject_alternative_name().map_err(|error| malformed(&error))? {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name) = name {
                found.extend(names::normalized_pattern(name));
            }
        }
    }
    let validity = parsed.validity();
    let time = |time: ASN1Time| Timestamp(u64::try_from(time.timestamp()).unwrap_or(0).saturating_mul(1000));
    Ok((found, time(validity.not_before), time(validity.not_after)))
}

#[cfg(test)]
mod tests;
