//! TLS put together: the listener, the certificates it shows, and what it is told about names.

use crate::certificate_files::{self, CertificateLoader};
use crate::front::Front;
use crate::instance::{Machine, StartError, told_to_stop};
use crate::settings::TlsSettings;
use environment::Clock;
use http_support::{Handler, Listener, ListenerSettings};
use operations::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use tls::{Asked, Catalogue, Domains, Handshakes, Rules};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Everything that TLS needs, not yet served.
pub(crate) struct Secure {
    listener: Listener,
    address: SocketAddr,
    catalogue: Arc<Catalogue>,
    loader: CertificateLoader,
    domains: Arc<dyn Domains>,
    front: Arc<Front>,
    clock: Arc<dyn Clock>,
}

impl Secure {
    /// Listens, and reads the certificates.
    ///
    /// # Errors
    /// An address that cannot be listened on; a certificate that cannot be used; none at all.
    pub(crate) async fn prepare(
        settings: &TlsSettings,
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
        let front = Arc::new(Front::new(Arc::clone(&domains), redirect));
        Ok(Self { listener, address, catalogue, loader, domains, front, clock: Arc::clone(&machine.clock) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is asked of every request, also of those on the plain listener.
    pub(crate) fn front(&self) -> Arc<Front> {
        Arc::clone(&self.front)
    }

    /// Serves until told to stop.
    pub(crate) fn serve<H: Handler>(self, handler: Arc<H>, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let Self { listener, catalogue, loader, domains, clock, .. } = self;
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
        vec![tokio::spawn(serving), tokio::spawn(looking)]
    }
}

/// What the store knows of names.
struct KnownDomains {
    #[expect(dead_code, reason = "asked once there are custom domains")]
    store: Arc<Store>,
}

impl Domains for KnownDomains {
    fn rules<'a>(&'a self, _name: &'a str) -> Asked<'a, Option<Rules>> {
        Box::pin(async { Ok(None) })
    }

    fn key_authorization<'a>(&'a self, _name: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn answer_to<'a>(&'a self, _token: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }
}
