//! The lifecycle rules of a bucket as JSON: the same rules that the S3 face shows as XML. Source: R2's API,
//! `r2.buckets.lifecycle`; R2 "Object lifecycles".

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{Lifecycle, LifecycleRule, LifecycleTime, LifecycleTransition, StorageClass, Timestamp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    id: String,
    enabled: bool,
    #[serde(default)]
    conditions: Conditions,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_objects_transition: Option<Transition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class_transitions: Option<Vec<ClassTransition>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_multipart_uploads_transition: Option<Transition>,
}

/// Which objects a rule is for. Clients leave the prefix out of a rule for all.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    condition: Condition,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ClassTransition {
    condition: Condition,
    storage_class: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "type", rename_all_fields = "camelCase")]
enum Condition {
    Age { max_age: u64 },
    Date { date: String },
}

impl Condition {
    /// # Errors
    /// For a date that is none.
    fn time(&self) -> Result<LifecycleTime, RestError> {
        match self {
            Self::Age { max_age } => Ok(LifecycleTime::Age(*max_age)),
            Self::Date { date } => Timestamp::parse_iso8601(date)
                .map(LifecycleTime::Date)
                .ok_or_else(|| RestError::argument(format!("\"{date}\" is not a date of ISO 8601."))),
        }
    }
}

impl From<LifecycleTime> for Condition {
    fn from(time: LifecycleTime) -> Self {
        match time {
            LifecycleTime::Age(max_age) => Self::Age { max_age },
            LifecycleTime::Date(date) => Self::Date { date: date.to_iso8601() },
        }
    }
}

impl Rule {
    /// # Errors
    /// For times and classes that are none.
    fn rule(self) -> Result<LifecycleRule, RestError> {
        let abort = self.abort_multipart_uploads_transition.map(|abort| abort.condition.time()).transpose()?;
        let abort_uploads_after = match abort {
            None => None,
            Some(LifecycleTime::Age(seconds)) => Some(seconds),
            Some(LifecycleTime::Date(_)) => return Err(RestError::argument("Uploads are aborted by their age only.")),
        };
        let transitions = self.storage_class_transitions.unwrap_or_default();
        Ok(LifecycleRule {
            id: self.id,
            enabled: self.enabled,
            prefix: self.conditions.prefix.unwrap_or_default(),
            prefix_outside_filter: false,
            expiration: self.delete_objects_transition.map(|delete| delete.condition.time()).transpose()?,
            transitions: transitions.iter().map(ClassTransition::transition).collect::<Result<_, _>>()?,
            abort_uploads_after,
        })
    }
}

impl ClassTransition {
    fn transition(&self) -> Result<LifecycleTransition, RestError> {
        // There is no way back from Infrequent Access.
        let class = StorageClass::parse(&self.storage_class).filter(|class| *class == StorageClass::InfrequentAccess);
        let class = class.ok_or_else(|| RestError::argument("storageClass can be InfrequentAccess only."))?;
        Ok(LifecycleTransition { time: self.condition.time()?, class })
    }
}

impl From<&LifecycleRule> for Rule {
    fn from(rule: &LifecycleRule) -> Self {
        let transition = |time: LifecycleTime| Transition { condition: time.into() };
        let class_transition = |transition: &LifecycleTransition| ClassTransition {
            condition: transition.time.into(),
            storage_class: transition.class.name().to_owned(),
        };
        let transitions: Vec<_> = rule.transitions.iter().map(class_transition).collect();
        Self {
            id: rule.id.clone(),
            enabled: rule.enabled,
            conditions: Conditions { prefix: Some(rule.prefix.clone()).filter(|prefix| !prefix.is_empty()) },
            delete_objects_transition: rule.expiration.map(transition),
            storage_class_transitions: Some(transitions).filter(|transitions| !transitions.is_empty()),
            abort_multipart_uploads_transition: rule
                .abort_uploads_after
                .map(|seconds| transition(LifecycleTime::Age(seconds))),
        }
    }
}

impl Document {
    /// Checks the rules.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    fn lifecycle(self) -> Result<Lifecycle, RestError> {
        let rules = self.rules.into_iter().map(Rule::rule).collect::<Result<_, _>>()?;
        Lifecycle::new(rules).map_err(|invalid| RestError::argument(format!("{invalid}.")))
    }
}

/// A bucket's rules.
///
/// # Errors
/// 10006.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let lifecycle = call.store.bucket_lifecycle(call.caller, &call.bucket()?).await?;
    let rules: Vec<Rule> = lifecycle.rules().iter().map(Rule::from).collect();
    envelope::success(&json!({ "rules": rules }))
}

/// Replaces a bucket's rules; an empty list removes them.
///
/// # Errors
/// 10040 for rules that are none, 10006.
pub(crate) async fn put(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let document: Document = json::read(body).await?;
    call.store.put_bucket_lifecycle(call.caller, &call.bucket()?, document.lifecycle()?).await?;
    envelope::success(&json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn lifecycle(document: Value) -> Option<Lifecycle> {
        serde_json::from_value::<Document>(document).ok()?.lifecycle().ok()
    }

    fn shown(lifecycle: &Lifecycle) -> Vec<Value> {
        lifecycle.rules().iter().map(|rule| serde_json::to_value(Rule::from(rule)).unwrap()).collect()
    }

    #[test]
    fn rules_come_back_as_they_were_sent() {
        let full = json!({
            "id": "r1",
            "enabled": true,
            "conditions": { "prefix": "logs/" },
            "deleteObjectsTransition": { "condition": { "type": "Age", "maxAge": 2_592_000 } },
            "storageClassTransitions": [{
                "condition": { "type": "Date", "date": "2027-01-01T00:00:00.000Z" },
                "storageClass": "InfrequentAccess",
            }],
            "abortMultipartUploadsTransition": { "condition": { "type": "Age", "maxAge": 259_200 } },
        });
        let expire = json!({ "condition": { "maxAge": 1, "type": "Age" } });
        let least = json!({ "id": "r2", "enabled": false, "conditions": {}, "deleteObjectsTransition": expire });
        assert_eq!(shown(&lifecycle(json!({ "rules": [full, least] })).unwrap()), [full, least]);
        assert!(lifecycle(json!({ "rules": [] })).unwrap().rules().is_empty());
    }

    /// Source: R2 "Object lifecycles".
    #[test]
    fn a_new_bucket_has_the_rule_that_r2_gives_it() {
        let rule = json!({
            "id": "Default Multipart Abort Rule",
            "enabled": true,
            "conditions": {},
            "abortMultipartUploadsTransition": { "condition": { "type": "Age", "maxAge": 604_800 } },
        });
        assert_eq!(shown(&Lifecycle::of_new_bucket()), [rule]);
    }

    #[test]
    fn rules_of_another_shape_are_refused() {
        let with = |field: &str, value: Value| json!({ "rules": [{ "id": "a", "enabled": true, field: value }] });
        let age = |seconds: Value| json!({ "condition": { "type": "Age", "maxAge": seconds } });
        assert!(lifecycle(with("deleteObjectsTransition", age(json!(1)))).is_some());
        let at_once = json!([{ "condition": age(json!(0))["condition"], "storageClass": "InfrequentAccess" }]);
        assert!(lifecycle(with("storageClassTransitions", at_once)).is_some());
        for bad in [
            json!({}),
            json!({ "rules": [{ "id": "a", "enabled": true }] }),
            with("deleteObjectsTransition", age(json!(0))),
            with("abortMultipartUploadsTransition", age(json!(0))),
            with("deleteObjectsTransition", age(json!(-1))),
            with("deleteObjectsTransition", age(json!(u64::MAX))),
            with("conditions", json!({ "prefix": "a\u{1}" })),
            with("deleteObjectsTransition", age(json!("1"))),
            with("deleteObjectsTransition", json!({ "condition": { "type": "Age", "maxAgeSeconds": 1 } })),
            with("deleteObjectsTransition", json!({ "condition": { "type": "Date", "date": "tomorrow" } })),
            with("deleteObjectsTransition", json!({ "condition": { "type": "Moon" } })),
            with("abortMultipartUploadsTransition", json!({ "condition": { "type": "Date", "date": "2027-01-01" } })),
            with(
                "storageClassTransitions",
                json!([{ "condition": age(json!(1))["condition"], "storageClass": "Cold" }]),
            ),
            with("Expiration", json!({ "Days": 1 })),
        ] {
            assert_eq!(lifecycle(bad.clone()), None, "{bad}");
        }
        let rule = |number: usize| json!({ "id": number.to_string(), "enabled": true, "deleteObjectsTransition": age(json!(1)) });
        assert!(lifecycle(json!({ "rules": (0..1000).map(rule).collect::<Vec<_>>() })).is_some());
        assert_eq!(lifecycle(json!({ "rules": (0..1001).map(rule).collect::<Vec<_>>() })), None);
    }
}
