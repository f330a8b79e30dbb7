//! The way of a request through the face: id, signature, route, operation, answer.

use crate::answer_body::AnswerBody;
use crate::authenticate::{Authenticated, SigningKeys};
use crate::upload_body::UploadBody;
use crate::{buckets, listings, objects, uploads};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_support::{RequestBody, RequestIds};
use operations::{Caller, Store};
use s3_protocol::chunked::ChunkedDecoder;
use s3_protocol::payload::{Payload, WithoutHash};
use s3_protocol::request::hoisted_headers;
use s3_protocol::{HostRules, Operation, RequestHead, error_document, route};
use std::error::Error;
use std::sync::Arc;
use types::{ErrorCode, OperationError, Retry};

/// The S3 face of a store.
pub struct S3Face {
    store: Arc<Store>,
    hosts: HostRules,
    keys: SigningKeys,
    ids: Arc<RequestIds>,
}

/// What an operation of the face works with.
pub(crate) struct Context<'a, B> {
    pub(crate) store: &'a Store,
    pub(crate) caller: &'a Caller,
    pub(crate) head: RequestHead<'a>,
    pub(crate) payload: &'a Payload,
    pub(crate) body: &'a mut UploadBody<B>,
}

/// An answer, or the failure that is rendered as one.
pub(crate) type Answered = Result<Response<AnswerBody>, OperationError>;

/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl S3Face {
    /// The face of `store` under the names of `hosts`.
    pub fn new(store: Arc<Store>, hosts: HostRules, ids: Arc<RequestIds>) -> Self {
        Self { store, hosts, keys: SigningKeys::default(), ids }
    }

    /// Answers one request.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let id = self.ids.next().to_string();
        let (mut parts, body) = request.into_parts();
        let mut body = RequestBody::new(body, Arc::clone(self.store.clock()));
        let mut answer = match self.verify(&mut parts).await {
            Ok(authenticated) => self.answer(&parts, authenticated, body, &id).await,
            Err(error) => {
                body.drain().await;
                render(&error, &parts, &id)
            }
        };
        tracing::debug!(target: "access", id, method = %parts.method, uri = %parts.uri, status = answer.status().as_u16());
        if let Ok(id) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(HeaderName::from_static("x-amz-request-id"), id);
        }
        answer
    }

    /// Finds out who asks. Headers that a presigned URL carries in its query become headers.
    async fn verify(&self, parts: &mut Parts) -> Result<Authenticated, OperationError> {
        let authenticated = self.keys.authenticate(&self.store, &RequestHead::new(parts)).await?;
        if authenticated.presigned {
            for (name, value) in hoisted_headers(RequestHead::new(parts).query())? {
                parts.headers.entry(name).or_insert(value);
            }
        }
        Ok(authenticated)
    }

    async fn answer<B>(
        &self,
        parts: &Parts,
        authenticated: Authenticated,
        body: RequestBody<B>,
        id: &str,
    ) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let head = RequestHead::new(parts);
        let mut body = UploadBody::new(body);
        match self.operate(head, &authenticated, &mut body).await {
            Ok(answer) => answer,
            Err(error) => {
                body.drain().await;
                render(&error, parts, id)
            }
        }
    }

    async fn operate<B>(
        &self,
        head: RequestHead<'_>,
        authenticated: &Authenticated,
        body: &mut UploadBody<B>,
    ) -> Answered
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let route = route::route(&head, &self.hosts)?;
        if route.jurisdiction.is_some() {
            return Err(OperationError::new(
                ErrorCode::NotImplemented,
                "Jurisdictions are not implemented: use the endpoint without one.",
            ));
        }
        if route.account.is_some_and(|account| account != authenticated.caller.account) {
            return Err(ErrorCode::AccessDenied.into());
        }
        let without_hash = if authenticated.presigned { WithoutHash::Unsigned } else { WithoutHash::Refused };
        let payload = Payload::parse(&head, without_hash)?;
        body.decode_with(ChunkedDecoder::new(&payload, authenticated.chunks.clone())?);
        let (store, caller, payload) = (&*self.store, &authenticated.caller, &payload);
        dispatch(route.operation, Context { store, caller, head, payload, body }).await
    }
}

async fn dispatch<B>(operation: Operation, context: Context<'_, B>) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match operation {
        Operation::ListBuckets => listings::list_buckets(context).await,
        Operation::CreateBucket(bucket) => buckets::create(context, bucket).await,
        Operation::HeadBucket(bucket) => buckets::head(context, bucket).await,
        Operation::DeleteBucket(bucket) => buckets::delete(context, bucket).await,
        Operation::GetBucketLocation(bucket) => buckets::location(context, bucket).await,
        Operation::ListObjects(bucket) => listings::list_objects(context, bucket).await,
        Operation::ListObjectsV2(bucket) => listings::list_objects_v2(context, bucket).await,
        Operation::ListMultipartUploads(bucket) => listings::list_uploads(context, bucket).await,
        Operation::DeleteObjects(bucket) => objects::delete_several(context, bucket).await,
        Operation::PutObject(target) => objects::put(context, target).await,
        Operation::CopyObject(target) => objects::copy(context, target).await,
        Operation::GetObject(target) => objects::get(context, target).await,
        Operation::HeadObject(target) => objects::head(context, target).await,
        Operation::DeleteObject(target) => objects::delete(context, target).await,
        Operation::CreateMultipartUpload(target) => uploads::create(context, target).await,
        Operation::UploadPart(target) => uploads::upload_part(context, target).await,
        Operation::UploadPartCopy(target) => uploads::copy_part(context, target).await,
        Operation::ListParts(target) => listings::list_parts(context, target).await,
        Operation::CompleteMultipartUpload(target) => uploads::complete(context, target).await,
        Operation::AbortMultipartUpload(target) => uploads::abort(context, target).await,
    }
}

/// A failure as S3 shows it. What only the log may know is logged here, under the request's id.
fn render(error: &OperationError, parts: &Parts, id: &str) -> Response<AnswerBody> {
    if error.code.status() >= 500 && error.code != ErrorCode::NotImplemented {
        tracing::error!(id, method = %parts.method, path = parts.uri.path(), ?error, "a request failed");
    }
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut document = Bytes::new();
    if parts.method != Method::HEAD {
        document = error_document(error, parts.uri.path(), id).into();
    }
    let mut answer = Response::new(AnswerBody::Full(document));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if error.code.retry() == Retry::Later && matches!(error.code.status(), 429 | 503) {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    answer
}
