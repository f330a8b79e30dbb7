//! Settings of TLS: where it is spoken, whose certificates, and how ACME gets them.

use super::SettingsError;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use tls::names;

/// TLS, if it is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// A directory of `NAME.crt` with `NAME.key`.
    pub directory: Option<PathBuf>,
    /// Certificates named one by one.
    pub certificates: Vec<CertificateFiles>,
    /// Whether plain HTTP is sent here.
    pub redirect: Option<Redirect>,
    /// How certificates are issued.
    pub acme: Option<AcmeSettings>,
}

/// A certificate in files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// The name it is meant for; none for the certificate of all other names.
    pub domain: Option<String>,
    /// The PEM chain.
    pub chain: PathBuf,
    /// Its PEM key.
    pub key: PathBuf,
}

/// How plain HTTP is sent to HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301 or 308.
    pub status: u16,
    /// The port clients reach TLS at; 443 is not written.
    pub port: Option<u16>,
}

impl Redirect {
    /// With the port of the listener, unless clients are told another.
    pub(crate) fn with_port(self, listener: u16) -> Self {
        Self { port: self.port.or(Some(listener)), ..self }
    }
}

/// An authority that issues certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeSettings {
    /// The URL of its directory.
    pub directory: String,
    /// `mailto:` addresses it writes to.
    pub contact: Vec<String>,
    /// Names to get certificates for, besides custom domains.
    pub domains: Vec<String>,
    /// How names are proven.
    pub challenge: ChallengeKind,
    /// PEM roots trusted for the directory itself, in the place of the public ones.
    pub ca: Option<PathBuf>,
}

/// How it is proven that a name leads here.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum ChallengeKind {
    /// By plain HTTP at port 80.
    #[default]
    #[serde(rename = "http-01")]
    Http,
    /// By TLS at port 443.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn,
}

/// What the file has of it.
#[derive(Debug, Default)]
pub(super) struct FromFile {
    pub(super) listen: Option<SocketAddr>,
    pub(super) directory: Option<PathBuf>,
    pub(super) certificates: Option<Vec<CertificateFiles>>,
    pub(super) redirect: Option<u16>,
    pub(super) port: Option<u16>,
    pub(super) acme_directory: Option<String>,
    pub(super) acme_contact: Option<Vec<String>>,
    pub(super) acme_terms_agreed: Option<bool>,
    pub(super) acme_domains: Option<Vec<String>>,
    pub(super) acme_challenge: Option<ChallengeKind>,
    pub(super) acme_ca: Option<PathBuf>,
}

impl FromFile {
    /// The settings.
    ///
    /// # Errors
    /// What does not go together.
    pub(super) fn resolve(self) -> Result<Option<TlsSettings>, SettingsError> {
        let Some(listen) = self.listen else {
            return if self.asks_for_tls() { refused("set tls_listen, or leave out what needs TLS") } else { Ok(None) };
        };
        let redirect = match self.redirect {
            None => None,
            Some(status @ (301 | 308)) => Some(Redirect { status, port: self.port }),
            Some(status) => return refused(&format!("https_redirect is {status}: set 301 or 308")),
        };
        let mut certificates = self.certificates.clone().unwrap_or_default();
        for certificate in &mut certificates {
            if let Some(domain) = &certificate.domain {
                let known = names::normalized_pattern(domain);
                certificate.domain = Some(known.ok_or_else(|| not_a_name("certificate", domain))?);
            }
        }
        let (directory, acme) = (self.directory.clone(), self.acme()?);
        if directory.is_none() && certificates.is_empty() && acme.is_none() {
            return refused("tls_listen needs certificates: set certificates, [[certificate]] or acme_directory");
        }
        Ok(Some(TlsSettings { listen, directory, certificates, redirect, acme }))
    }

    fn asks_for_tls(&self) -> bool {
        let certificates = self.directory.is_some() || self.certificates.is_some();
        certificates || self.redirect.is_some() || self.port.is_some() || self.asks_for_acme()
    }

    fn asks_for_acme(&self) -> bool {
        let account = self.acme_contact.is_some() || self.acme_terms_agreed.is_some() || self.acme_ca.is_some();
        account || self.acme_directory.is_some() || self.acme_domains.is_some() || self.acme_challenge.is_some()
    }

    fn acme(self) -> Result<Option<AcmeSettings>, SettingsError> {
        if !self.asks_for_acme() {
            return Ok(None);
        }
        let Some(directory) = self.acme_directory else {
            return refused("ACME needs acme_directory, such as https://acme-v02.api.letsencrypt.org/directory");
        };
        if !directory.starts_with("https://") {
            return refused(&format!("acme_directory is {directory}: it must begin with https://"));
        }
        if self.acme_terms_agreed != Some(true) {
            return refused("read the terms of service of the ACME authority, then set acme_terms_agreed = true");
        }
        let mut domains = Vec::new();
        for domain in self.acme_domains.unwrap_or_default() {
            domains.push(names::normalized(&domain).ok_or_else(|| not_a_name("acme_domains", &domain))?);
        }
        let contact = self.acme_contact.unwrap_or_default();
        let with_scheme = |address: String| if address.contains(':') { address } else { format!("mailto:{address}") };
        let contact = contact.into_iter().map(with_scheme).collect();
        let challenge = self.acme_challenge.unwrap_or_default();
        Ok(Some(AcmeSettings { directory, contact, domains, challenge, ca: self.acme_ca }))
    }
}

fn refused<T>(reason: &str) -> Result<T, SettingsError> {
    Err(SettingsError(reason.to_owned()))
}

fn not_a_name(setting: &str, name: &str) -> SettingsError {
    SettingsError(format!("{setting} has {name:?}, which is not the name of a host"))
}

#[cfg(test)]
mod tests;
