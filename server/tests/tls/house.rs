//! A server with certificates of an authority made for the test, and clients that trust only that.

use crate::support::{Connection, PATIENCE, TestClock, TestServer};
use base64::Engine;
use environment::Clock;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData, SanType};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::Settings;
use server::settings::TlsSettings;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) use rustls::version::{TLS12, TLS13};

/// An authority of its own, and the directory its certificates are put into.
pub(crate) struct House {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    directory: TempDir,
}

impl House {
    /// An authority without certificates.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root, directory: tempfile::tempdir().unwrap() }
    }

    /// Where the certificates are.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Issues a certificate, puts it into the directory, and answers it.
    #[expect(clippy::disallowed_methods, reason = "the test is the operator who puts files there")]
    pub(crate) fn put(&self, stem: &str, names: &[&str]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path().join(format!("{stem}.key")), key.serialize_pem()).unwrap();
        std::fs::write(self.path().join(format!("{stem}.crt")), made.pem()).unwrap();
        made.der().to_vec()
    }

    /// Takes a certificate out of the directory.
    #[expect(clippy::disallowed_methods, reason = "the test is the operator who takes files away")]
    pub(crate) fn take_away(&self, stem: &str) {
        std::fs::remove_file(self.path().join(format!("{stem}.crt"))).unwrap();
    }

    /// Issues a certificate with these parameters for a key, and answers it.
    pub(crate) fn sign(&self, params: &CertificateParams, key: &impl PublicKeyData) -> Certificate {
        params.signed_by(key, &self.issuer).unwrap()
    }

    /// Puts the authority's own certificate into the directory of another name, and answers where.
    #[expect(clippy::disallowed_methods, reason = "the test is the operator who puts files there")]
    pub(crate) fn put_root(&self) -> PathBuf {
        let path = self.path().join("root.txt");
        std::fs::write(&path, self.root_pem()).unwrap();
        path
    }

    /// The authority's own certificate.
    pub(crate) fn root_pem(&self) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// What to set for these certificates.
    pub(crate) fn settings(&self) -> TlsSettings {
        TlsSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            directory: Some(self.path().to_owned()),
            certificates: Vec::new(),
            redirect: None,
            acme: None,
        }
    }

    /// A server with them.
    pub(crate) async fn serve(&self) -> TestServer {
        self.serve_with(|_| ()).await
    }

    /// A server with them, and other changes.
    pub(crate) async fn serve_with(&self, change: impl FnOnce(&mut TlsSettings)) -> TestServer {
        let mut tls = self.settings();
        change(&mut tls);
        TestServer::start_with(|settings: &mut Settings| settings.tls = Some(tls)).await
    }

    /// A client's configuration.
    pub(crate) fn client(&self, versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    }

    /// A client whose time is that of the test.
    pub(crate) fn client_at(&self, clock: &Arc<TestClock>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_details(provider, Arc::new(TimeOf(Arc::clone(clock))));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        builder.with_root_certificates(roots).with_no_client_auth()
    }

    /// Connects as `name`.
    pub(crate) async fn connect(&self, server: &TestServer, name: &str) -> io::Result<TlsStream<TcpStream>> {
        connect(tls_address(server), name, self.client(&[&TLS13, &TLS12], &[])).await
    }

    /// Speaks HTTP/1.1 as `name`.
    pub(crate) async fn http1(&self, server: &TestServer, name: &str) -> Connection<TlsStream<TcpStream>> {
        Connection::over(self.connect(server, name).await.unwrap())
    }

    /// Speaks HTTP/2 as `name`. The task ends with the connection.
    pub(crate) async fn http2(&self, server: &TestServer, name: &str) -> Http2 {
        let config = self.client(&[&TLS13], &["h2", "http/1.1"]);
        let stream = connect(tls_address(server), name, config).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (requests, connection) = shaken.unwrap();
        Http2 { requests, ended: tokio::spawn(connection) }
    }
}

/// The time of the test, for clients that judge certificates.
struct TimeOf(Arc<TestClock>);

impl fmt::Debug for TimeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeOf")
    }
}

impl TimeProvider for TimeOf {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(self.0.now().0)))
    }
}

/// A connection by HTTP/2.
pub(crate) struct Http2 {
    pub(crate) requests: SendRequest<Full<Bytes>>,
    pub(crate) ended: tokio::task::JoinHandle<hyper::Result<()>>,
}

/// Where a server speaks TLS.
pub(crate) fn tls_address(server: &TestServer) -> SocketAddr {
    server.instance.tls_address().expect("a server that speaks TLS")
}

/// Connects. A `name` that is an address is sent in no hello.
pub(crate) async fn connect(address: SocketAddr, name: &str, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, socket);
    tokio::time::timeout(PATIENCE, shaken).await.expect("a handshake in time")
}

/// The certificate the server showed.
pub(crate) fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().expect("certificates")[0].to_vec()
}
