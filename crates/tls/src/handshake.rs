//! The handshake: bounded in time and number, with the certificate and the rules of the name the client asks for.

use crate::acme::challenge;
use crate::catalogue::Catalogue;
use crate::names;
use crate::rules::{Configs, Rules};
use environment::Clock;
use http_support::{Opened, Protocol, Security, Transport};
use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

/// Longest time from the first byte to the end of a handshake.
pub const HANDSHAKE_WAIT_MAX: Duration = Duration::from_secs(15);

/// Handshakes at once whose hello has come: signatures cost a core a millisecond with RSA. More wait.
const HANDSHAKES_MAX: usize = 256;

/// The fatal alert `unrecognized_name` in a record of its own, as RFC 6066 section 3 wants it.
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70];

/// The fatal alert `internal_error`.
const INTERNAL_ERROR: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50];

/// The answer to a client that speaks plain HTTP here. Answers of faces have request ids; this is no request of theirs.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 54\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS. Use https:// in the address.\r\n";

/// What is asked about a name while its handshake runs.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// What is known about names beyond their certificates.
pub trait Domains: Send + Sync + 'static {
    /// The rules of a normalized name; `None` if it has none of its own.
    ///
    /// # Errors
    /// Whatever keeps it from telling: no handshake is made without.
    fn rules<'a>(&'a self, name: &'a str) -> Asked<'a, Option<Rules>>;

    /// The key authorization with which a TLS-ALPN-01 challenge for this name is answered now.
    ///
    /// # Errors
    /// As for rules.
    fn key_authorization<'a>(&'a self, name: &'a str) -> Asked<'a, Option<String>>;

    /// The key authorization with which an HTTP-01 challenge with this token is answered now.
    ///
    /// # Errors
    /// As for rules.
    fn answer_to<'a>(&'a self, token: &'a str) -> Asked<'a, Option<String>>;
}

/// Opens TLS on sockets.
pub struct Handshakes {
    catalogue: Arc<Catalogue>,
    configs: Configs,
    domains: Arc<dyn Domains>,
    clock: Arc<dyn Clock>,
    running: Semaphore,
}

impl Handshakes {
    /// With certificates from `catalogue` and rules from `domains`.
    pub fn new(catalogue: Arc<Catalogue>, domains: Arc<dyn Domains>, clock: Arc<dyn Clock>) -> Self {
        let configs = Configs::new(Arc::clone(&catalogue));
        Self { catalogue, configs, domains, clock, running: Semaphore::new(HANDSHAKES_MAX) }
    }

    async fn negotiate(&self, mut socket: TcpStream) -> io::Result<Opened<TlsStream<TcpStream>>> {
        let mut first = [0];
        if socket.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
            answer_plain_http(&mut socket).await?;
            return Err(io::Error::new(io::ErrorKind::InvalidData, "plain HTTP where TLS is spoken"));
        }
        let hello = LazyConfigAcceptor::new(Acceptor::default(), socket).await?;
        let _permit = self.running.acquire().await.map_err(io::Error::other)?;
        let (server_name, for_challenge) = asked_for(&hello);
        if for_challenge {
            return self.answer_challenge(hello, server_name.as_deref()).await;
        }
        let mut hello = hello;
        let config = match self.config_of(server_name.as_deref()).await {
            Ok(Some(config)) => config,
            Ok(None) => return Err(refuse(&mut hello.io, UNRECOGNIZED_NAME, "no certificate for this name").await),
            Err(error) => {
                tracing::error!(%error, ?server_name, "a TLS handshake could not be made");
                return Err(refuse(&mut hello.io, INTERNAL_ERROR, "no configuration").await);
            }
        };
        Ok(opened(hello.into_stream(config).await?))
    }

    async fn config_of(&self, name: Option<&str>) -> io::Result<Option<Arc<ServerConfig>>> {
        if self.catalogue.find(name).is_none() {
            return Ok(None);
        }
        let rules = match name {
            Some(name) => self.domains.rules(name).await?,
            None => None,
        };
        if let (Some(name), None) = (name, &rules) {
            // A custom domain that was removed a moment ago, here or elsewhere: nobody is shown its certificate.
            self.catalogue.withdraw(name);
            if self.catalogue.find(Some(name)).is_none() {
                return Ok(None);
            }
        }
        self.configs.of(rules.unwrap_or_default()).map(Some).map_err(io::Error::other)
    }

    /// Shows the certificate of a challenge, and no more: RFC 8737 section 3 ends such connections after the handshake.
    async fn answer_challenge<T>(&self, mut hello: StartHandshake<TcpStream>, name: Option<&str>) -> io::Result<T> {
        let authorization = match name {
            Some(name) => self.domains.key_authorization(name).await?.map(|authorization| (name, authorization)),
            None => None,
        };
        let Some((name, authorization)) = authorization else {
            return Err(refuse(&mut hello.io, UNRECOGNIZED_NAME, "no challenge for this name").await);
        };
        let config = challenge::config(name, &authorization).map_err(io::Error::other)?;
        let mut stream = hello.into_stream(Arc::new(config)).await?;
        stream.shutdown().await?;
        Err(io::Error::other("a challenge was answered"))
    }
}

impl Transport for Handshakes {
    type Stream = TlsStream<TcpStream>;

    async fn open(&self, socket: TcpStream) -> io::Result<Opened<TlsStream<TcpStream>>> {
        tokio::select! {
            // Boxed: the state of a handshake is large, and the connection outlives it.
            opened = Box::pin(self.negotiate(socket)) => opened,
            () = self.clock.sleep(HANDSHAKE_WAIT_MAX) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Says what is wrong, and reads on for a while: a socket that is closed with unread bytes takes its answer back.
async fn answer_plain_http(socket: &mut TcpStream) -> io::Result<()> {
    socket.write_all(PLAIN_HTTP).await?;
    socket.shutdown().await?;
    let mut unread = [0; 4096];
    for _ in 0..16 {
        if socket.read(&mut unread).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// The normalized name a client asks for, and whether it is an ACME server that looks for the answer to a challenge.
fn asked_for(hello: &StartHandshake<TcpStream>) -> (Option<String>, bool) {
    let hello = hello.client_hello();
    let mut protocols = hello.alpn().into_iter().flatten();
    let for_challenge = protocols.next() == Some(challenge::PROTOCOL) && protocols.next().is_none();
    (hello.server_name().and_then(names::normalized), for_challenge)
}

async fn refuse(socket: &mut TcpStream, alert: [u8; 7], reason: &'static str) -> io::Error {
    let told = async {
        socket.write_all(&alert).await?;
        socket.shutdown().await
    };
    told.await.err().unwrap_or_else(|| io::Error::other(reason))
}

fn opened(stream: TlsStream<TcpStream>) -> Opened<TlsStream<TcpStream>> {
    let (_, session) = stream.get_ref();
    let protocol = if session.alpn_protocol() == Some(b"h2") { Protocol::Http2 } else { Protocol::Http1 };
    // Both are known once a handshake has ended; 0 is below every rule.
    let version = session.protocol_version().map_or(0, u16::from);
    let cipher = session.negotiated_cipher_suite().map_or(0, |suite| u16::from(suite.suite()));
    let security = Some(Arc::new(Security { version, cipher }));
    Opened { stream, protocol, security }
}
