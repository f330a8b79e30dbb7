//! Signature Version 4: who sends a request, and whether that is true. Also the signing side, for clients.
//! Sources: AWS "Authenticating Requests (AWS Signature Version 4)"; R2 "S3 API compatibility" (regions), "Presigned
//! URLs", "Release notes" 2022-05-17 (parameters that clients did not encode).
//!
//! [`parse`] reads what the client claims; the caller finds the secret of the access key and derives or looks up the
//! [`SigningKey`] (once per credential, day and region: it is good to cache); [`SignedRequest::verify`] then decides.
//! Invariant: signatures are compared in constant time, and nothing of a secret is ever in a message.

mod canonical;
mod credential;
mod key;
mod parse;
mod policy;
mod sign;

#[cfg(test)]
mod tests;

pub(crate) use key::check_signature;
pub use key::{ChunkSignatures, SigningKey};
pub use parse::parse;
pub use policy::SignedPolicy;
pub use sign::{Credentials, presign, sign};

use crate::header::{self, names};
use crate::payload::{CONTENT_SHA256, UNSIGNED_PAYLOAD, missing_hash};
use crate::query::Query;
use crate::request::{RequestHead, is_amz};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use canonical::{CanonicalRequest, Form};
use credential::Credential;
use std::borrow::Cow;
use std::sync::Arc;
use types::limits::CLOCK_SKEW_SECONDS_MAX;
use types::{ErrorCode, OperationError, Timestamp};

/// The only algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who a request claims to be from.
#[derive(Clone, Debug)]
pub enum Authentication<'a> {
    /// Nobody in particular.
    Anonymous,
    /// The holder of an access key: to be verified.
    Signed(SignedRequest<'a>),
}

/// A request's claim to be from the holder of an access key. Nothing of it is true until [`SignedRequest::verify`].
#[derive(Clone, Debug)]
pub struct SignedRequest<'a> {
    place: Place,
    credential: Credential<'a>,
    signed_headers: Cow<'a, str>,
    signature: [u8; 32],
    /// The time as signed, `20220518T171959Z`.
    time_text: [u8; 16],
    time: Timestamp,
    session_token: Option<Cow<'a, str>>,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    /// A presigned URL, good for this many seconds; `None` if they are out of bounds.
    Query {
        expires_seconds: Option<u64>,
    },
}

impl SignedRequest<'_> {
    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        &self.credential.access_key_id
    }

    /// The day of the credential's scope, `20220518`: what [`SigningKey::derive`] wants.
    pub fn date(&self) -> &str {
        &self.credential.date
    }

    /// The region of the credential's scope, as sent: `auto`, one of its aliases or a location hint.
    pub fn region(&self) -> &str {
        &self.credential.region
    }

    /// When it was signed.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// `X-Amz-Security-Token`, of the header or the query; what it means is for the caller.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// True for a presigned URL.
    pub fn is_presigned(&self) -> bool {
        self.place != Place::Header
    }

    /// What chunks of the body are signed with: the request's own signature is their seed.
    pub fn chunk_signatures(&self, key: Arc<SigningKey>) -> ChunkSignatures {
        ChunkSignatures::new(key, &self.time_text, &self.credential.scope(), self.signature)
    }

    /// Decides whether the request is from the holder of the secret that `key` was derived from, and of this time.
    ///
    /// # Errors
    /// `RequestTimeTooSkewed`, `ExpiredRequest`, `AuthorizationQueryParametersError` for a presigned URL whose times
    /// make no sense, `AccessDenied` for a presigned URL of the future or for
    /// `x-amz-*` headers that are not signed, `InvalidRequest` without a hash of the body, `SignatureDoesNotMatch`.
    pub fn verify(&self, head: &RequestHead<'_>, key: &SigningKey, now: Timestamp) -> Result<(), OperationError> {
        self.check_all_signed(head)?;
        let payload_hash = self.payload_hash(head)?;
        let request = CanonicalRequest {
            head: *head,
            signed_headers: &self.signed_headers,
            payload_hash: &payload_hash,
            is_presigned: self.is_presigned(),
        };
        let mut buffer = Vec::with_capacity(1024);
        // Clients differ in how they encode what they sign. A request in S3's own form needs the first round only.
        // A signature is good for one reading of path and query at most: S3's form decodes to one key only, and the
        // forms as sent are the very bytes that are decoded.
        for form in Form::ALL {
            request.write(&mut buffer, form);
            let signature = key.sign_request(&mut buffer, &self.time_text, &self.credential);
            if verify_slices_are_equal(&signature, &self.signature).is_ok() {
                // Only now: a time that was tampered with is first of all not the signed one.
                return self.check_scope().and_then(|expires| self.check_time(expires, now));
            }
            if request.is_normal() {
                break;
            }
        }
        Err(ErrorCode::SignatureDoesNotMatch.into())
    }

    /// What a presigned URL says of its time makes sense. Answers for how many seconds it is good.
    fn check_scope(&self) -> Result<Option<u64>, OperationError> {
        let error = |message| OperationError::new(ErrorCode::AuthorizationQueryParametersError, message);
        match self.place {
            Place::Header => Ok(None),
            Place::Query { expires_seconds: None } => Err(error(
                "X-Amz-Expires must be a number of seconds from 1 to 604800: a URL is good for a week at most.",
            )),
            Place::Query { .. } if !self.time_text.starts_with(self.credential.date.as_bytes()) => {
                Err(error("The date of X-Amz-Credential is not that of X-Amz-Date."))
            }
            Place::Query { expires_seconds } => Ok(expires_seconds),
        }
    }

    /// `expires`: seconds that a presigned URL is good for; `None` for a signature in a header.
    fn check_time(&self, expires: Option<u64>, now: Timestamp) -> Result<(), OperationError> {
        let (signed, now) = (self.time.seconds(), now.seconds());
        match expires {
            None if signed.abs_diff(now) > CLOCK_SKEW_SECONDS_MAX => Err(OperationError::new(
                ErrorCode::RequestTimeTooSkewed,
                "The difference between the request time and the server's time is too large: set your clock; 15 \
                 minutes are allowed.",
            )),
            Some(_) if signed > now.saturating_add(CLOCK_SKEW_SECONDS_MAX) => Err(OperationError::new(
                ErrorCode::AccessDenied,
                "Request is not yet valid: X-Amz-Date lies in the future. Check the clock that signed the URL.",
            )),
            Some(seconds) if now > signed.saturating_add(seconds) => {
                Err(OperationError::new(ErrorCode::ExpiredRequest, "Request has expired: sign a new URL."))
            }
            _ => Ok(()),
        }
    }

    /// `host` and every `x-amz-*` header that means something must be signed, or whoever holds a presigned URL could
    /// turn a PUT into a copy of another object.
    fn check_all_signed(&self, head: &RequestHead<'_>) -> Result<(), OperationError> {
        let is_signed = |name: &str| self.signed_headers.split(';').any(|signed| signed.eq_ignore_ascii_case(name));
        let needs = |name: &str| needs_signature(name) || (self.is_presigned() && grants_more(name));
        let unsigned = head.headers.keys().map(|name| name.as_str()).find(|name| needs(name) && !is_signed(name));
        match unsigned.or_else(|| (!is_signed("host")).then_some("host")) {
            None => Ok(()),
            Some(name) => Err(OperationError::new(
                ErrorCode::AccessDenied,
                format!(
                    "There were headers present in the request which were not signed: sign '{name}' or leave it out."
                ),
            )),
        }
    }

    /// The last line of the canonical request.
    fn payload_hash<'h>(&self, head: &RequestHead<'h>) -> Result<Cow<'h, str>, OperationError> {
        if !self.is_presigned() {
            let sent = header::text(head.headers, &names::CONTENT_SHA256)?;
            return sent.map(Cow::Borrowed).ok_or_else(missing_hash);
        }
        presigned_payload_hash(head, &self.signed_headers)
    }
}

/// What a presigned URL covers of the body: what its query says, or a signed header, or nothing.
fn presigned_payload_hash<'h>(head: &RequestHead<'h>, signed_headers: &str) -> Result<Cow<'h, str>, OperationError> {
    if let Some(parameter) = Query::new(head.query).get("X-Amz-Content-Sha256")? {
        return Ok(parameter);
    }
    let is_signed = signed_headers.split(';').any(|name| name.eq_ignore_ascii_case(CONTENT_SHA256));
    let sent = header::text(head.headers, &names::CONTENT_SHA256)?.filter(|_| is_signed);
    Ok(Cow::Borrowed(sent.unwrap_or(UNSIGNED_PAYLOAD)))
}

/// R2's own headers that let a write do more than its URL says: the holder of a presigned URL may not add them.
fn grants_more(name: &str) -> bool {
    name == "cf-create-bucket-if-missing" || name.starts_with("cf-copy-destination-")
}

/// Headers whose meaning is signed by other means, or that proxies and SDKs add after signing.
fn needs_signature(name: &str) -> bool {
    const EXEMPT: [&str; 4] = [CONTENT_SHA256, "x-amz-date", "x-amz-user-agent", "x-amz-cf-id"];
    is_amz(name) && !EXEMPT.contains(&name)
}
