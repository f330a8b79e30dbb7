//! An entry of the audit log as each form of the API shows it. Nothing is copied but what has another form here: a page
//! has a thousand entries. Source: the API's `audit_logs` and `logs/audit`.

use crate::audit_filters::{Actors, CONTEXT, SCOPE, SUCCESS, ZONE, product};
use operations::audit::{actor_type, status};
use operations::{AuditResource, AuditRow};
use serde::Serialize;
use serde_json::value::RawValue;

/// An entry of the log by page number.
#[derive(Serialize)]
pub(crate) struct Numbered<'a> {
    id: String,
    when: String,
    action: NumberedAction<'a>,
    actor: NumberedActor<'a>,
    interface: &'static str,
    metadata: NumberedMetadata<'a>,
    #[serde(rename = "newValue")]
    new_value: &'a str,
    #[serde(rename = "newValueJson")]
    new_value_json: Json<'a>,
    #[serde(rename = "oldValue")]
    old_value: &'a str,
    #[serde(rename = "oldValueJson")]
    old_value_json: Json<'a>,
    owner: Owner<'a>,
    resource: NumberedResource<'a>,
}

#[derive(Serialize)]
struct NumberedAction<'a> {
    info: &'a str,
    result: bool,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct NumberedActor<'a> {
    id: &'a str,
    email: &'static str,
    ip: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct NumberedMetadata<'a> {
    token_id: String,
    token_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone_name: Option<&'static str>,
}

#[derive(Serialize)]
struct Owner<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct NumberedResource<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> Numbered<'a> {
    /// An entry as this form shows it.
    pub(crate) fn of(entry: &'a AuditRow, actors: &'a Actors) -> Self {
        let email = actors.email(entry).unwrap_or_default();
        Self {
            id: uuid(entry.id),
            when: entry.when.to_iso8601(),
            action: NumberedAction { info: &entry.action, result: true, kind: entry.kind.name() },
            actor: NumberedActor { id: actors.id(entry), email, ip: address(entry), kind: actor_type(entry) },
            interface: entry.interface.name(),
            metadata: NumberedMetadata {
                token_id: entry.token.to_string(),
                token_name: &entry.token_name,
                zone_name: zone(entry),
            },
            new_value: &entry.new_value,
            new_value_json: Json::of(&entry.new_value),
            old_value: &entry.old_value,
            old_value_json: Json::of(&entry.old_value),
            owner: Owner { id: &actors.account_id },
            resource: NumberedResource { id: &entry.resource_id, kind: entry.resource.name() },
        }
    }
}

/// An entry of the log by cursor. What nothing is known of is left out.
#[derive(Serialize)]
pub(crate) struct ByCursor<'a> {
    id: String,
    account: Account<'a>,
    action: Action<'a>,
    actor: Actor<'a>,
    raw: Raw<'a>,
    resource: Resource<'a>,
    zone: Zone,
}

#[derive(Serialize)]
struct Account<'a> {
    id: &'a str,
    name: &'static str,
}

#[derive(Serialize)]
struct Action<'a> {
    description: &'a str,
    result: &'static str,
    time: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Actor<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    context: &'static str,
    email: &'static str,
    ip_address: String,
    token_id: String,
    token_name: &'a str,
}

/// The request that an entry tells of.
#[derive(Default, Serialize)]
struct Raw<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cf_ray_id: &'a str,
}

#[derive(Serialize)]
struct Resource<'a> {
    id: &'a str,
    product: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    scope: &'static str,
    request: Json<'a>,
}

#[derive(Serialize)]
struct Zone {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
}

impl<'a> ByCursor<'a> {
    /// An entry as this form shows it.
    pub(crate) fn of(entry: &'a AuditRow, actors: &'a Actors) -> Self {
        Self {
            id: uuid(entry.id),
            account: Account { id: &actors.account_id, name: actors.account.name },
            action: Action {
                description: &entry.action,
                result: SUCCESS,
                time: entry.when.to_iso8601(),
                kind: entry.kind.name(),
            },
            actor: Actor {
                id: actors.id(entry),
                kind: actor_type(entry),
                context: CONTEXT,
                email: actors.email(entry).unwrap_or_default(),
                ip_address: address(entry),
                token_id: entry.token.to_string(),
                token_name: &entry.token_name,
            },
            raw: Raw::of(entry),
            resource: Resource {
                id: &entry.resource_id,
                product: product(entry.resource),
                kind: entry.resource.name(),
                scope: SCOPE,
                request: Json::of(&entry.new_value),
            },
            zone: Zone { name: zone(entry) },
        }
    }
}

impl<'a> Raw<'a> {
    fn of(entry: &'a AuditRow) -> Self {
        let Some(request) = &entry.request else { return Self::default() };
        Self {
            method: Some(&request.method),
            uri: Some(&request.uri),
            status_code: status(entry),
            user_agent: &request.user_agent,
            cf_ray_id: &request.ray,
        }
    }
}

/// A value as it is kept.
#[derive(Serialize)]
#[serde(untagged)]
enum Json<'a> {
    Kept(&'a RawValue),
    /// No value: an empty object.
    Nothing {},
}

impl<'a> Json<'a> {
    fn of(text: &'a str) -> Self {
        serde_json::from_str(text).map_or(Self::Nothing {}, Self::Kept)
    }
}

/// The zone that an entry names.
fn zone(entry: &AuditRow) -> Option<&'static str> {
    (entry.resource == AuditResource::Bucket).then_some(ZONE)
}

/// `5eaeb6be-1234-406a-87ab-1971adc1234c`.
pub(crate) fn uuid(id: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in id.into_iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        types::ids::push_hex(&mut text, &[byte]);
    }
    text
}

/// The address that a change came from; empty if it is not known.
pub(crate) fn address(entry: &AuditRow) -> String {
    entry.address.map_or_else(String::new, |address| address.to_canonical().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_shown_as_uuids() {
        let id = std::array::from_fn(|position| position as u8 * 0x11);
        assert_eq!(uuid(id), "00112233-4455-6677-8899-aabbccddeeff");
    }

    #[test]
    fn values_are_shown_as_they_are_kept_and_none_as_an_empty_object() {
        let shown = |text| serde_json::to_value(Json::of(text)).unwrap();
        assert_eq!(shown(r#"{"b":[1,"x"],"a":null}"#), json!({ "b": [1, "x"], "a": null }));
        assert_eq!((shown(""), shown("{\"cut"), shown("{} more")), (json!({}), json!({}), json!({})));
    }
}
