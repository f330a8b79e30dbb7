//! The head of a request as every other module reads it, and the headers that presigned URLs carry in their query.

use crate::header::names;
use crate::operation::customer_key;
use crate::percent::{self, Part};
use crate::query::Query;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, request::Parts};
use types::{ErrorCode, OperationError};

/// What the HTTP server parsed, borrowed. Path and query are as sent: nothing is decoded.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent, with its escapes; begins with `/`.
    pub path: &'a str,
    /// The text after `?`.
    pub query: Option<&'a str>,
    /// The `Host` header, or the authority of the request target, with the port if one was sent; else empty.
    pub host: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// Borrows from what `http` parsed.
    pub fn new(parts: &'a Parts) -> Self {
        let authority = || parts.uri.authority().map(|authority| authority.as_str());
        let header = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
        Self {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query(),
            host: header.or_else(authority).unwrap_or_default(),
            headers: &parts.headers,
        }
    }

    /// True if the chunks of the body are signed, each with the one before.
    pub fn signs_chunks(&self) -> bool {
        let mode = self.headers.get(&names::CONTENT_SHA256);
        mode.is_some_and(|mode| mode.as_bytes().starts_with(b"STREAMING-AWS4-HMAC"))
    }

    /// The query, to be asked for parameters.
    pub fn query(&self) -> Query<'a> {
        Query::new(self.query)
    }
}

/// The `x-amz-*` parameters of a presigned URL that stand for headers, as SDKs "hoist" them into the query
/// (`x-amz-meta-…`, `x-amz-storage-class`, …). They are covered by the signature, so call this once it is verified,
/// and add them to the request's headers where those do not say otherwise.
///
/// Parameters of the signature itself are none. Checksums are none either, as with S3: SDKs put the checksum of the
/// empty body they presigned with there.
///
/// # Errors
/// `InvalidArgument` for a parameter that no header could carry; `InvalidRequest` for a customer's key, since URLs are
/// logged and handed on; `InvalidURI` for a malformed escape.
pub fn hoisted_headers(query: Query<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, OperationError> {
    query
        .raw_pairs()
        .filter(|(name, _)| stands_for_a_header(name))
        .map(|(name, value)| {
            if customer_key::is_secret(name) {
                return Err(OperationError::new(
                    ErrorCode::InvalidRequest,
                    format!("A customer's key must not be part of a URL: send '{name}' as a signed header."),
                ));
            }
            let bytes = percent::decode(value, Part::Query)?;
            let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(&bytes).ok());
            header.ok_or_else(|| {
                OperationError::new(
                    ErrorCode::InvalidArgument,
                    format!("The query parameter '{name}' stands for a header, but its value cannot be one."),
                )
            })
        })
        .collect()
}

/// Of the `x-amz-*` parameters, those that are neither of the signature, nor a checksum, nor about the SDK.
fn stands_for_a_header(name: &str) -> bool {
    const OF_THE_SIGNATURE: [&str; 8] = [
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ];
    let has_prefix = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    is_amz(name)
        && !OF_THE_SIGNATURE.iter().any(|own| name.eq_ignore_ascii_case(own))
        && !has_prefix("x-amz-checksum-")
        && !has_prefix("x-amz-sdk-")
        && !name.eq_ignore_ascii_case("x-amz-user-agent")
}

/// True for names that begin with `x-amz-`, in any case.
pub(crate) fn is_amz(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hoisted_parameters_become_headers_and_the_rest_stays() {
        let query = "X-Amz-Date=1&x-amz-meta-a=b%20c&X-Amz-Storage-Class=STANDARD_IA&x-amz-checksum-crc32=AAAAAA%3D%3D\
                     &x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject&prefix=p&X-Amz-SignedHeaders=host";
        let headers = hoisted_headers(Query::new(Some(query))).unwrap();
        let shown: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(shown, [("x-amz-meta-a", "b c"), ("x-amz-storage-class", "STANDARD_IA")]);
    }

    #[test]
    fn a_hoisted_line_break_is_refused() {
        let error = hoisted_headers(Query::new(Some("x-amz-meta-a=b%0d%0ac"))).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn a_customers_key_is_no_part_of_a_url() {
        for prefix in ["x-amz-server-side", "X-Amz-Copy-Source-Server-Side"] {
            let query = format!("{prefix}-encryption-customer-key=c2VjcmV0");
            let error = hoisted_headers(Query::new(Some(&query))).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest);
            assert!(!error.message().contains("c2VjcmV0"), "{error}");
        }
        let rest =
            "x-amz-server-side-encryption-customer-algorithm=AES256&x-amz-server-side-encryption-customer-key-MD5=a";
        assert_eq!(hoisted_headers(Query::new(Some(rest))).unwrap().len(), 2);
    }

    #[test]
    fn the_host_header_goes_before_the_target() {
        let (parts, ()) =
            http::Request::get("http://target:1/p?q").header("host", "header:2").body(()).unwrap().into_parts();
        assert_eq!(RequestHead::new(&parts).host, "header:2");
        let (parts, ()) = http::Request::get("http://target:1/p?q").body(()).unwrap().into_parts();
        let head = RequestHead::new(&parts);
        assert_eq!((head.host, head.path, head.query), ("target:1", "/p", Some("q")));
    }
}
