//! DeleteBucketCors: the request is its target.

use super::Answer;
use super::shared::empty;
use http::StatusCode;

/// 204: there are no rules now.
pub fn encode() -> Answer {
    empty(StatusCode::NO_CONTENT)
}
