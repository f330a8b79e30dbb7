//! Service tokens as JSON. Source: Cloudflare's API, `zero_trust.access.service_tokens`. A secret is in two answers
//! only: that to the token's making, and that to its rotation.

use crate::access_apps::id_of;
use crate::access_rules;
use crate::durations;
use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::Action;
use serde::Deserialize;
use serde_json::{Value, json};
use types::{Resource, ServiceToken};

/// How long a token holds, unless the client says otherwise: a year. Source: Cloudflare's API, `duration`.
const DURATION: &str = "8760h";

#[derive(Deserialize)]
struct SentToken {
    name: Option<String>,
    duration: Option<String>,
}

/// `None` is for ever.
fn duration(text: &str) -> Result<Option<u64>, RestError> {
    if text == "forever" { Ok(None) } else { durations::seconds(text).map(Some) }
}

fn show(token: &ServiceToken) -> Value {
    json!({
        "id": token.id.to_string(),
        "name": token.name,
        "client_id": token.client_id(),
        "duration": token.duration.map_or_else(|| "forever".to_owned(), durations::show),
        "expires_at": token.expires.map(types::Timestamp::to_iso8601),
        "created_at": token.created.to_iso8601(),
        "updated_at": token.updated.to_iso8601(),
    })
}

/// The service tokens, without their secrets.
///
/// # Errors
/// 10000 without the right to.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let tokens: Vec<Value> = call.store.service_tokens(call.caller).await?.iter().map(show).collect();
    access_rules::page(&call, tokens)
}

/// Makes a service token, and shows its secret this once.
///
/// # Errors
/// 12130 for content that makes no sense.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::CreateServiceToken, Resource::Account)?;
    let sent = json::read::<SentToken>(body).await?;
    let seconds = duration(sent.duration.as_deref().unwrap_or(DURATION))?;
    let made = call.store.create_service_token(call.caller, &sent.name.unwrap_or_default(), seconds).await?;
    with_secret(&made.token, &made.secret)
}

fn with_secret(token: &ServiceToken, secret: &str) -> Answered {
    let mut shown = show(token);
    shown["client_secret"] = json!(secret);
    envelope::success(&shown)
}

/// A service token, without its secret.
///
/// # Errors
/// 11021.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    envelope::success(&show(&call.store.service_token(call.caller, id_of(&call, "token")?).await?))
}

/// Changes name and duration of a service token.
///
/// # Errors
/// 11021, 12130.
pub(crate) async fn update(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::UpdateServiceToken, Resource::Account)?;
    let (id, sent) = (id_of(&call, "token")?, json::read::<SentToken>(body).await?);
    let seconds = sent.duration.as_deref().map(duration).transpose()?;
    let token = call.store.update_service_token(call.caller, id, sent.name.as_deref(), seconds).await?;
    envelope::success(&show(&token))
}

/// Gives a service token a new secret.
///
/// # Errors
/// 11021.
pub(crate) async fn rotate(call: Call<'_>) -> Answered {
    let made = call.store.rotate_service_token(call.caller, id_of(&call, "token")?).await?;
    with_secret(&made.token, &made.secret)
}

/// Lets a service token hold as long again.
///
/// # Errors
/// 11021.
pub(crate) async fn refresh(call: Call<'_>) -> Answered {
    envelope::success(&show(&call.store.refresh_service_token(call.caller, id_of(&call, "token")?).await?))
}

/// Removes a service token.
///
/// # Errors
/// 11021.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    envelope::success(&show(&call.store.delete_service_token(call.caller, id_of(&call, "token")?).await?))
}
