//! Tokens: those of the user below `/user/tokens`, those of the account below `/accounts/{account}/tokens`, alike in
//! all else. A token's value is in two answers only: that to its making, and that to its getting a new one.

use crate::envelope;
use crate::error::RestError;
use crate::identity::{add_time, require_user, seconds, status};
use crate::json;
use crate::pagination::Page;
use crate::policies::{self, SentPolicy};
use crate::request::{Answered, Call, CallBody};
use operations::tokens::{ListTokens, Token, TokenContent};
use operations::{Action, TokenOwner};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use types::{AccessKeyId, AccountId, AddressCondition, PermissionGroup, Resource, Timestamp};

/// Entries of a page at most. Source: the API's `per_page`.
const PER_PAGE_MAX: usize = 50;

/// A token as clients send it. Some send back all that they were shown: what only the server decides is of no account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentToken {
    #[serde(default)]
    name: String,
    #[serde(default)]
    policies: Vec<SentPolicy>,
    condition: Option<SentCondition>,
    not_before: Option<String>,
    expires_on: Option<String>,
    status: Option<String>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "value")]
    _value: Option<IgnoredAny>,
    #[serde(rename = "issued_on")]
    _issued: Option<IgnoredAny>,
    #[serde(rename = "modified_on")]
    _modified: Option<IgnoredAny>,
    #[serde(rename = "last_used_on")]
    _last_used: Option<IgnoredAny>,
    #[serde(rename = "creator_email_at_creation")]
    _creator: Option<IgnoredAny>,
    #[serde(rename = "provisioner_type")]
    _provisioner_type: Option<IgnoredAny>,
    #[serde(rename = "provisioner_id")]
    _provisioner: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentCondition {
    #[serde(alias = "request.ip")]
    request_ip: Option<SentAddresses>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentAddresses {
    #[serde(rename = "in")]
    only: Option<Vec<String>>,
    not_in: Option<Vec<String>>,
}

impl SentToken {
    fn read(&self, account: AccountId) -> Result<TokenContent, RestError> {
        let policies = self.policies.iter().map(|policy| policy.read(account));
        let addresses = self.condition.as_ref().and_then(|condition| condition.request_ip.as_ref());
        Ok(TokenContent {
            name: self.name.clone(),
            disabled: read_status(self.status.as_deref())?,
            policies: policies.collect::<Result<_, _>>()?,
            addresses: addresses.map(SentAddresses::read).transpose()?.unwrap_or_default(),
            not_before: read_time("not_before", self.not_before.as_deref())?,
            expires: read_time("expires_on", self.expires_on.as_deref())?,
        })
    }
}

impl SentAddresses {
    fn read(&self) -> Result<AddressCondition, RestError> {
        let ranges = |texts: &Option<Vec<String>>| {
            let range = |text: &String| {
                let refusal = || RestError::argument("request_ip has IP addresses and CIDR ranges only.");
                AddressCondition::parse(text).ok_or_else(refusal)
            };
            texts.iter().flatten().map(range).collect::<Result<Vec<_>, _>>()
        };
        Ok(AddressCondition { only: ranges(&self.only)?, but_not: ranges(&self.not_in)? })
    }
}

/// Whether a token is to be turned off; `None`: as it is. Clients send back `expired` as they got it.
fn read_status(text: Option<&str>) -> Result<Option<bool>, RestError> {
    match text {
        None | Some("expired") => Ok(None),
        Some("active") => Ok(Some(false)),
        Some("disabled") => Ok(Some(true)),
        Some(_) => Err(RestError::argument("status is active or disabled.")),
    }
}

/// `2026-01-01T00:00:00Z`; fractions of a second are refused, as Cloudflare does.
fn read_time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, RestError> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse_iso8601(text).filter(|_| text.contains('T') && !text.contains('.'));
    let refusal = || RestError::argument(format!("{name} is a time in whole seconds, such as 2026-01-01T00:00:00Z."));
    time.map(Some).ok_or_else(refusal)
}

/// A page of tokens, without their values.
///
/// # Errors
/// 9109 without the right to see tokens.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let owner = owner(&call).await?;
    let query = call.query()?;
    let page = Page::parse(&query, PER_PAGE_MAX)?;
    let (offset, limit, newest_first) = (page.offset(), page.limit(), query.descending()?);
    let include_expired = query.parsed("include_expired")?.unwrap_or(false);
    let asked = ListTokens { owner, offset, limit, newest_first, include_expired };
    let (tokens, total) = call.store.list_tokens(call.caller, asked).await?;
    let shown: Vec<Value> = tokens.iter().map(show).collect();
    envelope::page(&shown, &page.info(shown.len(), total))
}

/// Makes a token, and shows its value this once.
///
/// # Errors
/// 9109 without the right to, or for a token that could do more than the caller's; 1001 and 400 for content that makes
/// no sense.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let owner = owner(&call).await?;
    call.caller.authorize(Action::CreateToken, Resource::Account)?;
    let content = json::read::<SentToken>(body).await?.read(call.caller.account)?;
    let made = call.store.create_token(call.caller, owner, content).await?;
    let mut shown = show(&made.token);
    shown["value"] = json!(made.value);
    envelope::success(&shown)
}

/// A token, without its value.
///
/// # Errors
/// 1003 if there is none of that id.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let owner = owner(&call).await?;
    envelope::success(&show(&call.store.token(call.caller, owner, id(&call)?).await?))
}

/// Replaces what a token is called, may do, and when.
///
/// # Errors
/// As [`create`]; 1003 if there is none of that id.
pub(crate) async fn update(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let (owner, id) = (owner(&call).await?, id(&call)?);
    call.caller.authorize(Action::UpdateToken, Resource::Account)?;
    let content = json::read::<SentToken>(body).await?.read(call.caller.account)?;
    envelope::success(&show(&call.store.update_token(call.caller, owner, id, content).await?))
}

/// Removes a token.
///
/// # Errors
/// 1003 if there is none of that id.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    let (owner, id) = (owner(&call).await?, id(&call)?);
    call.store.delete_token(call.caller, owner, id).await?;
    envelope::success(&json!({ "id": id.to_string() }))
}

/// Gives a token a new value, and shows it this once: a bare string.
///
/// # Errors
/// As [`create`]; 1003 if there is none of that id.
pub(crate) async fn roll(call: Call<'_>) -> Answered {
    let (owner, id) = (owner(&call).await?, id(&call)?);
    envelope::success(&call.store.roll_token(call.caller, owner, id).await?.value)
}

/// The permission groups that policies can have.
///
/// # Errors
/// 9109 without the right to see tokens.
pub(crate) async fn permission_groups(call: Call<'_>) -> Answered {
    owner(&call).await?;
    call.caller.authorize(Action::ListPermissionGroups, Resource::Account)?;
    let query = call.query()?;
    let (name, scope) = (query.get("name"), query.get("scope"));
    let wanted = |group: &&PermissionGroup| {
        name.is_none_or(|name| name == group.name()) && scope.is_none_or(|scope| scope == group.scope().name())
    };
    let shown = PermissionGroup::ALL.iter().filter(wanted);
    let shown = shown.map(|group| json!({ "id": group.id(), "name": group.name(), "scopes": [group.scope().name()] }));
    envelope::success(&shown.collect::<Vec<Value>>())
}

/// Whose tokens a call is about, by its path.
async fn owner(call: &Call<'_>) -> Result<TokenOwner, RestError> {
    if call.path.raw("account").is_some() {
        return Ok(TokenOwner::Account);
    }
    require_user(call).await?;
    Ok(TokenOwner::User)
}

fn id(call: &Call<'_>) -> Result<AccessKeyId, RestError> {
    let id = call.path.raw("token").and_then(AccessKeyId::parse);
    id.ok_or_else(|| RestError::no_route(call.head.uri.path()))
}

/// A token without its value.
fn show(token: &Token) -> Value {
    let row = &token.row;
    let policies: Vec<Value> = row.policies.iter().map(|policy| policies::show(policy, row.account)).collect();
    let mut shown = json!({
        "id": token.id.to_string(),
        "name": &*row.name,
        "status": status(token),
        "issued_on": seconds(row.issued),
        "modified_on": seconds(row.modified),
        "policies": policies,
    });
    add_time(&mut shown, "last_used_on", token.last_used);
    add_time(&mut shown, "not_before", row.not_before);
    add_time(&mut shown, "expires_on", row.expires);
    if let Some(addresses) = &row.addresses {
        let texts = |ranges: &[_]| ranges.iter().map(show_range).collect::<Vec<String>>();
        shown["condition"] =
            json!({ "request_ip": { "in": texts(&addresses.only), "not_in": texts(&addresses.but_not) } });
    }
    shown
}

/// `192.0.2.0/24`.
fn show_range(range: &impl ToString) -> String {
    range.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Domain;

    const OWN: AccountId = AccountId([0xab; 16]);

    fn read(changes: &Value) -> Result<TokenContent, u32> {
        let mut sent = json!({ "name": "n", "policies": [] });
        for (name, value) in changes.as_object().unwrap() {
            sent[name] = value.clone();
        }
        let sent: SentToken = serde_json::from_value(sent).map_err(|_| 0_u32)?;
        sent.read(OWN).map_err(|error| error.shown(Domain::Identity).code)
    }

    #[test]
    fn times_are_whole_seconds() {
        let content = read(&json!({ "expires_on": "2027-01-01T00:00:00Z", "not_before": "2026-01-01T02:00:00+02:00" }));
        let content = content.unwrap();
        assert_eq!(content.expires.map(seconds).as_deref(), Some("2027-01-01T00:00:00Z"));
        assert_eq!(content.not_before.map(seconds).as_deref(), Some("2026-01-01T00:00:00Z"));
        for bad in ["2027-01-01T00:00:00.5Z", "2027-01-01T00:00:00.000Z", "2027-01-01", "tomorrow", ""] {
            assert_eq!(read(&json!({ "expires_on": bad })).map(|_| ()), Err(400), "{bad}");
        }
    }

    #[test]
    fn addresses_have_two_spellings() {
        for name in ["request_ip", "request.ip"] {
            let condition = json!({ name: { "in": ["192.0.2.0/24", "::1"], "not_in": null } });
            let content = read(&json!({ "condition": condition })).unwrap();
            assert_eq!((content.addresses.only.len(), content.addresses.but_not.len()), (2, 0));
        }
        let condition = json!({ "request_ip": { "in": ["here"] } });
        assert_eq!(read(&json!({ "condition": condition })).map(|_| ()), Err(400));
        assert_eq!(read(&json!({ "condition": null })).unwrap().addresses, AddressCondition::default());
    }

    #[test]
    fn a_state_is_kept_unless_it_is_sent() {
        let disabled = |status: Value| read(&json!({ "status": status })).map(|content| content.disabled);
        assert_eq!(disabled(Value::Null), Ok(None));
        assert_eq!((disabled(json!("active")), disabled(json!("disabled"))), (Ok(Some(false)), Ok(Some(true))));
        assert_eq!((disabled(json!("gone")), disabled(json!(1))), (Err(400), Err(0)));
    }
}
