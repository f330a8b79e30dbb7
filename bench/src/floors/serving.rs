//! What the HTTP floors share: raw hyper as the server sets it up, and the same SigV4 check.

use super::{FloorArguments, SECRET_ACCESS_KEY, write_ready_file};
use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use environment::{Clock, SystemClock};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3_protocol::RequestHead;
use s3_protocol::sigv4::{self, Authentication, SigningKey};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::{TcpListener, TcpStream};

/// An answer, whole in memory.
pub(super) type Answer = Response<Full<Bytes>>;

/// What a floor does with a request that passed the check.
pub(super) trait Floor: Send + Sync + 'static {
    fn answer(&self, parts: Parts, body: Incoming) -> impl Future<Output = Outcome<Answer>> + Send;
}

/// Serves `make`'s floor on a free port until the process is killed.
pub(super) fn run<F: Floor>(arguments: &FloorArguments, make: impl FnOnce() -> Outcome<F>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().doing("start threads")?;
    runtime.block_on(async {
        let floor = Arc::new(Checked { floor: make()?, clock: SystemClock::new(), key: RwLock::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.doing("listen")?;
        write_ready_file(arguments, listener.local_addr().doing("listen")?)?;
        loop {
            let (stream, _) = listener.accept().await.doing("accept a connection")?;
            stream.set_nodelay(true).doing("set TCP_NODELAY")?;
            tokio::spawn(serve(stream, Arc::clone(&floor)));
        }
    })
}

async fn serve<F: Floor>(stream: TcpStream, floor: Arc<Checked<F>>) {
    let service = service_fn(move |request| {
        let floor = Arc::clone(&floor);
        async move { floor.answer(request).await }
    });
    // It ends when the client goes away, which is no failure.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A floor behind the SigV4 check.
struct Checked<F> {
    floor: F,
    clock: SystemClock,
    /// The last signing key and the day that it is for.
    key: RwLock<Option<(String, Arc<SigningKey>)>>,
}

impl<F: Floor> Checked<F> {
    async fn answer(&self, request: Request<Incoming>) -> Outcome<Answer> {
        let (parts, body) = request.into_parts();
        if let Err(message) = self.check(&parts) {
            return answer(StatusCode::FORBIDDEN, Bytes::from(message));
        }
        self.floor.answer(parts, body).await
    }

    fn check(&self, parts: &Parts) -> Outcome {
        let head = RequestHead::new(parts);
        let Authentication::Signed(signed) = sigv4::parse(&head).doing("read the signature")? else {
            return Err("not signed".to_owned());
        };
        let key = self.key_for(signed.date(), signed.region());
        signed.verify(&head, &key, self.clock.now()).doing("verify the signature")
    }

    fn key_for(&self, date: &str, region: &str) -> Arc<SigningKey> {
        if let Some((day, key)) = &*self.key.read().unwrap_or_else(PoisonError::into_inner)
            && day == date
        {
            return Arc::clone(key);
        }
        let key = Arc::new(SigningKey::derive(SECRET_ACCESS_KEY, date, region));
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some((date.to_owned(), Arc::clone(&key)));
        key
    }
}

/// An answer with the headers that every client of GetObject or PutObject reads.
pub(super) fn answer(status: StatusCode, body: Bytes) -> Outcome<Answer> {
    Response::builder()
        .status(status)
        .header("etag", "\"0123456789abcdef0123456789abcdef\"")
        .header("last-modified", "Wed, 18 May 2022 17:19:59 GMT")
        .header("content-type", "application/octet-stream")
        .body(Full::new(body))
        .doing("build an answer")
}
