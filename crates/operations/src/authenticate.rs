//! Finding out who asks: the token of an access key or of a bearer's value, if it may be used now and from there.

use crate::caller::Caller;
use crate::restriction::Restriction;
use crate::store::Store;
use aws_lc_rs::digest::{SHA256, digest};
use metadata::rows::{Interface, TokenRow, TokenState};
use std::net::IpAddr;
use std::sync::Arc;
use types::{AccessKeyId, AddressCondition, ErrorCode, Jurisdiction, OperationError};

/// What a face needs to verify a request that claims an access key.
pub struct Credential {
    /// Whoever the request is from, once its signature is verified; in the default jurisdiction until a face says
    /// another.
    pub caller: Caller,
    /// SHA-256 of the token's value, or of the JWT of temporary credentials.
    pub secret: [u8; 32],
    addresses: Option<Arc<AddressCondition>>,
}

impl Credential {
    /// The S3 secret access key: the hexadecimal text of [`Credential::secret`].
    pub fn secret_access_key(&self) -> String {
        types::ids::hex(&self.secret)
    }

    /// Whether a client at `address` may use it. To be asked once its signature is verified.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn check_address(&self, address: IpAddr) -> Result<(), OperationError> {
        let allowed = self.addresses.as_ref().is_none_or(|addresses| addresses.allows(address));
        if allowed { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
    }

    /// The temporary credential of this one that has these limits and its own secret.
    pub(crate) fn restricted(self, restriction: Restriction, secret: [u8; 32]) -> Self {
        let caller = Caller { restriction: Some(Arc::new(restriction)), ..self.caller };
        Self { caller, secret, ..self }
    }
}

impl Store {
    /// Finds what verifies the requests of an access key.
    ///
    /// # Errors
    /// `Unauthorized` if there is no such key, or its token may not be used now: a revoked one fails at once.
    pub async fn credential(&self, access_key: AccessKeyId) -> Result<Credential, OperationError> {
        let token = self.metadata.token(access_key).await?;
        let token = token.filter(|token| token.row.state(self.clock.now()) == TokenState::Active);
        token.map(|token| credential(access_key, &token.row)).ok_or_else(|| ErrorCode::Unauthorized.into())
    }

    /// Finds out who bears a token's value.
    ///
    /// # Errors
    /// `Unauthorized` if no token has it, or the token may not be used now; `AccessDenied` from an address where it may
    /// not be used.
    pub async fn bearer(&self, value: &str, address: IpAddr) -> Result<Caller, OperationError> {
        let secret = secret_of(value);
        let id = self.metadata.token_with_value(&self.value_digest(&secret)).await?;
        let credential = self.credential(id.ok_or(ErrorCode::Unauthorized)?).await?;
        // The value may have changed between the two reads.
        if aws_lc_rs::constant_time::verify_slices_are_equal(&credential.secret, &secret).is_err() {
            return Err(ErrorCode::Unauthorized.into());
        }
        credential.check_address(address)?;
        self.note_use(&credential.caller);
        Ok(credential.caller.from_client(address, Interface::Api))
    }
}

/// What is kept of a token's value, and what its S3 secret access key is the text of.
pub(crate) fn secret_of(value: &str) -> [u8; 32] {
    let mut secret = [0; 32];
    secret.copy_from_slice(digest(&SHA256, value.as_bytes()).as_ref());
    secret
}

fn credential(token: AccessKeyId, row: &TokenRow) -> Credential {
    let (account, jurisdiction) = (row.account, Jurisdiction::Default);
    let caller = Caller {
        account,
        jurisdiction,
        token,
        policies: Arc::clone(&row.policies),
        restriction: None,
        address: None,
        interface: Interface::Cli,
        anonymous: None,
        request: None,
    };
    Credential { caller, secret: row.secret, addresses: row.addresses.clone() }
}
