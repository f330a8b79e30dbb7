//! Whether somebody may read at a custom domain, before anything of its bucket is looked at: tokens in URLs first, then
//! the application that protects it. Sources: R2 "Public buckets", Access control; Cloudflare "Access policies".

use crate::public_bucket::PublicBucket;
use crate::service_tokens::secret_digest;
use crate::store::Store;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use metadata::rows::TokenRulesRow;
use std::sync::Arc;
use types::{
    AccessApp, AccessId, AccountId, Admission, DomainName, OperationError, PublicName, ServiceToken, TimedHmac, Visitor,
};

/// What stands before a custom domain.
#[derive(Clone, Debug)]
pub struct Protection {
    /// The account of domain and application.
    pub account: AccountId,
    /// The domain.
    pub domain: DomainName,
    /// The application, if one protects it.
    pub app: Option<Arc<AccessApp>>,
    /// The rules of its zone about tokens in URLs, if there are any: maybe of other domains only.
    rules: Option<Arc<TokenRulesRow>>,
}

/// What somebody shows to be let in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// The cookie with the session.
    pub session: Option<&'a str>,
    /// Id and secret of a service token.
    pub service_token: Option<(&'a str, &'a str)>,
}

impl Protection {
    /// Whether a URI, as it was sent, has a valid token where one is asked for. Every rule of the domain must be
    /// satisfied.
    pub fn allows_uri(&self, store: &Store, uri: &str, decode: impl Fn(&str) -> Vec<u8>) -> bool {
        let now = store.clock.now().seconds();
        let rules = self.rules.iter().flat_map(|row| &row.rules);
        let mut own = rules.filter(|rule| rule.enabled && rule.condition.host == self.domain);
        own.all(|rule| rule.condition.any_of.iter().any(|key| is_valid(key, uri, now, &decode)))
    }
}

/// Whether a URI has a valid token under one secret. The message must be all of the path: else a token for one object
/// would open others whose names begin the same, since the separator is not signed.
fn is_valid(key: &TimedHmac, uri: &str, now: u64, decode: impl Fn(&str) -> Vec<u8>) -> bool {
    let Some(parts) = key.split(uri) else { return false };
    let path = |text: &str| text.split('?').next().map(str::len);
    if path(parts.message) != path(uri) || !key.is_current(parts.timestamp, now) {
        return false;
    }
    let mac =
        if key.url_safe { BASE64_URL_SAFE_NO_PAD.decode(parts.mac) } else { BASE64_STANDARD.decode(decode(parts.mac)) };
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret.as_bytes());
    let signed = [parts.message.as_bytes(), parts.timestamp.as_bytes()].concat();
    // Compares in constant time.
    mac.is_ok_and(|mac| hmac::verify(&secret, &signed, &mac).is_ok())
}

impl Store {
    /// What stands before a bucket at one of its names; `None` if nothing does. Development URLs are never protected.
    ///
    /// # Errors
    /// What the metadata engine says: then nobody is let in.
    pub async fn protection(&self, bucket: &PublicBucket) -> Result<Option<Protection>, OperationError> {
        let PublicName::Custom(domain) = &bucket.name else { return Ok(None) };
        let account = bucket.domain.account;
        let app = self.metadata.access_app(account, domain).await?;
        let rules = self.metadata.token_rules(account, &bucket.domain.settings.zone).await?;
        if app.is_none() && rules.is_none() {
            return Ok(None);
        }
        Ok(Some(Protection { account, domain: domain.clone(), app, rules }))
    }

    /// What an application says of whoever shows this.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn admit_visitor(
        &self,
        account: AccountId,
        app: &AccessApp,
        shown: Shown<'_>,
    ) -> Result<Admission, OperationError> {
        let mut visitor = match shown.session {
            Some(session) => self.session_visitor(account, app, session).await?.unwrap_or_default(),
            None => Visitor::default(),
        };
        if let Some((id, secret)) = shown.service_token {
            visitor.service_token = self.valid_service_token(account, id, secret).await?;
        }
        Ok(app.admit(&visitor))
    }

    /// Whose session it is, if it holds.
    async fn session_visitor(
        &self,
        account: AccountId,
        app: &AccessApp,
        session: &str,
    ) -> Result<Option<Visitor>, OperationError> {
        let Some(claims) = self.access_keys.verify(session) else { return Ok(None) };
        let now = self.clock.now().seconds();
        // An application whose sessions were made shorter wants the older ones shorter too.
        let end = claims.exp.min(claims.iat.saturating_add(app.session_seconds));
        let own = claims.aud == [types::ids::hex(&app.audience)] && claims.iss == issuer(&app.domain);
        // A session of the very second in which sessions became void is void too.
        let is_void = |until: Option<types::Timestamp>| until.is_some_and(|until| claims.iat <= until.seconds());
        let Some(provider) = AccessId::parse(&claims.idp).filter(|provider| app.uses(*provider)) else {
            return Ok(None);
        };
        if !own || now >= end || now < claims.nbf || is_void(app.void_until) {
            return Ok(None);
        }
        let user = self.metadata.access_void(account, &self.access_keys.user_digest(&claims.email)).await?;
        let has_provider = self.metadata.identity_provider(account, provider).await?.is_some();
        if is_void(user.map(|row| row.until)) || !has_provider {
            return Ok(None);
        }
        let said = claims.custom.into_iter().map(|(name, value)| (provider, name, value)).collect();
        Ok(Some(Visitor { email: Some(claims.email), claims: said, service_token: None }))
    }

    /// The service token that a client shows, if it holds.
    async fn valid_service_token(
        &self,
        account: AccountId,
        client_id: &str,
        secret: &str,
    ) -> Result<Option<AccessId>, OperationError> {
        let Some(id) = ServiceToken::id_of(client_id) else { return Ok(None) };
        let Some(found) = self.metadata.service_token(account, id).await? else { return Ok(None) };
        let same = verify_slices_are_equal(&found.row.secret_digest, &secret_digest(secret)).is_ok();
        let expired = found.row.expires.is_some_and(|end| self.clock.now() >= end);
        Ok((same && !expired).then_some(id))
    }
}

/// What sessions of a domain name as their issuer.
pub(crate) fn issuer(domain: &DomainName) -> String {
    format!("https://{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "mysecrettoken";
    const NOW: u64 = 1_484_063_787;

    fn key(url_safe: bool) -> TimedHmac {
        TimedHmac { secret: KEY.to_owned(), lifetime: 10_800, separator_length: 8, url_safe }
    }

    fn mac(message: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
        hmac::sign(&key, format!("{message}{NOW}").as_bytes()).as_ref().to_vec()
    }

    fn valid(key: &TimedHmac, uri: &str, now: u64) -> bool {
        // What the face does with escapes, for the three that base64 needs.
        is_valid(key, uri, now, |mac| mac.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").into_bytes())
    }

    fn escaped(message: &str) -> String {
        let mac = BASE64_STANDARD.encode(mac(message));
        mac.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
    }

    #[test]
    fn what_the_program_of_the_documentation_makes_is_valid() {
        // What the Python program on Cloudflare's page prints for its path and secret at this time.
        let shown = "/images/cat.jpg?verify=1484063787-XsZ5NmtNBxOd4f4fBOtqVmpWRnDRNkHKVZieqDPKu3U%3D";
        assert!(valid(&key(false), shown, NOW), "{}", escaped("/images/cat.jpg"));
        assert!(valid(&key(false), shown, NOW + 10_799) && !valid(&key(false), shown, NOW + 10_800));
    }

    #[test]
    fn a_token_is_for_its_path_and_query_only() {
        let mac = escaped("/a.jpg");
        assert!(valid(&key(false), &format!("/a.jpg?verify={NOW}-{mac}"), NOW));
        for uri in [
            format!("/b.jpg?verify={NOW}-{mac}"),
            format!("/a.jpg?verify={}-{mac}", NOW + 1),
            format!("/a.jpg.bak?x=={NOW}-{mac}"),
            format!("/a.jpg/bbbbbbb{NOW}-{mac}"),
            format!("/a.jpg?verify={NOW}-{mac}&x=1"),
            format!("/a.jpg?x=1&verify={NOW}-{mac}"),
            format!("/a.jpg?verify={NOW}-{}", &mac[1..]),
            "/a.jpg".to_owned(),
        ] {
            assert!(!valid(&key(false), &uri, NOW), "{uri}");
        }
        assert!(valid(&key(false), &format!("/a.jpg?x=1&verify={NOW}-{}", escaped("/a.jpg?x=1")), NOW));
    }

    #[test]
    fn the_alphabet_for_urls_is_asked_for_by_a_flag() {
        let uri = format!("/a.jpg?verify={NOW}-{}", BASE64_URL_SAFE_NO_PAD.encode(mac("/a.jpg")));
        assert!(valid(&key(true), &uri, NOW) && !valid(&key(false), &uri, NOW));
        assert!(!valid(&key(true), &format!("/a.jpg?verify={NOW}-{}", escaped("/a.jpg")), NOW));
    }
}
