//! What is decided before a face sees a request, on servers that speak TLS: plain HTTP that is sent to HTTPS, answers
//! to challenges, and requests for a domain on a connection that was not made by that domain's rules.

use crate::settings::Redirect;
use bytes::Bytes;
use face_public::{Asked, PublicHosts};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use http::{Method, Request, Response, StatusCode};
use http_support::{AnswerBody, Security};
use std::io;
use std::sync::Arc;
use tls::{Domains, Rules, names};
use types::PublicName;
use types::host::{name_of, without_port};

/// Where an ACME authority asks (RFC 8555 section 8.3).
const CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";

/// What is asked of every request.
pub(crate) struct Front {
    domains: Arc<dyn Domains>,
    redirect: Option<Redirect>,
    hosts: PublicHosts,
}

impl Front {
    /// Asks `domains` about names; `hosts` tell which can be public ones.
    pub(crate) fn new(domains: Arc<dyn Domains>, redirect: Option<Redirect>, hosts: PublicHosts) -> Self {
        Self { domains, redirect, hosts }
    }

    /// The answer, if no face is to see the request.
    pub(crate) async fn answer<B>(&self, request: &Request<B>) -> Option<Response<AnswerBody>> {
        match request.extensions().get::<Arc<Security>>() {
            Some(connection) => self.misdirected(request, connection).await,
            None => self.plain(request).await,
        }
    }

    async fn plain<B>(&self, request: &Request<B>) -> Option<Response<AnswerBody>> {
        let path = request.uri().path();
        if let Some(token) = path.strip_prefix(CHALLENGE_PATH)
            && matches!(*request.method(), Method::GET | Method::HEAD)
        {
            // Whatever is not asked for by an authority just now may be a key of a bucket; it is never sent to HTTPS,
            // which may have no certificate yet.
            return match self.domains.answer_to(token).await {
                Ok(authorization) => authorization.map(|text| answer(StatusCode::OK, text)),
                Err(error) => {
                    tracing::error!(%error, "a challenge could not be looked up");
                    Some(answer(StatusCode::SERVICE_UNAVAILABLE, "Try again.\n".to_owned()))
                }
            };
        }
        let redirect = self.redirect?;
        if is_signed(request) {
            match self.is_public(request).await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(unknown(&error)),
            }
        }
        redirected(request, redirect)
    }

    /// Whether a request is for a public name: what is signed there is signed for nothing.
    async fn is_public<B>(&self, request: &Request<B>) -> io::Result<bool> {
        match self.hosts.asked(request, true) {
            Some(Asked::Name(PublicName::Custom(name))) => Ok(self.domains.rules(name.as_str()).await?.is_some()),
            Some(Asked::Name(PublicName::Managed(_)) | Asked::Nobody) => Ok(true),
            // The face refuses who says two things.
            Some(Asked::Contradiction) | None => Ok(false),
        }
    }

    /// RFC 9110 section 15.5.20. Browsers send requests for one name on connections made for another if the certificate
    /// covers both; then the other's rules would hold in the place of its own. And a connection that was made for the
    /// name may be older than its rules. Connections that meet any rules, which are nearly all, are not asked about.
    async fn misdirected<B>(&self, request: &Request<B>, connection: &Security) -> Option<Response<AnswerBody>> {
        if Rules::any_allow(connection) {
            return None;
        }
        let name = name(request)?;
        match self.domains.rules(&name).await {
            Ok(rules) if rules.as_ref().is_none_or(|rules| rules.allow(connection)) => None,
            Ok(_) => Some(answer(
                StatusCode::MISDIRECTED_REQUEST,
                "This connection was not made for this host. Open one that is.\n".to_owned(),
            )),
            Err(error) => Some(unknown(&error)),
        }
    }
}

fn unknown(error: &io::Error) -> Response<AnswerBody> {
    tracing::error!(%error, "the rules of a domain could not be looked up");
    answer(StatusCode::SERVICE_UNAVAILABLE, "Try again.\n".to_owned())
}

/// The name that the public face finds the request's domain by, if that is one.
fn name<B>(request: &Request<B>) -> Option<String> {
    host(request).and_then(name_of).and_then(names::normalized)
}

fn host<B>(request: &Request<B>) -> Option<&str> {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri().authority().map(|authority| authority.as_str()))
}

/// Whether a request is signed as S3's are: its signature would not hold elsewhere, and clients do not sign anew.
fn is_signed<B>(request: &Request<B>) -> bool {
    let signed = |header: &HeaderValue| header.as_bytes().starts_with(b"AWS");
    let query = request.uri().query().unwrap_or_default();
    request.headers().get(AUTHORIZATION).is_some_and(signed)
        || query.contains("X-Amz-Signature=")
        || query.contains("X-Amz-Algorithm=")
}

/// The same target at HTTPS. A request without a host that can be one is left to its face, which refuses it.
fn redirected<B>(request: &Request<B>, redirect: Redirect) -> Option<Response<AnswerBody>> {
    let host = without_port(host(request)?);
    // An address in brackets, an IPv4 address or a name: nothing that could lead anywhere else.
    let is_address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if names::normalized(host).is_none()
        && is_address.is_none_or(|address| address.parse::<std::net::Ipv6Addr>().is_err())
    {
        return None;
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let location = match redirect.port {
        None | Some(443) => format!("https://{host}{target}"),
        Some(port) => format!("https://{host}:{port}{target}"),
    };
    let status = StatusCode::from_u16(redirect.status).ok()?;
    let mut response = answer(status, format!("Use {location}\n"));
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(&location).ok()?);
    Some(response)
}

fn answer(status: StatusCode, text: String) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::Full(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests;
