//! The way of a request through the face: route, bearer, account, handler, envelope.

use crate::authenticate;
use crate::envelope;
use crate::error::{Domain, RestError};
use crate::request::{Answered, Call, IncomingBody, header};
use crate::router::{self, Access, PREFIX, PathValues, Route};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue, USER_AGENT};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body as HttpBody;
use http_support::{AnswerBody, RequestBody, RequestIds, waits_for_continue};
use operations::{AuditRequest, Body, Caller, Store};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use types::{AccountId, Jurisdiction, Resource};

/// The REST face of a store.
pub struct RestFace {
    store: Arc<Store>,
    ids: Arc<RequestIds>,
    domains: RestDomains,
}

/// The domains that answers name.
#[derive(Clone, Debug)]
pub struct RestDomains {
    /// Under which accounts have their S3 endpoints.
    pub endpoints: String,
    /// Under which buckets have their public development URLs.
    pub development: String,
}

/// The header of every answer that names the request.
const REQUEST_ID: HeaderName = HeaderName::from_static("cf-ray");

/// The header that says in which jurisdiction a bucket is.
pub(crate) const JURISDICTION: &str = "cf-r2-jurisdiction";

impl RestFace {
    /// The face of `store`, which is reached under `domains`.
    pub fn new(store: Arc<Store>, ids: Arc<RequestIds>, domains: RestDomains) -> Self {
        Self { store, ids, domains }
    }

    /// Answers one request of a client at `address`.
    pub async fn handle<B>(&self, request: Request<B>, address: IpAddr) -> Response<AnswerBody>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let id = self.ids.next().to_string();
        let (parts, body) = request.into_parts();
        let mut body = IncomingBody(RequestBody::new(body, Arc::clone(self.store.clock())));
        let (domain, answered) = self.route(&parts, &mut body, address, &id).await;
        let waits = waits_for_continue(&parts.headers);
        if body.0.was_asked_for() || !waits {
            body.0.drain().await;
        }
        let mut answer = answered.unwrap_or_else(|error| render(&error, domain, &parts, &id));
        if waits && !body.0.was_asked_for() {
            // Clients that wait for `100 Continue` and get the answer at once lose count of the answers.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        // Without its query: whatever somebody puts there by mistake is not kept.
        let (path, status) = (parts.uri.path(), answer.status().as_u16());
        tracing::debug!(target: "access", id, method = %parts.method, path, status);
        if let Ok(id) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }

    async fn route(&self, parts: &Parts, body: &mut dyn Body, address: IpAddr, id: &str) -> (Domain, Answered) {
        let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        match router::find(&parts.method, path) {
            Ok((route, path)) => {
                let call = async {
                    let caller = self.caller(route, &path, parts, address).await?;
                    self.call(route, path, caller.map(|caller| recorded(route, caller, parts, id)), parts, body).await
                };
                (route.domain, call.await)
            }
            Err(error) => (Domain::Identity, Err(error)),
        }
    }

    /// Who makes a call; none if nobody is asked who they are.
    async fn caller(
        &self,
        route: &Route,
        path: &PathValues<'_>,
        head: &Parts,
        address: IpAddr,
    ) -> Result<Option<Caller>, RestError> {
        if matches!(route.access, Access::Open) {
            return Ok(None);
        }
        let account = account_in(path, head)?;
        let caller = authenticate::caller(&self.store, &head.headers, address, route.domain).await?;
        check_account(account, &caller, route.domain)?;
        let caller = caller.within(jurisdiction(head)?);
        check_scope(route, &caller)?;
        Ok(Some(caller))
    }

    async fn call(
        &self,
        route: &Route,
        path: PathValues<'_>,
        caller: Option<Caller>,
        head: &Parts,
        body: &mut dyn Body,
    ) -> Answered {
        let Some(caller) = &caller else { return crate::openapi::document() };
        let (endpoint_domain, development_domain) = (&*self.domains.endpoints, &*self.domains.development);
        (route.handler)(Call { store: &self.store, caller, endpoint_domain, development_domain, head, path }, body)
            .await
    }
}

/// The caller with the request, for the audit log, if it may change something that the log tells of.
fn recorded(route: &Route, caller: Caller, head: &Parts, id: &str) -> Caller {
    if head.method == Method::GET || head.method == Method::HEAD || route.pattern.contains("/objects") {
        return caller;
    }
    let user_agent = head.headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
    caller.with_request(AuditRequest {
        method: head.method.to_string(),
        uri: head.uri.path().to_owned(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        ray: id.to_owned(),
    })
}

/// The account that a path names.
///
/// # Errors
/// 7003 if the name is none: then there is no such route.
fn account_in(path: &PathValues<'_>, head: &Parts) -> Result<Option<AccountId>, RestError> {
    let Some(text) = path.raw("account") else { return Ok(None) };
    match AccountId::parse(text) {
        Some(account) => Ok(Some(account)),
        None if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Err(RestError::no_route(head.uri.path())),
        None => Err(RestError::unreadable_route(head.uri.path())),
    }
}

/// Tokens act on their own account. Whether another exists is nobody's business.
fn check_account(account: Option<AccountId>, caller: &Caller, domain: Domain) -> Result<(), RestError> {
    match (account, domain) {
        (Some(account), Domain::Product) if account != caller.account => {
            Err(RestError::new(403, 10000, "Authentication error"))
        }
        (Some(account), _) if account != caller.account => Err(RestError::new(403, 9109, "Invalid account identifier")),
        _ => Ok(()),
    }
}

/// Calls about R2 are for tokens of the whole account: those of single buckets are for the S3 API only, and hear the
/// same whether what they ask for exists or not.
fn check_scope(route: &Route, caller: &Caller) -> Result<(), RestError> {
    let (Domain::Product, Access::Needs(actions)) = (route.domain, route.access) else { return Ok(()) };
    Ok(actions.iter().try_for_each(|action| caller.authorize(*action, Resource::Account))?)
}

fn jurisdiction(head: &Parts) -> Result<Jurisdiction, RestError> {
    let Some(name) = header(head, JURISDICTION)? else { return Ok(Jurisdiction::Default) };
    Jurisdiction::parse(name).ok_or_else(|| RestError::argument("The jurisdiction specified is not valid."))
}

/// A failure as the API shows it. What only the log may know is logged here, under the request's id.
fn render(error: &RestError, domain: Domain, parts: &Parts, id: &str) -> Response<AnswerBody> {
    if envelope::is_accident(error) {
        tracing::error!(id, method = %parts.method, path = parts.uri.path(), ?error, "a request failed");
    }
    envelope::failure(error, domain)
}
