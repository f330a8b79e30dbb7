//! DeleteBucket: the request is its target.

use super::Answer;
use super::shared::empty;
use http::StatusCode;

/// 204: the bucket is gone.
pub fn encode() -> Answer {
    empty(StatusCode::NO_CONTENT)
}
