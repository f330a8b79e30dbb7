//! Failures as pages for people. What a page says depends on the status alone: nothing of a bucket, and nothing that a
//! client sent, is in it.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_support::AnswerBody;
use types::{OperationError, Retry};

/// The methods of this face.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");

/// What is said of a status: a heading, what it means, and what to do.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            "Object not found",
            "This object does not exist or is not publicly accessible at this URL. Check the URL of the object that \
             you are looking for or contact the owner to enable public access.",
        ),
        StatusCode::UNAUTHORIZED => (
            "This bucket cannot be viewed",
            "You are not authorized to view this bucket: public access at this URL is turned off. Contact the owner \
             to enable it.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("Method not allowed", "Objects of a public bucket can only be read. Use the S3 API to change them.")
        }
        StatusCode::PRECONDITION_FAILED => {
            ("Precondition failed", "The object is not as the request demands. It may have been replaced.")
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            ("Range not satisfiable", "The object has no bytes in the range that was asked for.")
        }
        StatusCode::TOO_MANY_REQUESTS => (
            "Too many requests",
            "Requests to this public development URL are limited. Try again in a moment, or connect a custom domain \
             for production use.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => ("Service unavailable", "Try again in a moment."),
        status if status.is_server_error() => ("Internal error", "Something went wrong. Try again in a moment."),
        _ => ("Bad request", "The request could not be understood."),
    }
}

/// The page of a failure; to HEAD without its text.
pub(crate) fn page(error: &OperationError, to_head: bool) -> Response<AnswerBody> {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (heading, text) = words(status);
    let body = format!("<h1>Error {}</h1>\n<h2>{heading}</h2>\n<p>{text}</p>\n", status.as_u16());
    let mut answer = html(status, heading, &body, to_head);
    let headers = answer.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, METHODS);
    }
    if error.code.retry() == Retry::Later {
        headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    answer
}

/// A page of this face with a title and a body, both in HTML; to HEAD without its text.
pub(crate) fn html(status: StatusCode, title: &str, body: &str, to_head: bool) -> Response<AnswerBody> {
    let text = || {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>body{{font-family:system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;\
             color:#222}}h1{{font-weight:400}}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
        )
    };
    let text = if to_head { Bytes::new() } else { Bytes::from(text()) };
    let mut answer = Response::new(AnswerBody::Full(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HTML);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ErrorCode;

    #[test]
    fn every_failure_has_a_page_that_says_nothing_of_the_request() {
        for code in ErrorCode::ALL {
            let secret = OperationError::new(*code, "<secret>");
            let answer = page(&secret, false);
            let AnswerBody::Full(text) = answer.body() else { panic!("a page is there at once") };
            let text = std::str::from_utf8(text).unwrap();
            assert!(!text.contains("secret") && text.contains(&format!("Error {}", code.status())), "{code:?}");
            assert_eq!(answer.headers().contains_key(RETRY_AFTER), code.retry() == Retry::Later, "{code:?}");
        }
    }
}
