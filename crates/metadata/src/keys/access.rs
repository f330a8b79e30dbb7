//! Keys of rows: applications that protect custom domains, providers, service tokens, sessions, tokens in URLs.

use super::kinds::{ACCESS_APP, ACCESS_PROVIDER, ACCESS_TOKEN, ACCESS_VOID, TOKEN_RULES};
use super::tuple::Key;
use types::{AccessId, AccountId, DomainName};

/// All applications of an account.
pub fn access_apps(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_APP).bytes(&account.0).done()
}

/// The application that protects a domain of an account.
pub fn access_app(account: AccountId, domain: &DomainName) -> Vec<u8> {
    Key(access_apps(account)).bytes(domain.as_str().as_bytes()).done()
}

/// All identity providers of an account.
pub fn access_providers(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_PROVIDER).bytes(&account.0).done()
}

/// An identity provider.
pub fn access_provider(account: AccountId, id: AccessId) -> Vec<u8> {
    Key(access_providers(account)).bytes(&id.0).done()
}

/// All service tokens of an account.
pub fn access_tokens(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_TOKEN).bytes(&account.0).done()
}

/// A service token.
pub fn access_token(account: AccountId, id: AccessId) -> Vec<u8> {
    Key(access_tokens(account)).bytes(&id.0).done()
}

/// Up to when the sessions of a user are void, by a digest: keys of rows are not encrypted.
pub fn access_void(account: AccountId, email: &[u8; 32]) -> Vec<u8> {
    Key::new(ACCESS_VOID).bytes(&account.0).bytes(email).done()
}

/// The rules of a zone about tokens in URLs.
pub fn token_rules(account: AccountId, zone: &str) -> Vec<u8> {
    Key::new(TOKEN_RULES).bytes(&account.0).bytes(zone.as_bytes()).done()
}
