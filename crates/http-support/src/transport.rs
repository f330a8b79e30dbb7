//! What lies between an accepted socket and HTTP: nothing, or TLS. The listener serves either with the same limits.

use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Makes of an accepted socket the stream that HTTP is spoken on.
pub trait Transport: Send + Sync + 'static {
    /// The stream.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Opens it. Bounds its own time.
    ///
    /// # Errors
    /// Why the connection ends here; the client was told as far as the protocol can.
    fn open(&self, socket: TcpStream) -> impl Future<Output = io::Result<Opened<Self::Stream>>> + Send;
}

/// A stream, and what was agreed on with the client.
#[derive(Debug)]
pub struct Opened<S> {
    /// What HTTP is spoken on.
    pub stream: S,
    /// Which HTTP.
    pub protocol: Protocol,
    /// What requests carry as an extension; none on a plain socket.
    pub security: Option<Arc<Security>>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 and 1.0.
    Http1,
    /// HTTP/2, agreed on by ALPN.
    Http2,
}

/// What a TLS handshake agreed on. Requests that came over TLS carry an `Arc` of it as an extension; others carry none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// The version of TLS, as on the wire: `0x0303` is 1.2, `0x0304` is 1.3.
    pub version: u16,
    /// The cipher suite's number in IANA's registry.
    pub cipher: u16,
}

/// No TLS: the socket is the stream.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Transport for Plain {
    type Stream = TcpStream;

    async fn open(&self, socket: TcpStream) -> io::Result<Opened<TcpStream>> {
        Ok(Opened { stream: socket, protocol: Protocol::Http1, security: None })
    }
}
