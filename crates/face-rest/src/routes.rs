//! The table of routes: every call of the API with what it needs. The description of the API is made of it.
//!
//! Rows with fixed segments come before rows that have a variable part in their place.

use crate::error::Domain::{self, Identity, Product, Verify};
use crate::router::Access::{self, AnyToken, Needs, Open};
use crate::router::{BodyKind, Handler, Route};
use crate::{identity, openapi};
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
];
