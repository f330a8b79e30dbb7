//! Sessions and logins, which are kept by browsers alone. A session is a JWT as Cloudflare Access's is, signed with a
//! key of the store (Ed25519, RFC 8037); a login on its way is sealed, since it has the PKCE verifier.
//! Source: Cloudflare "Application token".
//!
//! Keys are derived from the root key, so several gateways agree and a restart logs nobody out.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use environment::Entropy;
use keyring::{RootKey, RowSealer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What sessions and logins are signed, sealed and found with.
pub(crate) struct AccessKeys {
    signer: Option<Ed25519KeyPair>,
    logins: RowSealer,
    users: hmac::Key,
}

/// What a session says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionClaims {
    /// The application, by its audience.
    pub(crate) aud: Vec<String>,
    /// The e-mail address, in lower case.
    pub(crate) email: String,
    /// From when on it is good for nothing, seconds since 1970.
    pub(crate) exp: u64,
    /// When it began.
    pub(crate) iat: u64,
    /// Good from then on.
    pub(crate) nbf: u64,
    /// The domain it is for.
    pub(crate) iss: String,
    /// Always `app`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// No two sessions have the same.
    pub(crate) identity_nonce: String,
    /// Whom the provider knows by this.
    pub(crate) sub: String,
    /// The identity provider.
    pub(crate) idp: String,
    /// What it said that policies ask for: claim and value.
    pub(crate) custom: Vec<(String, String)>,
}

/// Longest cookie that is looked at, bytes: browsers keep 4096.
const TOKEN_BYTES_MAX: usize = 4096;

impl AccessKeys {
    pub(crate) fn new(root: &RootKey, entropy: &dyn Entropy) -> Self {
        Self {
            // A seed of 32 bytes always makes a key.
            signer: Ed25519KeyPair::from_seed_unchecked(&root.derive("cairn sign access sessions 1")).ok(),
            logins: RowSealer::new(root, "access logins", entropy),
            users: hmac::Key::new(hmac::HMAC_SHA256, &root.derive("cairn find access users 1")),
        }
    }

    /// What a user is found by. Keyed, since keys of rows are not encrypted.
    pub(crate) fn user_digest(&self, email: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&self.users, email.as_bytes()).as_ref());
        bytes
    }

    /// The public key, as a set of JSON Web Keys.
    pub(crate) fn key_set(&self) -> Value {
        let keys: Vec<Value> = self.public_key().map(|key| self.jwk(key)).into_iter().collect();
        json!({ "keys": keys })
    }

    fn jwk(&self, key: &[u8]) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id(key), "x": BASE64.encode(key),
        })
    }

    fn public_key(&self) -> Option<&[u8]> {
        self.signer.as_ref().map(|signer| signer.public_key().as_ref())
    }

    /// A session's text; `None` if it is longer than browsers keep.
    pub(crate) fn sign(&self, claims: &SessionClaims) -> Option<String> {
        let signer = self.signer.as_ref()?;
        let header = json!({ "alg": "EdDSA", "kid": key_id(signer.public_key().as_ref()), "typ": "JWT" });
        let claims = serde_json::to_vec(claims).ok()?;
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims));
        let signature = signer.sign(signed.as_bytes());
        let token = format!("{signed}.{}", BASE64.encode(signature.as_ref()));
        // The cookie's name and attributes count too.
        (token.len() + 256 <= TOKEN_BYTES_MAX).then_some(token)
    }

    /// What a session says, if this store signed it. The algorithm is ours whatever its header says.
    pub(crate) fn verify(&self, token: &str) -> Option<SessionClaims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        UnparsedPublicKey::new(&ED25519, self.public_key()?).verify(signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }

    /// Seals what a login needs until it comes back, for one application.
    pub(crate) fn seal(&self, audience: &[u8; 32], plain: &[u8]) -> String {
        BASE64.encode(self.logins.seal(audience, plain))
    }

    /// Opens it again.
    pub(crate) fn open(&self, audience: &[u8; 32], sealed: &str) -> Option<Vec<u8>> {
        if sealed.len() > TOKEN_BYTES_MAX {
            return None;
        }
        self.logins.open(audience, &BASE64.decode(sealed).ok()?).ok()
    }
}

fn key_id(key: &[u8]) -> String {
    types::ids::hex(digest(&SHA256, key).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;

    fn keys(root: u8) -> AccessKeys {
        AccessKeys::new(&RootKey::from_bytes([root; 32]), &SystemEntropy::new())
    }

    fn claims() -> SessionClaims {
        SessionClaims {
            aud: vec!["aud".into()],
            email: "a@b.c".into(),
            exp: 20,
            iat: 10,
            nbf: 10,
            iss: "https://a.example.com".into(),
            kind: "app".into(),
            identity_nonce: "nonce".into(),
            sub: "1".into(),
            idp: "idp".into(),
            custom: vec![("groups".into(), "staff".into())],
        }
    }

    #[test]
    fn a_session_comes_back_after_a_restart_and_under_no_other_root_key() {
        let token = keys(1).sign(&claims()).unwrap();
        assert_eq!(keys(1).verify(&token), Some(claims()));
        assert_eq!(keys(2).verify(&token), None);
    }

    #[test]
    fn every_changed_letter_of_a_session_is_noticed() {
        let (keys, token) = (keys(1), keys(1).sign(&claims()).unwrap());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.verify(std::str::from_utf8(&changed).unwrap()), None, "letter {at}");
        }
        assert!((0..token.len()).all(|cut| keys.verify(&token[..cut]).is_none()));
        let body = token.split('.').nth(1).unwrap();
        let unsigned = format!("{}.{body}.", BASE64.encode(r#"{"alg":"none"}"#));
        assert_eq!(keys.verify(&unsigned), None);
        assert_eq!(keys.verify(&"a".repeat(TOKEN_BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_session_that_no_browser_keeps_is_not_made() {
        let long = SessionClaims { sub: "s".repeat(TOKEN_BYTES_MAX), ..claims() };
        assert_eq!(keys(1).sign(&long), None);
    }

    #[test]
    fn a_login_opens_for_its_own_application_only() {
        let keys = keys(1);
        let sealed = keys.seal(&[1; 32], b"plain");
        assert_eq!(keys.open(&[1; 32], &sealed).as_deref(), Some(&b"plain"[..]));
        assert_eq!(keys.open(&[2; 32], &sealed), None);
        assert_eq!(keys.open(&[1; 32], "x"), None);
    }
}
