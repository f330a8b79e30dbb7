//! TLS put together: the listener, the certificates it shows, and what it is told about names.

use crate::certificate_files::{self, CertificateFailure, CertificateLoader};
use crate::front::Front;
use crate::instance::{Machine, StartError, told_to_stop};
use crate::settings::{AcmeSettings, ChallengeKind, TlsSettings};
use background::certificates::Issuing;
use background::domains::Certificates;
use environment::Clock;
use face_public::PublicHosts;
use http_support::{Handler, Listener, ListenerSettings};
use operations::Store;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tls::acme::{self, Authority};
use tls::{Asked, Catalogue, Domains, Handshakes, MinVersion, Rules};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use types::{DomainName, DomainSettings, OperationError, PublicName, TlsVersion};

/// Everything that TLS needs, not yet served.
pub(crate) struct Secure {
    listener: Listener,
    address: SocketAddr,
    catalogue: Arc<Catalogue>,
    loader: CertificateLoader,
    domains: Arc<dyn Domains>,
    front: Arc<Front>,
    issuing: Option<Issuing>,
    clock: Arc<dyn Clock>,
}

impl Secure {
    /// Listens, and reads the certificates.
    ///
    /// # Errors
    /// An address that cannot be listened on; a certificate that cannot be used; none at all.
    pub(crate) async fn prepare(
        settings: &TlsSettings,
        hosts: &PublicHosts,
        store: &Arc<Store>,
        machine: &Machine,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address: settings.listen, source };
        let listener = Listener::bind(settings.listen, ListenerSettings::default()).await.map_err(failed)?;
        let address = listener.address().map_err(failed)?;
        let (catalogue, mut loader) = (Arc::new(Catalogue::default()), CertificateLoader::new(settings));
        let (shared, now) = (Arc::clone(&catalogue), machine.clock.now());
        let started = tokio::task::spawn_blocking(move || loader.start(&shared, now).map(|()| loader)).await;
        let loader = started.map_err(|error| failed(error.into()))?.map_err(StartError::Certificate)?;
        if loader.count() == 0 && settings.acme.is_none() {
            return Err(StartError::NoCertificate);
        }
        let domains: Arc<dyn Domains> = Arc::new(KnownDomains { store: Arc::clone(store) });
        let redirect = settings.redirect.map(|redirect| redirect.with_port(address.port()));
        let front = Arc::new(Front::new(Arc::clone(&domains), redirect, hosts.clone()));
        let issuing = match &settings.acme {
            Some(acme) => Some(issuing(acme, store, &catalogue, machine).map_err(StartError::Certificate)?),
            None => None,
        };
        Ok(Self { listener, address, catalogue, loader, domains, front, issuing, clock: Arc::clone(&machine.clock) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is asked of every request, also of those on the plain listener.
    pub(crate) fn front(&self) -> Arc<Front> {
        Arc::clone(&self.front)
    }

    /// Where the certificates of custom domains come from.
    pub(crate) fn certificates(&self) -> Certificates {
        Certificates::Here { catalogue: Arc::clone(&self.catalogue), by_acme: self.issuing.is_some() }
    }

    /// Serves until told to stop.
    pub(crate) fn serve<H: Handler>(self, handler: Arc<H>, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let Self { listener, catalogue, loader, domains, issuing, clock, .. } = self;
        let handshakes = Handshakes::new(Arc::clone(&catalogue), domains, Arc::clone(&clock));
        let stop = told_to_stop(stopped.clone());
        let serving = listener.serve_over(Arc::new(handshakes), handler, Arc::clone(&clock), stop);
        let stop = told_to_stop(stopped.clone());
        let looking = async move {
            tokio::select! {
                () = certificate_files::run(loader, catalogue, clock) => {}
                () = stop => {}
            }
        };
        let mut tasks = vec![tokio::spawn(serving), tokio::spawn(looking)];
        if let Some(issuing) = issuing {
            let stop = told_to_stop(stopped.clone());
            tasks.push(tokio::spawn(background::certificates::run(issuing, stop)));
        }
        tasks
    }
}

fn issuing(
    acme: &AcmeSettings,
    store: &Arc<Store>,
    catalogue: &Arc<Catalogue>,
    machine: &Machine,
) -> Result<Issuing, CertificateFailure> {
    let roots = acme.ca.as_deref().map(certificate_files::read).transpose()?;
    let kind = match acme.challenge {
        ChallengeKind::Http => acme::ChallengeKind::Http,
        ChallengeKind::TlsAlpn => acme::ChallengeKind::TlsAlpn,
    };
    let authority = Authority::new(acme.directory.clone(), kind, roots.as_deref(), Arc::clone(&machine.clock));
    let file = acme.ca.as_deref().unwrap_or(Path::new("acme_ca")).to_owned();
    Ok(Issuing {
        store: Arc::clone(store),
        authority: authority.map_err(|error| CertificateFailure { file, reason: error.to_string() })?,
        contact: acme.contact.clone(),
        names: acme.domains.clone(),
        catalogue: Arc::clone(catalogue),
        holder: machine.entropy.bytes(),
    })
}

/// Longest token looked up: authorities have some forty bytes.
const TOKEN_BYTES_MAX: usize = 256;

fn unanswered(error: OperationError) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

/// What a custom domain demands. TLS 1.0 and 1.1 are not spoken, so a domain that allows them gets 1.2 (docs/tls.md).
fn rules_of(settings: &DomainSettings) -> Rules {
    let min_version = match settings.min_tls {
        TlsVersion::V1_0 | TlsVersion::V1_1 | TlsVersion::V1_2 => MinVersion::Tls12,
        TlsVersion::V1_3 => MinVersion::Tls13,
    };
    Rules::new(min_version, settings.ciphers.iter().map(|cipher| cipher.name()))
}

/// What the store knows of names.
struct KnownDomains {
    store: Arc<Store>,
}

impl Domains for KnownDomains {
    fn rules<'a>(&'a self, name: &'a str) -> Asked<'a, Option<Rules>> {
        Box::pin(async {
            if self.store.has_no_custom_domain() {
                return Ok(None);
            }
            let Ok(name) = DomainName::parse(name) else { return Ok(None) };
            let bucket = self.store.public_bucket(PublicName::Custom(name)).await.map_err(unanswered)?;
            Ok(bucket.map(|bucket| rules_of(&bucket.domain.settings)))
        })
    }

    fn key_authorization<'a>(&'a self, name: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(async { self.store.challenge_about(name).await.map_err(unanswered) })
    }

    fn answer_to<'a>(&'a self, token: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(async {
            if token.len() > TOKEN_BYTES_MAX {
                return Ok(None);
            }
            self.store.challenge_with(token).await.map_err(unanswered)
        })
    }
}
