//! The first start of a store: its root account, and a token with its S3 key pair.
//! Source: R2 "Authentication", Get S3 API credentials from an API token.

use crate::authenticate::secret_of;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{StoreRow, TokenOwner, TokenRow};
use types::{AccessKeyId, AccountId, OperationError};

/// The root account and its first credential.
pub struct RootAccess {
    /// The account.
    pub account: AccountId,
    /// Id of the token, and S3 access key id.
    pub access_key: AccessKeyId,
    /// S3 secret access key: hexadecimal SHA-256 of the token's value. `None` once that token was removed.
    pub secret_access_key: Option<String>,
    /// The token's value. Known only to the start that made it: the store keeps its hash.
    pub api_token: Option<String>,
}

impl Store {
    /// Makes the root account and its credential if the store is new, and tells them.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn root_access(&self) -> Result<RootAccess, OperationError> {
        loop {
            if let Some(store) = self.metadata.store().await? {
                return self.known_root_access(&store).await;
            }
            if let Some(access) = self.create_root_access().await? {
                return Ok(access);
            }
        }
    }

    /// What a later start tells. Its token may have been rolled, turned off or removed: the store starts all the same.
    async fn known_root_access(&self, store: &StoreRow) -> Result<RootAccess, OperationError> {
        let id = store.root_access_key;
        let token = self.metadata.stored_token(id).await?;
        if let Some(token) = &token {
            let value = self.value_digest(&token.row.secret);
            if self.metadata.token_with_value(&value).await?.is_none() {
                // A conflict means that the token changed, and with it its names.
                let _named_or_changed = self.metadata.name_token(id, token, &value).await?;
            }
        }
        Ok(RootAccess {
            account: store.root_account,
            access_key: id,
            secret_access_key: token.map(|token| types::ids::hex(&token.row.secret)),
            api_token: None,
        })
    }

    async fn create_root_access(&self) -> Result<Option<RootAccess>, OperationError> {
        let value = self.new_token_value();
        let secret = secret_of(&value);
        let (account, access_key) = (AccountId(self.random_id()), AccessKeyId(self.random_id()));
        let created = self.clock.now();
        let store = StoreRow { root_account: account, root_access_key: access_key, created };
        let token = TokenRow {
            account,
            owner: TokenOwner::User,
            secret,
            name: "root".into(),
            disabled: false,
            policies: TokenRow::everything(),
            addresses: None,
            issued: created,
            modified: created,
            not_before: None,
            expires: None,
        };
        Ok(match self.metadata.create_store(&store, &token, &self.value_digest(&secret)).await? {
            Outcome::Committed => Some(RootAccess {
                account,
                access_key,
                secret_access_key: Some(types::ids::hex(&secret)),
                api_token: Some(value),
            }),
            Outcome::Conflict => None,
        })
    }
}
