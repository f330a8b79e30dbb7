//! Requests, signed and written out before the clock runs, so that sending one costs the client a system call.
//!
//! A signature is good for 15 minutes and as often as one likes, so a list of requests is signed right before the
//! measurement that uses it. Bodies are `UNSIGNED-PAYLOAD`: hashing them would be the client's CPU, not the server's.

use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use environment::{Clock, SystemClock};
use http::{HeaderName, HeaderValue, Method};
use s3_protocol::sigv4::{self, Credentials};
use std::net::SocketAddr;

/// The region that R2's clients sign for.
const REGION: &str = "auto";

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Request line and headers, with the empty line.
    pub(crate) head: Vec<u8>,
    /// Shared by all requests that send the same bytes.
    pub(crate) body: Bytes,
    /// HEAD is answered with the length of a body that does not come.
    pub(crate) is_head: bool,
}

/// Whoever holds a server's API token.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) token: String,
    pub(crate) account: String,
}

impl Bearer {
    /// A request to the REST API; `path` is below the account's.
    pub(crate) fn request(&self, method: &Method, path: &str, body: Bytes) -> Request {
        let (Self { token, account }, length) = (self, body.len());
        let head = format!(
            "{method} /client/v4/accounts/{account}{path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
             content-length: {length}\r\n\r\n"
        );
        Request { head: head.into_bytes(), body, is_head: false }
    }
}

/// Signs requests to one server.
pub(crate) struct Signer {
    host: String,
    access_key_id: String,
    secret_access_key: String,
    clock: SystemClock,
}

impl Signer {
    /// For the server at `address`, with its root key.
    pub(crate) fn new(address: SocketAddr, access_key_id: &str, secret_access_key: &str) -> Self {
        Self {
            host: address.to_string(),
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            clock: SystemClock::new(),
        }
    }

    /// A request without further headers. `target` is path and query, percent-encoded.
    pub(crate) fn request(&self, method: Method, target: &str, body: Bytes) -> Outcome<Request> {
        self.request_with(method, target, &[], body)
    }

    /// A request with these headers signed too.
    pub(crate) fn request_with(
        &self,
        method: Method,
        target: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Outcome<Request> {
        let is_head = method == Method::HEAD;
        let request = http::Request::builder().method(method).uri(target).header("host", &self.host).body(());
        let (mut parts, ()) = request.doing("build a request")?.into_parts();
        parts.headers.extend(headers.iter().cloned());
        let credentials = Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: None,
            region: REGION,
        };
        sigv4::sign(&mut parts, &credentials, "UNSIGNED-PAYLOAD", self.clock.now()).doing("sign a request")?;
        Ok(Request { head: written_out(&parts, body.len()), body, is_head })
    }
}

fn written_out(parts: &http::request::Parts, body_bytes: usize) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if matches!(parts.method, Method::PUT | Method::POST) {
        head.extend_from_slice(format!("content-length: {body_bytes}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_out_signed_and_with_its_length() {
        let signer = Signer::new(SocketAddr::from(([127, 0, 0, 1], 9000)), "id", "secret");
        let request = signer.request(Method::PUT, "/bucket/key?partNumber=1", Bytes::from_static(b"abc")).unwrap();
        let head = String::from_utf8(request.head).unwrap();
        assert!(head.starts_with("PUT /bucket/key?partNumber=1 HTTP/1.1\r\nhost: 127.0.0.1:9000\r\n"), "{head}");
        assert!(head.contains("\r\nauthorization: AWS4-HMAC-SHA256 Credential=id/"), "{head}");
        assert!(head.ends_with("content-length: 3\r\n\r\n"), "{head}");
    }

    #[test]
    fn only_head_requests_expect_no_body() {
        let signer = Signer::new(SocketAddr::from(([127, 0, 0, 1], 9000)), "id", "secret");
        assert!(signer.request(Method::HEAD, "/b/k", Bytes::new()).unwrap().is_head);
        assert!(!signer.request(Method::GET, "/b/k", Bytes::new()).unwrap().is_head);
    }
}
