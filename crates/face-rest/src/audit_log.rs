//! The audit log of the account, in both forms of the API: the first has pages by number, the second by cursor and
//! filters for every field. Source: R2 "Audit Logs"; the API's `audit_logs` and `logs/audit`.

use crate::audit_csv;
use crate::audit_entry::{ByCursor, Numbered};
use crate::audit_filters::{self, Actors, BY_CURSOR, BY_NUMBER, filters};
use crate::envelope;
use crate::error::RestError;
use crate::identity::require_user;
use crate::pagination::Page;
use crate::query::Query;
use crate::request::{Answered, Call};
use operations::audit::{AuditField, AuditFilter, AuditPage, ListAuditLog};
use operations::{Action, AuditResource};
use serde_json::{Value, json};
use types::limits::AUDIT_PAGE_MAX;
use types::{Resource, Timestamp};

/// Entries of a page, unless the client says otherwise. Source: the API's `per_page` and `limit`.
const ENTRIES_DEFAULT: usize = 100;

/// A page of the log by its number.
///
/// # Errors
/// 9109 without the right to see the account's settings; 400 for a query that makes no sense.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    list_of(call, Vec::new()).await
}

/// A page of what the user did, by its number.
///
/// # Errors
/// As [`list`]; 9109 if the token belongs to the account.
pub(crate) async fn list_of_user(call: Call<'_>) -> Answered {
    require_user(&call).await?;
    let of_user = AuditFilter { field: AuditField::ActorType, values: vec!["user".to_owned()], not: false };
    list_of(call, vec![of_user]).await
}

async fn list_of(call: Call<'_>, mut also: Vec<AuditFilter>) -> Answered {
    let (query, actors) = (call.query()?, Actors::of(&call).await?);
    let export = query.parsed("export")? == Some(true);
    // All entries are the account's: there are none of a user's log to hide.
    query.parsed::<bool>("hide_user_logs")?;
    let page = Page::parse_or(&query, ENTRIES_DEFAULT, AUDIT_PAGE_MAX)?;
    also.extend(filters(&query, BY_NUMBER, &actors));
    let asked = ListAuditLog {
        since: time(&query, "since")?,
        before: time(&query, "before")?,
        filters: also,
        oldest_first: oldest_first(&query)?,
        offset: page.offset(),
        cursor: None,
        limit: page.limit(),
    };
    let found = call.store.list_audit_log(call.caller, &asked).await?;
    if export {
        return Ok(audit_csv::answer(&found.entries, &actors));
    }
    let shown: Vec<_> = found.entries.iter().map(|entry| Numbered::of(entry, &actors)).collect();
    envelope::page(&shown, &json!({ "page": page.number(), "per_page": page.limit(), "count": shown.len() }))
}

/// A page of the log by cursor.
///
/// # Errors
/// As [`list`]; 400 without `since` and `before`.
pub(crate) async fn list_by_cursor(call: Call<'_>) -> Answered {
    let (query, actors) = (call.query()?, Actors::of(&call).await?);
    let asked = asked_by_cursor(&query, filters(&query, BY_CURSOR, &actors))?;
    let found = call.store.list_audit_log(call.caller, &asked).await?;
    let (shown, info) = page_by_cursor(&found, &actors);
    envelope::page(&shown, &info)
}

/// The changes of what an entry is about. A bucket is known by its name, which one of another jurisdiction may have
/// too, or one made later: then the answer says that it is approximate.
///
/// # Errors
/// As [`list_by_cursor`]; 400 without `action_time`.
pub(crate) async fn history(call: Call<'_>) -> Answered {
    let (query, actors) = (call.query()?, Actors::of(&call).await?);
    let when = required(&query, "action_time")?;
    let id = call.path.text("id")?.replace('-', "").to_ascii_lowercase();
    let mut asked = asked_by_cursor(&query, Vec::new())?;
    let by_id = AuditFilter { field: AuditField::Id, values: vec![id], not: false };
    let around = |offset: i64| Some(Timestamp(when.0.saturating_add_signed(offset)));
    let (since, before) = (around(-LOOKUP_MILLISECONDS), around(LOOKUP_MILLISECONDS));
    let source = ListAuditLog { since, before, filters: vec![by_id], limit: 1, ..ListAuditLog::default() };
    let source = call.store.list_audit_log(call.caller, &source).await?.entries;
    let Some(source) = source.first() else {
        return envelope::page(&json!([]), &json!({ "count": "0", "history_status": "unavailable" }));
    };
    let is = |field, value: &str| AuditFilter { field, values: vec![value.to_owned()], not: false };
    asked.filters =
        vec![is(AuditField::ResourceType, source.resource.name()), is(AuditField::ResourceId, &source.resource_id)];
    let found = call.store.list_audit_log(call.caller, &asked).await?;
    let (shown, mut info) = page_by_cursor(&found, &actors);
    info["history_status"] = json!(match source.resource {
        // Another may have had the name before.
        AuditResource::Bucket | AuditResource::AccessUser | AuditResource::Ruleset => "approximate",
        AuditResource::Token
        | AuditResource::Zone
        | AuditResource::AccessApp
        | AuditResource::IdentityProvider
        | AuditResource::ServiceToken => "exact",
    });
    envelope::page(&shown, &info)
}

/// How far from the time that a client names an entry may be.
const LOOKUP_MILLISECONDS: i64 = 60_000;

/// What `product_category` can be, and which products that means.
///
/// # Errors
/// 9109 without the right to see the account's settings.
pub(crate) async fn product_categories(call: Call<'_>) -> Answered {
    call.caller.authorize(Action::ListAuditLog, Resource::Account)?;
    let category = |resource, label: &str, product: &str| {
        let product = json!({ "value": audit_filters::product(resource), "label": product });
        json!({ "value": audit_filters::category(resource), "label": label, "products": [product] })
    };
    envelope::success(&json!([
        category(AuditResource::Bucket, "Storage", "R2"),
        category(AuditResource::Token, "Account", "API tokens"),
        category(AuditResource::Zone, "Caching", "Cache"),
        category(AuditResource::AccessApp, "Security", "Access"),
    ]))
}

/// Entries as they are shown, and what `result_info` says of the page.
fn page_by_cursor<'a>(found: &'a AuditPage, actors: &'a Actors) -> (Vec<ByCursor<'a>>, Value) {
    let shown: Vec<_> = found.entries.iter().map(|entry| ByCursor::of(entry, actors)).collect();
    let mut info = json!({ "count": shown.len().to_string() });
    if let Some(cursor) = &found.cursor {
        // The API's description has the one, its SDKs read the other.
        info["cursors"] = json!({ "after": cursor });
        info["cursor"] = json!(cursor);
    }
    (shown, info)
}

fn asked_by_cursor(query: &Query, filters: Vec<AuditFilter>) -> Result<ListAuditLog, RestError> {
    Ok(ListAuditLog {
        since: Some(required(query, "since")?),
        before: Some(required(query, "before")?),
        filters,
        oldest_first: oldest_first(query)?,
        offset: 0,
        cursor: query.get("cursor").filter(|cursor| !cursor.is_empty()).map(str::to_owned),
        limit: query.parsed("limit")?.unwrap_or(ENTRIES_DEFAULT),
    })
}

fn required(query: &Query, name: &str) -> Result<Timestamp, RestError> {
    time(query, name)?.ok_or_else(|| RestError::argument(format!("{name} is required.")))
}

/// Newest first, unless the client says otherwise.
fn oldest_first(query: &Query) -> Result<bool, RestError> {
    let is_descending = query.descending()?;
    Ok(!is_descending && query.get("direction") == Some("asc"))
}

/// A date, or a date with a time.
fn time(query: &Query, name: &str) -> Result<Option<Timestamp>, RestError> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let refusal = || RestError::argument(format!("{name} is a date or a time, such as 2026-01-01T00:00:00Z."));
    Timestamp::parse_iso8601(text).map(Some).ok_or_else(refusal)
}
