//! Finding out who asks: what verifies an access key's signatures.

use crate::caller::Caller;
use crate::store::Store;
use types::{AccessKeyId, ErrorCode, OperationError};

/// What a face needs to verify a request that claims an access key.
pub struct Credential {
    /// Whoever the request is from, once its signature is verified.
    pub caller: Caller,
    /// The S3 secret access key: hexadecimal SHA-256 of the token's value.
    pub secret_access_key: String,
}

impl Store {
    /// Finds what verifies the requests of an access key.
    ///
    /// # Errors
    /// `Unauthorized` if there is no such key, so that a revoked one fails at once.
    pub async fn credential(&self, access_key: AccessKeyId) -> Result<Credential, OperationError> {
        let row = self.metadata.credential(access_key).await?;
        let row = row.ok_or_else(|| OperationError::from(ErrorCode::Unauthorized))?;
        Ok(Credential {
            caller: Caller { account: row.account, access_key, permission: row.permission },
            secret_access_key: types::ids::hex(&row.secret),
        })
    }
}
