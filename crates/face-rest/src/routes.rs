//! The table of routes: every call of the API with what it needs. The description of the API is made of it.
//!
//! Rows with fixed segments come before rows that have a variable part in their place.

use crate::error::Domain::{self, Identity, Product, Verify};
use crate::router::Access::{self, AnyToken, Needs, Open};
use crate::router::{BodyKind, Handler, Route};
use crate::{identity, openapi, tokens};
use operations::Action;

const fn row(
    method: &'static str,
    pattern: &'static str,
    domain: Domain,
    access: Access,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route { method, pattern, domain, access, summary, query: &[], body: BodyKind::None, handler }
}

/// All calls.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route] = &[
    row("GET", "/openapi.json", Identity, Open, "This description", |_, _| Box::pin(async { openapi::document() })),

    // Users and accounts.
    row("GET", "/user", Identity, AnyToken, "The user of the token", |call, _| Box::pin(identity::user(call))),
    row("GET", "/user/tokens/verify", Verify, AnyToken, "Whether the user token holds", |call, _| Box::pin(identity::verify_user_token(call))),
    row("GET", "/accounts", Identity, AnyToken, "The accounts of the token", |call, _| Box::pin(identity::accounts(call)))
        .query(&["name", "page", "per_page", "direction"]),
    row("GET", "/accounts/{account}", Identity, Needs(&[Action::GetAccount]), "An account", |call, _| Box::pin(identity::account(call))),
    row("GET", "/memberships", Product, AnyToken, "The user's memberships of accounts", |call, _| Box::pin(identity::memberships(call)))
        .query(&["account.name", "name", "status", "page", "per_page", "order", "direction"]),
    row("GET", "/accounts/{account}/tokens/verify", Verify, AnyToken, "Whether the account token holds", |call, _| Box::pin(identity::verify_account_token(call))),

    // Tokens of the user.
    row("GET", "/user/tokens", Identity, Needs(&[Action::ListTokens]), "The user's tokens", |call, _| Box::pin(tokens::list(call)))
        .query(&["page", "per_page", "direction"]),
    row("POST", "/user/tokens", Identity, Needs(&[Action::CreateToken]), "Makes a token of the user", |call, body| Box::pin(tokens::create(call, body))).json(),
    row("GET", "/user/tokens/permission_groups", Identity, Needs(&[Action::ListPermissionGroups]), "What policies can grant", |call, _| Box::pin(tokens::permission_groups(call)))
        .query(&["name", "scope"]),
    row("GET", "/user/tokens/{token}", Identity, Needs(&[Action::GetToken]), "A token of the user", |call, _| Box::pin(tokens::get(call))),
    row("PUT", "/user/tokens/{token}", Identity, Needs(&[Action::UpdateToken]), "Changes a token of the user", |call, body| Box::pin(tokens::update(call, body))).json(),
    row("DELETE", "/user/tokens/{token}", Identity, Needs(&[Action::DeleteToken]), "Removes a token of the user", |call, _| Box::pin(tokens::delete(call))),
    row("PUT", "/user/tokens/{token}/value", Identity, Needs(&[Action::UpdateToken]), "Gives a token of the user a new value", |call, _| Box::pin(tokens::roll(call))).json(),

    // Tokens of the account.
    row("GET", "/accounts/{account}/tokens", Identity, Needs(&[Action::ListTokens]), "The account's tokens", |call, _| Box::pin(tokens::list(call)))
        .query(&["page", "per_page", "direction"]),
    row("POST", "/accounts/{account}/tokens", Identity, Needs(&[Action::CreateToken]), "Makes a token of the account", |call, body| Box::pin(tokens::create(call, body))).json(),
    row("GET", "/accounts/{account}/tokens/permission_groups", Identity, Needs(&[Action::ListPermissionGroups]), "What policies can grant", |call, _| Box::pin(tokens::permission_groups(call)))
        .query(&["name", "scope"]),
    row("GET", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::GetToken]), "A token of the account", |call, _| Box::pin(tokens::get(call))),
    row("PUT", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::UpdateToken]), "Changes a token of the account", |call, body| Box::pin(tokens::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::DeleteToken]), "Removes a token of the account", |call, _| Box::pin(tokens::delete(call))),
    row("PUT", "/accounts/{account}/tokens/{token}/value", Identity, Needs(&[Action::UpdateToken]), "Gives a token of the account a new value", |call, _| Box::pin(tokens::roll(call))).json(),
];
