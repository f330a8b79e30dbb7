//! Logins to a protected domain: what a browser keeps while it is away at the identity provider, and the session it
//! comes back to.

use crate::access_check::{Protection, issuer};
use crate::access_session::SessionClaims;
use crate::store::Store;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use types::{AccessApp, AccessId, Admission, IdentityProvider, OperationError, Visitor};

/// A login on its way. Sealed, it is all that is known of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// What the provider sends back unchanged: binds its answer to this browser.
    pub state: String,
    /// What the ID token must repeat: binds it to this login.
    pub nonce: String,
    /// The secret whose digest the provider was shown (PKCE, RFC 7636).
    pub verifier: String,
    /// The path to go to afterwards.
    pub return_to: String,
    /// Where the provider was told to send the browser to.
    pub redirect: String,
    /// The provider's id.
    provider: String,
    /// When it is too late, seconds since 1970.
    expires: u64,
}

/// How long somebody may take to log in, seconds.
pub const LOGIN_SECONDS: u64 = 600;

/// How a login ends.
#[derive(Debug)]
pub enum LoggedIn {
    /// With a session of so many seconds, as the text of its cookie.
    Session(String, u64),
    /// They are somebody, but may not read.
    Refused,
    /// The provider says no e-mail address of them, or one that it does not vouch for.
    Nobody,
}

impl Store {
    /// The providers that may be used for an application.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn login_providers(&self, protection: &Protection) -> Result<Vec<IdentityProvider>, OperationError> {
        let Some(app) = &protection.app else { return Ok(Vec::new()) };
        let rows = self.metadata.access_rows::<IdentityProvider>(protection.account).await?;
        Ok(rows.into_iter().map(|stored| stored.row).filter(|provider| app.uses(provider.id)).collect())
    }

    /// Begins a login.
    pub fn begin_login(&self, provider: &IdentityProvider, redirect: String, return_to: String) -> Login {
        let text = || BASE64_URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>());
        Login {
            state: text(),
            nonce: text(),
            verifier: text(),
            return_to,
            redirect,
            provider: provider.id.to_string(),
            expires: self.clock.now().seconds().saturating_add(LOGIN_SECONDS),
        }
    }

    /// A login as the browser keeps it; `None` if it is too long to be kept.
    pub fn seal_login(&self, app: &AccessApp, login: &Login) -> Option<String> {
        let sealed = self.access_keys.seal(&app.audience, &serde_json::to_vec(login).ok()?);
        (sealed.len() <= 3800).then_some(sealed)
    }

    /// The login that a browser keeps, with its provider; `None` if it is not of this application, not of this `state`,
    /// or too old.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn open_login(
        &self,
        protection: &Protection,
        sealed: &str,
        state: &str,
    ) -> Result<Option<(Login, IdentityProvider)>, OperationError> {
        let Some(app) = &protection.app else { return Ok(None) };
        let opened = self.access_keys.open(&app.audience, sealed);
        let Some(login) = opened.and_then(|plain| serde_json::from_slice::<Login>(&plain).ok()) else {
            return Ok(None);
        };
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(login.state.as_bytes(), state.as_bytes()).is_ok();
        if !same || self.clock.now().seconds() >= login.expires {
            return Ok(None);
        }
        let Some(id) = AccessId::parse(&login.provider).filter(|id| app.uses(*id)) else { return Ok(None) };
        let provider = self.metadata.identity_provider(protection.account, id).await?;
        Ok(provider.map(|stored| (login, stored.row)))
    }

    /// Ends a login with what the provider's ID token, verified already, says.
    pub fn finish_login(&self, app: &AccessApp, provider: &IdentityProvider, said: &Map<String, Value>) -> LoggedIn {
        let Some(email) = email(provider, said) else { return LoggedIn::Nobody };
        let custom: Vec<(String, String)> = app
            .claims_of(provider.id)
            .filter(|(name, value)| says(said.get(*name), value))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let claims = custom.iter().map(|(name, value)| (provider.id, name.clone(), value.clone())).collect();
        let visitor = Visitor { email: Some(email.clone()), claims, service_token: None };
        if app.admit(&visitor) != Admission::Granted {
            return LoggedIn::Refused;
        }
        let now = self.clock.now().seconds();
        let session = SessionClaims {
            aud: vec![types::ids::hex(&app.audience)],
            email,
            exp: now.saturating_add(app.session_seconds),
            iat: now,
            nbf: now,
            iss: issuer(&app.domain),
            kind: "app".to_owned(),
            identity_nonce: BASE64_URL_SAFE_NO_PAD.encode(self.entropy.bytes::<12>()),
            sub: said.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned(),
            idp: provider.id.to_string(),
            custom,
        };
        match self.access_keys.sign(&session) {
            Some(token) => LoggedIn::Session(token, app.session_seconds),
            None => LoggedIn::Nobody,
        }
    }

    /// The public key of sessions, as a set of JSON Web Keys.
    pub fn session_keys(&self) -> Value {
        self.access_keys.key_set()
    }
}

/// The e-mail address that a provider vouches for, in lower case. Providers that say nothing of having verified it are
/// believed: they are the account's own.
fn email(provider: &IdentityProvider, said: &Map<String, Value>) -> Option<String> {
    let unverified = said.get("email_verified").is_some_and(|it| *it == Value::Bool(false) || *it == "false");
    let email = said.get(&provider.email_claim)?.as_str()?.to_lowercase();
    let is_address = email.len() <= 320 && email.split_once('@').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    (!unverified && is_address && !email.chars().any(char::is_control)).then_some(email)
}

/// Whether a claim is a text, or a list with it.
fn says(claim: Option<&Value>, wanted: &str) -> bool {
    match claim {
        Some(Value::String(text)) => text == wanted,
        Some(Value::Array(texts)) => texts.iter().any(|text| text == wanted),
        Some(Value::Bool(truth)) => wanted == if *truth { "true" } else { "false" },
        Some(Value::Number(number)) => number.to_string() == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use types::Timestamp;

    fn provider() -> IdentityProvider {
        IdentityProvider {
            id: AccessId([1; 16]),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            scopes: Vec::new(),
            email_claim: "email".to_owned(),
            created: Timestamp(0),
            updated: Timestamp(0),
        }
    }

    fn email_of(said: Value) -> Option<String> {
        email(&provider(), said.as_object().unwrap())
    }

    #[test]
    fn an_address_is_one_that_the_provider_vouches_for() {
        assert_eq!(email_of(json!({ "email": "A@B.c" })).as_deref(), Some("a@b.c"));
        assert_eq!(email_of(json!({ "email": "a@b.c", "email_verified": true })).as_deref(), Some("a@b.c"));
        for said in [
            json!({}),
            json!({ "email": 1 }),
            json!({ "email": "ab.c" }),
            json!({ "email": "@b.c" }),
            json!({ "email": "a@b.c\n" }),
            json!({ "email": "a@b.c", "email_verified": false }),
            json!({ "email": "a@b.c", "email_verified": "false" }),
        ] {
            assert_eq!(email_of(said.clone()), None, "{said}");
        }
    }

    #[test]
    fn a_claim_is_a_text_or_a_list_with_it() {
        assert!(says(Some(&json!("staff")), "staff") && says(Some(&json!(["a", "staff"])), "staff"));
        assert!(says(Some(&json!(true)), "true") && says(Some(&json!(7)), "7"));
        for claim in [json!("staffer"), json!(["staffer"]), json!({ "staff": true }), json!(null), json!([["staff"]])] {
            assert!(!says(Some(&claim), "staff"), "{claim}");
        }
        assert!(!says(None, "staff"));
    }
}
