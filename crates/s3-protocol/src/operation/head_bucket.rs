//! HeadBucket. Source: R2 "Release notes", 2022-10-19.

use super::Answer;
use super::shared::empty;
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

/// 200: the bucket is there. Its region is `auto`, always.
pub fn encode() -> Answer {
    let mut answer = empty(StatusCode::OK);
    answer.headers_mut().insert(HeaderName::from_static("x-amz-bucket-region"), HeaderValue::from_static("auto"));
    answer
}
