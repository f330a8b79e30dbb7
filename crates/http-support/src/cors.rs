//! CORS in headers: what a browser asks, and what it is told of the rule that allows it. Sources: R2 "Configure CORS",
//! Response headers and Common issues; "Release notes" 2022-09-28 and 2022-09-29; S3 OPTIONS object.

use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use types::{CorsPolicy, CorsRequest, CorsRule, ErrorCode, OperationError};

#[cfg(test)]
mod tests;

/// What answers of a bucket with rules depend on, as caches must know: also answers that no rule allows.
const VARIES: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");

/// What a cross-origin request asks. `None` without an `Origin`: then no CORS header is in the answer.
///
/// As on S3, a request that is no preflight but says what it asks for is answered as if it were one.
pub fn asked(head: &Parts) -> Option<CorsRequest<'_>> {
    let origin = text(&head.headers, &ORIGIN).filter(|origin| !origin.is_empty())?;
    let method = text(&head.headers, &ACCESS_CONTROL_REQUEST_METHOD).unwrap_or_else(|| head.method.as_str());
    let names = head.headers.get_all(&ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let names = names.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    let headers = names.map(str::trim).filter(|name| !name.is_empty()).collect();
    Some(CorsRequest { origin, method, headers })
}

/// As [`asked`], of a preflight.
///
/// # Errors
/// `BadRequest` for one that does not say from where and for what it is.
pub fn preflight(head: &Parts) -> Result<CorsRequest<'_>, OperationError> {
    let insufficient = |message| OperationError::new(ErrorCode::BadRequest, message);
    let asked = asked(head).ok_or_else(|| insufficient("Insufficient information. Origin request header needed."))?;
    if text(&head.headers, &ACCESS_CONTROL_REQUEST_METHOD).is_none() {
        return Err(insufficient("Insufficient information. Access-Control-Request-Method request header needed."));
    }
    Ok(asked)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The headers of the answer to a cross-origin request. Where no rule allows it there is only `Vary`: the browser then
/// keeps the answer from the page.
pub fn headers(policy: &CorsPolicy, asked: &CorsRequest<'_>, method: &Method) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(VARY, VARIES);
    if let Some(rule) = policy.allowing(asked) {
        add_permission(&mut headers, rule, asked);
        if method == Method::OPTIONS && !asked.headers.is_empty() {
            // Those that were asked for and no others; S3 answers them in lower case.
            put(&mut headers, ACCESS_CONTROL_ALLOW_HEADERS, &asked.headers.join(", ").to_ascii_lowercase());
        }
    }
    headers
}

fn add_permission(headers: &mut HeaderMap, rule: &CorsRule, asked: &CorsRequest<'_>) {
    let fields = rule.fields();
    if rule.allows_any_origin() {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        put(headers, ACCESS_CONTROL_ALLOW_ORIGIN, asked.origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    put(headers, ACCESS_CONTROL_ALLOW_METHODS, &fields.methods.join(", "));
    if !fields.expose_headers.is_empty() {
        put(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &fields.expose_headers.join(", "));
    }
    if let Some(seconds) = fields.max_age_seconds {
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
    }
}

/// Adds text of a checked rule, or of a request's header: either can stand in a header.
fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
