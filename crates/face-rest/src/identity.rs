//! Users, accounts and memberships: whom a token belongs to, and whether it holds. A store has one account, and one
//! user.

use crate::envelope::{self, Message};
use crate::error::RestError;
use crate::pagination::Page;
use crate::request::{Answered, Call};
use operations::identity::{Account, User};
use operations::tokens::Token;
use operations::{TokenOwner, TokenState};
use serde_json::{Value, json};
use types::{ErrorCode, Timestamp};

/// Entries of a page at most. Source: the API's `per_page`.
const PER_PAGE_MAX: usize = 50;

/// What the user of an account may do there.
const ROLE: &str = "Super Administrator - All Privileges";

/// The user that the token belongs to.
///
/// # Errors
/// 9109 if it belongs to the account.
pub(crate) async fn user(call: Call<'_>) -> Answered {
    require_user(&call).await?;
    let User { id, email } = call.store.user(call.caller).await?;
    envelope::success(&json!({
        "id": id,
        "email": email,
        "first_name": Value::Null,
        "last_name": Value::Null,
        "country": Value::Null,
        "zipcode": Value::Null,
        "telephone": Value::Null,
        "two_factor_authentication_enabled": false,
        "suspended": false,
        "organizations": [],
    }))
}

/// Fails unless the token belongs to a user.
///
/// # Errors
/// 9109.
pub(crate) async fn require_user(call: &Call<'_>) -> Result<(), RestError> {
    match call.store.own_token(call.caller).await?.row.owner {
        TokenOwner::User => Ok(()),
        TokenOwner::Account => Err(RestError::new(403, 9109, "Valid user-level authentication not found")),
    }
}

/// The accounts that the token acts on: its own.
///
/// # Errors
/// For a query that makes no sense.
pub(crate) async fn accounts(call: Call<'_>) -> Answered {
    let query = call.query()?;
    query.descending()?;
    let account = call.store.account(call.caller).await?;
    let accounts = match query.get("name") {
        Some(name) if name != account.name => Vec::new(),
        _ => vec![account_json(&account)],
    };
    let (accounts, info) = Page::parse(&query, PER_PAGE_MAX)?.of(accounts);
    envelope::page(&accounts, &info)
}

/// The account.
///
/// # Errors
/// 9109 without the right to see its settings.
pub(crate) async fn account(call: Call<'_>) -> Answered {
    envelope::success(&account_json(&call.store.account_settings(call.caller).await?))
}

/// The user's memberships of accounts.
///
/// # Errors
/// 10000 if the token belongs to the account: wrangler goes on with `/accounts` then.
pub(crate) async fn memberships(call: Call<'_>) -> Answered {
    let query = call.query()?;
    query.descending()?;
    if call.store.own_token(call.caller).await?.row.owner != TokenOwner::User {
        return Err(ErrorCode::AccessDenied.into());
    }
    let account = call.store.account(call.caller).await?;
    let asked = ["account.name", "name"].into_iter().filter_map(|name| query.get(name));
    let named = asked.into_iter().all(|name| name == account.name);
    let accepted = query.get("status").is_none_or(|status| status == "accepted");
    let memberships = if named && accepted { vec![membership_json(&account)] } else { Vec::new() };
    let (memberships, info) = Page::parse(&query, PER_PAGE_MAX)?.of(memberships);
    envelope::page(&memberships, &info)
}

/// Whether the token, a user's, holds.
///
/// # Errors
/// 1000 if it does not, or is an account's: so wrangler tells them apart.
pub(crate) async fn verify_user_token(call: Call<'_>) -> Answered {
    verify(call, TokenOwner::User).await
}

/// Whether the token, an account's, holds.
///
/// # Errors
/// 1000 if it does not, or is a user's.
pub(crate) async fn verify_account_token(call: Call<'_>) -> Answered {
    verify(call, TokenOwner::Account).await
}

async fn verify(call: Call<'_>, owner: TokenOwner) -> Answered {
    let token = call.store.own_token(call.caller).await?;
    if token.row.owner != owner {
        return Err(ErrorCode::Unauthorized.into());
    }
    let mut result = json!({ "id": token.id.to_string(), "status": status(&token) });
    add_time(&mut result, "not_before", token.row.not_before);
    add_time(&mut result, "expires_on", token.row.expires);
    let valid = Message { code: 10000, message: "This API Token is valid and active", kind: None };
    envelope::with_messages(&result, &[valid])
}

/// The API's word for a token's state. One whose time is still to come is active as well.
pub(crate) fn status(token: &Token) -> &'static str {
    match token.state {
        TokenState::Active | TokenState::NotYet => "active",
        TokenState::Disabled => "disabled",
        TokenState::Expired => "expired",
    }
}

/// Adds a point in time if there is one: in whole seconds, as tokens have them.
pub(crate) fn add_time(to: &mut Value, name: &str, time: Option<Timestamp>) {
    if let Some(time) = time {
        to[name] = json!(seconds(time));
    }
}

/// `2026-01-01T00:00:00Z`.
pub(crate) fn seconds(time: Timestamp) -> String {
    let text = time.to_iso8601();
    format!("{}Z", text.split('.').next().unwrap_or_default())
}

fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "name": account.name,
        "type": "standard",
        "created_on": account.created.to_iso8601(),
        "settings": { "enforce_twofactor": false, "abuse_contact_email": Value::Null },
    })
}

fn membership_json(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "status": "accepted",
        "account": account_json(account),
        "roles": [ROLE],
        "permissions": {},
    })
}
