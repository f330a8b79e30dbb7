//! Session tokens: what a temporary credential is allowed, signed with its parent's secret. No state is kept of them:
//! whoever holds the parent's secret can make one, and it is good for as long as that secret is.
//! Source: R2 "Authentication", Temporary access credentials.
//!
//! `base64("jwt/" + JWT)`, the JWT signed with HS256 (RFC 7515, RFC 7519). The temporary secret access key is the
//! SHA-256 of the JWT's text: a session token is as secret as the key itself.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, Serializer};
use types::limits::SESSION_TOKEN_BYTES_MAX;
use types::{ErrorCode, OperationError};

/// What a session token says. Members beyond these say nothing here, as RFC 7519 has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The account.
    pub(crate) sub: String,
    /// The parent's access key id.
    pub(crate) iss: String,
    /// Host of the S3 endpoint.
    pub(crate) aud: String,
    /// When it was made, seconds since 1970. Clients may send fractions.
    #[serde(serialize_with = "write_seconds")]
    pub(crate) iat: f64,
    /// From when on it is good for nothing.
    #[serde(serialize_with = "write_seconds")]
    pub(crate) exp: f64,
    /// From when on it is good, if later than at once.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "write_some_seconds")]
    pub(crate) nbf: Option<f64>,
    /// The one bucket.
    pub(crate) bucket: String,
    /// The permission, such as `object-read-only`.
    pub(crate) scope: String,
    /// Only these operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actions: Option<Vec<String>>,
    /// Only these keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paths: Option<PathClaims>,
}

/// Keys that a session token is limited to. A member that is not understood might be a limit: it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PathClaims {
    /// Keys that begin with one of these.
    #[serde(default)]
    pub(crate) prefix_paths: Vec<String>,
    /// These keys.
    #[serde(default)]
    pub(crate) object_paths: Vec<String>,
}

/// Below it every whole number of 64-bit floating point is exact: 2^53.
const SECONDS_EXACT: f64 = 9_007_199_254_740_992.0;

/// Whole seconds as the integers that most readers of JWTs expect.
fn write_seconds<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if seconds.fract() != 0.0 || !(0.0..SECONDS_EXACT).contains(seconds) {
        return serializer.serialize_f64(*seconds);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number within the bounds")]
    let whole = *seconds as u64;
    serializer.serialize_u64(whole)
}

fn write_some_seconds<S: Serializer>(seconds: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match seconds {
        Some(seconds) => write_seconds(seconds, serializer),
        None => serializer.serialize_none(),
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood. None are.
    crit: Option<serde_json::Value>,
}

/// A session token, and the SHA-256 whose hexadecimal text is the secret access key that goes with it.
pub(crate) struct SessionToken {
    pub(crate) text: String,
    pub(crate) secret: [u8; 32],
}

/// What stands before the JWT.
const PREFIX: &str = "jwt/";

/// The header of what is signed here.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Signs claims with a parent's secret access key.
///
/// # Errors
/// `InvalidArgument` for claims too long to be sent.
pub(crate) fn sign(claims: &Claims, parent_secret: &str) -> Result<SessionToken, OperationError> {
    let claims = serde_json::to_vec(claims).map_err(OperationError::internal)?;
    let mut jwt = BASE64_URL_SAFE_NO_PAD.encode(HEADER);
    jwt.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut jwt);
    let signature = hmac::sign(&signing_key(parent_secret), jwt.as_bytes());
    jwt.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    let text = BASE64_STANDARD.encode([PREFIX, &jwt].concat());
    if text.len() > SESSION_TOKEN_BYTES_MAX {
        let message = "The prefixes and objects are too many for one temporary credential: a session token has at \
                       most 16384 bytes.";
        return Err(OperationError::new(ErrorCode::InvalidArgument, message));
    }
    Ok(SessionToken { text, secret: secret_of(&jwt) })
}

/// Verifies a session token with its parent's secret access key. Answers its claims, and its own secret as
/// [`SessionToken`] has it. Whose claims they are, and whether they hold now, is for the caller.
///
/// # Errors
/// `InvalidToken` for what is no session token; `SignatureDoesNotMatch` for one that another secret signed.
pub(crate) fn verify(text: &str, parent_secret: &str) -> Result<(Claims, [u8; 32]), OperationError> {
    let jwt = jwt_of(text).ok_or(ErrorCode::InvalidToken)?;
    let (signed, signature) = jwt.rsplit_once('.').ok_or(ErrorCode::InvalidToken)?;
    let (header, claims) = signed.split_once('.').ok_or(ErrorCode::InvalidToken)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| ErrorCode::InvalidToken)?;
    if hmac::verify(&signing_key(parent_secret), signed.as_bytes(), &signature).is_err() {
        let message = "The session token is not signed with the secret access key of its parent, or that was changed \
                       since: get new temporary credentials.";
        return Err(OperationError::new(ErrorCode::SignatureDoesNotMatch, message));
    }
    let header: Header = json(header)?;
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(ErrorCode::InvalidToken.into());
    }
    Ok((json(claims)?, secret_of(&jwt)))
}

fn jwt_of(text: &str) -> Option<String> {
    if text.len() > SESSION_TOKEN_BYTES_MAX {
        return None;
    }
    // Some clients leave the padding out. The text has no character in which the two alphabets of base64 differ.
    let bytes = BASE64_STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    Some(String::from_utf8(bytes).ok()?.strip_prefix(PREFIX)?.to_owned())
}

fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, OperationError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| ErrorCode::InvalidToken)?;
    serde_json::from_slice(&bytes).map_err(|_| ErrorCode::InvalidToken.into())
}

fn signing_key(parent_secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, parent_secret.as_bytes())
}

fn secret_of(jwt: &str) -> [u8; 32] {
    let mut secret = [0; 32];
    secret.copy_from_slice(digest(&SHA256, jwt.as_bytes()).as_ref());
    secret
}

#[cfg(test)]
mod tests;
