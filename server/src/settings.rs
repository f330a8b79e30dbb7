//! Settings: read once, documented once. docs/configuration.md is this file's table, written by a test.

mod domains;
mod secure;

pub use secure::{AcmeSettings, CertificateFiles, ChallengeKind, Redirect, TlsSettings};

use crate::command_line::Serve;
use face_public::CacheSettings;
use operations::store::StoreLimits;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use types::limits::{GIB, MIB};

/// Everything an operator can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where data is kept.
    pub data: DataDirectory,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to announce readiness.
    pub ready_file: Option<PathBuf>,
    /// Bytes of the disk that stay free.
    pub reserve_bytes: u64,
    /// Bytes of rows and small objects kept in memory.
    pub cache_bytes: u64,
    /// Domains under which accounts have their endpoints.
    pub account_domains: Vec<String>,
    /// Domains directly under which buckets are.
    pub bucket_domains: Vec<String>,
    /// Domains under which buckets have their public development URLs. The first is told to clients.
    pub development_domains: Vec<String>,
    /// Domains that no bucket may have as, or above, its custom domain.
    pub reserved_domains: Vec<String>,
    /// TLS, if it is spoken.
    pub tls: Option<TlsSettings>,
    /// PEM roots trusted for identity providers, besides the public ones.
    pub oidc_ca: Option<PathBuf>,
    /// What is kept before custom domains.
    pub public_cache: CacheSettings,
    /// Bounds of the store.
    pub limits: StoreLimits,
}

/// Where data is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDirectory {
    /// For good.
    Kept(PathBuf),
    /// In a temporary directory, removed at the end.
    Ephemeral,
}

/// A setting of the configuration file, for people.
#[derive(Clone, Copy, Debug)]
pub struct Documented {
    /// Its name.
    pub name: &'static str,
    /// Its type and bounds.
    pub form: &'static str,
    /// What holds if it is left out.
    pub default: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

macro_rules! file_settings {
    ($($name:ident: $type:ty, $form:literal, $default:literal, $purpose:literal;)*) => {
        /// The configuration file.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct FileSettings { $($name: Option<$type>,)* }

        /// Every setting of the configuration file.
        pub const DOCUMENTED: &[Documented] = &[$(Documented {
            name: stringify!($name), form: $form, default: $default, purpose: $purpose,
        },)*];
    };
}

file_settings! {
    data: PathBuf, "path", "`./cairn-data`",
        "Directory that holds everything. `--data` goes before it.";
    listen: SocketAddr, "`address:port`", "`127.0.0.1:9200`",
        "Where to listen; port 0 picks a free one. `--listen` goes before it.";
    reserve_bytes: u64, "bytes, at least 64 MiB", "1 GiB",
        "Free space that writes leave on the disk. Below it they are refused with 503; reads and deletes go on.";
    cache_bytes: u64, "bytes, at least 8 MiB", "128 MiB",
        "Memory for rows and small objects that were read before.";
    account_domains: Vec<String>, "list of domains", "`[\"r2.localhost\"]`",
        "With `r2.example.com`, each account has the endpoints `<account>.r2.example.com` (path style) and \
         `<bucket>.<account>.r2.example.com`; for a jurisdiction, `<account>.eu.r2.example.com`, \
         `<bucket>.<account>.eu.r2.example.com` and, for the account of whoever asks, `eu.r2.example.com`. Any other \
         host is path style.";
    bucket_domains: Vec<String>, "list of domains", "`[\"localhost\"]`",
        "With `localhost`, each bucket is at `<bucket>.localhost` too.";
    development_domains: Vec<String>, "list of domains", "`[\"r2dev.localhost\"]`",
        "With `r2dev.example.com`, each bucket that has its public development URL enabled is at \
         `pub-<32 hex>.r2dev.example.com`. The first is the one that the API tells.";
    reserved_domains: Vec<String>, "list of domains", "`[]`",
        "No bucket may have these, or names below them, as custom domains: the host names under which you reach Cairn \
         yourself. The domains of the settings above are reserved anyway, and the very names of `acme_domains`.";
    development_requests_per_second: u32, "number, `0` for no limit", "`500`",
        "Requests per second to one public development URL. Past them the answer is 429 with `Retry-After`. Custom \
         domains are not limited.";
    public_cache_memory_bytes: u64, "bytes, `0` for no cache", "64 MiB",
        "Memory for objects of up to 1 MiB that custom domains showed before.";
    public_cache_disk_bytes: u64, "bytes, `0` for none", "4 GiB",
        "Larger objects, up to 512 MiB each and 256 of them, that the cache before custom domains may hold. They are held \
         where they are: only those that were replaced or deleted meanwhile cost space.";
    public_cache_everything: Vec<String>, "list of custom domains, or `\"*\"`", "`[]`",
        "Custom domains that cache every object. The others cache the file extensions that Cloudflare caches by default.";
    limit_rates: bool, "`true` or `false`", "`false`",
        "Holds clients to the rates of R2: one write per second to one object, 50 changes per second of one bucket. \
         Past them the answer is 429 with `Retry-After`.";
    tls_listen: SocketAddr, "`address:port`", "none",
        "Where to speak HTTPS (TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2), besides `listen`. See [TLS](tls.md).";
    certificates: PathBuf, "path", "none",
        "Directory of certificates: `NAME.crt` (PEM chain) with `NAME.key` for each name, `_.example.com` for a \
         wildcard, `default` for all other names. Changes are taken up within seconds.";
    certificate: Vec<CertificateFiles>, "tables of `domain`, `chain`, `key`", "none",
        "Certificates in other places, one table `[[certificate]]` each; one without `domain` is for all other names.";
    https_redirect: u16, "`301` or `308`", "none",
        "Sends plain HTTP to HTTPS with this status, but for signed S3 requests and challenges of ACME.";
    https_port: u16, "port", "that of `tls_listen`",
        "The port clients reach HTTPS at, if another one is forwarded to `tls_listen`.";
    acme_directory: String, "URL", "none",
        "Directory of the ACME authority that issues certificates for custom domains and `acme_domains`, such as \
         `https://acme-v02.api.letsencrypt.org/directory`.";
    acme_terms_agreed: bool, "`true`", "none",
        "That you agree to that authority's terms of service. Nothing is asked of it without.";
    acme_contact: Vec<String>, "list of e-mail addresses", "none",
        "Whom the authority may write to.";
    acme_domains: Vec<String>, "list of names", "none",
        "Names to get certificates for besides custom domains.";
    acme_challenge: ChallengeKind, "`http-01` or `tls-alpn-01`", "`http-01`",
        "How names are proven: the authority must reach `listen` at port 80, or `tls_listen` at port 443.";
    acme_ca: PathBuf, "path", "public roots",
        "PEM roots to trust for the ACME directory itself, if it is one of your own.";
    oidc_ca: PathBuf, "path", "none",
        "PEM roots to trust for identity providers besides the public ones, if one has a certificate of your own \
         authority. See [Access control](access.md).";
}

const RESERVE_BYTES_MIN: u64 = 64 * MIB;
const CACHE_BYTES_MIN: u64 = 8 * MIB;

/// Why settings cannot be used. Its text says what to change.
#[derive(Debug)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl FileSettings {
    fn tls(&self) -> Result<Option<TlsSettings>, SettingsError> {
        let file = self.clone();
        let from_file = secure::FromFile {
            listen: file.tls_listen,
            directory: file.certificates,
            certificates: file.certificate,
            redirect: file.https_redirect,
            port: file.https_port,
            acme_directory: file.acme_directory,
            acme_contact: file.acme_contact,
            acme_terms_agreed: file.acme_terms_agreed,
            acme_domains: file.acme_domains,
            acme_challenge: file.acme_challenge,
            acme_ca: file.acme_ca,
        };
        from_file.resolve()
    }
}

impl Settings {
    /// The command line, then its configuration file, then the defaults.
    ///
    /// # Errors
    /// A file that cannot be read, names it does not know, values out of bounds.
    pub fn resolve(line: &Serve) -> Result<Self, SettingsError> {
        let file = match &line.config {
            Some(path) => parse(&read(path)?, path)?,
            None => FileSettings::default(),
        };
        let tls = file.tls()?;
        let data = match (line.ephemeral, line.data.clone().or(file.data)) {
            (true, _) => DataDirectory::Ephemeral,
            (false, Some(path)) => DataDirectory::Kept(path),
            (false, None) => DataDirectory::Kept(PathBuf::from("cairn-data")),
        };
        let hosts = |name: &str, set: Option<Vec<String>>, default: &str| {
            set.map_or_else(|| Ok(vec![default.to_owned()]), |names| domains::hosts(name, names))
        };
        Ok(Self {
            data,
            listen: line.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9200))),
            ready_file: line.ready_file.clone(),
            reserve_bytes: at_least("reserve_bytes", file.reserve_bytes.unwrap_or(GIB), RESERVE_BYTES_MIN)?,
            cache_bytes: at_least("cache_bytes", file.cache_bytes.unwrap_or(128 * MIB), CACHE_BYTES_MIN)?,
            account_domains: hosts("account_domains", file.account_domains, "r2.localhost")?,
            bucket_domains: hosts("bucket_domains", file.bucket_domains, "localhost")?,
            development_domains: hosts("development_domains", file.development_domains, "r2dev.localhost")?,
            reserved_domains: domains::hosts("reserved_domains", file.reserved_domains.unwrap_or_default())?,
            tls,
            oidc_ca: file.oidc_ca,
            public_cache: CacheSettings {
                memory_bytes: file.public_cache_memory_bytes.unwrap_or(64 * MIB),
                disk_bytes: file.public_cache_disk_bytes.unwrap_or(4 * GIB),
                everything: domains::custom(
                    "public_cache_everything",
                    file.public_cache_everything.unwrap_or_default(),
                )?,
            },
            limits: limits(file.limit_rates, file.development_requests_per_second),
        })
    }
}

fn limits(rates: Option<bool>, development_requests: Option<u32>) -> StoreLimits {
    let defaults = StoreLimits::default();
    StoreLimits {
        rates: rates.unwrap_or(defaults.rates),
        development_requests_per_second_max: development_requests
            .unwrap_or(defaults.development_requests_per_second_max),
        ..defaults
    }
}

fn at_least(name: &str, value: u64, least: u64) -> Result<u64, SettingsError> {
    if value >= least { Ok(value) } else { Err(SettingsError(format!("{name} is {value}: set at least {least}"))) }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path)
        .map_err(|error| SettingsError(format!("cannot read the configuration file {}: {error}", path.display())))
}

fn parse(text: &str, path: &Path) -> Result<FileSettings, SettingsError> {
    toml::from_str(text).map_err(|error| {
        let hint = unknown_name(error.message()).and_then(nearest);
        let hint = hint.map(|name| format!("did you mean `{name}`?\n")).unwrap_or_default();
        SettingsError(format!("the configuration file {} cannot be used:\n{error}{hint}", path.display()))
    })
}

fn unknown_name(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// The known name with the fewest letters to change, if they are few.
fn nearest(unknown: &str) -> Option<&'static str> {
    let scored = DOCUMENTED.iter().map(|known| (distance(unknown, known.name), known.name));
    scored.min().filter(|(letters, name)| *letters * 2 <= name.len()).map(|(_, name)| name)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.bytes().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
