//! Service tokens: credentials of machines for protected domains. Source: Cloudflare's API,
//! `zero_trust.access.service_tokens`. The secret is shown once and kept as its digest.

use crate::access_rows::invalid;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use aws_lc_rs::digest::{SHA256, digest};
use types::{AccessId, ErrorCode, OperationError, Resource, ServiceToken, Timestamp};

/// Longest name, bytes. Ours.
const NAME_BYTES_MAX: usize = 350;

/// A token with its secret, which is told this once.
pub struct NewServiceToken {
    /// The token.
    pub token: ServiceToken,
    /// What clients send in `CF-Access-Client-Secret`.
    pub secret: String,
}

/// SHA-256 of a secret: it is random, so that nobody guesses it, whatever the digest costs.
pub(crate) fn secret_digest(secret: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    bytes
}

fn check_name(name: &str) -> Result<(), OperationError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(invalid("name has from 1 to 350 bytes"));
    }
    Ok(())
}

fn end_of(now: Timestamp, duration: Option<u64>) -> Option<Timestamp> {
    duration.map(|seconds| Timestamp(now.0.saturating_add(seconds.saturating_mul(1000))))
}

impl Store {
    /// The service tokens of the account.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn service_tokens(&self, caller: &Caller) -> Result<Vec<ServiceToken>, OperationError> {
        caller.authorize(Action::ListServiceTokens, Resource::Account)?;
        self.access_rows(caller).await
    }

    /// A service token.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn service_token(&self, caller: &Caller, id: AccessId) -> Result<ServiceToken, OperationError> {
        caller.authorize(Action::GetServiceToken, Resource::Account)?;
        Ok(self.access_row::<ServiceToken>(caller, id).await?.row)
    }

    /// Makes a service token that holds for `duration` seconds; `None`: for ever.
    ///
    /// # Errors
    /// `InvalidAccessRequest`.
    pub async fn create_service_token(
        &self,
        caller: &Caller,
        name: &str,
        duration: Option<u64>,
    ) -> Result<NewServiceToken, OperationError> {
        caller.authorize(Action::CreateServiceToken, Resource::Account)?;
        check_name(name)?;
        let (now, secret) = (self.clock.now(), self.new_token_value());
        let token = ServiceToken {
            id: self.new_access_id(),
            name: name.to_owned(),
            secret_digest: secret_digest(&secret),
            duration,
            expires: end_of(now, duration),
            created: now,
            updated: now,
        };
        self.add_access_row(caller, "CreateServiceToken", &token).await?;
        Ok(NewServiceToken { token, secret })
    }

    /// Changes what a token is called, and how long it holds from its making on, if that is given.
    ///
    /// # Errors
    /// `NoSuchAccessResource`, `InvalidAccessRequest`.
    pub async fn update_service_token(
        &self,
        caller: &Caller,
        id: AccessId,
        name: Option<&str>,
        duration: Option<Option<u64>>,
    ) -> Result<ServiceToken, OperationError> {
        caller.authorize(Action::UpdateServiceToken, Resource::Account)?;
        name.map_or(Ok(()), check_name)?;
        self.edit_service_token(caller, "UpdateServiceToken", id, |token| {
            if let Some(name) = name {
                name.clone_into(&mut token.name);
            }
            if let Some(duration) = duration {
                token.duration = duration;
                token.expires = end_of(token.created, duration);
            }
        })
        .await
    }

    /// Gives a token a new secret. The old one is void at once.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn rotate_service_token(&self, caller: &Caller, id: AccessId) -> Result<NewServiceToken, OperationError> {
        caller.authorize(Action::UpdateServiceToken, Resource::Account)?;
        let secret = self.new_token_value();
        let digest = secret_digest(&secret);
        let edit = |token: &mut ServiceToken| token.secret_digest = digest;
        let token = self.edit_service_token(caller, "RotateServiceToken", id, edit).await?;
        Ok(NewServiceToken { token, secret })
    }

    /// Lets a token hold as long again, from now on.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn refresh_service_token(&self, caller: &Caller, id: AccessId) -> Result<ServiceToken, OperationError> {
        caller.authorize(Action::UpdateServiceToken, Resource::Account)?;
        let now = self.clock.now();
        let edit = |token: &mut ServiceToken| token.expires = end_of(now, token.duration);
        self.edit_service_token(caller, "RefreshServiceToken", id, edit).await
    }

    /// Removes a service token. Its requests are refused from the next one on.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn delete_service_token(&self, caller: &Caller, id: AccessId) -> Result<ServiceToken, OperationError> {
        caller.authorize(Action::DeleteServiceToken, Resource::Account)?;
        let token = self.access_row::<ServiceToken>(caller, id).await?.row;
        self.change_access_row::<ServiceToken>(caller, "DeleteServiceToken", id, |_| Ok(None)).await?;
        Ok(token)
    }

    async fn edit_service_token(
        &self,
        caller: &Caller,
        action: &'static str,
        id: AccessId,
        edit: impl Fn(&mut ServiceToken),
    ) -> Result<ServiceToken, OperationError> {
        let now = self.clock.now();
        let changed = self.change_access_row::<ServiceToken>(caller, action, id, |token| {
            let mut token = ServiceToken { updated: now, ..token.clone() };
            edit(&mut token);
            Ok(Some(token))
        });
        changed.await?.ok_or_else(|| ErrorCode::NoSuchAccessResource.into())
    }
}
