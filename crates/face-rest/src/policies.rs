//! Policies as JSON: `{effect, permission_groups, resources}`, in both forms that resources have.

use crate::error::RestError;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use types::{AccountId, BucketName, Effect, Jurisdiction, PermissionGroup, Policy, PolicyResource};

/// What names of buckets begin with. Behind it: `<account>_<jurisdiction>_<bucket>`.
const BUCKET: &str = "com.cloudflare.edge.r2.bucket.";
/// What names of accounts begin with. Behind it: the account's id, or `*`.
const ACCOUNT: &str = "com.cloudflare.api.account.";
/// All of a kind.
const ALL: &str = "*";

/// A policy as clients send it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentPolicy {
    /// The store draws one.
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    effect: String,
    permission_groups: Vec<SentGroup>,
    resources: Map<String, Value>,
}

/// A permission group as clients send it: known by one of two fields, whatever else the list of groups told of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentGroup {
    id: Option<String>,
    name: Option<String>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
    #[serde(rename = "scopes")]
    _scopes: Option<IgnoredAny>,
    #[serde(rename = "category")]
    _category: Option<IgnoredAny>,
    #[serde(rename = "is_selectable")]
    _is_selectable: Option<IgnoredAny>,
}

impl SentPolicy {
    /// The policy of a token of `account`.
    ///
    /// # Errors
    /// 1001 for a permission group there is not; `InvalidArgument` for everything else that makes no sense.
    pub(crate) fn read(&self, account: AccountId) -> Result<Policy, RestError> {
        let effect = match self.effect.as_str() {
            "allow" => Effect::Allow,
            "deny" => Effect::Deny,
            _ => return Err(RestError::argument("The effect of a policy is allow or deny.")),
        };
        let mut groups = Vec::new();
        for sent in &self.permission_groups {
            add(&mut groups, sent.read()?);
        }
        let mut resources = Vec::new();
        for (name, value) in &self.resources {
            read_resource(name, value, account, &mut resources)?;
        }
        // The store draws an id.
        Ok(Policy { id: [0; 16], effect, groups, resources })
    }
}

impl SentGroup {
    fn read(&self) -> Result<PermissionGroup, RestError> {
        let by_id = |text: &str| PermissionGroup::parse_id(text).or_else(|| PermissionGroup::parse_name(text));
        let named = self.id.as_deref().or(self.name.as_deref()).unwrap_or_default();
        by_id(named).ok_or_else(|| {
            let shown: String = named.chars().take(64).collect();
            RestError::new(400, 1001, format!("Permission group {shown:?} does not exist"))
        })
    }
}

fn add<T: PartialEq>(to: &mut Vec<T>, new: T) {
    if !to.contains(&new) {
        to.push(new);
    }
}

fn read_resource(
    name: &str,
    value: &Value,
    account: AccountId,
    resources: &mut Vec<PolicyResource>,
) -> Result<(), RestError> {
    match value {
        Value::String(all) if all == ALL => add(resources, parse(name, account)?),
        Value::Object(inner) if parse(name, account)? == PolicyResource::Account && !inner.is_empty() => {
            for (name, value) in inner {
                match parse(name, account)? {
                    resource if value.as_str() == Some(ALL) => add(resources, resource),
                    _ => return Err(no_resource(name)),
                }
            }
        }
        _ => return Err(no_resource(name)),
    }
    Ok(())
}

fn parse(name: &str, account: AccountId) -> Result<PolicyResource, RestError> {
    let is_own = |text: &str| AccountId::parse(text) == Some(account);
    let found = match (name.strip_prefix(ACCOUNT), name.strip_prefix(BUCKET)) {
        (Some(text), _) => (text == ALL || is_own(text)).then_some(PolicyResource::Account),
        (_, Some(ALL)) => Some(PolicyResource::AllBuckets),
        (_, Some(text)) => text.split_once('_').filter(|(of, _)| is_own(of)).and_then(|(_, bucket)| {
            let (jurisdiction, bucket) = bucket.split_once('_')?;
            Some(PolicyResource::Bucket(Jurisdiction::parse(jurisdiction)?, BucketName::parse(bucket).ok()?))
        }),
        (None, None) => None,
    };
    found.ok_or_else(|| no_resource(name))
}

fn no_resource(name: &str) -> RestError {
    let shown: String = name.chars().take(160).collect();
    RestError::argument(format!("{shown:?} is no resource of this account that a policy can name."))
}

/// A policy of a token of `account` as it is shown.
pub(crate) fn show(policy: &Policy, account: AccountId) -> Value {
    let groups: Vec<Value> =
        policy.groups.iter().map(|group| json!({ "id": group.id(), "name": group.name() })).collect();
    json!({
        "id": types::ids::hex(&policy.id),
        "effect": match policy.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        },
        "permission_groups": groups,
        "resources": show_resources(&policy.resources, account),
    })
}

fn show_resources(resources: &[PolicyResource], account: AccountId) -> Map<String, Value> {
    let mut shown = Map::new();
    for resource in resources {
        match resource {
            PolicyResource::Account => shown.insert(format!("{ACCOUNT}{account}"), json!(ALL)),
            // One that is about the whole account is about its buckets too.
            PolicyResource::AllBuckets if resources.contains(&PolicyResource::Account) => None,
            PolicyResource::AllBuckets => {
                shown.insert(format!("{ACCOUNT}{account}"), json!({ format!("{BUCKET}{ALL}"): ALL }))
            }
            PolicyResource::Bucket(jurisdiction, bucket) => {
                shown.insert(format!("{BUCKET}{account}_{jurisdiction}_{bucket}"), json!(ALL))
            }
        };
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Domain;

    const OWN: AccountId = AccountId([0xab; 16]);

    fn read(resources: &Value) -> Result<Policy, RestError> {
        let groups = json!([{ "id": PermissionGroup::R2StorageRead.id().to_uppercase() }, { "name": "Queues Read" }]);
        let policy = json!({ "effect": "allow", "permission_groups": groups, "resources": resources });
        serde_json::from_value::<SentPolicy>(policy).unwrap().read(OWN)
    }

    fn resources(of: &Value) -> Vec<PolicyResource> {
        read(of).unwrap().resources
    }

    #[test]
    fn every_form_of_a_resource_is_read() {
        let bucket = |jurisdiction| PolicyResource::Bucket(jurisdiction, BucketName::parse("my-bucket").unwrap());
        let (account, all_buckets) = (format!("{ACCOUNT}{OWN}"), format!("{BUCKET}*"));
        let named = |jurisdiction: &str| format!("{BUCKET}{OWN}_{jurisdiction}_my-bucket");
        for (sent, expected) in [
            (json!({ &account: "*" }), PolicyResource::Account),
            (json!({ format!("{ACCOUNT}*"): "*" }), PolicyResource::Account),
            (json!({ &account: { &all_buckets: "*" } }), PolicyResource::AllBuckets),
            (json!({ &all_buckets: "*" }), PolicyResource::AllBuckets),
            (json!({ named("default"): "*" }), bucket(Jurisdiction::Default)),
            (json!({ &account: { named("fedramp-high"): "*" } }), bucket(Jurisdiction::FedrampHigh)),
        ] {
            assert_eq!(resources(&sent), [expected], "{sent}");
        }
    }

    #[test]
    fn what_is_no_resource_of_the_account_is_refused() {
        let other = AccountId([1; 16]);
        let account = format!("{ACCOUNT}{OWN}");
        for sent in [
            json!({ format!("{ACCOUNT}{other}"): "*" }),
            json!({ format!("{BUCKET}{other}_default_my-bucket"): "*" }),
            json!({ format!("{BUCKET}{OWN}_mars_my-bucket"): "*" }),
            json!({ format!("{BUCKET}{OWN}_default_X"): "*" }),
            json!({ format!("{BUCKET}{OWN}_my-bucket"): "*" }),
            json!({ "com.cloudflare.api.user.1": "*" }),
            json!({ &account: "read" }),
            json!({ &account: 1 }),
            json!({ &account: {} }),
            json!({ &account: { format!("{BUCKET}*"): { "a": "*" } } }),
            json!({ format!("{BUCKET}*"): { format!("{BUCKET}*"): "*" } }),
        ] {
            let error = read(&sent).map(|_| ()).unwrap_err();
            assert_eq!(error.shown(Domain::Identity).code, 400, "{sent}");
        }
    }

    #[test]
    fn a_policy_is_shown_as_it_can_be_sent() {
        let named = format!("{BUCKET}{OWN}_eu_my-bucket");
        for sent in [
            json!({ format!("{ACCOUNT}{OWN}"): "*" }),
            json!({ format!("{ACCOUNT}{OWN}"): { format!("{BUCKET}*"): "*" }, named: "*" }),
        ] {
            let policy = read(&sent).unwrap();
            let shown = show(&policy, OWN);
            assert_eq!(shown["resources"], sent);
            assert_eq!(serde_json::from_value::<SentPolicy>(shown).unwrap().read(OWN).unwrap(), policy);
        }
    }

    #[test]
    fn a_group_there_is_not_has_its_own_number() {
        let policy = json!({ "effect": "allow", "permission_groups": [{ "id": "nothing" }], "resources": {} });
        let error = serde_json::from_value::<SentPolicy>(policy).unwrap().read(OWN).map(|_| ()).unwrap_err();
        assert_eq!(error.shown(Domain::Identity).code, 1001);
    }
}
