//! How configurations are shown in the audit log: as JSON, with what people set and no secret.

use metadata::rows::{BucketRow, TokenRow};
use serde_json::{Value, json};
use types::{
    AccessApp, AccessRule, BucketLock, Cipher, CorsPolicy, DomainName, DomainSettings, Effect, IdentityProvider,
    Jurisdiction, Lifecycle, LifecycleTime, LocationHint, LockCondition, PermissionGroup, PolicyResource, ServiceToken,
    StorageClass, TokenRule,
};

pub(crate) fn bucket(row: &BucketRow, jurisdiction: Jurisdiction) -> Value {
    json!({
        "location": row.location.map(LocationHint::name),
        "jurisdiction": jurisdiction.name(),
        "storage_class": class(row.default_class),
    })
}

pub(crate) fn cors(policy: &CorsPolicy) -> Value {
    let rules = policy.rules().iter().map(|rule| {
        let fields = rule.fields();
        json!({
            "id": fields.id,
            "allowed": { "origins": fields.origins, "methods": fields.methods, "headers": fields.headers },
            "exposeHeaders": fields.expose_headers,
            "maxAgeSeconds": fields.max_age_seconds,
        })
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

pub(crate) fn lifecycle(lifecycle: &Lifecycle) -> Value {
    let rules = lifecycle.rules().iter().map(|rule| {
        let transitions = rule.transitions.iter();
        let transitions = transitions.map(|to| json!({ "condition": time(to.time), "storageClass": class(to.class) }));
        json!({
            "id": rule.id,
            "enabled": rule.enabled,
            "prefix": rule.prefix,
            "deleteObjects": rule.expiration.map(time),
            "transitions": transitions.collect::<Vec<_>>(),
            "abortMultipartUploadsAfterSeconds": rule.abort_uploads_after,
        })
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

pub(crate) fn lock(lock: &BucketLock) -> Value {
    let rules = lock.rules().iter().map(|rule| {
        let condition = match rule.condition {
            LockCondition::Age(seconds) => json!({ "type": "Age", "maxAgeSeconds": seconds }),
            LockCondition::Date(date) => json!({ "type": "Date", "date": date.to_iso8601() }),
            LockCondition::Indefinite => json!({ "type": "Indefinite" }),
        };
        json!({ "id": rule.id, "enabled": rule.enabled, "prefix": rule.prefix, "condition": condition })
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

pub(crate) fn visibility(enabled: bool) -> Value {
    json!({ "enabled": enabled })
}

pub(crate) fn domain(name: &DomainName, settings: &DomainSettings) -> Value {
    let ciphers: Vec<_> = settings.ciphers.iter().copied().map(Cipher::name).collect();
    json!({
        "domain": name.as_str(),
        "enabled": settings.enabled,
        "minTLS": settings.min_tls.name(),
        "ciphers": ciphers,
        "zoneId": settings.zone,
    })
}

fn time(time: LifecycleTime) -> Value {
    match time {
        LifecycleTime::Age(seconds) => json!({ "type": "Age", "maxAge": seconds }),
        LifecycleTime::Date(date) => json!({ "type": "Date", "date": date.to_iso8601() }),
    }
}

/// Without its secret: neither value nor digest.
pub(crate) fn token(row: &TokenRow) -> Value {
    let policies = row.policies.iter().map(|policy| {
        let groups: Vec<_> = policy.groups.iter().copied().map(PermissionGroup::name).collect();
        let resources: Vec<_> = policy.resources.iter().map(resource).collect();
        let effect = match policy.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        json!({ "effect": effect, "permission_groups": groups, "resources": resources })
    });
    let nets = |nets: &[_]| nets.iter().map(ToString::to_string).collect::<Vec<_>>();
    let addresses = row.addresses.as_ref();
    let addresses = addresses.map(|set| json!({ "in": nets(&set.only), "not_in": nets(&set.but_not) }));
    json!({
        "name": &*row.name,
        "status": if row.disabled { "disabled" } else { "active" },
        "policies": policies.collect::<Vec<_>>(),
        "request_ip": addresses,
        "not_before": row.not_before.map(types::Timestamp::to_iso8601),
        "expires_on": row.expires.map(types::Timestamp::to_iso8601),
    })
}

fn resource(resource: &PolicyResource) -> Value {
    match resource {
        PolicyResource::Account => json!("account"),
        PolicyResource::AllBuckets => json!("buckets"),
        PolicyResource::Bucket(jurisdiction, name) => {
            json!(format!("bucket {}/{}", jurisdiction.name(), name.as_str()))
        }
    }
}

fn class(class: StorageClass) -> &'static str {
    match class {
        StorageClass::Standard => "Standard",
        StorageClass::InfrequentAccess => "InfrequentAccess",
    }
}

pub(crate) fn access_app(app: &AccessApp) -> Value {
    let policies = app.policies.iter().map(|policy| {
        let [include, exclude, require] = [&policy.include, &policy.exclude, &policy.require]
            .map(|rules| rules.iter().map(access_rule).collect::<Vec<_>>());
        json!({
            "id": policy.id.to_string(),
            "name": policy.name,
            "decision": policy.decision.name(),
            "include": include,
            "exclude": exclude,
            "require": require,
        })
    });
    json!({
        "name": app.name,
        "domain": app.domain.as_str(),
        "sessionSeconds": app.session_seconds,
        "allowedProviders": app.providers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "preflightBypass": app.preflight_bypass,
        "policies": policies.collect::<Vec<_>>(),
        "sessionsVoidUntil": app.void_until.map(types::Timestamp::to_iso8601),
    })
}

fn access_rule(rule: &AccessRule) -> Value {
    match rule {
        AccessRule::Everyone => json!("everyone"),
        AccessRule::Email(email) => json!({ "email": email }),
        AccessRule::EmailDomain(domain) => json!({ "emailDomain": domain }),
        AccessRule::Claim { provider, name, value } => {
            json!({ "provider": provider.to_string(), "claim": name, "value": value })
        }
        AccessRule::ServiceToken(id) => json!({ "serviceToken": id.to_string() }),
        AccessRule::AnyServiceToken => json!("anyServiceToken"),
    }
}

pub(crate) fn identity_provider(provider: &IdentityProvider) -> Value {
    json!({
        "name": provider.name,
        "issuer": provider.issuer,
        "clientId": provider.client_id,
        "scopes": provider.scopes,
        "emailClaim": provider.email_claim,
    })
}

pub(crate) fn service_token(token: &ServiceToken) -> Value {
    json!({ "name": token.name, "expires": token.expires.map(types::Timestamp::to_iso8601) })
}

/// Rules about tokens in URLs, without their expressions, which have the secrets.
pub(crate) fn token_rules(rules: &[TokenRule]) -> Value {
    let shown = rules.iter().map(|rule| {
        json!({
            "id": types::ids::hex(&rule.id),
            "description": rule.description,
            "enabled": rule.enabled,
            "host": rule.condition.host.as_str(),
            "secrets": rule.condition.any_of.len(),
        })
    });
    json!({ "rules": shown.collect::<Vec<_>>() })
}
