//! The CORS rules of a bucket as JSON. Source: R2's API, `r2.buckets.cors`; R2 "Configure CORS".

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{CorsFields, CorsPolicy, CorsRule};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    allowed: Allowed,
    #[serde(skip_serializing_if = "Option::is_none")]
    expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age_seconds: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    origins: Vec<String>,
    methods: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<String>>,
}

impl From<Rule> for CorsFields {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id,
            origins: rule.allowed.origins,
            methods: rule.allowed.methods,
            headers: rule.allowed.headers.unwrap_or_default(),
            expose_headers: rule.expose_headers.unwrap_or_default(),
            max_age_seconds: rule.max_age_seconds,
        }
    }
}

impl From<&CorsFields> for Rule {
    fn from(fields: &CorsFields) -> Self {
        let set = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
        Self {
            id: fields.id.clone(),
            allowed: Allowed {
                origins: fields.origins.clone(),
                methods: fields.methods.clone(),
                headers: set(&fields.headers),
            },
            expose_headers: set(&fields.expose_headers),
            max_age_seconds: fields.max_age_seconds,
        }
    }
}

impl Document {
    /// Checks the rules.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    fn policy(self) -> Result<CorsPolicy, RestError> {
        let rules = self.rules.into_iter().map(|rule| CorsRule::new(rule.into())).collect::<Result<_, _>>();
        rules.and_then(CorsPolicy::new).map_err(|invalid| RestError::argument(invalid.to_string()))
    }
}

/// A bucket's rules.
///
/// # Errors
/// 10059 if it has none, 10006.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let policy = call.store.bucket_cors(call.caller, &call.bucket()?).await?;
    let rules: Vec<Rule> = policy.rules().iter().map(|rule| rule.fields().into()).collect();
    envelope::success(&json!({ "rules": rules }))
}

/// Replaces a bucket's rules; an empty list removes them.
///
/// # Errors
/// 10040 for rules that are none, 10006.
pub(crate) async fn put(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let document: Document = json::read(body).await?;
    let (bucket, policy) = (call.bucket()?, document.policy()?);
    if policy.rules().is_empty() {
        call.store.delete_bucket_cors(call.caller, &bucket).await?;
    } else {
        call.store.put_bucket_cors(call.caller, &bucket, &policy).await?;
    }
    envelope::success(&json!({}))
}

/// Removes a bucket's rules.
///
/// # Errors
/// 10006.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    call.store.delete_bucket_cors(call.caller, &call.bucket()?).await?;
    envelope::success(&json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn policy(document: Value) -> Option<CorsPolicy> {
        serde_json::from_value::<Document>(document).ok()?.policy().ok()
    }

    #[test]
    fn rules_come_back_as_they_were_sent() {
        let full = json!({
            "id": "web",
            "allowed": { "origins": ["https://example.com"], "methods": ["GET", "PUT"], "headers": ["x-*"] },
            "exposeHeaders": ["etag"],
            "maxAgeSeconds": 3600,
        });
        let least = json!({ "allowed": { "origins": ["*"], "methods": ["GET"] } });
        let policy = policy(json!({ "rules": [full, least] })).unwrap();
        let shown: Vec<Value> =
            policy.rules().iter().map(|rule| serde_json::to_value(Rule::from(rule.fields())).unwrap()).collect();
        assert_eq!(shown, [full, least]);
    }

    #[test]
    fn rules_of_another_shape_are_refused() {
        for bad in [
            json!({}),
            json!({ "rules": {} }),
            json!({ "rules": [{}] }),
            json!({ "rules": [], "more": 1 }),
            json!({ "rules": [{ "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] }] }),
            json!({ "rules": [{ "allowed": { "origins": ["*"] } }] }),
            json!({ "rules": [{ "allowed": { "origins": ["*"], "methods": [] } }] }),
            json!({ "rules": [{ "allowed": { "origins": ["*"], "methods": ["TRACE"] } }] }),
            json!({ "rules": [{ "allowed": { "origins": ["example.com/a"], "methods": ["GET"] } }] }),
            json!({ "rules": [{ "allowed": { "origins": ["*"], "methods": ["GET"] }, "maxAgeSeconds": 86_401 }] }),
            json!({ "rules": [{ "allowed": { "origins": ["*"], "methods": ["GET"] }, "maxAgeSeconds": "1" }] }),
        ] {
            assert_eq!(policy(bad.clone()), None, "{bad}");
        }
        let rule = json!({ "allowed": { "origins": ["*"], "methods": ["GET"] } });
        assert_eq!(policy(json!({ "rules": vec![rule; 101] })), None);
    }
}
