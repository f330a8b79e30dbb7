//! What a query of analytics comes to: which buckets, and which of their numbers.

use super::QueryError;
use super::parser::Field;
use crate::error::RestError;
use crate::request::Call;
use operations::BucketCounters;
use serde_json::{Map, Value, json};
use types::{AccountId, BucketName, ErrorCode, Jurisdiction, Timestamp};

/// A query that is understood.
#[derive(Debug, PartialEq)]
pub(super) struct Plan<'q> {
    viewer: &'q Field,
    accounts: &'q Field,
    account: AccountId,
    groups: Vec<Groups<'q>>,
}

/// One `r2StorageAdaptiveGroups` of it.
#[derive(Debug, PartialEq)]
struct Groups<'q> {
    field: &'q Field,
    /// All buckets together if none.
    bucket: Option<(Jurisdiction, BucketName)>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Understands a query.
///
/// # Errors
/// Names what is not understood.
pub(super) fn plan(fields: &[Field]) -> Result<Plan<'_>, QueryError> {
    let viewer = only(fields, "viewer")?;
    let accounts = only(&viewer.fields, "accounts")?;
    let tag = accounts.arguments.get("filter").and_then(|filter| filter.get("accountTag")).and_then(Value::as_str);
    let account = tag.and_then(AccountId::parse);
    let account = account.ok_or_else(|| QueryError("accounts needs a filter with an accountTag".to_owned()))?;
    let groups = accounts.fields.iter().map(Groups::of).collect::<Result<Vec<_>, _>>()?;
    if groups.is_empty() { Err(unknown(accounts)) } else { Ok(Plan { viewer, accounts, account, groups }) }
}

/// The one field, which is called `name`.
fn only<'q>(fields: &'q [Field], name: &str) -> Result<&'q Field, QueryError> {
    match fields {
        [field] if field.name == name => Ok(field),
        [] => Err(QueryError(format!("{name} is missing"))),
        [field, ..] => Err(unknown(field)),
    }
}

fn unknown(field: &Field) -> QueryError {
    QueryError(format!("unknown field or arguments: {}", field.name))
}

impl<'q> Groups<'q> {
    fn of(field: &'q Field) -> Result<Self, QueryError> {
        if field.name != "r2StorageAdaptiveGroups" {
            return Err(unknown(field));
        }
        for set in &field.fields {
            let known: &[&str] = match set.name.as_str() {
                "max" => &["objectCount", "payloadSize", "metadataSize", "uploadCount"],
                "dimensions" => &["datetime", "date", "bucketName"],
                _ => return Err(unknown(set)),
            };
            if let Some(field) = set.fields.iter().find(|field| !known.contains(&field.name.as_str())) {
                return Err(unknown(field));
            }
        }
        let mut groups = Self { field, bucket: None, from: None, until: None };
        if let Some(filter) = field.arguments.get("filter").and_then(Value::as_object) {
            filter.iter().try_for_each(|(name, value)| groups.filter_by(name, value))?;
        }
        Ok(groups)
    }

    fn filter_by(&mut self, name: &str, value: &Value) -> Result<(), QueryError> {
        let refusal = || QueryError(format!("the filter {name} cannot be used with this value"));
        let text = value.as_str().ok_or_else(refusal)?;
        let time = || Timestamp::parse_iso8601(text).ok_or_else(refusal);
        match name {
            "datetime_geq" | "date_geq" => self.from = Some(time()?),
            "datetime_leq" => self.until = Some(time()?),
            "bucketName" => self.bucket = Some(bucket_of(text).ok_or_else(refusal)?),
            _ => return Err(refusal()),
        }
        Ok(())
    }

    /// Whether the newest point, which is now, is asked for. Clients ask up to now by their own clocks, in which a
    /// minute is as good as none.
    fn includes(&self, now: Timestamp) -> bool {
        const CLOCKS_DIFFER_MILLISECONDS: u64 = 60_000;
        let began = self.from.is_none_or(|from| from.0 <= now.0.saturating_add(CLOCKS_DIFFER_MILLISECONDS));
        began && self.until.is_none_or(|until| until.0.saturating_add(CLOCKS_DIFFER_MILLISECONDS) >= now.0)
    }
}

/// `eu_bucket`, or `bucket` in the default jurisdiction: names of buckets have no `_`.
fn bucket_of(text: &str) -> Option<(Jurisdiction, BucketName)> {
    let (jurisdiction, name) = match text.split_once('_') {
        Some((jurisdiction, name)) => (Jurisdiction::parse(jurisdiction)?, name),
        None => (Jurisdiction::Default, text),
    };
    Some((jurisdiction, BucketName::parse(name).ok()?))
}

impl Plan<'_> {
    /// Answers the query.
    ///
    /// # Errors
    /// 10000 for another account, and for a token that may not see metrics.
    pub(super) async fn run(&self, call: &Call<'_>) -> Result<Value, RestError> {
        if self.account != call.caller.account {
            return Err(ErrorCode::AccessDenied.into());
        }
        let now = call.store.clock().now();
        let mut account = Map::new();
        for groups in &self.groups {
            let points = match groups.counters(call, now).await? {
                Some(counters) => json!([groups.shown(&counters, now)]),
                None => json!([]),
            };
            account.insert(groups.field.alias.clone(), points);
        }
        Ok(json!({ self.viewer.alias.as_str(): { self.accounts.alias.as_str(): [account] } }))
    }
}

impl Groups<'_> {
    /// The numbers of now, if they are asked for and the bucket is there.
    async fn counters(&self, call: &Call<'_>, now: Timestamp) -> Result<Option<BucketCounters>, RestError> {
        let counted = match &self.bucket {
            None => call.store.account_usage(call.caller).await.map(|usage| usage.objects),
            Some((jurisdiction, name)) => {
                call.store.bucket_usage(&call.caller.clone().within(*jurisdiction), name).await
            }
        };
        match counted {
            Ok(counters) => Ok(Some(counters).filter(|_| self.includes(now))),
            Err(error) if error.code == ErrorCode::NoSuchBucket => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn shown(&self, counters: &BucketCounters, now: Timestamp) -> Value {
        let time = now.to_iso8601();
        let bucket = self.bucket.as_ref().map(|(jurisdiction, name)| match jurisdiction {
            Jurisdiction::Default => name.to_string(),
            _ => format!("{jurisdiction}_{name}"),
        });
        let value = |field: &Field| match field.name.as_str() {
            "objectCount" => json!(counters.objects),
            "payloadSize" => json!(counters.bytes),
            "metadataSize" => json!(counters.metadata_bytes),
            "uploadCount" => json!(counters.uploads),
            "date" => json!(time.split('T').next()),
            "bucketName" => json!(bucket),
            _ => json!(time),
        };
        let set = |set: &Field| -> Value {
            set.fields.iter().map(|field| (field.alias.clone(), value(field))).collect::<Map<_, _>>().into()
        };
        self.field.fields.iter().map(|fields| (fields.alias.clone(), set(fields))).collect::<Map<_, _>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn understood(query: &str) -> Result<usize, QueryError> {
        let fields = parse(query, &Map::new()).unwrap();
        plan(&fields).map(|plan| plan.groups.len())
    }

    fn in_account(fields: &str) -> String {
        format!("{{ viewer {{ accounts(filter: {{accountTag: \"{}\"}}) {{ {fields} }} }} }}", "a".repeat(32))
    }

    #[test]
    fn what_is_not_built_is_named() {
        let storage =
            |arguments: &str, fields: &str| in_account(&format!("r2StorageAdaptiveGroups({arguments}) {fields}"));
        let max = "{ max { objectCount } }";
        assert_eq!(understood(&storage("limit: 1, orderBy: [datetime_DESC]", max)), Ok(1));
        assert_eq!(understood(&storage("limit: 1, filter: {bucketName: \"eu_bucket\"}", max)), Ok(1));
        for (query, named) in [
            ("{ viewer { zones { a } } }".to_owned(), "zones"),
            ("{ cost }".to_owned(), "cost"),
            ("{ viewer { accounts { r2StorageAdaptiveGroups { max { objectCount } } } } }".to_owned(), "accountTag"),
            (in_account("r2OperationsAdaptiveGroups(limit: 1) { sum { requests } }"), "r2OperationsAdaptiveGroups"),
            (storage("limit: 1", "{ sum { requests } }"), "sum"),
            (storage("limit: 1", "{ max { price } }"), "price"),
            (storage("limit: 1, filter: {color: \"red\"}", max), "color"),
            (storage("limit: 1, filter: {datetime_geq: \"once\"}", max), "datetime_geq"),
            (storage("limit: 1, filter: {bucketName: \"mars_bucket\"}", max), "bucketName"),
        ] {
            let error = understood(&query).unwrap_err();
            assert!(error.0.contains(named), "{query}: {error:?}");
        }
    }
}
