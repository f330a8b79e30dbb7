//! The cookies of access control. They are for one host, unseen by scripts, and not sent along by other sites' pages
//! but when they lead here.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The session. Source: Cloudflare "Authorization cookie".
pub(super) const SESSION: &str = "CF_Authorization";

/// A login on its way.
pub(super) const LOGIN: &str = "CF_AppSession";

/// Only a login's own path is sent its cookie.
const LOGIN_PATH: &str = "/cdn-cgi/access/callback";

/// A cookie's value; `None` if it is sent twice: somebody else may have set one of them.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = values.next()?;
    if values.next().is_some() { None } else { Some(first) }
}

/// Sets a session for so many seconds.
pub(super) fn session(value: &str, seconds: u64, secure: bool) -> Option<HeaderValue> {
    set(SESSION, value, "/", seconds, secure)
}

/// Sets a login for so many seconds.
pub(super) fn login(value: &str, seconds: u64, secure: bool) -> Option<HeaderValue> {
    set(LOGIN, value, LOGIN_PATH, seconds, secure)
}

/// Values are base64 and dots, which need no escape.
fn set(name: &str, value: &str, path: &str, seconds: u64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_sent_twice_is_none() {
        let headers = |lines: &[&'static str]| {
            HeaderMap::from_iter(lines.iter().map(|line| (COOKIE, HeaderValue::from_static(line))))
        };
        assert_eq!(cookie(&headers(&["a=1; CF_Authorization=x; b=2"]), SESSION), Some("x"));
        assert_eq!(cookie(&headers(&["a=1", "CF_Authorization=x"]), SESSION), Some("x"));
        assert_eq!(cookie(&headers(&["CF_Authorization=x; CF_Authorization=y"]), SESSION), None);
        assert_eq!(cookie(&headers(&["XCF_Authorization=x", "cf_authorization=x"]), SESSION), None);
        assert_eq!(cookie(&headers(&[]), SESSION), None);
    }
}
