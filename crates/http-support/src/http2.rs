//! HTTP/2 on one connection, with the limits that HTTP/1.1 has: heads, silence, answers nobody reads, and requests at
//! once, which here are counted over all connections since one of them may carry many.
//!
//! Faces see the requests as if they had come by HTTP/1.1: the target in origin form, the authority as `Host`.

use crate::head_wait::LOOKS_PER_WAIT;
use crate::listener::{Handler, ListenerSettings, READ_BYTES_MAX, Serving, UNREAD_MILLISECONDS_MAX};
use crate::transport::Security;
use bytes::Bytes;
use h2::Reason;
use http::Request;
use http::header::{HOST, HeaderValue};
use http::uri::{Parts, Uri};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use types::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

/// Requests of one connection at once; RFC 9113 advises at least 100.
const STREAMS_MAX: u32 = 128;

/// Bytes of one request's body that may be on their way: at a round trip of 50 ms, 20 MB/s.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// Bytes of all bodies of one connection that may be on their way, and so the most memory that requests whose bodies
/// nobody has asked for yet can take.
const CONNECTION_WINDOW_BYTES: u32 = 2 * 1024 * 1024;

/// Bytes of one answer that wait for the client's window.
const SEND_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// Largest frame a client may send: larger ones than the 16 KiB of the protocol's default spare uploads work.
const FRAME_BYTES_MAX: u32 = 64 * 1024;

/// Streams that a client opened and took back and that were not yet looked at; past it the connection ends with
/// `ENHANCE_YOUR_CALM`. This is what stops a "rapid reset" (CVE-2023-44487).
const RESETS_PENDING_MAX: usize = 32;

/// Streams that this side had to reset for a client's mistakes; past it the connection ends.
const RESETS_OF_OURS_MAX: usize = 128;

/// Silence after which a client is asked whether it lives, and the time it has to answer.
const PING: Duration = Duration::from_secs(60);

/// Serves one connection to its end.
pub(crate) async fn serve<S, H>(
    stream: S,
    address: IpAddr,
    security: Option<Arc<Security>>,
    serving: Serving<H>,
) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Handler,
{
    let Serving { handler, settings, clock, requests, tasks, mut stopped } = serving;
    let activity = Arc::new(Activity::default());
    let (of_requests, of_clock) = (Arc::clone(&activity), Arc::clone(&clock));
    let service = service_fn(move |request| {
        let (handler, security, requests) = (Arc::clone(&handler), security.clone(), Arc::clone(&requests));
        let watched = Watched::begin(Arc::clone(&of_requests), &*of_clock);
        let clock = Arc::clone(&of_clock);
        async move {
            let mut request = as_http1(request)?;
            if let Some(security) = security {
                request.extensions_mut().insert(security);
            }
            let permit = requests.acquire_owned().await.map_err(|_closed| h2::Error::from(Reason::REFUSED_STREAM))?;
            let answer = handler.handle(request, address).await;
            Ok::<_, h2::Error>(answer.map(|body| AnswerOnStream { body, watched: watched.answering(), clock, permit }))
        }
    });
    let mut connection = pin!(builder(tasks).serve_connection(TokioIo::new(stream), service));
    let mut leaving = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = async { drop(stopped.wait_for(|stopped| *stopped).await) }, if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            () = clock.sleep(settings.head_wait / LOOKS_PER_WAIT) => {
                match activity.state(clock.monotonic(), &settings) {
                    State::Busy => {}
                    State::Idle if !leaving => {
                        leaving = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    State::Idle | State::Unread => return Ok(()),
                }
            }
        }
    }
}

fn builder(tasks: Tasks) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX.max(READ_BYTES_MAX)).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_OF_OURS_MAX)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// The tasks of a listener's requests: hyper gives each one of its own. Kept, so that none outlives the listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

impl Tasks {
    /// Ends those that still run. On return none does.
    pub(crate) async fn shut_down(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }
}

/// The request as HTTP/1.1 would have brought it. Signatures cover `Host`, and hosts are told apart by it.
///
/// # Errors
/// `Host` and `:authority` that differ: RFC 9113 section 8.3.1 calls such a request malformed. More headers than
/// HTTP/1.1 may have. The stream is reset with the reason (section 8.1.1).
fn as_http1(mut request: Request<Incoming>) -> Result<Request<Incoming>, h2::Error> {
    let malformed = || h2::Error::from(Reason::PROTOCOL_ERROR);
    if request.headers().len() > HEADERS_MAX {
        return Err(Reason::ENHANCE_YOUR_CALM.into());
    }
    if let Some(authority) = request.uri().authority() {
        let authority = HeaderValue::from_str(authority.as_str()).map_err(|_| malformed())?;
        match request.headers().get(HOST) {
            Some(host) if host != authority => return Err(malformed()),
            Some(_) => {}
            None => drop(request.headers_mut().insert(HOST, authority)),
        }
    }
    if let Some(target) = request.uri().path_and_query().cloned() {
        let mut parts = Parts::default();
        parts.path_and_query = Some(target);
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| malformed())?;
    }
    Ok(request)
}

/// What happens on a connection.
#[derive(Debug, Default)]
struct Activity {
    /// Requests whose answers have not ended.
    requests: AtomicUsize,
    /// Those of them whose answers have begun.
    answers: AtomicUsize,
    /// When a request last began, ended, or a piece of an answer went out; milliseconds of the monotonic clock.
    last: AtomicU64,
}

/// What is to be done about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Busy,
    /// No request for longer than a head may take.
    Idle,
    /// Answers that the client takes nothing of.
    Unread,
}

impl Activity {
    fn note(&self, now: Duration) {
        self.last.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn state(&self, now: Duration, settings: &ListenerSettings) -> State {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        let silence = now.saturating_sub(last);
        let unread_max = Duration::from_millis(u64::from(UNREAD_MILLISECONDS_MAX));
        if self.requests.load(Ordering::Relaxed) == 0 {
            return if silence >= settings.head_wait { State::Idle } else { State::Busy };
        }
        if self.answers.load(Ordering::Relaxed) > 0 && silence >= unread_max { State::Unread } else { State::Busy }
    }
}

/// Counts one request for as long as it lives.
#[derive(Debug)]
struct Watched {
    activity: Arc<Activity>,
    answers: bool,
}

impl Watched {
    fn begin(activity: Arc<Activity>, clock: &dyn environment::Clock) -> Self {
        activity.requests.fetch_add(1, Ordering::Relaxed);
        activity.note(clock.monotonic());
        Self { activity, answers: false }
    }

    fn answering(mut self) -> Self {
        self.answers = true;
        self.activity.answers.fetch_add(1, Ordering::Relaxed);
        self
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.activity.requests.fetch_sub(1, Ordering::Relaxed);
        if self.answers {
            self.activity.answers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The body of an answer, which holds its request's place until it has ended.
struct AnswerOnStream<B> {
    body: B,
    watched: Watched,
    clock: Arc<dyn environment::Clock>,
    #[expect(dead_code, reason = "held, not read")]
    permit: OwnedSemaphorePermit,
}

impl<B: Body<Data = Bytes> + Unpin> Body for AnswerOnStream<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.watched.activity.note(self.clock.monotonic());
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for AnswerOnStream<B> {
    fn drop(&mut self) {
        self.watched.activity.note(self.clock.monotonic());
    }
}

#[cfg(test)]
mod tests;
