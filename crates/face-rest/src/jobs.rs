//! Jobs in the background: what a call that asks for one answers, and how far it is later. R2 answers in this shape
//! when a prefix is removed; it tells no call that asks after a job, so those here are ours.

use crate::cursor::{CursorInfo, PageSize};
use crate::envelope;
use crate::error::RestError;
use crate::request::{Answered, Call};
use operations::JobState;
use operations::deletion_jobs::DeletionJob;
use serde_json::{Value, json};
use types::{ErrorCode, JobId, Timestamp};

/// The account's jobs, in the order they were made.
///
/// # Errors
/// For a query that makes no sense.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let query = call.query()?;
    let page = PageSize::parse(&query)?;
    let cursor = query.get("cursor").filter(|cursor| !cursor.is_empty());
    let listed = call.store.list_deletion_jobs(call.caller, cursor, page.0).await?;
    let jobs: Vec<Value> = listed.jobs.iter().map(shown).collect();
    envelope::page(&jobs, &CursorInfo { cursor: listed.next_token, per_page: page.0 })
}

/// A job.
///
/// # Errors
/// 404 if there is none of that id.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    envelope::success(&shown(&call.store.deletion_job(call.caller, id(&call)?).await?))
}

/// Calls a job off.
///
/// # Errors
/// 404 if there is none of that id.
pub(crate) async fn abort(call: Call<'_>) -> Answered {
    envelope::success(&shown(&call.store.cancel_deletion_job(call.caller, id(&call)?).await?))
}

fn id(call: &Call<'_>) -> Result<JobId, RestError> {
    Ok(call.path.raw("job").and_then(JobId::parse).ok_or(ErrorCode::NoSuchJob)?)
}

/// A job as the API shows it.
pub(crate) fn shown(job: &DeletionJob) -> Value {
    let row = &job.row;
    let time = |time: Option<Timestamp>| time.map(Timestamp::to_iso8601);
    json!({
        "id": row.id.to_string(),
        "jobType": "prefixDelete",
        "status": status(row.state),
        "createTime": row.created.to_iso8601(),
        "startTime": time(row.started),
        "endTime": time(row.ended),
        "bucket": row.bucket_name.as_str(),
        "jurisdiction": row.jurisdiction.name(),
        "prefixDelete": {
            "prefix": row.prefix,
            "deletedObjects": job.removed,
            "isBucketClear": row.prefix.is_empty(),
            "lockedObjects": row.refused,
        },
        "lastError": Some(&row.last_error).filter(|error| !error.is_empty()),
    })
}

fn status(state: JobState) -> &'static str {
    match state {
        JobState::Enqueued => "ENQUEUED",
        JobState::Running => "RUNNING",
        JobState::Completed => "COMPLETED",
        JobState::Failed => "FAILED",
        JobState::Cancelled => "CANCELLED",
    }
}
