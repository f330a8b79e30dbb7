//! The envelope of every answer but objects: success, errors, messages, result, result_info.

use crate::error::{self, Domain, Partly, RestError};
use crate::request::Answered;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_support::AnswerBody;
use serde::Serialize;
use std::borrow::Cow;
use types::{ErrorCode, OperationError};

#[derive(Serialize)]
struct Envelope<'a, T, I> {
    success: bool,
    errors: Vec<Problem<'a>>,
    messages: &'a [Message],
    result: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<&'a I>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: u32,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_chain: Option<[Link; 1]>,
}

#[derive(Serialize)]
struct Link {
    code: u32,
    message: &'static str,
}

/// Something to say beside the result.
#[derive(Serialize)]
pub(crate) struct Message {
    /// Cloudflare's number.
    pub(crate) code: u32,
    /// For people.
    pub(crate) message: &'static str,
    /// Always null.
    #[serde(rename = "type")]
    pub(crate) kind: Option<&'static str>,
}

/// A result.
pub(crate) fn success<T: Serialize>(result: &T) -> Answered {
    with(result, None::<&()>, &[])
}

/// A page of results, and where it stands.
pub(crate) fn page<T: Serialize, I: Serialize>(result: &T, info: &I) -> Answered {
    with(result, Some(info), &[])
}

/// A result with messages.
pub(crate) fn with_messages<T: Serialize>(result: &T, messages: &[Message]) -> Answered {
    with(result, None::<&()>, messages)
}

fn with<T: Serialize, I: Serialize>(result: &T, info: Option<&I>, messages: &[Message]) -> Answered {
    let errors = Vec::new();
    json(&Envelope { success: true, errors, messages, result: Some(result), result_info: info })
}

/// A document without an envelope.
pub(crate) fn json<T: Serialize>(document: &T) -> Answered {
    let text = serde_json::to_vec(document).map_err(OperationError::internal)?;
    Ok(answer(StatusCode::OK, text))
}

fn answer(status: StatusCode, text: Vec<u8>) -> Response<AnswerBody> {
    let mut answer = Response::new(AnswerBody::Full(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// SDKs send a request again after 409 unless told otherwise.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A failure of a call of `domain`. Of one that did a part of its work, the result is what was done, and the errors
/// tell what was not.
pub(crate) fn failure(error: &RestError, domain: Domain) -> Response<AnswerBody> {
    let shown = error.shown(domain);
    let (result, errors) = match error {
        RestError::Partly(partly) => (Some(&partly.done), problems(partly, domain)),
        RestError::Failed(_) | RestError::Refused(_) => {
            let error_chain = shown.because.map(|(code, message)| [Link { code, message }]);
            (None, vec![Problem { code: shown.code, message: Cow::Borrowed(&*shown.message), error_chain }])
        }
    };
    let envelope = Envelope { success: false, errors, messages: &[], result, result_info: None::<&()> };
    // Numbers and texts only: this cannot fail.
    let mut answer = answer(shown.status, serde_json::to_vec(&envelope).unwrap_or_default());
    match shown.status {
        StatusCode::CONFLICT => {
            answer.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        _ => {}
    }
    answer
}

fn problems(partly: &Partly, domain: Domain) -> Vec<Problem<'_>> {
    let problem = |(name, error): &'_ (String, OperationError)| {
        let shown = error::failed(error, domain);
        Problem { code: shown.code, message: format!("{name}: {}", shown.message).into(), error_chain: None }
    };
    partly.failed().map(problem).collect()
}

/// Whether the log should hear of it. A full disk is a state, not an accident, and is told where it is noticed.
pub(crate) fn is_accident(error: &RestError) -> bool {
    let error = match error {
        RestError::Failed(error) => error,
        RestError::Partly(partly) => partly.worst(),
        RestError::Refused(_) => return false,
    };
    error.code.status() >= 500 && !matches!(error.code, ErrorCode::NotImplemented | ErrorCode::StorageFull)
}
