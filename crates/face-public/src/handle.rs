//! The way of a request through the face: name, method, rules of the bucket, object, answer.

use crate::access::Guard;
use crate::cache::PublicCache;
use crate::cached::Asked as AskedAtDomain;
use crate::hosts::{Asked, PublicHosts};
use crate::{objects, pages};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use http_support::{AnswerBody, RequestBody, RequestIds, cors, waits_for_continue};
use oidc::Relying;
use operations::public_bucket::PublicBucket;
use operations::{Caller, Store};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use types::{ErrorCode, OperationError, PublicName};

/// The public face of a store.
pub struct PublicFace {
    store: Arc<Store>,
    hosts: PublicHosts,
    guard: Guard,
    ids: Arc<RequestIds>,
    /// Before custom domains only.
    cache: Arc<PublicCache>,
}

/// What a request reaches by its host.
#[derive(Debug)]
pub enum Reached {
    /// The bucket that has the name.
    Bucket(PublicBucket),
    /// A name under a development domain that no bucket has.
    Nobody,
    /// Two names at once.
    Contradiction,
    /// The name could not be looked up.
    Failed(OperationError),
}

/// An answer, or the failure that is shown as a page.
pub(crate) type Answered = Result<Response<AnswerBody>, OperationError>;

/// The header of every answer that names the request.
const REQUEST_ID: HeaderName = HeaderName::from_static("cf-ray");

impl PublicFace {
    /// The face of `store` under the names of `hosts`. `relying` asks identity providers who somebody is.
    pub fn new(
        store: Arc<Store>,
        hosts: PublicHosts,
        ids: Arc<RequestIds>,
        cache: Arc<PublicCache>,
        relying: Relying,
    ) -> Self {
        Self { guard: Guard::new(Arc::clone(&store), relying), store, hosts, ids, cache }
    }

    /// What the host of a request names, before anything is looked up; `None` if the request is another face's.
    pub fn asked<B>(&self, request: &Request<B>) -> Option<Asked> {
        self.hosts.asked(request, !self.store.has_no_custom_domain())
    }

    /// What has the name that was asked for; `None` if no bucket has it as its custom domain: then the host is another
    /// face's.
    pub async fn reach(&self, asked: Asked) -> Option<Reached> {
        let name = match asked {
            Asked::Name(name) => name,
            Asked::Nobody => return Some(Reached::Nobody),
            Asked::Contradiction => return Some(Reached::Contradiction),
        };
        let managed = matches!(name, PublicName::Managed(_));
        match self.store.public_bucket(name).await {
            Ok(Some(bucket)) => Some(Reached::Bucket(bucket)),
            Ok(None) => managed.then_some(Reached::Nobody),
            Err(error) => Some(Reached::Failed(error)),
        }
    }

    /// Answers one request of a client at `address`.
    pub async fn handle<B>(&self, request: Request<B>, address: IpAddr, reached: Reached) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let id = self.ids.next().to_string();
        let (parts, body) = request.into_parts();
        let (for_browser, answered) = match self.guarded(&parts, &reached).await {
            // Nothing of the bucket is told to those who may not read it, not even to whom its rules open it.
            Ok(Some(refusal)) => (HeaderMap::new(), Ok(refusal)),
            Ok(None) => (self.cors_headers(&parts, &reached).await, self.answer(&parts, address, reached).await),
            Err(error) => (HeaderMap::new(), Err(error)),
        };
        let mut answer = answered.unwrap_or_else(|error| render(&error, &parts, &id));
        if waits_for_continue(&parts.headers) {
            // It is told the answer at once, and may send its body or not: a new connection sets both right.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        } else {
            RequestBody::new(body, Arc::clone(self.store.clock())).drain().await;
        }
        answer.headers_mut().extend(for_browser);
        // Without its query: whatever somebody puts there is not kept.
        let (path, status) = (parts.uri.path(), answer.status().as_u16());
        tracing::debug!(target: "access", id, method = %parts.method, path, status);
        if let Ok(id) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }

    /// The answer to somebody who may not read there, before anything of the bucket is looked at.
    async fn guarded(&self, parts: &Parts, reached: &Reached) -> Result<Option<Response<AnswerBody>>, OperationError> {
        match reached {
            Reached::Bucket(bucket) => self.guard.answer(bucket, parts).await,
            Reached::Nobody | Reached::Contradiction | Reached::Failed(_) => Ok(None),
        }
    }

    async fn answer(&self, parts: &Parts, address: IpAddr, reached: Reached) -> Answered {
        if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method) {
            return Err(ErrorCode::MethodNotAllowed.into());
        }
        if parts.method == Method::OPTIONS {
            // Before anything is said of the bucket: R2 "Release notes" 2024-02-20.
            cors::preflight(parts)?;
        }
        let bucket = match reached {
            Reached::Bucket(bucket) => bucket,
            Reached::Nobody => return Err(ErrorCode::NoSuchBucket.into()),
            Reached::Contradiction => return Err(ErrorCode::BadRequest.into()),
            Reached::Failed(error) => return Err(error),
        };
        bucket.check_open()?;
        self.store.admit_public(&bucket)?;
        if parts.method == Method::OPTIONS {
            return Ok(Response::new(AnswerBody::Full(Bytes::new())));
        }
        self.allowed(parts, &bucket, &bucket.caller(address)).await
    }

    /// Answers a GET or HEAD of somebody who may read the bucket: nothing that decides that comes after this.
    async fn allowed(&self, parts: &Parts, bucket: &PublicBucket, caller: &Caller) -> Answered {
        match (&bucket.name, &parts.method) {
            (PublicName::Custom(host), _) => {
                let (store, cache) = (&*self.store, &*self.cache);
                AskedAtDomain { store, cache, caller, bucket, host, parts }.answer().await
            }
            (PublicName::Managed(_), &Method::HEAD) => objects::head(&self.store, caller, bucket, parts).await,
            (PublicName::Managed(_), _) => objects::get(&self.store, caller, bucket, parts).await,
        }
    }

    /// What an answer of any kind says to browsers and to the caches before them. A bucket that is closed at the name
    /// says nothing there.
    async fn cors_headers(&self, parts: &Parts, reached: &Reached) -> HeaderMap {
        let bucket = match reached {
            Reached::Bucket(bucket) if bucket.check_open().is_ok() => bucket,
            _ => return HeaderMap::new(),
        };
        match self.store.public_cors(bucket).await {
            Ok(None) => HeaderMap::new(),
            Ok(Some(policy)) => match cors::asked(parts) {
                Some(asked) => cors::headers(&policy, &asked, &parts.method),
                // A cache must not show this answer to somebody who has an origin.
                None => HeaderMap::from_iter([(VARY, HeaderValue::from(ORIGIN))]),
            },
            Err(error) => {
                tracing::error!(?error, "the CORS rules of a public bucket cannot be read");
                HeaderMap::new()
            }
        }
    }
}

/// A failure as a page. What only the log may know is logged here, under the request's id.
fn render(error: &OperationError, parts: &Parts, id: &str) -> Response<AnswerBody> {
    if error.code.status() >= 500 && error.code != ErrorCode::StorageFull {
        tracing::error!(id, method = %parts.method, path = parts.uri.path(), ?error, "a request failed");
    }
    pages::page(error, parts.method == Method::HEAD)
}
