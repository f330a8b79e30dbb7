//! The audit log of the account, in both forms of the API: the first has pages by number, the second by cursor and
//! filters for every field. Source: R2 "Audit Logs"; the API's `audit_logs` and `logs/audit`.

use crate::audit_filters::{self, Actors, BY_CURSOR, BY_NUMBER, CONTEXT, SCOPE, SUCCESS, ZONE, filters};
use crate::envelope;
use crate::error::RestError;
use crate::pagination::Page;
use crate::query::Query;
use crate::request::{Answered, Call};
use operations::audit::{ListAuditLog, actor_type};
use operations::{AuditResource, AuditRow};
use serde_json::{Value, json};
use types::Timestamp;
use types::limits::AUDIT_PAGE_MAX;

/// Entries of a page, unless the client says otherwise. Source: the API's `per_page` and `limit`.
const ENTRIES_DEFAULT: usize = 100;

/// A page of the log by its number.
///
/// # Errors
/// 9109 without the right to see the account's settings; 400 for a query that makes no sense.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let (query, actors) = (call.query()?, Actors::of(&call).await?);
    if query.parsed("export")? == Some(true) {
        return Err(RestError::argument("The audit log is not exported as CSV: read it page by page."));
    }
    // All entries are the account's: there are none of a user's log to hide.
    query.parsed::<bool>("hide_user_logs")?;
    let page = Page::parse_or(&query, ENTRIES_DEFAULT, AUDIT_PAGE_MAX)?;
    let asked = ListAuditLog {
        since: time(&query, "since")?,
        before: time(&query, "before")?,
        filters: filters(&query, BY_NUMBER, &actors),
        oldest_first: oldest_first(&query)?,
        offset: page.offset(),
        cursor: None,
        limit: page.limit(),
    };
    let found = call.store.list_audit_log(call.caller, &asked).await?;
    let shown: Vec<Value> = found.entries.iter().map(|entry| show(entry, &actors)).collect();
    envelope::page(&shown, &json!({ "page": page.number(), "per_page": page.limit(), "count": shown.len() }))
}

/// A page of the log by cursor.
///
/// # Errors
/// As [`list`]; 400 without `since` and `before`.
pub(crate) async fn list_by_cursor(call: Call<'_>) -> Answered {
    let (query, actors) = (call.query()?, Actors::of(&call).await?);
    let required = |name: &str| {
        let missing = || RestError::argument(format!("{name} is required."));
        time(&query, name)?.ok_or_else(missing).map(Some)
    };
    let asked = ListAuditLog {
        since: required("since")?,
        before: required("before")?,
        filters: filters(&query, BY_CURSOR, &actors),
        oldest_first: oldest_first(&query)?,
        offset: 0,
        cursor: query.get("cursor").filter(|cursor| !cursor.is_empty()).map(str::to_owned),
        limit: query.parsed("limit")?.unwrap_or(ENTRIES_DEFAULT),
    };
    let found = call.store.list_audit_log(call.caller, &asked).await?;
    let shown: Vec<Value> = found.entries.iter().map(|entry| show_by_cursor(entry, &actors)).collect();
    let mut info = json!({ "count": shown.len().to_string() });
    if let Some(cursor) = found.cursor {
        // The API's description has the one, its SDKs read the other.
        info["cursors"] = json!({ "after": cursor });
        info["cursor"] = json!(cursor);
    }
    envelope::page(&shown, &info)
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

fn show(entry: &AuditRow, actors: &Actors) -> Value {
    let mut metadata = json!({ "token_id": entry.token.to_string(), "token_name": entry.token_name });
    if entry.resource == AuditResource::Bucket {
        metadata["zone_name"] = json!(ZONE);
    }
    json!({
        "id": uuid(entry.id),
        "when": entry.when.to_iso8601(),
        "action": { "info": entry.action, "result": true, "type": entry.kind.name() },
        "actor": {
            "id": actors.id(entry),
            "email": actors.email(entry).unwrap_or_default(),
            "ip": address(entry),
            "type": actor_type(entry),
        },
        "interface": entry.interface.name(),
        "metadata": metadata,
        "newValue": entry.new_value,
        "newValueJson": value(&entry.new_value),
        "oldValue": entry.old_value,
        "oldValueJson": value(&entry.old_value),
        "owner": { "id": actors.account.id.to_string() },
        "resource": { "id": entry.resource_id, "type": entry.resource.name() },
    })
}

/// What nothing is known of is left out: the request itself is not kept.
fn show_by_cursor(entry: &AuditRow, actors: &Actors) -> Value {
    let mut shown = json!({
        "id": uuid(entry.id),
        "account": { "id": actors.account.id.to_string(), "name": actors.account.name },
        "action": {
            "description": entry.action,
            "result": SUCCESS,
            "time": entry.when.to_iso8601(),
            "type": entry.kind.name(),
        },
        "actor": {
            "id": actors.id(entry),
            "type": actor_type(entry),
            "context": CONTEXT,
            "email": actors.email(entry).unwrap_or_default(),
            "ip_address": address(entry),
            "token_id": entry.token.to_string(),
            "token_name": entry.token_name,
        },
        "raw": {},
        "resource": {
            "id": entry.resource_id,
            "product": audit_filters::product(entry.resource),
            "type": entry.resource.name(),
            "scope": SCOPE,
            "request": value(&entry.new_value),
        },
        "zone": {},
    });
    if entry.resource == AuditResource::Bucket {
        shown["zone"]["name"] = json!(ZONE);
    }
    shown
}

/// `5eaeb6be-1234-406a-87ab-1971adc1234c`.
fn uuid(id: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = id;
    let parts = [&[a, b, c, d][..], &[e, f], &[g, h], &rest[..2], &rest[2..]];
    parts.map(types::ids::hex).join("-")
}

fn address(entry: &AuditRow) -> String {
    entry.address.map_or_else(String::new, |address| address.to_canonical().to_string())
}

/// A value that is kept as JSON; none is an empty object.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}
