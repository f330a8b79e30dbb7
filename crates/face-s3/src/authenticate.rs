//! From a signature to a caller.

use http::Method;
use operations::authenticate::Credential;
use operations::{Caller, Interface, Store};
use s3_protocol::sigv4::{self, Authentication, ChunkSignatures, SignedPolicy, SigningKey};
use s3_protocol::{Operation, RequestHead};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use types::{AccessKeyId, ErrorCode, OperationError};

/// Signing keys derived once per secret, day and region.
#[derive(Default)]
pub(crate) struct SigningKeys(RwLock<HashMap<KeyName, Arc<SigningKey>>>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct KeyName {
    /// What it is derived from: a token's secret, or that of one of its temporary credentials.
    secret: [u8; 32],
    /// Day and region as signed.
    scope: String,
}

/// Keys held. Past it the cache begins anew: deriving costs two microseconds.
const SIGNING_KEYS_MAX: usize = 10_000;

/// A request whose sender is known.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    /// True for a presigned URL.
    pub(crate) presigned: bool,
    /// What signed chunks of the body continue from, if they are signed.
    pub(crate) chunks: Option<ChunkSignatures>,
}

impl Authenticated {
    /// Presigned URLs are for GET, HEAD, PUT and DELETE (R2 "Presigned URLs"). A POST that is an operation of its own,
    /// as CreateMultipartUpload is, may be presigned all the same: any operation may. An upload by POST may not.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub(crate) fn refuse_presigned_post(
        &self,
        head: &RequestHead<'_>,
        operation: &Operation,
    ) -> Result<(), OperationError> {
        if self.presigned && head.method == Method::POST && matches!(operation, Operation::PutObject(_)) {
            return Err(OperationError::new(
                ErrorCode::NotImplemented,
                "Uploads by POST to a presigned URL are not implemented: presign a PUT.",
            ));
        }
        Ok(())
    }
}

impl SigningKeys {
    /// Finds out who sent a request.
    ///
    /// # Errors
    /// `Unauthorized` without a known access key; `SignatureDoesNotMatch` and what else [`sigv4`] says; those of
    /// [`Store::temporary_credential`] for one that shows a session token.
    pub(crate) async fn authenticate(
        &self,
        store: &Store,
        head: &RequestHead<'_>,
        address: IpAddr,
    ) -> Result<Authenticated, OperationError> {
        let Authentication::Signed(signed) = sigv4::parse(head)? else {
            return Err(ErrorCode::Unauthorized.into());
        };
        let credential = credential_of(store, signed.access_key_id(), signed.session_token()).await?;
        let key = self.key(&credential, signed.date(), signed.region());
        signed.verify(head, &key, store.clock().now())?;
        credential.check_address(address)?;
        store.note_use(&credential.caller);
        let chunks = head.signs_chunks().then(|| signed.chunk_signatures(Arc::clone(&key)));
        let caller = credential.caller.from_client(address, Interface::S3);
        Ok(Authenticated { caller, presigned: signed.is_presigned(), chunks })
    }

    /// Finds out who signed a form's policy.
    ///
    /// # Errors
    /// As [`SigningKeys::authenticate`].
    pub(crate) async fn authenticate_policy(
        &self,
        store: &Store,
        signed: &SignedPolicy<'_>,
        address: IpAddr,
    ) -> Result<Caller, OperationError> {
        let credential = credential_of(store, signed.access_key_id(), signed.session_token()).await?;
        signed.verify(&self.key(&credential, signed.date(), signed.region()))?;
        credential.check_address(address)?;
        store.note_use(&credential.caller);
        Ok(credential.caller.from_client(address, Interface::S3))
    }

    fn key(&self, credential: &Credential, date: &str, region: &str) -> Arc<SigningKey> {
        let name = KeyName { secret: credential.secret, scope: [date, "/", region].concat() };
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = keys.get(&name) {
            return Arc::clone(known);
        }
        drop(keys);
        let key = Arc::new(SigningKey::derive(&credential.secret_access_key(), date, region));
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= SIGNING_KEYS_MAX {
            keys.clear();
        }
        keys.insert(name, Arc::clone(&key));
        key
    }
}

async fn credential_of(
    store: &Store,
    access_key_id: &str,
    session_token: Option<&str>,
) -> Result<Credential, OperationError> {
    let access_key = AccessKeyId::parse(access_key_id).ok_or(ErrorCode::Unauthorized)?;
    match session_token {
        None => store.credential(access_key).await,
        Some(token) => store.temporary_credential(access_key, token).await,
    }
}
