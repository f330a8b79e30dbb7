//! What a call of the API works with: who asks, path, query, headers. Its body comes beside it.

use crate::error::RestError;
use crate::query::Query;
use crate::router::PathValues;
use http::Response;
use http::request::Parts;
use http_body::Body as HttpBody;
use http_support::{AnswerBody, RequestBody};
use operations::{Body, Caller, Store};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use types::{BucketName, ErrorCode, OperationError};

/// An answer, or the failure that is rendered as one.
pub(crate) type Answered = Result<Response<AnswerBody>, RestError>;

/// An answer that is being made.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Answered> + Send + 'a>>;

/// The body of a call, not read yet.
pub(crate) type CallBody<'a> = &'a mut (dyn Body + 'a);

/// A request of somebody who is known.
pub(crate) struct Call<'a> {
    /// What to act on.
    pub(crate) store: &'a Store,
    /// Who asks, in the jurisdiction that the request names; of the account that its path names, if it does.
    pub(crate) caller: &'a Caller,
    /// The domain under which accounts have their S3 endpoints.
    pub(crate) endpoint_domain: &'a str,
    /// The domain under which buckets have their public development URLs.
    pub(crate) development_domain: &'a str,
    /// Method, URI, headers.
    pub(crate) head: &'a Parts,
    /// The variable parts of the path.
    pub(crate) path: PathValues<'a>,
}

impl<'a> Call<'a> {
    /// The query.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn query(&self) -> Result<Query, RestError> {
        Query::parse(self.head.uri.query().unwrap_or_default())
    }

    /// A header as text; `None` without it.
    ///
    /// # Errors
    /// If it is sent twice or is not text.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&'a str>, RestError> {
        header(self.head, name)
    }

    /// The `{bucket}` of the path.
    ///
    /// # Errors
    /// `InvalidBucketName`.
    pub(crate) fn bucket(&self) -> Result<BucketName, RestError> {
        Ok(BucketName::parse(&self.path.text("bucket")?).map_err(|_| ErrorCode::InvalidBucketName)?)
    }
}

/// A header as text; `None` without it.
///
/// # Errors
/// If it is sent twice or is not text.
pub(crate) fn header<'a>(head: &'a Parts, name: &str) -> Result<Option<&'a str>, RestError> {
    let mut values = head.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.to_str().is_ok() => Ok(value.to_str().ok()),
        _ => Err(RestError::argument(format!("Send the header {name} once, as text."))),
    }
}

/// The body of a request on its way to an operation.
pub(crate) struct IncomingBody<B>(pub(crate) RequestBody<B>);

impl<B> Body for IncomingBody<B>
where
    B: HttpBody<Data = bytes::Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<bytes::Bytes>, OperationError>> {
        self.0.poll_frame(cx)
    }
}
