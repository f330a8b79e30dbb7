//! GraphQL analytics, as far as they are built: what buckets hold now. Source: R2 "Metrics and analytics", Querying via
//! the GraphQL API; wrangler's `r2 bucket info`.
//!
//! One kind of query is answered: `viewer { accounts { r2StorageAdaptiveGroups } }` of one bucket, or of all buckets
//! together. What is asked for beyond that is an error that names it. There is no history: the newest point is now.

mod execute;
mod parser;

use crate::envelope;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
}

/// Why a query is not answered.
#[derive(Debug, PartialEq, Eq)]
struct QueryError(String);

/// Answers a query. Never in the envelope of the other calls: clients of GraphQL look for `data` and `errors`.
///
/// # Errors
/// For a body that is no JSON; 10000 for a token that may not see metrics.
pub(crate) async fn post(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let request: Request = json::read(body).await?;
    let variables = request.variables.unwrap_or_default();
    let selections = match parser::parse(&request.query, &variables) {
        Ok(selections) => selections,
        Err(error) => return failure(&error),
    };
    match execute::plan(&selections) {
        Ok(plan) => envelope::json(&json!({ "data": plan.run(&call).await?, "errors": null })),
        Err(error) => failure(&error),
    }
}

fn failure(error: &QueryError) -> Answered {
    let problem = json!({ "message": error.0, "path": null, "extensions": { "code": "parser" } });
    envelope::json(&json!({ "data": null, "errors": [problem] }))
}
