//! Temporary credentials as clients sign them for themselves.

use super::{Client, RequestBuilder, sha256_hex};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A client with temporary credentials.
pub(crate) struct Temporary {
    pub(crate) client: Client,
    pub(crate) token: String,
}

/// Claims for an hour of `scope` on `bucket`.
pub(crate) fn claims(parent: &Client, bucket: &str, scope: &str) -> Value {
    let now = parent.clock.now().seconds();
    json!({
        "sub": parent.account.to_string(),
        "iss": parent.access_key_id,
        "aud": format!("{}.r2.localhost", parent.account),
        "iat": now,
        "exp": now + 3600,
        "bucket": bucket,
        "scope": scope,
    })
}

/// A session token of these claims, and the secret that goes with it.
pub(crate) fn session_token(parent_secret: &str, claims: &Value) -> (String, String) {
    let part = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signed = [part(json!({ "alg": "HS256" }).to_string()), part(claims.to_string())].join(".");
    let key = hmac::Key::new(hmac::HMAC_SHA256, parent_secret.as_bytes());
    let jwt = [&*signed, &BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()))].join(".");
    (BASE64_STANDARD.encode(format!("jwt/{jwt}")), sha256_hex(jwt.as_bytes()))
}

impl Temporary {
    /// What the holder of the parent's secret makes without asking anybody.
    pub(crate) fn signed_by(parent: &Client, claims: &Value) -> Self {
        let (token, secret_access_key) = session_token(&parent.secret_access_key, claims);
        Self { client: Client { secret_access_key, ..parent.clone() }, token }
    }

    /// A request with the session token.
    pub(crate) fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        self.client.request(method, target).session_token(&self.token)
    }

    /// As [`Temporary::request`], sent: status and error code.
    pub(crate) async fn outcome(&self, method: &str, target: &str) -> (u16, String) {
        self.request(method, target).send().await.outcome()
    }
}
