//! Identity providers as JSON. Source: Cloudflare's API, `zero_trust.identity_providers`, type `oidc`. Beside what
//! Cloudflare asks for, `config.issuer_url` says who signs; the other URLs are found out from it.

use crate::access_apps::{id_of, invalid};
use crate::access_rules;
use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::Action;
use operations::identity_providers::ProviderContent;
use serde::Deserialize;
use serde_json::{Value, json};
use types::{IdentityProvider, Resource};

/// What is shown in the place of a secret. Sent back, it means "as it is".
const HIDDEN: &str = "**********************";

#[derive(Deserialize)]
struct SentProvider {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    config: SentConfig,
}

#[derive(Deserialize)]
struct SentConfig {
    #[serde(alias = "issuer")]
    issuer_url: String,
    client_id: String,
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
    email_claim_name: Option<String>,
}

impl SentProvider {
    fn read(self) -> Result<ProviderContent, RestError> {
        if self.kind != "oidc" {
            return Err(invalid("type is oidc: others are not supported"));
        }
        let config = self.config;
        let scopes = || ["openid", "email", "profile"].map(str::to_owned).to_vec();
        Ok(ProviderContent {
            name: self.name,
            issuer: issuer(config.issuer_url)?,
            client_id: config.client_id,
            client_secret: config.client_secret.filter(|secret| secret != HIDDEN),
            scopes: config.scopes.filter(|scopes| !scopes.is_empty()).unwrap_or_else(scopes),
            email_claim: config.email_claim_name.filter(|name| !name.is_empty()).unwrap_or_else(|| "email".to_owned()),
        })
    }
}

/// An issuer: an https URL without query, user and fragment (OpenID Connect Discovery 1.0 section 2), or an http one of
/// this machine.
fn issuer(text: String) -> Result<String, RestError> {
    let url: http::Uri = text.parse().map_err(|_| invalid("issuer_url is a URL"))?;
    let host = url.host().unwrap_or_default();
    let own = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost");
    let scheme = url.scheme_str().is_some_and(|scheme| scheme == "https" || (scheme == "http" && own));
    let plain = !text.contains(['?', '#', '@']);
    if scheme && plain { Ok(text) } else { Err(invalid("issuer_url is an https URL, without query and fragment")) }
}

fn show(provider: &IdentityProvider) -> Value {
    json!({
        "id": provider.id.to_string(),
        "uid": provider.id.to_string(),
        "name": provider.name,
        "type": "oidc",
        "config": {
            "issuer_url": provider.issuer,
            "client_id": provider.client_id,
            "client_secret": HIDDEN,
            "scopes": provider.scopes,
            "email_claim_name": provider.email_claim,
            "pkce_enabled": true,
        },
        "created_at": provider.created.to_iso8601(),
        "updated_at": provider.updated.to_iso8601(),
    })
}

/// The identity providers.
///
/// # Errors
/// 10000 without the right to.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let providers: Vec<Value> = call.store.identity_providers(call.caller).await?.iter().map(show).collect();
    access_rules::page(&call, providers)
}

/// Adds an identity provider.
///
/// # Errors
/// 12130 for content that makes no sense.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::CreateIdentityProvider, Resource::Account)?;
    let content = json::read::<SentProvider>(body).await?.read()?;
    envelope::success(&show(&call.store.create_identity_provider(call.caller, &content).await?))
}

/// An identity provider, without its secret.
///
/// # Errors
/// 11021.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    envelope::success(&show(&call.store.identity_provider(call.caller, id_of(&call, "provider")?).await?))
}

/// Replaces what an identity provider is.
///
/// # Errors
/// 11021, 12130.
pub(crate) async fn update(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::UpdateIdentityProvider, Resource::Account)?;
    let (id, content) = (id_of(&call, "provider")?, json::read::<SentProvider>(body).await?.read()?);
    envelope::success(&show(&call.store.update_identity_provider(call.caller, id, &content).await?))
}

/// Removes an identity provider.
///
/// # Errors
/// 11021; 12130 while an application uses it.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    let id = id_of(&call, "provider")?;
    call.store.delete_identity_provider(call.caller, id).await?;
    envelope::success(&json!({ "id": id.to_string() }))
}
