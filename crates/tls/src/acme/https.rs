//! Requests to an authority: few, small, and one connection each.

use crate::certificate::CertificateError;
use bytes::Bytes;
use environment::Clock;
use http::header::{HOST, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Longest time of one request.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(30);

/// Largest answer read; chains have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A client of HTTPS.
#[derive(Clone)]
pub(crate) struct Https {
    connector: TlsConnector,
    clock: Arc<dyn Clock>,
}

impl Https {
    /// `roots` are PEM certificates to trust in the place of the public ones.
    pub(crate) fn new(roots: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<Self, CertificateError> {
        let failed = |error: &dyn std::fmt::Display| CertificateError::Chain(error.to_string());
        let mut trusted = RootCertStore::empty();
        match roots {
            Some(roots) => {
                for root in CertificateDer::pem_slice_iter(roots) {
                    trusted.add(root.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
                }
                if trusted.is_empty() {
                    return Err(failed(&"no PEM certificate is in it"));
                }
            }
            None => trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| failed(&error))?;
        let config = builder.with_root_certificates(trusted).with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), clock })
    }

    async fn send(self, mut request: Request<BodyWrapper<Bytes>>) -> Result<Response<Bytes>, BoxError> {
        if request.uri().scheme_str() != Some("https") {
            return Err(format!("{} is not an https URL", request.uri()).into());
        }
        let authority = request.uri().authority().ok_or("a URL without a host")?.clone();
        request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).parse()?;
        *request.uri_mut() = target;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let socket = TcpStream::connect((host.as_str(), authority.port_u16().unwrap_or(443))).await?;
        let stream = self.connector.connect(ServerName::try_from(host)?, socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let (parts, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
            Ok::<_, BoxError>(Response::from_parts(parts, body))
        };
        // The connection is driven while an answer is awaited, and dropped with it.
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = connection => {
                ended?;
                exchange.await
            }
        }
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let this = self.clone();
        Box::pin(async move {
            let late = this.clock.sleep(REQUEST_WAIT_MAX);
            let answer = tokio::select! {
                answer = this.send(request) => answer,
                () = late => Err(BoxError::from(io::Error::from(io::ErrorKind::TimedOut))),
            };
            let (parts, body) = answer.map_err(Error::Other)?.into_parts();
            Ok(BytesResponse { parts, body: Box::new(body) })
        })
    }
}
