//! The lock rules of a bucket as JSON. Source: R2's API, `r2.buckets.locks`; R2 "Bucket locks".

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{BucketLock, LockCondition, LockRule, Timestamp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    condition: Condition,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "type", rename_all_fields = "camelCase")]
enum Condition {
    Age { max_age_seconds: u64 },
    Date { date: String },
    Indefinite {},
}

impl Rule {
    /// # Errors
    /// For a date that is none.
    fn rule(self) -> Result<LockRule, RestError> {
        let condition = match self.condition {
            Condition::Age { max_age_seconds } => LockCondition::Age(max_age_seconds),
            Condition::Date { date } => Timestamp::parse_iso8601(&date)
                .map(LockCondition::Date)
                .ok_or_else(|| RestError::argument(format!("\"{date}\" is not a date of ISO 8601.")))?,
            Condition::Indefinite {} => LockCondition::Indefinite,
        };
        Ok(LockRule { id: self.id, enabled: self.enabled, prefix: self.prefix.unwrap_or_default(), condition })
    }
}

impl From<&LockRule> for Rule {
    fn from(rule: &LockRule) -> Self {
        let condition = match rule.condition {
            LockCondition::Age(max_age_seconds) => Condition::Age { max_age_seconds },
            LockCondition::Date(date) => Condition::Date { date: date.to_iso8601() },
            LockCondition::Indefinite => Condition::Indefinite {},
        };
        let prefix = Some(rule.prefix.clone()).filter(|prefix| !prefix.is_empty());
        Self { id: rule.id.clone(), enabled: rule.enabled, prefix, condition }
    }
}

impl Document {
    /// Checks the rules.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    fn lock(self) -> Result<BucketLock, RestError> {
        let rules = self.rules.into_iter().map(Rule::rule).collect::<Result<_, _>>()?;
        BucketLock::new(rules).map_err(|invalid| RestError::argument(invalid.to_string()))
    }
}

/// A bucket's rules; none at all is an empty list.
///
/// # Errors
/// 10006.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let lock = call.store.bucket_lock(call.caller, &call.bucket()?).await?;
    let rules: Vec<Rule> = lock.rules().iter().map(Rule::from).collect();
    envelope::success(&json!({ "rules": rules }))
}

/// Replaces a bucket's rules; an empty list removes them.
///
/// # Errors
/// 10040 for rules that are none, 10006.
pub(crate) async fn put(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let document: Document = json::read(body).await?;
    call.store.put_bucket_lock(call.caller, &call.bucket()?, &document.lock()?).await?;
    envelope::success(&json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn lock(document: Value) -> Option<BucketLock> {
        serde_json::from_value::<Document>(document).ok()?.lock().ok()
    }

    #[test]
    fn rules_come_back_as_they_were_sent() {
        let age = json!({
            "id": "age", "enabled": true, "prefix": "a/", "condition": { "type": "Age", "maxAgeSeconds": 86_400 },
        });
        let date = json!({
            "id": "date", "enabled": false, "condition": { "type": "Date", "date": "2027-01-01T00:00:00.000Z" },
        });
        let indefinite = json!({ "id": "ever", "enabled": true, "condition": { "type": "Indefinite" } });
        let lock = lock(json!({ "rules": [age, date, indefinite] })).unwrap();
        let shown: Vec<Value> =
            lock.rules().iter().map(|rule| serde_json::to_value(Rule::from(rule)).unwrap()).collect();
        assert_eq!(shown, [age, date, indefinite]);
    }

    #[test]
    fn rules_of_another_shape_are_refused() {
        let with = |condition: Value| json!({ "rules": [{ "id": "a", "enabled": true, "condition": condition }] });
        assert!(lock(with(json!({ "type": "Indefinite" }))).is_some());
        for bad in [
            json!({}),
            json!({ "rules": [{ "id": "a", "enabled": true }] }),
            json!({ "rules": [{ "id": "a", "condition": { "type": "Indefinite" } }] }),
            with(json!({ "type": "Age", "maxAge": 1 })),
            with(json!({ "type": "Age", "maxAgeSeconds": 0 })),
            with(json!({ "type": "Age", "maxAgeSeconds": 1.5 })),
            with(json!({ "type": "Date", "date": "2027-13-01" })),
            with(json!({ "type": "Indefinite", "until": 1 })),
            with(json!("Indefinite")),
        ] {
            assert_eq!(lock(bad.clone()), None, "{bad}");
        }
        let rule =
            |number: usize| json!({ "id": number.to_string(), "enabled": true, "condition": { "type": "Indefinite" } });
        assert!(lock(json!({ "rules": (0..1000).map(rule).collect::<Vec<_>>() })).is_some());
        assert_eq!(lock(json!({ "rules": (0..1001).map(rule).collect::<Vec<_>>() })), None);
    }
}
