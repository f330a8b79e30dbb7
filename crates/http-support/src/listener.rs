//! The loop that serves connections: bounded in number, in time and in header bytes, without the 40 ms stalls of
//! Nagle's algorithm, and ended without cutting off requests that run.

use crate::head_wait::{HeadWait, LOOKS_PER_WAIT};
use crate::http2::{self, Tasks};
use crate::seldom::Seldom;
use crate::transport::{Opened, Plain, Protocol, Security, Transport};
use environment::Clock;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use types::limits::HEAD_BYTES_MAX;

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// What answers consist of.
    type Body: http_body::Body<Data = bytes::Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static;

    /// Answers one request of a client at `address`. Never fails: a failure is an answer too.
    fn handle(&self, request: Request<Incoming>, address: IpAddr) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenerSettings {
    /// Connections at once; more wait in the machine's queue.
    pub connections_max: usize,
    /// Requests at once over all connections that speak HTTP/2; more wait. By HTTP/1.1 a connection has one.
    pub requests_max: usize,
    /// How long a connection waits for the head of a request at least, idle or in the middle of it. By HTTP/1.1 it may
    /// be a third more.
    pub head_wait: Duration,
    /// Longest time that running requests are given when the server stops.
    pub stop_wait_max: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            connections_max: 8192,
            requests_max: 8192,
            head_wait: Duration::from_secs(75),
            stop_wait_max: Duration::from_secs(30),
        }
    }
}

/// Longest time that sent bytes may wait for a client to take them.
pub(crate) const UNREAD_MILLISECONDS_MAX: u32 = 600_000;

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

    /// Serves plain HTTP until `stop` resolves, then lets running requests end, for a bounded time. On return none
    /// runs.
    pub async fn serve<H: Handler>(self, handler: Arc<H>, clock: Arc<dyn Clock>, stop: impl Future<Output = ()>) {
        self.serve_over(Arc::new(Plain), handler, clock, stop).await;
    }

    /// As [`Listener::serve`], over another transport.
    pub async fn serve_over<T: Transport, H: Handler>(
        self,
        transport: Arc<T>,
        handler: Arc<H>,
        clock: Arc<dyn Clock>,
        stop: impl Future<Output = ()>,
    ) {
        let slots = Arc::new(Semaphore::new(self.settings.connections_max));
        let requests = Arc::new(Semaphore::new(self.settings.requests_max));
        let (stopping, stopped) = watch::channel(false);
        let (settings, tasks) = (self.settings, Tasks::default());
        let serving = Serving { handler, settings, clock: Arc::clone(&clock), requests, tasks: tasks.clone(), stopped };
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
                connections.spawn(serve_connection(client, slot, Arc::clone(&transport), serving.clone()));
            }
        }
        drop(self.socket);
        let _no_connection_left = stopping.send(true);
        tokio::select! {
            () = async { while connections.join_next().await.is_some() {} } => return tasks.shut_down().await,
            () = clock.sleep(settings.stop_wait_max) => {}
        }
        tracing::warn!("some requests were still running when the time to stop was over; they are cut off");
        connections.shutdown().await;
        tasks.shut_down().await;
    }
}

/// What the connections of a listener share.
pub(crate) struct Serving<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) settings: ListenerSettings,
    pub(crate) clock: Arc<dyn Clock>,
    /// Permits for requests by HTTP/2.
    pub(crate) requests: Arc<Semaphore>,
    /// Where these requests run.
    pub(crate) tasks: Tasks,
    pub(crate) stopped: watch::Receiver<bool>,
}

impl<H> Clone for Serving<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            settings: self.settings,
            clock: Arc::clone(&self.clock),
            requests: Arc::clone(&self.requests),
            tasks: self.tasks.clone(),
            stopped: self.stopped.clone(),
        }
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

async fn serve_connection<T: Transport, H: Handler>(
    (socket, address): Client,
    _slot: OwnedSemaphorePermit,
    transport: Arc<T>,
    mut serving: Serving<H>,
) {
    if let Err(error) = prepare(&socket) {
        tracing::debug!(%error, "socket options");
    }
    let opened = tokio::select! {
        opened = transport.open(socket) => opened,
        () = async { drop(serving.stopped.wait_for(|stopped| *stopped).await) } => return,
    };
    let Opened { stream, protocol, security } = match opened {
        Ok(opened) => opened,
        Err(error) => return tracing::debug!(%error, %address, "a connection was not opened"),
    };
    let ended = match protocol {
        Protocol::Http1 => serve_http1(stream, address, security, serving).await,
        // Boxed: a connection by HTTP/1.1 needs none of its state.
        Protocol::Http2 => Box::pin(http2::serve(stream, address, security, serving)).await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn serve_http1<S, H>(
    stream: S,
    address: IpAddr,
    security: Option<Arc<Security>>,
    serving: Serving<H>,
) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Handler,
{
    let Serving { handler, settings, clock, mut stopped, .. } = serving;
    let service = service_fn(move |mut request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        if let Some(security) = &security {
            request.extensions_mut().insert(Arc::clone(security));
        }
        async move { Ok::<_, Infallible>(handler.handle(request, address).await) }
    });
    let wait = HeadWait::default();
    let mut builder = http1::Builder::new();
    builder
        .timer(wait.timer())
        .header_read_timeout(settings.head_wait)
        .max_buf_size(HEAD_BYTES_MAX.max(READ_BYTES_MAX));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut leaving = false;
    loop {
        let stays = !leaving;
        let told = pin!(async {
            tokio::select! {
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) }, if stays => Told::ToLeave,
                () = clock.sleep(settings.head_wait / LOOKS_PER_WAIT) => Told::ToLook,
            }
        });
        let mut told = Seldom::new(told);
        let event = poll_fn(|cx| match connection.as_mut().poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Event::Ended(ended)),
            Poll::Pending => told.poll(cx).map(Event::Told),
        });
        match event.await {
            Event::Ended(ended) => return ended,
            Event::Told(Told::ToLook) => wait.look(),
            Event::Told(Told::ToLeave) => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What happens to a connection besides its requests.
enum Told {
    ToLeave,
    ToLook,
}

enum Event {
    Ended(hyper::Result<()>),
    Told(Told),
}

/// Bytes read from a socket at once: large enough for fast uploads, small enough for many.
pub(crate) const READ_BYTES_MAX: usize = 128 * 1024;

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(stream, KEEPALIVE)?;
    rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_MILLISECONDS_MAX)?;
    Ok(())
}
