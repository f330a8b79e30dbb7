//! Finding out who asks: what verifies an access key's signatures.

use crate::caller::Caller;
use crate::store::Store;
use types::{AccessKeyId, ErrorCode, Jurisdiction, OperationError};

/// What a face needs to verify a request that claims an access key.
pub struct Credential {
    /// Whoever the request is from, once its signature is verified; in the default jurisdiction until a face says
    /// otherwise.
    pub caller: Caller,
    /// SHA-256 of the token's value.
    pub secret: [u8; 32],
}

impl Credential {
    /// The S3 secret access key: the hexadecimal text of [`Credential::secret`].
    pub fn secret_access_key(&self) -> String {
        types::ids::hex(&self.secret)
    }
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
            caller: Caller {
                account: row.account,
                jurisdiction: Jurisdiction::Default,
                access_key,
                permission: row.permission,
            },
            secret: row.secret,
        })
    }
}
