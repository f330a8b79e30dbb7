//! The first start of a store: its root account, and a token with its S3 key pair.
//! Source: R2 "Authentication", Get S3 API credentials from an API token.

use crate::audit::AuditedChange;
use crate::authenticate::secret_of;
use crate::caller::Caller;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{Interface, StoreRow, TokenOwner, TokenRow};
use types::{AccessKeyId, AccountId, ErrorCode, Jurisdiction, OperationError, Timestamp};

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
        self.metadata.complete_bucket_names(store.root_account).await?;
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

    /// Gives the root token a new value and every right again, for an operator who lost it: without expiry and
    /// conditions, turned on, made again if it was removed. Nobody is asked who they are: whoever can open the store's
    /// directory and has its root key owns it.
    ///
    /// # Errors
    /// `NoSuchToken` for a store that has not been started yet; what the metadata engine says.
    pub async fn reset_root_token(&self) -> Result<RootAccess, OperationError> {
        let Some(store) = self.metadata.store().await? else {
            return Err(OperationError::new(ErrorCode::NoSuchToken, "The store is new: it has no root token yet."));
        };
        let (id, account) = (store.root_access_key, store.root_account);
        loop {
            let (value, now) = (self.new_token_value(), self.clock.now());
            let fresh = root_token(account, secret_of(&value), now);
            let digest = self.value_digest(&fresh.secret);
            let secret_access_key = Some(types::ids::hex(&fresh.secret));
            let lost = self.metadata.stored_token(id).await?;
            let audited =
                AuditedChange::of_token("ResetRootToken", id, lost.as_ref().map(|lost| &lost.row), Some(&fresh));
            let recording = self.recording(&operator(&store), audited).await?;
            let outcome = match lost {
                None => recording.create_token(id, &fresh, &digest).await?,
                Some(lost) => {
                    // Its place among its owner's tokens is named by when it was made.
                    let row = TokenRow { issued: lost.row.issued, owner: lost.row.owner, ..fresh };
                    let digests = (&self.value_digest(&lost.row.secret), &digest);
                    recording.change_token(id, &lost, &row, Some(digests)).await?
                }
            };
            if outcome == Outcome::Committed {
                return Ok(RootAccess { account, access_key: id, secret_access_key, api_token: Some(value) });
            }
        }
    }

    async fn create_root_access(&self) -> Result<Option<RootAccess>, OperationError> {
        let value = self.new_token_value();
        let secret = secret_of(&value);
        let (account, access_key) = (AccountId(self.random_id()), AccessKeyId(self.random_id()));
        let created = self.clock.now();
        let store = StoreRow { root_account: account, root_access_key: access_key, created };
        let token = root_token(account, secret, created);
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

/// Whoever has the store's directory at hand acts as its root token.
fn operator(store: &StoreRow) -> Caller {
    Caller {
        account: store.root_account,
        jurisdiction: Jurisdiction::Default,
        token: store.root_access_key,
        address: None,
        interface: Interface::Cli,
        request: None,
        policies: TokenRow::everything(),
        restriction: None,
        anonymous: None,
    }
}

fn root_token(account: AccountId, secret: [u8; 32], now: Timestamp) -> TokenRow {
    TokenRow {
        account,
        owner: TokenOwner::User,
        secret,
        name: "root".into(),
        disabled: false,
        policies: TokenRow::everything(),
        addresses: None,
        issued: now,
        modified: now,
        not_before: None,
        expires: None,
    }
}
