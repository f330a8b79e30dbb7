//! Certificates from files: read at the start, looked at again every few seconds, and taken up when they change. One
//! that cannot be used stops the start; later it is only reported, and the one before stays in force.

use crate::settings::{CertificateFiles, TlsSettings};
use environment::Clock;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tls::{Catalogue, Certificate, names};
use types::Timestamp;
use types::limits::MIB;

/// Time between two looks.
const ROUND: Duration = Duration::from_secs(10);

/// Largest file read: chains are a few kilobytes.
const FILE_BYTES_MAX: u64 = MIB;

/// The stem of the certificate for all names that have no other.
const DEFAULT: &str = "default";

/// A certificate that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFailure {
    /// The file, or the directory, it is about.
    pub file: PathBuf,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for CertificateFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

/// Two files, and what they are meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    /// The name the certificate must be for; none for the default.
    domain: Option<String>,
    chain: PathBuf,
    key: PathBuf,
}

/// A pair that was read and found good.
#[derive(Clone, Debug)]
struct Loaded {
    content: [Vec<u8>; 2],
    certificate: Certificate,
}

/// What files have, and what was last found in them.
#[derive(Debug)]
pub(crate) struct CertificateLoader {
    directory: Option<PathBuf>,
    listed: Vec<Pair>,
    pairs: Vec<Pair>,
    loaded: HashMap<PathBuf, Loaded>,
    /// What was already reported, by file.
    reported: HashMap<PathBuf, String>,
}

impl CertificateLoader {
    pub(crate) fn new(settings: &TlsSettings) -> Self {
        let pair = |files: &CertificateFiles| Pair {
            domain: files.domain.clone(),
            chain: files.chain.clone(),
            key: files.key.clone(),
        };
        Self {
            directory: settings.directory.clone(),
            listed: settings.certificates.iter().map(pair).collect(),
            pairs: Vec::new(),
            loaded: HashMap::new(),
            reported: HashMap::new(),
        }
    }

    /// Reads everything for the first time.
    ///
    /// # Errors
    /// The first certificate that cannot be used.
    pub(crate) fn start(&mut self, catalogue: &Catalogue, now: Timestamp) -> Result<(), CertificateFailure> {
        if let Some(failure) = self.look(now).into_iter().next() {
            return Err(failure);
        }
        self.publish(catalogue);
        Ok(())
    }

    /// How many certificates are in force.
    pub(crate) fn count(&self) -> usize {
        self.loaded.len()
    }

    /// Looks again; what is wrong is logged once.
    fn again(&mut self, catalogue: &Catalogue, now: Timestamp) {
        let failures = self.look(now);
        for CertificateFailure { file, reason } in &failures {
            if self.reported.get(file) != Some(reason) {
                tracing::error!(file = %file.display(), reason, "a certificate cannot be used; the one before stays");
            }
        }
        self.reported = failures.into_iter().map(|failure| (failure.file, failure.reason)).collect();
        self.publish(catalogue);
    }

    /// Takes up what changed and answers what is wrong.
    fn look(&mut self, now: Timestamp) -> Vec<CertificateFailure> {
        let mut failures = Vec::new();
        match self.list(&mut failures) {
            Ok(found) => self.pairs = self.listed.iter().cloned().chain(found).collect(),
            Err(failure) => failures.push(failure),
        }
        let mut kept = HashMap::new();
        for pair in &self.pairs {
            let before = self.loaded.remove(&pair.chain);
            match load(pair, before.as_ref(), now) {
                Ok(loaded) => drop(kept.insert(pair.chain.clone(), loaded)),
                Err(failure) => {
                    failures.push(failure);
                    kept.extend(before.map(|before| (pair.chain.clone(), before)));
                }
            }
        }
        self.loaded = kept;
        failures
    }

    fn publish(&self, catalogue: &Catalogue) {
        let find = |pair: &Pair| self.loaded.get(&pair.chain).map(|loaded| loaded.certificate.clone());
        // Those that name their domain first: what else a certificate is for counts less.
        let certificates: Vec<_> = self.pairs.iter().filter_map(find).collect();
        let default = self.pairs.iter().find(|pair| pair.domain.is_none()).and_then(find);
        // Who has one certificate means it for whoever asks, also by address.
        let only = if let [only] = &certificates[..] { Some(only) } else { None };
        catalogue.replace_files(&certificates, default.as_ref().or(only));
    }

    /// The pairs in the directory. A name that cannot be understood is a failure of its own.
    fn list(&self, failures: &mut Vec<CertificateFailure>) -> Result<Vec<Pair>, CertificateFailure> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let failed = |error: io::Error| failure(directory, &error);
        let mut chains = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension() == Some(OsStr::new("crt")) || path.extension() == Some(OsStr::new("pem")) {
                chains.push(path);
            }
        }
        chains.sort();
        let mut pairs = Vec::new();
        for chain in chains {
            match domain_of(&chain) {
                Ok(domain) => pairs.push(Pair { domain, key: chain.with_extension("key"), chain }),
                Err(found) => failures.push(found),
            }
        }
        Ok(pairs)
    }
}

/// Looks at the files until the server stops.
pub(crate) async fn run(mut loader: CertificateLoader, catalogue: Arc<Catalogue>, clock: Arc<dyn Clock>) {
    loop {
        clock.sleep(ROUND).await;
        let (catalogue, now) = (Arc::clone(&catalogue), clock.now());
        let looked = tokio::task::spawn_blocking(move || {
            loader.again(&catalogue, now);
            loader
        });
        match looked.await {
            Ok(looked) => loader = looked,
            Err(error) => return tracing::error!(%error, "certificates are no longer looked at"),
        }
    }
}

/// The name that a file's name says: `_.example.com.crt` is for `*.example.com`.
fn domain_of(chain: &Path) -> Result<Option<String>, CertificateFailure> {
    let stem = chain.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    if stem == DEFAULT {
        return Ok(None);
    }
    let pattern = stem.strip_prefix("_.").map_or_else(|| stem.to_owned(), |parent| format!("*.{parent}"));
    names::normalized_pattern(&pattern).map(Some).ok_or_else(|| CertificateFailure {
        file: chain.to_owned(),
        reason: "the file is not named after a host, such as example.com.crt, _.example.com.crt or default.crt"
            .to_owned(),
    })
}

fn load(pair: &Pair, before: Option<&Loaded>, now: Timestamp) -> Result<Loaded, CertificateFailure> {
    let content = [read(&pair.chain)?, read(&pair.key)?];
    let certificate = match before.filter(|before| before.content == content) {
        Some(before) => before.certificate.clone(),
        None => {
            let [chain, key] = &content;
            Certificate::from_pem(chain, key).map_err(|error| match error {
                tls::CertificateError::Key(_) => failure(&pair.key, &error),
                _ => failure(&pair.chain, &error),
            })?
        }
    };
    certificate.check(pair.domain.as_deref(), now).map_err(|error| failure(&pair.chain, &error))?;
    Ok(Loaded { content, certificate })
}

#[expect(clippy::disallowed_methods, reason = "a file of the operator's, outside the store's disk")]
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CertificateFailure> {
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failure(path, &error))?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut content).map_err(|error| failure(path, &error))?;
    Ok(content)
}

fn failure(file: &Path, reason: &dyn fmt::Display) -> CertificateFailure {
    CertificateFailure { file: file.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
