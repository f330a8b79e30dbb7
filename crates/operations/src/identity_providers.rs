//! Identity providers: whoever says who somebody is. Source: Cloudflare's API, `zero_trust.identity_providers` (generic
//! OIDC). The client secret is sealed with its row, and no answer has it.

use crate::access_rows::invalid;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use types::{AccessApp, AccessId, ErrorCode, IdentityProvider, OperationError, Resource, Timestamp};

/// What a client says of a provider.
#[derive(Clone)]
pub struct ProviderContent {
    /// What people call it.
    pub name: String,
    /// The issuer, without a slash at its end unless its tokens say so.
    pub issuer: String,
    /// What it knows this application by.
    pub client_id: String,
    /// What proves that; `None`: as it is.
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the e-mail address.
    pub email_claim: String,
}

/// Longest text of a provider, bytes. Ours.
const TEXT_BYTES_MAX: usize = 2048;

/// Most scopes. Ours.
const SCOPES_MAX: usize = 50;

impl ProviderContent {
    /// # Errors
    /// `InvalidAccessRequest`.
    fn check(&self) -> Result<(), OperationError> {
        let texts = [&self.name, &self.issuer, &self.client_id, &self.email_claim];
        if texts.iter().any(|text| text.is_empty() || text.len() > TEXT_BYTES_MAX) {
            return Err(invalid("name, issuer, client_id and email_claim_name have from 1 to 2048 bytes"));
        }
        if self.client_secret.as_ref().is_some_and(|secret| secret.is_empty() || secret.len() > TEXT_BYTES_MAX) {
            return Err(invalid("client_secret has from 1 to 2048 bytes"));
        }
        let is_scope = |scope: &String| {
            // RFC 6749 section 3.3.
            !scope.is_empty() && scope.len() <= TEXT_BYTES_MAX && scope.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if self.scopes.len() > SCOPES_MAX || !self.scopes.iter().all(is_scope) {
            return Err(invalid("scopes are at most 50 words"));
        }
        Ok(())
    }

    /// The provider with this content.
    fn provider(
        &self,
        id: AccessId,
        client_secret: String,
        created: Timestamp,
        updated: Timestamp,
    ) -> IdentityProvider {
        IdentityProvider {
            id,
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret,
            scopes: self.scopes.clone(),
            email_claim: self.email_claim.clone(),
            created,
            updated,
        }
    }
}

impl Store {
    /// The identity providers of the account.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn identity_providers(&self, caller: &Caller) -> Result<Vec<IdentityProvider>, OperationError> {
        caller.authorize(Action::ListIdentityProviders, Resource::Account)?;
        self.access_rows(caller).await
    }

    /// An identity provider.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn identity_provider(&self, caller: &Caller, id: AccessId) -> Result<IdentityProvider, OperationError> {
        caller.authorize(Action::GetIdentityProvider, Resource::Account)?;
        Ok(self.access_row::<IdentityProvider>(caller, id).await?.row)
    }

    /// Adds an identity provider.
    ///
    /// # Errors
    /// `InvalidAccessRequest`.
    pub async fn create_identity_provider(
        &self,
        caller: &Caller,
        content: &ProviderContent,
    ) -> Result<IdentityProvider, OperationError> {
        caller.authorize(Action::CreateIdentityProvider, Resource::Account)?;
        content.check()?;
        let Some(client_secret) = content.client_secret.clone() else { return Err(invalid("client_secret is needed")) };
        let now = self.clock.now();
        let provider = content.provider(self.new_access_id(), client_secret, now, now);
        self.add_access_row(caller, "CreateIdentityProvider", &provider).await?;
        Ok(provider)
    }

    /// Replaces what an identity provider is. Its secret stays if none is given and the issuer is the same: nobody
    /// sends it elsewhere without knowing it.
    ///
    /// # Errors
    /// `NoSuchAccessResource`, `InvalidAccessRequest`.
    pub async fn update_identity_provider(
        &self,
        caller: &Caller,
        id: AccessId,
        content: &ProviderContent,
    ) -> Result<IdentityProvider, OperationError> {
        caller.authorize(Action::UpdateIdentityProvider, Resource::Account)?;
        content.check()?;
        let now = self.clock.now();
        let changed = self.change_access_row::<IdentityProvider>(caller, "UpdateIdentityProvider", id, |old| {
            let client_secret = match &content.client_secret {
                Some(secret) => secret.clone(),
                None if old.issuer == content.issuer => old.client_secret.clone(),
                None => return Err(invalid("another issuer needs its own client_secret")),
            };
            Ok(Some(content.provider(id, client_secret, old.created, now)))
        });
        changed.await?.ok_or_else(|| ErrorCode::NoSuchAccessResource.into())
    }

    /// Removes an identity provider. Nobody who logged in with it has a session any more.
    ///
    /// # Errors
    /// `NoSuchAccessResource`; `InvalidAccessRequest` while an application names it.
    pub async fn delete_identity_provider(&self, caller: &Caller, id: AccessId) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteIdentityProvider, Resource::Account)?;
        let apps = self.access_rows::<AccessApp>(caller).await?;
        if apps.iter().any(|app| app.providers.contains(&id) || app.claims_of(id).next().is_some()) {
            return Err(invalid("an application uses this identity provider: change it first"));
        }
        self.change_access_row::<IdentityProvider>(caller, "DeleteIdentityProvider", id, |_| Ok(None)).await?;
        Ok(())
    }
}
