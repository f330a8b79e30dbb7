//! The HTTP headers stored with an object, ready to be sent: a cache makes them once for all its answers.

use bytes::Bytes;
use http::Response;
use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
};
use http_support::AnswerBody;
use operations::ObjectRow;
use types::ByteRange;

/// What a cache needs to know, also of 304.
const VALIDATORS: [HeaderName; 4] = [ETAG, LAST_MODIFIED, CACHE_CONTROL, EXPIRES];
const CONTENT: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_DISPOSITION, CONTENT_LANGUAGE];

/// Headers of an answer: these, those of ranges, CORS and the cache, and the request's id.
const ANSWER_HEADERS: usize = 16;

/// The headers of one object. Values that no header can carry, of another face, are left out.
#[derive(Debug)]
pub(crate) struct ObjectHeaders {
    validators: [Option<HeaderValue>; 4],
    content: [Option<HeaderValue>; 4],
    size: u64,
}

impl ObjectHeaders {
    /// Those of a row.
    pub(crate) fn of(row: &ObjectRow) -> Self {
        let http = &row.http;
        let stored =
            |text: &Option<String>| text.as_deref().and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok());
        let made = |text: String| HeaderValue::try_from(text).ok();
        let content_type = http.content_type.as_deref().unwrap_or("application/octet-stream");
        Self {
            validators: [
                made(format!("\"{}\"", row.etag)),
                made(row.modified.to_http_date()),
                stored(&http.cache_control),
                stored(&http.expires),
            ],
            content: [
                HeaderValue::from_bytes(content_type.as_bytes()).ok(),
                stored(&http.content_encoding),
                stored(&http.content_disposition),
                stored(&http.content_language),
            ],
            size: row.size,
        }
    }

    /// The object, or a range of it.
    pub(crate) fn answer(&self, range: Option<ByteRange>, body: AnswerBody) -> Response<AnswerBody> {
        let mut answer = self.with_validators(body);
        let headers = answer.headers_mut();
        put(headers, &CONTENT, &self.content);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(range.map_or(self.size, |range| range.length)));
        if let Some(range) = range {
            let last = range.end().saturating_sub(1);
            if let Ok(value) = HeaderValue::try_from(format!("bytes {}-{last}/{}", range.start, self.size)) {
                headers.insert(CONTENT_RANGE, value);
            }
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        answer
    }

    /// 304.
    pub(crate) fn not_modified(&self) -> Response<AnswerBody> {
        let mut answer = self.with_validators(AnswerBody::Full(Bytes::new()));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    }

    fn with_validators(&self, body: AnswerBody) -> Response<AnswerBody> {
        let mut answer = Response::new(body);
        let headers = answer.headers_mut();
        headers.reserve(ANSWER_HEADERS);
        put(headers, &VALIDATORS, &self.validators);
        answer
    }
}

fn put(headers: &mut HeaderMap, names: &[HeaderName], values: &[Option<HeaderValue>]) {
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
}
