//! The client's side: signs requests by header and as presigned URLs. For migrations, tests and the bench driver.

use super::canonical::{CanonicalRequest, Form};
use super::credential::Credential;
use super::key::{ChunkSignatures, SigningKey};
use super::{ALGORITHM, presigned_payload_hash};
use crate::payload::CONTENT_SHA256;
use crate::percent::{self, Part};
use crate::request::RequestHead;
use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use std::sync::Arc;
use types::{OperationError, Timestamp};

/// What a client signs with.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The session token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The region: `auto` for R2.
    pub region: &'a str,
}

impl Credentials<'_> {
    fn scoped(&self, time: &str) -> Credential<'_> {
        Credential {
            access_key_id: self.access_key_id.into(),
            date: time[..8].to_owned().into(),
            region: self.region.into(),
        }
    }
}

/// Signs by header: sets `host` (from the target, if absent), `x-amz-date`, `x-amz-content-sha256` (to
/// `payload_hash`: a hash in hexadecimal or the name of a mode), `x-amz-security-token` and `authorization`.
/// Every header of the request is signed but those that proxies may change. Answers what chunks are signed with.
///
/// # Errors
/// `InternalError` if a value cannot be a header.
pub fn sign(
    parts: &mut Parts,
    credentials: &Credentials<'_>,
    payload_hash: &str,
    now: Timestamp,
) -> Result<ChunkSignatures, OperationError> {
    let time = now.to_amz_date();
    put_host(parts)?;
    put(&mut parts.headers, "x-amz-date", &time)?;
    put(&mut parts.headers, CONTENT_SHA256, payload_hash)?;
    if let Some(token) = credentials.session_token {
        put(&mut parts.headers, "x-amz-security-token", token)?;
    }
    let signed_headers = signable_headers(&parts.headers);
    let head = RequestHead::new(parts);
    let request = CanonicalRequest { head, signed_headers: &signed_headers, payload_hash, is_presigned: false };
    let (signature, chunks) = signed(&request, credentials, &time)?;
    let authorization = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={signed_headers}, Signature={}",
        credentials.access_key_id,
        credentials.scoped(&time).scope(),
        types::ids::hex(&signature)
    );
    put(&mut parts.headers, AUTHORIZATION.as_str(), &authorization)?;
    Ok(chunks)
}

/// Makes the request's target, which must not be one yet, a presigned URL, good for `expires_seconds` from `now`. Its
/// headers, but for those that proxies may change, become part of what the bearer must send.
///
/// # Errors
/// `InternalError` if the target cannot be a URL; `InvalidURI` if its query cannot be read.
pub fn presign(
    parts: &mut Parts,
    credentials: &Credentials<'_>,
    expires_seconds: u64,
    now: Timestamp,
) -> Result<(), OperationError> {
    let time = now.to_amz_date();
    put_host(parts)?;
    let signed_headers = signable_headers(&parts.headers);
    let scope = credentials.scoped(&time).scope();
    let encode = |text: &str| percent::encode(text, Part::Query);
    let credential = encode(&format!("{}/{scope}", credentials.access_key_id));
    let mut query = parts.uri.query().map(|query| format!("{query}&")).unwrap_or_default();
    query.push_str(&format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={time}&X-Amz-Expires={expires_seconds}\
         &X-Amz-SignedHeaders={}",
        encode(&signed_headers)
    ));
    if let Some(token) = credentials.session_token {
        query.push_str(&format!("&X-Amz-Security-Token={}", encode(token)));
    }
    let head = RequestHead { query: Some(&query), ..RequestHead::new(parts) };
    let payload_hash = &presigned_payload_hash(&head, &signed_headers)?;
    let request = CanonicalRequest { head, signed_headers: &signed_headers, payload_hash, is_presigned: true };
    let (signature, _) = signed(&request, credentials, &time)?;
    set_query(parts, &format!("{query}&X-Amz-Signature={}", types::ids::hex(&signature)))
}

fn signed(
    request: &CanonicalRequest<'_>,
    credentials: &Credentials<'_>,
    time: &str,
) -> Result<([u8; 32], ChunkSignatures), OperationError> {
    let time: [u8; 16] = time.as_bytes().try_into().map_err(OperationError::internal)?;
    let scope = credentials.scoped(std::str::from_utf8(&time).map_err(OperationError::internal)?);
    let key = SigningKey::derive(credentials.secret_access_key, &scope.date, credentials.region);
    let mut buffer = Vec::with_capacity(1024);
    request.write(&mut buffer, Form::ALL[0]);
    let signature = key.sign_request(&mut buffer, &time, &scope);
    let chunks = ChunkSignatures::new(Arc::new(key), &time, &scope.scope(), signature);
    Ok((signature, chunks))
}

fn put_host(parts: &mut Parts) -> Result<(), OperationError> {
    if parts.headers.contains_key(HOST) {
        return Ok(());
    }
    let host = parts.uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
    put(&mut parts.headers, HOST.as_str(), &host)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), OperationError> {
    let value = HeaderValue::from_str(value).map_err(OperationError::internal)?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// The names to sign, sorted.
fn signable_headers(headers: &HeaderMap) -> String {
    const CHANGED_ON_THE_WAY: [&str; 11] = [
        "accept-encoding",
        "authorization",
        "connection",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    ];
    let mut names: Vec<_> =
        headers.keys().map(HeaderName::as_str).filter(|name| !CHANGED_ON_THE_WAY.contains(name)).collect();
    names.sort_unstable();
    names.join(";")
}

fn set_query(parts: &mut Parts, query: &str) -> Result<(), OperationError> {
    let target = format!("{}?{query}", parts.uri.path());
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(target).map_err(OperationError::internal)?);
    parts.uri = http::Uri::from_parts(uri).map_err(OperationError::internal)?;
    Ok(())
}
