//! What stands before a custom domain: tokens in URLs, then the application that protects it. Asked before anything of
//! the bucket is looked at. Source: R2 "Public buckets", Access control.

mod cookies;
mod login;
mod pages;

use crate::access::cookies::{SESSION, cookie};
use crate::access::login::Logins;
use http::header::{HeaderMap, HeaderName};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_support::AnswerBody;
use oidc::Relying;
use operations::Store;
use operations::access_check::{Protection, Shown};
use operations::public_bucket::PublicBucket;
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use types::{AccessApp, Admission, OperationError};

/// What every path of access control begins with. Objects of a protected domain below it cannot be read there.
const PATHS: &str = "/cdn-cgi/access/";

/// Id and secret of a service token.
const CLIENT_ID: HeaderName = HeaderName::from_static("cf-access-client-id");
const CLIENT_SECRET: HeaderName = HeaderName::from_static("cf-access-client-secret");

/// Set by scripts that want no page.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// What a browser asks for something for.
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Decides who may read at custom domains.
pub(crate) struct Guard {
    store: Arc<Store>,
    logins: Logins,
}

impl Guard {
    pub(crate) fn new(store: Arc<Store>, relying: Relying) -> Self {
        Self { logins: Logins::new(Arc::clone(&store), relying), store }
    }

    /// The answer to somebody who may not read; `None` if they may.
    ///
    /// # Errors
    /// What the store says: then nobody is let in.
    pub(crate) async fn answer(
        &self,
        bucket: &PublicBucket,
        parts: &Parts,
    ) -> Result<Option<Response<AnswerBody>>, OperationError> {
        match self.store.protection(bucket).await? {
            None => Ok(None),
            // Boxed: what it holds while it works must not make requests to open domains larger.
            Some(protection) => Box::pin(self.protected(&protection, parts)).await,
        }
    }

    async fn protected(
        &self,
        protection: &Protection,
        parts: &Parts,
    ) -> Result<Option<Response<AnswerBody>>, OperationError> {
        let uri = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
        let own_path = protection.app.is_some().then(|| parts.uri.path().strip_prefix(PATHS)).flatten();
        // Providers send browsers back without a token: the paths of logins show nothing of the bucket.
        if own_path.is_none() && !protection.allows_uri(&self.store, uri, |text| percent_decode_str(text).collect()) {
            return Ok(Some(pages::BLOCKED.answer(parts)));
        }
        let Some(app) = &protection.app else { return Ok(None) };
        if let Some(path) = own_path {
            return self.logins.answer(protection, app, path, parts).await.map(Some);
        }
        if parts.method == Method::OPTIONS && app.preflight_bypass {
            return Ok(None);
        }
        self.admit(protection, app, parts, uri).await
    }

    async fn admit(
        &self,
        protection: &Protection,
        app: &AccessApp,
        parts: &Parts,
        uri: &str,
    ) -> Result<Option<Response<AnswerBody>>, OperationError> {
        let service_token = text(&parts.headers, &CLIENT_ID).zip(text(&parts.headers, &CLIENT_SECRET));
        let shown = Shown { session: cookie(&parts.headers, SESSION), service_token };
        match self.store.admit_visitor(protection.account, app, shown).await? {
            Admission::Granted => Ok(None),
            Admission::Refused => Ok(Some(pages::FORBIDDEN.answer(parts))),
            // A machine logs in nowhere; neither does a preflight, and a login brings nothing but a GET back.
            Admission::LoginNeeded
                if service_token.is_some() || ![Method::GET, Method::HEAD].contains(&parts.method) =>
            {
                Ok(Some(pages::FORBIDDEN.answer(parts)))
            }
            Admission::LoginNeeded if wants_no_page(&parts.headers) => Ok(Some(pages::LOGIN_NEEDED.answer(parts))),
            Admission::LoginNeeded => Ok(Some(login::to_login(uri))),
        }
    }
}

/// Whether a redirect to a login would help nobody: scripts, images and the like of a page.
fn wants_no_page(headers: &HeaderMap) -> bool {
    text(headers, &REQUESTED_WITH).is_some_and(|by| by.eq_ignore_ascii_case("XMLHttpRequest"))
        || text(headers, &FETCH_MODE).is_some_and(|mode| mode != "navigate")
}

/// A header that is sent once, as text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut sent = headers.get_all(name).iter();
    let first = sent.next()?;
    if sent.next().is_some() { None } else { first.to_str().ok() }
}

/// A redirect that nothing keeps.
fn redirect(to: &str) -> Response<AnswerBody> {
    use http::header::{CACHE_CONTROL, HeaderValue, LOCATION, REFERRER_POLICY};
    let mut answer = Response::new(AnswerBody::Full(bytes::Bytes::new()));
    *answer.status_mut() = StatusCode::FOUND;
    let headers = answer.headers_mut();
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(LOCATION, to);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
