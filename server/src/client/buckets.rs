//! `cairn bucket`.

use super::accounts::account;
use super::failure::Failure;
use super::rest::{Answered, Call, CallError, Rest};
use super::show;
use crate::command_line::{BucketReference, CreateBucket, ListBuckets, OneBucket};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use types::{AccountId, Jurisdiction};

fn path(account: AccountId, bucket: &BucketReference) -> String {
    format!("/accounts/{account}/r2/buckets/{}", bucket.name)
}

/// `cairn bucket create`.
pub(super) async fn create(line: &CreateBucket, rest: &Rest) -> Result<String, Failure> {
    let BucketReference { jurisdiction, name } = &line.bucket;
    let mut body = json!({"name": name.as_str()});
    if let Some(location) = &line.location {
        body["locationHint"] = json!(location);
    }
    if let Some(class) = &line.storage_class {
        let infrequent = class.eq_ignore_ascii_case("InfrequentAccess");
        body["storageClass"] = json!(if infrequent { "InfrequentAccess" } else { "Standard" });
    }
    let path = format!("/accounts/{}/r2/buckets", account(rest).await?);
    let call = Call { method: Method::POST, path, jurisdiction: *jurisdiction, body: Some(&body) };
    let Answered { result, .. } = rest.call(call).await?;
    if line.remote.json {
        return Ok(show::json(&result));
    }
    Ok(format!("made bucket {}\n{}", line.bucket, show::pairs(&described(&result))))
}

/// Buckets on each page that is asked for: the most there can be.
const BUCKETS_PER_PAGE: usize = 1000;

/// `cairn bucket list`: every page of it.
pub(super) async fn list(line: &ListBuckets, rest: &Rest) -> Result<String, Failure> {
    let account = account(rest).await?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let contains = line.name_contains.as_deref().map(|text| format!("&name_contains={}", encoded(text)));
    let contains = contains.unwrap_or_default();
    let (mut buckets, mut cursor) = (Vec::new(), String::new());
    loop {
        let after = if cursor.is_empty() { String::new() } else { format!("&cursor={}", encoded(&cursor)) };
        let path = format!("/accounts/{account}/r2/buckets?per_page={BUCKETS_PER_PAGE}{contains}{after}");
        let call = Call { method: Method::GET, path, jurisdiction: line.jurisdiction, body: None };
        let Answered { mut result, info } = rest.call(call).await?;
        let Value::Array(page) = result["buckets"].take() else {
            return Err(Failure::failed("the server answers no list of buckets"));
        };
        let next = info["cursor"].as_str().unwrap_or_default().to_owned();
        // A cursor that does not move would never end.
        let is_last = page.is_empty() || next.is_empty() || next == cursor;
        buckets.extend(page);
        if is_last {
            break;
        }
        cursor = next;
    }
    if line.remote.json {
        return Ok(show::json(&Value::Array(buckets)));
    }
    let columns = ["name", "creation_date", "location", "storage_class", "jurisdiction"];
    let rows: Vec<_> = buckets.iter().map(|bucket| columns.map(|name| show::field(bucket, name))).collect();
    Ok(show::table(["NAME", "CREATED", "LOCATION", "CLASS", "JURISDICTION"], &rows))
}

/// `cairn bucket info`.
pub(super) async fn info(line: &OneBucket, rest: &Rest) -> Result<String, Failure> {
    let path = path(account(rest).await?, &line.bucket);
    let get = |path: String| rest.call(get(path, line.bucket.jurisdiction));
    let Answered { result: mut bucket, .. } = get(path.clone()).await?;
    let usage = match get(format!("{path}/usage")).await {
        Ok(answered) => answered.result,
        // Not every token that sees a bucket may see how much is in it.
        Err(CallError::Refused(_)) => Value::Null,
        Err(CallError::Failed(failure)) => return Err(failure),
    };
    if line.remote.json {
        bucket["usage"] = usage;
        return Ok(show::json(&bucket));
    }
    let mut pairs = described(&bucket);
    pairs.extend([
        ("objects", show::field(&usage, "objectCount")),
        ("bytes", show::field(&usage, "payloadSize")),
        ("metadata bytes", show::field(&usage, "metadataSize")),
        ("pending uploads", show::field(&usage, "uploadCount")),
    ]);
    Ok(show::pairs(&pairs))
}

fn get(path: String, jurisdiction: Jurisdiction) -> Call<'static> {
    Call { method: Method::GET, path, jurisdiction, body: None }
}

fn described(bucket: &Value) -> Vec<(&'static str, String)> {
    vec![
        ("name", show::field(bucket, "name")),
        ("created", show::field(bucket, "creation_date")),
        ("location", show::field(bucket, "location")),
        ("storage class", show::field(bucket, "storage_class")),
        ("jurisdiction", show::field(bucket, "jurisdiction")),
    ]
}

/// `cairn bucket delete`.
pub(super) async fn delete(line: &OneBucket, rest: &Rest) -> Result<String, Failure> {
    let path = path(account(rest).await?, &line.bucket);
    let call = Call { method: Method::DELETE, path, jurisdiction: line.bucket.jurisdiction, body: None };
    rest.call(call).await?;
    if line.remote.json {
        return Ok(show::json(&json!({"deleted": line.bucket.to_string()})));
    }
    Ok(format!("deleted bucket {}\n", line.bucket))
}
