//! The pages below `/cdn-cgi/access/` of a protected domain: `login` sends a browser to an identity provider,
//! `callback` is where it comes back to, `logout` ends its session, `certs` has the key of sessions.

use super::cookies::{self, LOGIN, cookie};
use super::{pages, redirect};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use http::request::Parts;
use http::{Method, Response};
use http_support::AnswerBody;
use http_support::transport::Security;
use oidc::{LoginSecrets, OidcError, Provider, Relying};
use operations::Store;
use operations::access_check::Protection;
use operations::access_login::{LOGIN_SECONDS, LoggedIn, Login};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::sync::Arc;
use types::{AccessApp, AccessId, IdentityProvider, OperationError};

/// Longest path that is gone back to, bytes: the cookie of a login has it.
const RETURN_BYTES_MAX: usize = 1500;

/// Says what scheme a client used, if something before this server ended TLS. It decides nothing but the scheme of the
/// client's own redirect and whether its own cookie is `Secure`.
const FORWARDED_SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// An answer of these pages.
type Answered = Result<Response<AnswerBody>, OperationError>;

/// Logs people in.
pub(super) struct Logins {
    store: Arc<Store>,
    relying: Relying,
}

/// What somebody who begins a login wants.
struct Wish {
    /// The path to go to afterwards.
    return_to: String,
    /// To be asked who they are also by a provider that knows them already.
    ask_again: bool,
}

/// A redirect to the login that leads back to `uri`.
pub(super) fn to_login(uri: &str) -> Response<AnswerBody> {
    redirect(&format!("/cdn-cgi/access/login?redirect_url={}", escaped(&return_path(uri))))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The path that is gone back to: one of this very host, or its root. A path that begins with two slashes, or has a
/// backslash that browsers take for one, would name another host.
fn return_path(wanted: &str) -> String {
    let safe = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && wanted.len() <= RETURN_BYTES_MAX
        && !wanted.contains('\\')
        && wanted.bytes().all(|byte| byte.is_ascii_graphic())
        && !wanted.starts_with(super::PATHS);
    if safe { wanted.to_owned() } else { "/".to_owned() }
}

/// A parameter of the query, without escapes; `None` if it is not sent once.
fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = values.next().filter(|_| values.next().is_none())?;
    percent_decode_str(&first.replace('+', " ")).decode_utf8().ok().map(|text| text.into_owned())
}

impl Logins {
    pub(super) fn new(store: Arc<Store>, relying: Relying) -> Self {
        Self { store, relying }
    }

    /// The page at a path below `/cdn-cgi/access/`.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn answer(&self, protection: &Protection, app: &AccessApp, path: &str, parts: &Parts) -> Answered {
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return Ok(pages::WRONG_METHOD.answer(parts));
        }
        match path {
            "login" => self.login(protection, app, parts).await,
            "callback" => self.callback(protection, app, parts).await,
            "logout" => Ok(logout(parts)),
            "certs" => Ok(self.certs()),
            _ => Ok(pages::NOT_FOUND.answer(parts)),
        }
    }

    async fn login(&self, protection: &Protection, app: &AccessApp, parts: &Parts) -> Answered {
        let wish = Wish {
            return_to: return_path(&parameter(parts, "redirect_url").unwrap_or_default()),
            ask_again: parameter(parts, "prompt").as_deref() == Some("login"),
        };
        let providers = self.store.login_providers(protection).await?;
        let chosen = parameter(parts, "idp").and_then(|id| AccessId::parse(&id));
        let provider = match (&*providers, chosen) {
            ([], _) => return Ok(pages::NO_PROVIDER.answer(parts)),
            ([only], None) => only,
            (_, Some(id)) => match providers.iter().find(|provider| provider.id == id) {
                Some(provider) => provider,
                None => return Ok(pages::NOT_FOUND.answer(parts)),
            },
            (_, None) => return Ok(choose(&providers, &wish, parts)),
        };
        self.send_to(app, provider, wish, parts).await
    }

    async fn send_to(&self, app: &AccessApp, provider: &IdentityProvider, wish: Wish, parts: &Parts) -> Answered {
        let login = self.store.begin_login(provider, callback_url(app, parts), wish.return_to);
        let Some(sealed) = self.store.seal_login(app, &login) else { return Ok(pages::STALE.answer(parts)) };
        let (redirect_to, scopes) = (&*login.redirect, &*provider.scopes);
        let url = self.relying.authorization_url(at(provider), redirect_to, scopes, secrets(&login), wish.ask_again);
        match url.await {
            Ok(url) => {
                let mut answer = redirect(&url);
                set_cookie(&mut answer, cookies::login(&sealed, LOGIN_SECONDS, is_secure(&parts.headers, parts)));
                Ok(answer)
            }
            Err(error) => Ok(failed(&error, provider, parts)),
        }
    }

    async fn callback(&self, protection: &Protection, app: &AccessApp, parts: &Parts) -> Answered {
        let (sealed, state) = (cookie(&parts.headers, LOGIN), parameter(parts, "state"));
        let opened = match (sealed, &state) {
            (Some(sealed), Some(state)) => self.store.open_login(protection, sealed, state).await?,
            _ => None,
        };
        let Some((login, provider)) = opened else { return Ok(pages::STALE.answer(parts)) };
        // Another provider's answer (RFC 9207) is none to what this one was asked.
        let is_its_own = parameter(parts, "iss").is_none_or(|issuer| issuer == provider.issuer);
        let mut answer = match parameter(parts, "code").filter(|_| is_its_own) {
            Some(code) => self.redeem(app, &login, &provider, &code, parts).await,
            // Somebody pressed "cancel" there, or the provider will not: `error` says why, which is not shown.
            None => pages::REFUSED.answer(parts),
        };
        // A login is finished once, however it ends.
        set_cookie(&mut answer, cookies::login("", 0, is_secure(&parts.headers, parts)));
        Ok(answer)
    }

    async fn redeem(
        &self,
        app: &AccessApp,
        login: &Login,
        provider: &IdentityProvider,
        code: &str,
        parts: &Parts,
    ) -> Response<AnswerBody> {
        let custom = app.claims_of(provider.id).map(|(name, _)| name);
        let wanted: Vec<&str> = custom.chain([&*provider.email_claim]).collect();
        let said = self.relying.redeem(at(provider), &login.redirect, code, secrets(login), &wanted);
        let said = match said.await {
            Ok(said) => said,
            Err(error) => return failed(&error, provider, parts),
        };
        match self.store.finish_login(app, provider, &said) {
            LoggedIn::Session(session, seconds) => {
                let mut answer = redirect(&login.return_to);
                set_cookie(&mut answer, cookies::session(&session, seconds, is_secure(&parts.headers, parts)));
                answer
            }
            LoggedIn::Refused => pages::FORBIDDEN.answer(parts),
            LoggedIn::Nobody => pages::NOBODY.answer(parts),
        }
    }

    fn certs(&self) -> Response<AnswerBody> {
        let mut answer = Response::new(AnswerBody::Full(Bytes::from(self.store.session_keys().to_string())));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        answer
    }
}

fn at(provider: &IdentityProvider) -> Provider<'_> {
    Provider { issuer: &provider.issuer, client_id: &provider.client_id, client_secret: &provider.client_secret }
}

fn secrets(login: &Login) -> LoginSecrets<'_> {
    LoginSecrets { state: &login.state, nonce: &login.nonce, verifier: &login.verifier }
}

/// Why is for the log: the page tells no stranger.
fn failed(error: &OidcError, provider: &IdentityProvider, parts: &Parts) -> Response<AnswerBody> {
    tracing::warn!(%error, provider = %provider.id, "a login failed");
    match error {
        OidcError::Unreachable(_) => pages::UNREACHABLE.answer(parts),
        OidcError::CodeRefused(_) | OidcError::TokenRefused(_) | OidcError::ClaimsRefused(_) => {
            pages::REFUSED.answer(parts)
        }
    }
}

fn choose(providers: &[IdentityProvider], wish: &Wish, parts: &Parts) -> Response<AnswerBody> {
    let prompt = if wish.ask_again { "&prompt=login" } else { "" };
    let to = |provider: &IdentityProvider| {
        let back = escaped(&wish.return_to);
        let link = format!("/cdn-cgi/access/login?idp={}&redirect_url={back}{prompt}", provider.id);
        (provider.name.clone(), link)
    };
    pages::choice(&providers.iter().map(to).collect::<Vec<_>>(), parts)
}

fn logout(parts: &Parts) -> Response<AnswerBody> {
    let mut answer = pages::LOGGED_OUT.answer(parts);
    set_cookie(&mut answer, cookies::session("", 0, is_secure(&parts.headers, parts)));
    answer
}

fn set_cookie(answer: &mut Response<AnswerBody>, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// Where the provider sends the browser back to: this domain, at the port that the browser uses.
fn callback_url(app: &AccessApp, parts: &Parts) -> String {
    let scheme = if is_secure(&parts.headers, parts) { "https" } else { "http" };
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = parts.uri.port_u16().or_else(|| host?.rsplit_once(':')?.1.parse().ok());
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{}{port}/cdn-cgi/access/callback", app.domain)
}

fn is_secure(headers: &HeaderMap, parts: &Parts) -> bool {
    let forwarded = super::text(headers, &FORWARDED_SCHEME).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    forwarded || parts.extensions.get::<Arc<Security>>().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host_after_a_login() {
        for path in ["/", "/a/b?c=d&e=%2F", "/a//b", "/%2F%2Fevil.example", "/a:b@c"] {
            assert_eq!(return_path(path), path);
        }
        let long = format!("/{}", "a".repeat(RETURN_BYTES_MAX));
        for path in [
            "",
            "evil.example",
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=1",
            "/\u{e9}",
            "javascript:alert(1)",
            "/cdn-cgi/access/logout",
            "/cdn-cgi/access/login?redirect_url=/",
            &long,
        ] {
            assert_eq!(return_path(path), "/", "{path:?}");
        }
    }
}
