//! One running Cairn: the rooms put together, from a data directory to a listening socket.

use crate::certificate_files::{self, CertificateFailure};
use crate::front::Front;
use crate::ready_file::Access;
use crate::root_key;
use crate::secure::Secure;
use crate::settings::{DataDirectory, Settings};
use background::domains::Certificates;
use blobs::{BlobSettings, LocalBlobs};
use environment::disk::OpenDiskError;
use environment::{Clock, Disk, Entropy, LocalDisk};
use face_public::{PublicCache, PublicFace, PublicHosts};
use face_rest::{RestDomains, RestFace};
use face_s3::{HostRules, S3Face};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request, Response};
use http_support::{AnswerBody, Handler, Listener, ListenerSettings, RequestIds};
use hyper::body::Incoming;
use keyring::{RootKey, RowSealer};
use metadata::Metadata;
use metadata::rocks::{RocksEngine, RocksSettings};
use oidc::Relying;
use operations::Store;
use operations::custom_domains::OwnNames;
use operations::purge_cache::PublicCopies;
use operations::store::StoreParts;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use types::OperationError;

/// What a server asks of the machine besides its disk.
#[derive(Clone)]
pub struct Machine {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A server that listens.
pub struct Instance {
    access: Access,
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    store: Arc<Store>,
    public_cache: Arc<PublicCache>,
    stop: watch::Sender<bool>,
    /// What serves, and what works in the background.
    tasks: Vec<JoinHandle<()>>,
    engine: Arc<RocksEngine>,
    ephemeral: Option<PathBuf>,
}

/// Why a server could not start.
#[derive(Debug)]
pub enum StartError {
    /// The data directory cannot be used.
    Disk(OpenDiskError),
    /// The root key cannot be read or made.
    RootKey(io::Error),
    /// The metadata engine does not open.
    Metadata(metadata::EngineError),
    /// The first operations failed.
    Store(OperationError),
    /// A certificate cannot be used.
    Certificate(CertificateFailure),
    /// TLS is asked for, and there is no certificate.
    NoCertificate,
    /// The address cannot be listened on.
    Listen {
        /// Which.
        address: SocketAddr,
        /// The machine's reason.
        source: io::Error,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => write!(f, "{error}"),
            Self::RootKey(error) => write!(f, "the root key cannot be used: {error}"),
            Self::Metadata(error) => write!(f, "{error}"),
            Self::Store(error) => {
                write!(f, "the store does not answer (is root.key the one it was made with?): {error:?}")
            }
            Self::Certificate(failure) => write!(f, "{failure}"),
            Self::NoCertificate => f.write_str("there is no certificate: put NAME.crt and NAME.key where they are set"),
            Self::Listen { address, source } => {
                write!(f, "cannot listen on {address}: {source}; choose another address with --listen")
            }
        }
    }
}

impl std::error::Error for StartError {}

impl From<OperationError> for StartError {
    fn from(error: OperationError) -> Self {
        Self::Store(error)
    }
}

/// Tells the faces apart.
struct Gateway {
    public: PublicFace,
    s3: S3Face,
    rest: RestFace,
    /// What is asked before, on servers that speak TLS.
    front: Option<Arc<Front>>,
}

impl Handler for Gateway {
    type Body = AnswerBody;

    async fn handle(&self, request: Request<Incoming>, address: IpAddr) -> Response<AnswerBody> {
        if let Some(front) = &self.front
            && let Some(answer) = Box::pin(front.answer(&request)).await
        {
            return answer;
        }
        if let Some(asked) = self.public.asked(&request)
            && let Some(reached) = self.public.reach(asked).await
        {
            // Boxed: what it holds while it works must not make the requests of other faces larger.
            return Box::pin(self.public.handle(request, address, reached)).await;
        }
        if is_rest(&request) {
            return self.rest.handle(request, address).await;
        }
        self.s3.handle(request, address).await
    }
}

/// Whether a request is the REST API's. A bucket may be called `client` and have keys below `v4/`: requests that are
/// signed as S3 requests are, and preflights, which only browsers of buckets send, go to the S3 face.
fn is_rest<B>(request: &Request<B>) -> bool {
    let Some(rest) = request.uri().path().strip_prefix(face_rest::PREFIX) else { return false };
    let signed = |header: &HeaderValue| header.as_bytes().starts_with(b"AWS");
    (rest.is_empty() || rest.starts_with('/'))
        && request.method() != Method::OPTIONS
        && !request.headers().get(AUTHORIZATION).is_some_and(signed)
        && !request.uri().query().is_some_and(|query| query.contains("X-Amz-Algorithm="))
}

impl Instance {
    /// Opens the data directory, makes what is missing, and listens.
    ///
    /// # Errors
    /// See [`StartError`]; what was made stays for the next try.
    pub async fn start(settings: &Settings, machine: Machine) -> Result<Self, StartError> {
        let relying = relying(settings.oidc_ca.as_deref(), &machine)?;
        let (root, ephemeral) = match &settings.data {
            DataDirectory::Kept(path) => (path.clone(), None),
            DataDirectory::Ephemeral => {
                let name = format!("cairn-{}", types::ids::hex(&machine.entropy.bytes::<8>()));
                let path = std::env::temp_dir().join(name);
                (path.clone(), Some(path))
            }
        };
        let listener = Listener::bind(settings.listen, ListenerSettings::default());
        let listener = listener.await.map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let address = listener.address().map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let public_cache = Arc::new(PublicCache::new(settings.public_cache.clone()));
        let copies: Arc<dyn PublicCopies> = Arc::clone(&public_cache) as _;
        let (store, engine) = open_store(&root, settings, &machine, Some(copies)).await?;
        let public_hosts = PublicHosts {
            development_domains: settings.development_domains.clone(),
            account_domains: settings.account_domains.clone(),
            bucket_domains: settings.bucket_domains.clone(),
        };
        let secure = match &settings.tls {
            Some(tls) => Some(Secure::prepare(tls, &public_hosts, &store, &machine).await?),
            None => None,
        };
        let tls_address = secure.as_ref().map(Secure::address);

        let access = store.root_access().await?;
        let access = Access {
            endpoint: format!("http://{address}"),
            tls_endpoint: tls_address.map(|address| format!("https://{address}")),
            account_id: access.account.to_string(),
            access_key_id: access.access_key.to_string(),
            secret_access_key: access.secret_access_key,
            api_token: access.api_token,
            pid: std::process::id(),
        };
        let hosts = HostRules {
            account_domains: settings.account_domains.clone(),
            bucket_domains: settings.bucket_domains.clone(),
        };
        let ids = Arc::new(RequestIds::new(&*machine.entropy));
        // Temporary credentials name an endpoint; without a domain of its own a server is reached as this machine.
        let first = |domains: &[String], otherwise: &str| domains.first().map_or(otherwise, String::as_str).to_owned();
        let rest_domains = RestDomains {
            endpoints: first(&settings.account_domains, "localhost"),
            development: first(&settings.development_domains, "r2dev.localhost"),
        };
        let (public_ids, cache) = (Arc::clone(&ids), Arc::clone(&public_cache));
        let public = PublicFace::new(Arc::clone(&store), public_hosts, public_ids, cache, relying);
        let gateway = Arc::new(Gateway {
            public,
            rest: RestFace::new(Arc::clone(&store), Arc::clone(&ids), rest_domains),
            s3: S3Face::new(Arc::clone(&store), hosts, ids),
            front: secure.as_ref().map(Secure::front),
        });
        let (stop, stopped) = watch::channel(false);
        let certificates = secure.as_ref().map_or(Certificates::Elsewhere, Secure::certificates);
        let mut tasks = secure.map(|secure| secure.serve(Arc::clone(&gateway), &stopped)).unwrap_or_default();
        let serving = listener.serve(gateway, Arc::clone(&machine.clock), told_to_stop(stopped.clone()));
        tasks.push(tokio::spawn(serving));
        tasks.extend(in_background(&store, certificates, &stopped));
        Ok(Self { access, address, tls_address, store, public_cache, stop, tasks, engine, ephemeral })
    }

    /// How clients reach it.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it speaks TLS.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// Its store, for tests and commands in the same process.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// What it keeps before custom domains, for tests.
    pub fn public_cache(&self) -> &PublicCache {
        &self.public_cache
    }

    /// Finishes running requests, for a bounded time, and closes the store.
    pub async fn stop(self) {
        let _nobody_listens_any_more = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task did not end well");
            }
        }
        background::retrievals::write_down(&self.store).await;
        self.engine.close().await;
        if let Some(path) = self.ephemeral
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "the temporary data directory could not be removed");
        }
    }
}

/// Who asks identity providers, trusting the operator's own authorities too.
fn relying(authorities: Option<&Path>, machine: &Machine) -> Result<Relying, StartError> {
    let roots = authorities.map(certificate_files::read).transpose().map_err(StartError::Certificate)?;
    Relying::new(roots.as_deref(), Arc::clone(&machine.clock)).map_err(|error| {
        let file = authorities.unwrap_or(Path::new("oidc_ca")).to_owned();
        StartError::Certificate(CertificateFailure { file, reason: error.to_string() })
    })
}

/// Begins the work that no request waits for. `certificates` are those of custom domains.
fn in_background(
    store: &Arc<Store>,
    certificates: Certificates,
    stopped: &watch::Receiver<bool>,
) -> [JoinHandle<()>; 7] {
    let (store, stop) = (|| Arc::clone(store), || told_to_stop(stopped.clone()));
    [
        tokio::spawn(background::garbage::run(store(), stop())),
        tokio::spawn(background::domains::run(store(), certificates, stop())),
        tokio::spawn(background::retrievals::run(store(), stop())),
        tokio::spawn(background::jobs::run(store(), stop())),
        tokio::spawn(background::audit::run(store(), stop())),
        tokio::spawn(background::tokens::run(store(), stop())),
        tokio::spawn(background::lifecycle::run(store(), stop())),
    ]
}

pub(crate) async fn told_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error means that the instance is gone: as good a reason.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Directory of the metadata engine, below the data directory.
pub(crate) const METADATA: &str = "metadata";

/// Opens the store of a data directory, which no other process has open. `public_copies` is what is kept of its objects
/// elsewhere.
pub(crate) async fn open_store(
    root: &Path,
    settings: &Settings,
    machine: &Machine,
    public_copies: Option<Arc<dyn PublicCopies>>,
) -> Result<(Arc<Store>, Arc<RocksEngine>), StartError> {
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::open(root).map_err(StartError::Disk)?);
    let made_before = match disk.list(Path::new(METADATA)) {
        Ok(names) => !names.is_empty(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(StartError::RootKey(error)),
    };
    let key = root_key::load_or_create(&*disk, &*machine.entropy, made_before).map_err(StartError::RootKey)?;
    let rows_bytes = settings.cache_bytes - payload_cache_bytes(settings);
    let cache_bytes = usize::try_from(rows_bytes).unwrap_or(usize::MAX);
    let rocks = RocksSettings { cache_bytes, ..RocksSettings::default() };
    let engine = Arc::new(RocksEngine::open(&root.join(METADATA), rocks).map_err(StartError::Metadata)?);
    // The engine syncs what is in its directory; that the directory is there is ours to keep.
    disk.sync_dir(Path::new("")).map_err(StartError::RootKey)?;
    let store = put_together(disk, Arc::clone(&engine), key, settings, machine, public_copies).await?;
    Ok((store, engine))
}

/// Of the memory for what was read before, this much is for small objects, and the rest for rows.
fn payload_cache_bytes(settings: &Settings) -> u64 {
    settings.cache_bytes / 8 * 3
}

async fn put_together(
    disk: Arc<dyn Disk>,
    engine: Arc<RocksEngine>,
    root: RootKey,
    settings: &Settings,
    machine: &Machine,
    public_copies: Option<Arc<dyn PublicCopies>>,
) -> Result<Arc<Store>, StartError> {
    let (clock, entropy) = (Arc::clone(&machine.clock), Arc::clone(&machine.entropy));
    let metadata = Metadata::new(engine, RowSealer::new(&root, "cairn seal rows 1", &*entropy)).with_row_cache();
    let epoch = metadata.begin_epoch(clock.now()).await.map_err(OperationError::from)?;
    let blob_settings = BlobSettings { reserve_bytes: settings.reserve_bytes };
    let blobs = Arc::new(LocalBlobs::new(disk, Arc::clone(&clock), &*entropy, blob_settings, epoch));
    let limits = settings.limits.clone();
    let own_names = own_names(settings);
    let payload_cache_bytes = payload_cache_bytes(settings);
    Ok(Arc::new(Store::new(StoreParts {
        metadata,
        blobs,
        payload_cache_bytes,
        root,
        clock,
        entropy,
        limits,
        own_names,
        public_copies,
    })))
}

/// The names that this server goes by itself: no bucket's custom domain may hide an endpoint.
fn own_names(settings: &Settings) -> OwnNames {
    let domains = [&settings.account_domains, &settings.development_domains, &settings.reserved_domains];
    // What certificates in files are for may well be meant as a custom domain.
    let acme = settings.tls.as_ref().and_then(|tls| tls.acme.as_ref());
    let issued = acme.map(|acme| acme.domains.as_slice()).unwrap_or_default();
    OwnNames {
        domains: domains.into_iter().flatten().cloned().collect(),
        hosts: settings.bucket_domains.iter().chain(issued).cloned().collect(),
        bucket_domains: settings.bucket_domains.clone(),
    }
}
