//! The loop that serves connections: bounded in number, in time and in header bytes, without the 40 ms stalls of
//! Nagle's algorithm, and ended without cutting off requests that run.

use environment::Clock;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use types::limits::HEAD_BYTES_MAX;

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// What answers consist of.
    type Body: http_body::Body<Data = bytes::Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// Answers one request of a client at `address`. Never fails: a failure is an answer too.
    fn handle(&self, request: Request<Incoming>, address: IpAddr) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenerSettings {
    /// Connections at once; more wait in the machine's queue.
    pub connections_max: usize,
    /// Longest wait for the head of a request, and longest idle time of a connection.
    pub head_wait_max: Duration,
    /// Longest time that running requests are given when the server stops.
    pub stop_wait_max: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self { connections_max: 8192, head_wait_max: Duration::from_secs(75), stop_wait_max: Duration::from_secs(30) }
    }
}

/// Longest time that sent bytes may wait for a client to take them.
const UNREAD_MILLISECONDS_MAX: u32 = 600_000;

/// Silence after which a connection is asked whether its client still lives.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A bound socket, not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    settings: ListenerSettings,
}

impl Listener {
    /// Binds `address`; port 0 picks a free one.
    ///
    /// # Errors
    /// What the machine says, such as `AddrInUse`.
    pub async fn bind(address: SocketAddr, settings: ListenerSettings) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, settings })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the machine says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` resolves, then lets running requests end, for a bounded time. On return none runs.
    pub async fn serve<H: Handler>(self, handler: Arc<H>, clock: Arc<dyn Clock>, stop: impl Future<Output = ()>) {
        let slots = Arc::new(Semaphore::new(self.settings.connections_max));
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let connection = tokio::select! {
                connection = accept(&self.socket, &slots, &*clock) => connection,
                // Asked for only so that those that ended are let go of.
                Some(_ended) = connections.join_next() => None,
                () = &mut stop => break,
            };
            if let Some((client, slot)) = connection {
                let (handler, settings, stopped) = (Arc::clone(&handler), self.settings, stopped.clone());
                connections.spawn(serve_connection(client, slot, handler, settings, stopped));
            }
        }
        drop(self.socket);
        let _no_connection_left = stopping.send(true);
        tokio::select! {
            () = async { while connections.join_next().await.is_some() {} } => return,
            () = clock.sleep(self.settings.stop_wait_max) => {}
        }
        tracing::warn!("some requests were still running when the time to stop was over; they are cut off");
        connections.shutdown().await;
    }
}

/// A connection, and who is at its other end.
type Client = (TcpStream, IpAddr);

/// Waits for a slot, then for a client.
async fn accept(
    socket: &TcpListener,
    slots: &Arc<Semaphore>,
    clock: &dyn Clock,
) -> Option<(Client, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, address)) => Some(((stream, address.ip()), slot)),
        Err(error) => {
            // Out of file descriptors, say: the next try would fail at once.
            tracing::warn!(%error, "a connection could not be accepted");
            clock.sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn serve_connection<H: Handler>(
    (stream, address): Client,
    _slot: OwnedSemaphorePermit,
    handler: Arc<H>,
    settings: ListenerSettings,
    mut stopped: watch::Receiver<bool>,
) {
    if let Err(error) = prepare(&stream) {
        tracing::debug!(%error, "socket options");
    }
    let service = service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(handler.handle(request, address).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_wait_max)
        .max_buf_size(HEAD_BYTES_MAX.max(READ_BYTES_MAX));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Bytes read from a socket at once: large enough for fast uploads, small enough for many.
const READ_BYTES_MAX: usize = 128 * 1024;

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(stream, KEEPALIVE)?;
    rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_MILLISECONDS_MAX)?;
    Ok(())
}
