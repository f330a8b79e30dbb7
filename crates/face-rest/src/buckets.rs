//! Buckets: listed, made, seen, given another class, removed. Source: R2's API, `r2.buckets`.

use crate::cursor::{CursorInfo, PageSize};
use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::BucketRow;
use operations::create_bucket::CreateBucket;
use operations::delete_bucket::HAS_UPLOADS;
use operations::list_buckets::ListBuckets;
use serde::Deserialize;
use serde_json::{Value, json};
use types::{BucketName, ErrorCode, Jurisdiction, LocationHint, OperationError, StorageClass};

/// The header that names a storage class.
pub(crate) const STORAGE_CLASS: &str = "cf-r2-storage-class";

/// What buckets are shown at that were made without a hint: as a client of S3 sees all of them.
const NO_HINT: &str = "AUTO";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewBucket {
    name: String,
    location_hint: Option<String>,
    storage_class: Option<String>,
}

/// The account's buckets in the jurisdiction asked for.
///
/// # Errors
/// For a query that makes no sense.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let query = call.query()?;
    if query.get("order").is_some_and(|order| !matches!(order, "name" | "")) {
        return Err(RestError::argument("Buckets can be ordered by name."));
    }
    let text = |name: &str| query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let page = PageSize::parse(&query)?;
    let request = ListBuckets {
        contains: text("name_contains").unwrap_or_default(),
        start_after: text("start_after"),
        continuation_token: text("cursor"),
        limit: page.0,
        backwards: query.descending()?,
        ..ListBuckets::default()
    };
    let listed = call.store.list_buckets(call.caller, &request).await?;
    let shown = listed.buckets.iter().map(|bucket| shown(&bucket.name, &bucket.row, call.caller.jurisdiction));
    let result = json!({ "buckets": shown.collect::<Vec<_>>() });
    envelope::page(&result, &CursorInfo { cursor: listed.next_token, per_page: page.0 })
}

/// Makes a bucket.
///
/// # Errors
/// 10004 if there is one of that name, 10005 for a name that is none, 10040 for another body than the call's, 10009.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let new: NewBucket = json::read(body).await?;
    let not_valid = |what: &str| RestError::bad_json(&format!(": the {what} specified is not valid"));
    let location = match new.location_hint.as_deref() {
        Some(hint) => Some(LocationHint::parse(hint).ok_or_else(|| not_valid("location hint"))?),
        None => None,
    };
    let default_class = match new.storage_class.as_deref() {
        Some(class) => StorageClass::parse(class).ok_or_else(|| not_valid("storage class"))?,
        None => StorageClass::Standard,
    };
    let name = BucketName::parse(&new.name).map_err(|_| ErrorCode::InvalidBucketName)?;
    let request = CreateBucket { name, location, default_class };
    call.store.create_bucket(call.caller, &request).await.map_err(in_the_words_of_rest)?;
    show(&call, &request.name).await
}

/// Makes a bucket by its name alone: an older call that clients still know.
///
/// # Errors
/// As [`create`].
pub(crate) async fn create_named(call: Call<'_>) -> Answered {
    let request = CreateBucket::named(call.bucket()?);
    call.store.create_bucket(call.caller, &request).await.map_err(in_the_words_of_rest)?;
    envelope::success(&json!({}))
}

/// The REST API has a number of its own for this one.
fn in_the_words_of_rest(error: OperationError) -> RestError {
    match error.code {
        ErrorCode::BucketConflict => RestError::new(409, 10004, ErrorCode::BucketConflict.message()),
        _ => error.into(),
    }
}

/// A bucket.
///
/// # Errors
/// 10006.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let name = call.bucket()?;
    show(&call, &name).await
}

async fn show(call: &Call<'_>, name: &BucketName) -> Answered {
    let row = call.store.bucket(call.caller, name).await?;
    envelope::success(&shown(name, &row, call.caller.jurisdiction))
}

/// Sets the class of objects that name none: a header says which.
///
/// # Errors
/// 10062 for a class that is none, 10006.
pub(crate) async fn set_class(call: Call<'_>) -> Answered {
    let name = call.bucket()?;
    let class = class(&call)?.ok_or_else(invalid_class)?;
    let row = call.store.set_default_class(call.caller, &name, class).await?;
    envelope::success(&shown(&name, &row, call.caller.jurisdiction))
}

/// The class that a header names, if there is one.
///
/// # Errors
/// 10062.
pub(crate) fn class(call: &Call<'_>) -> Result<Option<StorageClass>, RestError> {
    let named = call.header(STORAGE_CLASS)?;
    named.map(|name| StorageClass::parse(name).ok_or_else(invalid_class)).transpose()
}

fn invalid_class() -> RestError {
    RestError::new(400, 10062, "The storage class specified is not valid.")
}

/// Removes an empty bucket.
///
/// # Errors
/// 10008 for one with objects or uploads in progress, 10006.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    let name = call.bucket()?;
    call.store.delete_bucket(call.caller, &name).await.map_err(|error| match error.code {
        ErrorCode::BucketNotEmpty if error.message() != HAS_UPLOADS => {
            let account = call.caller.account;
            let message = format!("The bucket you tried to delete ({name}) is not empty (account {account}).");
            OperationError::new(ErrorCode::BucketNotEmpty, message)
        }
        _ => error,
    })?;
    envelope::success(&json!({}))
}

/// A bucket as the API shows it: its location in upper case.
fn shown(name: &BucketName, row: &BucketRow, jurisdiction: Jurisdiction) -> Value {
    json!({
        "name": name.as_str(),
        "creation_date": row.created.to_iso8601(),
        "location": row.location.map_or_else(|| NO_HINT.to_owned(), |hint| hint.name().to_uppercase()),
        "storage_class": row.default_class.name(),
        "jurisdiction": jurisdiction.name(),
    })
}
