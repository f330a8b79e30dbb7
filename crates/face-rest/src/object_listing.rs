//! Pages of objects, and several objects removed at once. Source: R2's API, `r2.buckets.objects`.

use crate::cursor::PageSize;
use crate::envelope;
use crate::error::{Partly, RestError};
use crate::jobs;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::list_objects::{ListObjects, ListedObject};
use serde::Serialize;
use serde_json::{Map, Value, json};
use types::limits::DELETE_KEYS_MAX;
use types::{ErrorCode, HttpMetadata, ObjectKey};

#[derive(Serialize)]
struct ListInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    is_truncated: bool,
    per_page: usize,
    /// Common prefixes.
    delimited: Vec<String>,
}

/// The objects of a bucket.
///
/// # Errors
/// 10006; for a query that makes no sense.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let query = call.query()?;
    let text = |name: &str| query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let page = PageSize::parse(&query)?;
    let delimiter = text("delimiter").unwrap_or_default();
    if delimiter.chars().count() > 1 {
        return Err(RestError::argument("The delimiter is a single character."));
    }
    let request = ListObjects {
        bucket: call.bucket()?,
        prefix: text("prefix").unwrap_or_default(),
        delimiter,
        start_after: text("start_after"),
        continuation_token: text("cursor"),
        limit: page.0,
    };
    let listed = call.store.list_objects(call.caller, &request).await?;
    let objects: Vec<Value> = listed.objects.iter().map(shown).collect();
    let info = ListInfo {
        is_truncated: listed.next_token.is_some(),
        cursor: listed.next_token,
        per_page: page.0,
        delimited: listed.common_prefixes,
    };
    envelope::page(&objects, &info)
}

fn shown(object: &ListedObject) -> Value {
    let ListedObject { key, row } = object;
    let custom: Map<String, Value> =
        row.user.pairs().iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "key": key,
        "size": row.size,
        "etag": row.etag.to_string(),
        "last_modified": row.modified.to_iso8601(),
        "storage_class": row.class.name(),
        "ssec": row.key.customer.is_some(),
        "http_metadata": http_metadata(&row.http),
        "custom_metadata": custom,
    })
}

/// The stored headers that there are, under the names of R2's bindings.
fn http_metadata(http: &HttpMetadata) -> Map<String, Value> {
    let fields = [
        ("contentType", &http.content_type),
        ("cacheControl", &http.cache_control),
        ("cacheExpiry", &http.expires),
        ("contentDisposition", &http.content_disposition),
        ("contentEncoding", &http.content_encoding),
        ("contentLanguage", &http.content_language),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    set.collect()
}

/// Removes the objects of a list of keys, or, with a `prefix`, begins a job that removes all that begin with it.
///
/// # Errors
/// 10006, 10020; 10040 for what is no list of keys, or one of too many. Keys that could not be removed, such as 10069
/// for those that are kept, are told one by one, beside those that were.
pub(crate) async fn delete(call: Call<'_>, body: CallBody<'_>) -> Answered {
    if let Some(prefix) = call.query()?.get("prefix") {
        let job = call.store.start_prefix_deletion(call.caller, &call.bucket()?, prefix).await?;
        return envelope::success(&jobs::shown(&job));
    }
    let texts: Vec<String> = json::read(body).await?;
    if texts.len() > DELETE_KEYS_MAX {
        return Err(RestError::argument(format!("One call removes at most {DELETE_KEYS_MAX} objects.")));
    }
    let keys: Result<Vec<_>, _> = texts.iter().map(|text| ObjectKey::parse(text)).collect();
    let keys = keys.map_err(|_| ErrorCode::InvalidObjectName)?;
    let outcomes = call.store.delete_objects(call.caller, &call.bucket()?, &keys).await?;
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for (key, outcome) in texts.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) => deleted.push(json!({ "key": key })),
            Err(error) => failed.push((key, error)),
        }
    }
    let mut failed = failed.into_iter();
    match failed.next() {
        None => envelope::success(&deleted),
        Some(first) => {
            let partly = Partly { done: deleted.into(), first, others: failed.collect() };
            Err(RestError::Partly(Box::new(partly)))
        }
    }
}
