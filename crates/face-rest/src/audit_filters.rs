//! Which entries of the audit log a query asks for, in the words of both forms of the API.

use crate::error::RestError;
use crate::query::Query;
use crate::request::Call;
use operations::audit::{AuditField, AuditFilter};
use operations::identity::{Account, User};
use operations::{AuditResource, AuditRow, TokenOwner};

/// The parameters of the log by page number.
pub(crate) const BY_NUMBER: &[&str] = &[
    "id",
    "export",
    "action.type",
    "actor.ip",
    "actor.email",
    "since",
    "before",
    "zone.name",
    "direction",
    "per_page",
    "page",
    "hide_user_logs",
];

/// The parameters of the log by cursor: most filters have a form that turns them round.
#[rustfmt::skip]
pub(crate) const BY_CURSOR: &[&str] = &[
    "since", "before", "limit", "cursor", "direction", "product_category",
    "id", "id.not", "audit_log_id", "audit_log_id.not", "account_name", "account_name.not",
    "action_result", "action_result.not", "action_type", "action_type.not",
    "actor_context", "actor_context.not", "actor_email", "actor_email.not", "actor_id", "actor_id.not",
    "actor_ip_address", "actor_ip_address.not", "actor_token_id", "actor_token_id.not",
    "actor_token_name", "actor_token_name.not", "actor_type", "actor_type.not",
    "raw_cf_ray_id", "raw_cf_ray_id.not", "raw_method", "raw_method.not",
    "raw_status_code", "raw_status_code.not", "raw_uri", "raw_uri.not",
    "resource_id", "resource_id.not", "resource_product", "resource_product.not",
    "resource_scope", "resource_scope.not", "resource_type", "resource_type.not",
    "zone_id", "zone_id.not", "zone_name", "zone_name.not",
];

/// The zone that entries about buckets name.
pub(crate) const ZONE: &str = "r2.cloudflarestorage.com";

/// How every change that is in the log ended.
pub(crate) const SUCCESS: &str = "success";

/// What those who change something are known by.
pub(crate) const CONTEXT: &str = "api_token";

/// Where everything that is changed belongs.
pub(crate) const SCOPE: &str = "accounts";

/// Who can be an actor: the account itself, or its user.
pub(crate) struct Actors {
    pub(crate) account: Account,
    /// The account's id as it is shown.
    pub(crate) account_id: String,
    user: User,
}

impl Actors {
    /// Those of the caller's account.
    pub(crate) async fn of(call: &Call<'_>) -> Result<Self, RestError> {
        let (account, user) = (call.store.account(call.caller).await?, call.store.user(call.caller).await?);
        Ok(Self { account_id: account.id.to_string(), account, user })
    }

    /// The id of an entry's actor.
    pub(crate) fn id(&self, entry: &AuditRow) -> &str {
        match entry.owner {
            TokenOwner::User => &self.user.id,
            TokenOwner::Account => &self.account_id,
        }
    }

    /// The mail address of an entry's actor: accounts have none.
    pub(crate) fn email(&self, entry: &AuditRow) -> Option<&'static str> {
        (entry.owner == TokenOwner::User).then_some(self.user.email)
    }
}

/// The product that a kind of resource belongs to.
pub(crate) fn product(resource: AuditResource) -> &'static str {
    match resource {
        AuditResource::Bucket => "r2",
        AuditResource::Token => "api_tokens",
        AuditResource::Zone => "cache",
        AuditResource::AccessApp
        | AuditResource::IdentityProvider
        | AuditResource::ServiceToken
        | AuditResource::AccessUser => "access",
        AuditResource::Ruleset => "rulesets",
    }
}

/// The category that the product of a kind of resource belongs to.
pub(crate) fn category(resource: AuditResource) -> &'static str {
    match resource {
        AuditResource::Bucket => "storage",
        AuditResource::Token => "account",
        AuditResource::Zone => "caching",
        AuditResource::AccessApp
        | AuditResource::IdentityProvider
        | AuditResource::ServiceToken
        | AuditResource::AccessUser
        | AuditResource::Ruleset => "security",
    }
}

/// What a filter looks at.
enum Column {
    /// A field as it is.
    Is(AuditField),
    /// What follows from a field: each value with the one of the field that it stands for. What entries do not tell has
    /// no values.
    Follows(AuditField, Vec<(String, &'static str)>),
}

fn column(name: &str, actors: &Actors) -> Option<Column> {
    use Column::Is;
    Some(match name {
        "id" | "audit_log_id" => Is(AuditField::Id),
        "action.type" | "action_type" => Is(AuditField::ActionType),
        "actor.ip" | "actor_ip_address" => Is(AuditField::Address),
        "actor_token_id" => Is(AuditField::TokenId),
        "actor_token_name" => Is(AuditField::TokenName),
        "actor_type" => Is(AuditField::ActorType),
        "resource_id" => Is(AuditField::ResourceId),
        "resource_type" => Is(AuditField::ResourceType),
        "actor.email" | "actor_email" => by_actor(&[(actors.user.email, "user")]),
        "actor_id" => by_actor(&[(&actors.user.id, "user"), (&actors.account_id, "account")]),
        "account_name" => always(actors.account.name),
        "action_result" => always(SUCCESS),
        "actor_context" => always(CONTEXT),
        "resource_scope" => always(SCOPE),
        "resource_product" => by_resource(AuditResource::ALL, product),
        "zone.name" | "zone_name" => by_resource(&[AuditResource::Bucket], |_| ZONE),
        "product_category" => by_resource(AuditResource::ALL, category),
        "raw_cf_ray_id" => Is(AuditField::RequestRay),
        "raw_method" => Is(AuditField::RequestMethod),
        "raw_status_code" => Is(AuditField::RequestStatus),
        "raw_uri" => Is(AuditField::RequestUri),
        "zone_id" => by_actor(&[]),
        _ => return None,
    })
}

fn by_actor(values: &[(&str, &'static str)]) -> Column {
    let values = values.iter().map(|(value, of)| ((*value).to_owned(), *of));
    Column::Follows(AuditField::ActorType, values.collect())
}

/// What is the same in every entry.
fn always(value: &str) -> Column {
    by_actor(&[(value, "user"), (value, "account")])
}

fn by_resource(resources: &[AuditResource], value: fn(AuditResource) -> &'static str) -> Column {
    let values = resources.iter().map(|resource| (value(*resource).to_owned(), resource.name()));
    Column::Follows(AuditField::ResourceType, values.collect())
}

impl Column {
    /// The filter for one of the values that were asked for, or for none of them.
    fn filter(&self, asked: &[&str], not: bool) -> AuditFilter {
        match self {
            // Ids are shown as UUIDs.
            Self::Is(AuditField::Id) => {
                let values = asked.iter().map(|value| value.replace('-', "").to_ascii_lowercase()).collect();
                AuditFilter { field: AuditField::Id, values, not }
            }
            Self::Is(field) => {
                let values = asked.iter().map(|value| (*value).to_owned()).collect();
                AuditFilter { field: *field, values, not }
            }
            Self::Follows(field, values) => {
                let meant = values.iter().filter(|(value, _)| asked.contains(&value.as_str()));
                let values = meant.map(|(_, of)| (*of).to_owned()).collect();
                AuditFilter { field: *field, values, not }
            }
        }
    }
}

/// The filters among the parameters `names` of a query.
pub(crate) fn filters(query: &Query, names: &[&str], actors: &Actors) -> Vec<AuditFilter> {
    let filter = |name: &&str| {
        let asked: Vec<&str> = query.all(name).collect();
        if asked.is_empty() {
            return None;
        }
        let positive = name.strip_suffix(".not");
        let column = column(positive.unwrap_or(name), actors)?;
        Some(column.filter(&asked, positive.is_some()))
    };
    names.iter().filter_map(filter).collect()
}
