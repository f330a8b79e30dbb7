//! Who asks: the bearer of an API token. Global API keys, the other way of Cloudflare's API, do not exist here.

use crate::error::{Domain, Refusal, RestError};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use operations::{Caller, Store};
use std::net::IpAddr;
use types::{ErrorCode, OperationError};

/// Shortest and longest value of a token. Source: the API's `value` of a token.
const VALUE_CHARS: std::ops::RangeInclusive<usize> = 40..=80;

/// Headers of global API keys and service keys.
const KEY_HEADERS: [&str; 3] = ["x-auth-key", "x-auth-email", "x-auth-user-service-key"];

/// Finds out whose request it is.
///
/// # Errors
/// What Cloudflare says of missing, malformed and wrong credentials in calls of `domain`.
pub(crate) async fn caller(
    store: &Store,
    headers: &HeaderMap,
    address: IpAddr,
    domain: Domain,
) -> Result<Caller, RestError> {
    let value = bearer(headers, domain)?;
    store.bearer(value, address).await.map_err(|error| match error.code {
        // Whose token it is was found out: it is not a secret that it exists.
        ErrorCode::AccessDenied => from_there(address).into(),
        _ => error.into(),
    })
}

fn from_there(address: IpAddr) -> OperationError {
    let message = format!("Cannot use the access token from location: {}", address.to_canonical());
    OperationError::new(ErrorCode::AccessDenied, message)
}

fn bearer(headers: &HeaderMap, domain: Domain) -> Result<&str, RestError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(missing(headers, domain)) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let is_of_value = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let well_formed = |token: &&str| VALUE_CHARS.contains(&token.len()) && token.bytes().all(is_of_value);
    match (token.filter(well_formed), values.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(malformed()),
    }
}

fn missing(headers: &HeaderMap, domain: Domain) -> RestError {
    if KEY_HEADERS.iter().any(|name| headers.contains_key(*name)) {
        let message = "Unknown X-Auth-Key or X-Auth-Email: there are no global API keys here. Send an API token as \
                       Authorization: Bearer <token>.";
        return RestError::new(403, 9103, message);
    }
    match domain {
        Domain::Verify => RestError::new(400, 1001, "Missing API Token: send Authorization: Bearer <token>."),
        _ => RestError::new(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
    }
}

fn malformed() -> RestError {
    RestError::Refused(Refusal {
        status: 400,
        code: 6003,
        message: "Invalid request headers".into(),
        because: Some((6111, "Invalid format for Authorization header")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn code(headers: &[(&'static str, &str)], domain: Domain) -> u32 {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        bearer(&headers, domain).map_or_else(|error| error.shown(domain).code, |_| 0)
    }

    #[test]
    fn headers_are_well_formed_or_refused_by_name() {
        let good = "a".repeat(40);
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(code(&[("authorization", &format!("{scheme} {good}"))], Domain::Product), 0);
        }
        assert_eq!(code(&[("authorization", &format!("Bearer cfut_{good}_-"))], Domain::Product), 0);
        let long = "a".repeat(81);
        for bad in ["", "Bearer", "Bearer ", "Bearer short", "Basic YTpi", &good, &format!("Bearer {long}")] {
            assert_eq!(code(&[("authorization", bad)], Domain::Product), 6003, "{bad:?}");
        }
        assert_eq!(code(&[("authorization", &format!("Bearer {good}é"))], Domain::Product), 6003);
        assert_eq!(code(&[], Domain::Product), 9106);
        assert_eq!(code(&[], Domain::Verify), 1001);
        assert_eq!(code(&[("x-auth-key", "k"), ("x-auth-email", "e")], Domain::Identity), 9103);
    }
}
