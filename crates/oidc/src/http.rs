//! The HTTP that providers are asked by: one connection for each request, since logins are rare. Nothing that answers
//! is trusted: bodies and time are bounded, redirects are not followed.

use crate::trust::{self, RootsError};
use bytes::Bytes;
use environment::Clock;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use openidconnect::AsyncHttpClient;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Longest answer, bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a provider was not heard.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// Its URL is none, or is not https. Without TLS only this machine may be asked.
    Address(String),
    /// It is out of reach.
    Connect(io::Error),
    /// It does not speak TLS as it should, or its certificate does not prove who it is.
    Tls(io::Error),
    /// It does not speak HTTP as it should.
    Http(hyper::Error),
    /// Its answer is too long or was cut off.
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    TimedOut,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{url} is no https URL (http is for this machine only)"),
            Self::Connect(error) => write!(f, "cannot connect: {error}"),
            Self::Tls(error) => write!(f, "no TLS that can be trusted: {error}"),
            Self::Http(error) => write!(f, "no HTTP: {error}"),
            Self::Body(error) => write!(f, "no whole answer: {error}"),
            Self::TimedOut => write!(f, "no answer in {} s", PATIENCE.as_secs()),
        }
    }
}

impl std::error::Error for FetchError {}

/// Asks over HTTP.
pub(crate) struct HttpClient {
    clock: Arc<dyn Clock>,
    tls: Arc<ClientConfig>,
}

impl HttpClient {
    /// A client that trusts the certificate authorities that browsers trust, and the PEM certificates `roots`.
    ///
    /// # Errors
    /// See [`RootsError`].
    pub(crate) fn new(roots: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<Self, RootsError> {
        let tls = Arc::new(trust::client_config(roots, Arc::clone(&clock))?);
        Ok(Self { clock, tls })
    }

    /// Asks and reads the whole answer.
    ///
    /// # Errors
    /// See [`FetchError`].
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        tokio::select! {
            answer = self.ask(request) => answer,
            () = self.clock.sleep(PATIENCE) => Err(FetchError::TimedOut),
        }
    }

    async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let address = Address::of(request.uri())?;
        let stream = address.connect().await.map_err(FetchError::Connect)?;
        let request = in_origin_form(request, &address)?;
        if !address.secure {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(address.host.clone()).map_err(|_| FetchError::Address(address.host))?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await.map_err(FetchError::Tls)?;
        exchange(stream, request).await
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Vec<u8>>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connected = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(FetchError::Http)?;
    // Ends with the answer: its sender goes away then.
    tokio::spawn(async move { drop(connection.await) });
    let answer = sender.send_request(request).await.map_err(FetchError::Http)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(FetchError::Body)?;
    Ok(Response::from_parts(head, body.to_bytes().to_vec()))
}

/// As it goes over a connection to its host.
fn in_origin_form(request: Request<Vec<u8>>, address: &Address) -> Result<Request<Full<Bytes>>, FetchError> {
    let (mut head, body) = request.into_parts();
    let refused = |_| FetchError::Address(address.host.clone());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = HeaderValue::try_from(&address.authority).map_err(|_| FetchError::Address(address.host.clone()))?;
    head.uri = path.parse::<Uri>().map_err(refused)?;
    head.headers.insert(HOST, host);
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(Request::from_parts(head, Full::new(Bytes::from(body))))
}

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    secure: bool,
    host: String,
    port: u16,
    authority: String,
}

impl Address {
    fn of(url: &Uri) -> Result<Self, FetchError> {
        let refused = || FetchError::Address(url.to_string());
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(refused)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_own = is_localhost(&host) || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let (secure, port) = match url.scheme_str() {
            Some("https") => (true, 443),
            Some("http") if is_own => (false, 80),
            _ => return Err(refused()),
        };
        let port = authority.port_u16().unwrap_or(port);
        Ok(Self { secure, host, port, authority: authority.as_str().to_owned() })
    }

    /// Names below `localhost` are this machine whatever a name server says (RFC 6761 section 6.3): they are asked
    /// without TLS.
    async fn connect(&self) -> io::Result<TcpStream> {
        if !is_localhost(&self.host) {
            return TcpStream::connect((&*self.host, self.port)).await;
        }
        let own: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        TcpStream::connect(&own.map(|address| SocketAddr::new(address, self.port))[..]).await
    }
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests;
