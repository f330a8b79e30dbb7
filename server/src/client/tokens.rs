//! `cairn token`, but for resetting the root token, which no server can be asked for.

use super::access::secret_access_key;
use super::accounts::account;
use super::failure::Failure;
use super::rest::{Answered, Call, CallError, Rest};
use super::show;
use crate::command_line::{CreateToken, ListTokens, OneToken, Permission, RevokeTokens};
use http::Method;
use serde_json::{Map, Value, json};
use types::{AccountId, Jurisdiction, PermissionGroup, Timestamp};

impl Permission {
    /// All there are.
    const ALL: [Self; 4] = [Self::AdminReadWrite, Self::AdminReadOnly, Self::ObjectReadWrite, Self::ObjectReadOnly];

    /// Its name on the dashboard. Source: R2 "Authentication", Permissions.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::AdminReadWrite => "Admin Read & Write",
            Self::AdminReadOnly => "Admin Read only",
            Self::ObjectReadWrite => "Object Read & Write",
            Self::ObjectReadOnly => "Object Read only",
        }
    }

    /// What it consists of.
    fn groups(self) -> &'static [PermissionGroup] {
        match self {
            Self::AdminReadWrite => &[PermissionGroup::R2StorageWrite, PermissionGroup::R2DataCatalogWrite],
            Self::AdminReadOnly => &[PermissionGroup::R2StorageRead, PermissionGroup::R2DataCatalogRead],
            Self::ObjectReadWrite => &[PermissionGroup::R2BucketItemWrite],
            Self::ObjectReadOnly => &[PermissionGroup::R2BucketItemRead],
        }
    }

    fn is_admin(self) -> bool {
        matches!(self, Self::AdminReadWrite | Self::AdminReadOnly)
    }
}

/// What the API is sent for a new token. Source: R2 "Authentication", Access Policy.
fn content(line: &CreateToken, account: AccountId, now: Timestamp) -> Result<Value, Failure> {
    if line.permission.is_admin() && !line.buckets.is_empty() {
        return Err(Failure::usage(
            "the admin permissions are for all buckets: leave out --bucket, or choose object-read-write or \
             object-read-only",
        ));
    }
    let groups: Vec<Value> = line.permission.groups().iter().map(|group| json!({"id": group.id()})).collect();
    let policy = json!({"effect": "allow", "permission_groups": groups, "resources": resources(line, account)});
    let mut content = json!({"name": line.name, "policies": [policy]});
    for (name, moment) in [("expires_on", line.expires), ("not_before", line.not_before)] {
        if let Some(moment) = moment {
            // The API refuses fractions of a second.
            content[name] = json!(moment.at(now).to_iso8601().replace(".000Z", "Z"));
        }
    }
    let mut addresses = Map::new();
    for (name, list) in [("in", &line.allowed), ("not_in", &line.denied)] {
        if !list.is_empty() {
            addresses.insert(name.to_owned(), json!(list));
        }
    }
    if !addresses.is_empty() {
        content["condition"] = json!({"request_ip": addresses});
    }
    Ok(content)
}

fn resources(line: &CreateToken, account: AccountId) -> Value {
    let whole = format!("{ACCOUNT_RESOURCE}{account}");
    if line.permission.is_admin() {
        return json!({whole: "*"});
    }
    if line.buckets.is_empty() {
        return json!({whole: {format!("{BUCKET_RESOURCE}*"): "*"}});
    }
    let named = |bucket: &crate::command_line::BucketReference| {
        let name = format!("{BUCKET_RESOURCE}{account}_{}_{}", bucket.jurisdiction, bucket.name);
        (name, json!("*"))
    };
    Value::Object(line.buckets.iter().map(named).collect())
}

const ACCOUNT_RESOURCE: &str = "com.cloudflare.api.account.";
const BUCKET_RESOURCE: &str = "com.cloudflare.edge.r2.bucket.";

fn path(account: AccountId) -> String {
    format!("/accounts/{account}/tokens")
}

fn call<'a>(method: Method, path: String, body: Option<&'a Value>) -> Call<'a> {
    Call { method, path, jurisdiction: Jurisdiction::Default, body }
}

/// `cairn token create`.
pub(super) async fn create(line: &CreateToken, rest: &Rest, now: Timestamp) -> Result<String, Failure> {
    let account = account(rest).await?;
    let content = content(line, account, now)?;
    let Answered { mut result, .. } = rest.call(call(Method::POST, path(account), Some(&content))).await?;
    let value = result["value"].as_str().map(str::to_owned);
    let value = value.ok_or_else(|| Failure::failed("the server answers a token without its value"))?;
    if line.remote.json {
        result["access_key_id"] = result["id"].clone();
        result["secret_access_key"] = json!(secret_access_key(&value));
        return Ok(show::json(&result));
    }
    let mut pairs = vec![
        ("name", show::field(&result, "name")),
        ("permission", line.permission.title().to_owned()),
        ("for", policies(&result).1),
        ("begins", show::field(&result, "not_before")),
        ("expires", show::field(&result, "expires_on")),
    ];
    pairs.extend(credentials(&show::field(&result, "id"), &show::line(&value)));
    Ok(format!("made a token; its secrets are shown this once:\n{}", show::pairs(&pairs)))
}

fn credentials(id: &str, value: &str) -> [(&'static str, String); 3] {
    let secret = secret_access_key(value);
    [("API token", value.to_owned()), ("access key id", id.to_owned()), ("secret access key", secret)]
}

/// Tokens on each page that is asked for: the most there can be.
const TOKENS_PER_PAGE: usize = 50;

/// `cairn token list`: every page of those of the account, then of those of the user.
pub(super) async fn list(line: &ListTokens, rest: &Rest) -> Result<String, Failure> {
    let mut tokens = pages(rest, &path(account(rest).await?)).await.map_err(Failure::from)?;
    match pages(rest, USER_TOKENS).await {
        Ok(more) => tokens.extend(more),
        // The tokens of a user are not for tokens of an account to see.
        Err(CallError::Refused(_)) => {}
        Err(CallError::Failed(failure)) => return Err(failure),
    }
    if line.remote.json {
        return Ok(show::json(&Value::Array(tokens)));
    }
    let rows: Vec<_> = tokens.iter().map(row).collect();
    Ok(show::table(["ID", "NAME", "STATUS", "PERMISSION", "FOR", "EXPIRES"], &rows))
}

/// Where the tokens are that belong to a user, as the root token does.
const USER_TOKENS: &str = "/user/tokens";

/// What the API answers where an id names no token.
const NO_SUCH_TOKEN: i64 = 1003;

async fn pages(rest: &Rest, path: &str) -> Result<Vec<Value>, CallError> {
    let mut tokens = Vec::new();
    for page in 1_usize.. {
        let Answered { result, info } = rest.get(format!("{path}?page={page}&per_page={TOKENS_PER_PAGE}")).await?;
        let Value::Array(result) = result else {
            return Err(CallError::Failed(Failure::failed("the server answers no list of tokens")));
        };
        let is_last =
            result.len() < TOKENS_PER_PAGE || info["total_pages"].as_u64().is_some_and(|all| all <= page as u64);
        tokens.extend(result);
        if is_last {
            break;
        }
    }
    Ok(tokens)
}

/// Calls for one token, be it the account's or the user's: ids are the same nowhere twice.
async fn call_for(
    rest: &Rest,
    account: AccountId,
    method: Method,
    below: &str,
    body: Option<&Value>,
) -> Result<Answered, CallError> {
    match rest.call(call(method.clone(), format!("{}/{below}", path(account)), body)).await {
        Err(CallError::Refused(refusal)) if refusal.codes.contains(&NO_SUCH_TOKEN) => {
            let of_user = rest.call(call(method, format!("{USER_TOKENS}/{below}"), body)).await;
            // An account's token may not ask for a user's; then the first answer is the one that helps.
            of_user.map_err(|error| match error {
                CallError::Refused(_) => CallError::Refused(refusal),
                failed @ CallError::Failed(_) => failed,
            })
        }
        answered => answered,
    }
}

fn row(token: &Value) -> [String; 6] {
    let field = |name| show::field(token, name);
    let (permission, resources) = policies(token);
    [field("id"), field("name"), field("status"), permission, resources, field("expires_on")]
}

/// What a token may do and on what, in words.
fn policies(token: &Value) -> (String, String) {
    let (mut permissions, mut resources) = (Vec::new(), Vec::new());
    for policy in token["policies"].as_array().into_iter().flatten() {
        let refused = if policy["effect"] == "deny" { "not " } else { "" };
        permissions.push(format!("{refused}{}", permission(policy)));
        resources.extend(policy["resources"].as_object().into_iter().flatten().map(|(name, of)| resource(name, of)));
    }
    resources.dedup();
    (permissions.join("; "), resources.join(", "))
}

/// The dashboard's name for a policy's groups, if it has one.
fn permission(policy: &Value) -> String {
    let groups: Vec<&Value> = policy["permission_groups"].as_array().into_iter().flatten().collect();
    let has = |group: &PermissionGroup| groups.iter().any(|shown| shown["id"] == group.id());
    let whole =
        |permission: &Permission| permission.groups().len() == groups.len() && permission.groups().iter().all(has);
    if groups.len() == PermissionGroup::ALL.len() {
        return "everything".to_owned();
    }
    match Permission::ALL.iter().find(|permission| whole(permission)) {
        Some(permission) => permission.title().to_owned(),
        None => groups.iter().map(|group| show::field(group, "name")).collect::<Vec<_>>().join(" + "),
    }
}

fn resource(name: &str, of: &Value) -> String {
    if name.starts_with(ACCOUNT_RESOURCE) {
        return if of.is_object() { "all buckets".to_owned() } else { "account".to_owned() };
    }
    // Account, jurisdiction and name: none of the first two has an underscore in it.
    let fields = name.strip_prefix(BUCKET_RESOURCE).and_then(|rest| rest.split_once('_')?.1.split_once('_'));
    match fields {
        Some(("default", bucket)) => show::line(bucket),
        Some((jurisdiction, bucket)) => show::line(&format!("{jurisdiction}/{bucket}")),
        None => show::line(name),
    }
}

/// `cairn token revoke`. The first that cannot be revoked ends it, and says which were.
pub(super) async fn revoke(line: &RevokeTokens, rest: &Rest) -> Result<String, Failure> {
    let account = account(rest).await?;
    let mut revoked: Vec<String> = Vec::new();
    for id in &line.ids {
        if let Err(error) = call_for(rest, account, Method::DELETE, &id.to_string(), None).await {
            let before = if revoked.is_empty() { String::new() } else { format!(" (revoked: {})", revoked.join(", ")) };
            return Err(Failure::from(error).about(&format!("{id} was not revoked{before}")));
        }
        revoked.push(id.to_string());
    }
    if line.remote.json {
        return Ok(show::json(&json!({"revoked": revoked})));
    }
    Ok(revoked.iter().map(|id| format!("revoked {id}\n")).collect())
}

/// `cairn token roll`.
pub(super) async fn roll(line: &OneToken, rest: &Rest) -> Result<String, Failure> {
    let below = format!("{}/value", line.id);
    let Answered { result, .. } = call_for(rest, account(rest).await?, Method::PUT, &below, Some(&json!({}))).await?;
    let value = result.as_str().ok_or_else(|| Failure::failed("the server answers no new value"))?;
    if line.remote.json {
        let secret = secret_access_key(value);
        let id = line.id.to_string();
        let shown = json!({"id": id, "value": value, "access_key_id": id, "secret_access_key": secret});
        return Ok(show::json(&shown));
    }
    let pairs = credentials(&line.id.to_string(), &show::line(value));
    Ok(format!("rolled; the new secrets are shown this once, and the old ones have ended:\n{}", show::pairs(&pairs)))
}

#[cfg(test)]
mod tests;
