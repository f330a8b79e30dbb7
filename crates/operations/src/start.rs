//! The first start of a store: its root account, and a token with its S3 key pair.
//! Source: R2 "Authentication", Get S3 API credentials from an API token.

use crate::store::Store;
use aws_lc_rs::digest::{SHA256, digest};
use metadata::Outcome;
use metadata::rows::{CredentialRow, Permission, StoreRow};
use types::{AccessKeyId, AccountId, OperationError};

/// The root account and its first credential.
pub struct RootAccess {
    /// The account.
    pub account: AccountId,
    /// Id of the token, and S3 access key id.
    pub access_key: AccessKeyId,
    /// S3 secret access key: hexadecimal SHA-256 of the token's value.
    pub secret_access_key: String,
    /// The token's value. Known only to the start that made it: the store keeps its hash.
    pub api_token: Option<String>,
}

/// Bytes of randomness in a token's value.
const TOKEN_BYTES: usize = 30;

impl Store {
    /// Makes the root account and its credential if the store is new, and tells them.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn root_access(&self) -> Result<RootAccess, OperationError> {
        loop {
            if let Some(store) = self.metadata.store().await? {
                let credential = self.credential(store.root_access_key).await?;
                return Ok(RootAccess {
                    account: store.root_account,
                    access_key: store.root_access_key,
                    secret_access_key: credential.secret_access_key(),
                    api_token: None,
                });
            }
            if let Some(access) = self.create_root_access().await? {
                return Ok(access);
            }
        }
    }

    async fn create_root_access(&self) -> Result<Option<RootAccess>, OperationError> {
        let token = types::ids::hex(&self.entropy.bytes::<TOKEN_BYTES>());
        let mut secret = [0; 32];
        secret.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let (account, access_key) = (AccountId(self.random_id()), AccessKeyId(self.random_id()));
        let created = self.clock.now();
        let store = StoreRow { root_account: account, root_access_key: access_key, created };
        let credential = CredentialRow { account, secret, permission: Permission::AdminReadWrite, created };
        Ok(match self.metadata.create_store(&store, &credential).await? {
            Outcome::Committed => Some(RootAccess {
                account,
                access_key,
                secret_access_key: types::ids::hex(&secret),
                api_token: Some(token),
            }),
            Outcome::Conflict => None,
        })
    }
}
