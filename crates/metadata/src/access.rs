//! Access control of custom domains: applications by the domain they protect, providers, service tokens, voided users,
//! rules about tokens in URLs. What every request to a domain asks for is kept in memory, also that there is none.

use crate::engine::Outcome;
use crate::keys;
use crate::row_cache::{Lookup, RowCache, RowCaches};
use crate::rows::{AccessVoidRow, Row, TokenRulesRow};
use crate::service::{Metadata, MetadataError, Stored};
use std::sync::Arc;
use types::limits::ACCESS_ROWS_MAX;
use types::{AccessApp, AccessId, AccountId, DomainName, IdentityProvider, ServiceToken};

/// A row of its own kind that is found by the account and something in it.
pub trait AccessRow: Row + Clone + Send + Sync + 'static {
    /// Its key.
    fn key(&self, account: AccountId) -> Vec<u8>;

    /// What all keys of the kind begin with.
    fn prefix(account: AccountId) -> Vec<u8>;
}

impl AccessRow for AccessApp {
    fn key(&self, account: AccountId) -> Vec<u8> {
        keys::access_app(account, &self.domain)
    }

    fn prefix(account: AccountId) -> Vec<u8> {
        keys::access_apps(account)
    }
}

impl AccessRow for IdentityProvider {
    fn key(&self, account: AccountId) -> Vec<u8> {
        keys::access_provider(account, self.id)
    }

    fn prefix(account: AccountId) -> Vec<u8> {
        keys::access_providers(account)
    }
}

impl AccessRow for ServiceToken {
    fn key(&self, account: AccountId) -> Vec<u8> {
        keys::access_token(account, self.id)
    }

    fn prefix(account: AccountId) -> Vec<u8> {
        keys::access_tokens(account)
    }
}

impl Metadata {
    /// The application that protects a domain.
    pub async fn access_app(
        &self,
        account: AccountId,
        domain: &DomainName,
    ) -> Result<Option<Arc<AccessApp>>, MetadataError> {
        self.read_optional(&keys::access_app(account, domain), |kept| &kept.access_apps).await
    }

    /// The rules of a zone about tokens in URLs.
    pub async fn token_rules(
        &self,
        account: AccountId,
        zone: &str,
    ) -> Result<Option<Arc<TokenRulesRow>>, MetadataError> {
        self.read_optional(&keys::token_rules(account, zone), |kept| &kept.token_rules).await
    }

    /// Reads a row that may be kept in memory, also that it is not there.
    async fn read_optional<T: Row>(
        &self,
        key: &[u8],
        cache: impl Fn(&RowCaches) -> &RowCache<Option<Arc<T>>>,
    ) -> Result<Option<Arc<T>>, MetadataError> {
        let read = async || Ok(self.read::<T>(key).await?.map(|stored| Arc::new(stored.row)));
        let Some(caches) = self.kept() else { return read().await };
        let generation = match cache(caches).get(key) {
            Lookup::Kept(row) => return Ok(row),
            Lookup::Unknown(generation) => generation,
        };
        let row = read().await?;
        cache(caches).keep(key, &row, generation);
        Ok(row)
    }

    /// The rules of a zone, to be changed.
    pub async fn stored_token_rules(
        &self,
        account: AccountId,
        zone: &str,
    ) -> Result<Option<Stored<TokenRulesRow>>, MetadataError> {
        self.read(&keys::token_rules(account, zone)).await
    }

    /// Replaces the rules of a zone. [`Outcome::Conflict`]: they are no longer as they were found.
    pub async fn set_token_rules(
        &self,
        account: AccountId,
        zone: &str,
        found: Option<&Stored<TokenRulesRow>>,
        row: &TokenRulesRow,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_same(keys::token_rules(account, zone), found);
        change.put(keys::token_rules(account, zone), row);
        Ok(change.commit().await?)
    }

    /// All of a kind, in the order of their keys: an account has few.
    pub async fn access_rows<T: AccessRow>(&self, account: AccountId) -> Result<Vec<Stored<T>>, MetadataError> {
        let start = T::prefix(account);
        let end = keys::after_prefix(&start);
        let rows = self.read_range(start, end, ACCESS_ROWS_MAX).await?;
        Ok(rows.into_iter().map(|(_, stored)| stored).collect())
    }

    /// An identity provider.
    pub async fn identity_provider(
        &self,
        account: AccountId,
        id: AccessId,
    ) -> Result<Option<Stored<IdentityProvider>>, MetadataError> {
        self.read(&keys::access_provider(account, id)).await
    }

    /// A service token.
    pub async fn service_token(
        &self,
        account: AccountId,
        id: AccessId,
    ) -> Result<Option<Stored<ServiceToken>>, MetadataError> {
        self.read(&keys::access_token(account, id)).await
    }

    /// Sets a row, or removes it without `new`; its key may change. [`Outcome::Conflict`]: it is no longer as it was
    /// found, or another has the new key.
    pub async fn change_access_row<T: AccessRow>(
        &self,
        account: AccountId,
        old: Option<&Stored<T>>,
        new: Option<&T>,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        let (old_key, new_key) = (old.map(|old| old.row.key(account)), new.map(|new| new.key(account)));
        if let (Some(key), Some(old)) = (&old_key, old) {
            change.expect(key.clone(), old);
            if old_key != new_key {
                change.delete(key.clone());
            }
        }
        if let (Some(key), Some(new)) = (&new_key, new) {
            if old_key != new_key {
                change.expect_absent(key.clone());
            }
            change.put(key.clone(), new);
        }
        Ok(change.commit().await?)
    }

    /// Up to when the sessions of a user, by the digest of their e-mail address, are void.
    pub async fn access_void(
        &self,
        account: AccountId,
        email: &[u8; 32],
    ) -> Result<Option<AccessVoidRow>, MetadataError> {
        Ok(self.read(&keys::access_void(account, email)).await?.map(|stored| stored.row))
    }

    /// Makes the sessions of a user that began up to then void.
    pub async fn void_user(
        &self,
        account: AccountId,
        email: &[u8; 32],
        row: &AccessVoidRow,
    ) -> Result<(), MetadataError> {
        let mut change = self.change();
        change.put(keys::access_void(account, email), row);
        // Without a condition there is no conflict.
        let (Outcome::Committed | Outcome::Conflict) = change.commit().await?;
        Ok(())
    }
}
