//! The way of a request through the face: id, signature, route, operation, answer.

use crate::authenticate::{Authenticated, SigningKeys};
use crate::forms::{self, Form};
use crate::logged_uri::LoggedUri;
use crate::upload_body::UploadBody;
use crate::{buckets, configurations, cors, listings, objects, uploads};
use bytes::Bytes;
use http::header::{
    ALLOW, CONNECTION, CONTENT_RANGE, CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_support::{AnswerBody, RequestBody, RequestIds, waits_for_continue};
use operations::{AuditRequest, Caller, Store};
use s3_protocol::chunked::ChunkedDecoder;
use s3_protocol::operation::customer_key;
use s3_protocol::payload::{Payload, WithoutHash};
use s3_protocol::request::hoisted_headers;
use s3_protocol::{HostRules, Operation, RequestHead, Route, error_document, route};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use types::{AllowedMethods, ErrorCode, OperationError, Retry, UnsatisfiableRange};

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

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn hosts(&self) -> &HostRules {
        &self.hosts
    }

    /// Answers one request of a client at `address`.
    pub async fn handle<B>(&self, request: Request<B>, address: IpAddr) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let id = self.ids.next().to_string();
        let (mut parts, body) = request.into_parts();
        let mut body = UploadBody::new(RequestBody::new(body, Arc::clone(self.store.clock())));
        let for_browser = self.cors_headers(&parts).await;
        let answered = self.answer(&mut parts, &mut body, address).await;
        let waits = waits_for_continue(&parts.headers);
        let mut answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                if body.was_asked_for() || !waits {
                    body.drain().await;
                }
                render(&error, &parts, &id)
            }
        };
        if waits && !body.was_asked_for() {
            // Clients that wait for `100 Continue` and get the answer at once, or for an empty body, lose count of the
            // answers on this connection (botocore); a new one sets them right.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(headers) = for_browser {
            answer.headers_mut().extend(headers);
        }
        let (uri, status) = (LoggedUri(&parts.uri), answer.status().as_u16());
        tracing::debug!(target: "access", id, method = %parts.method, %uri, status);
        if let Ok(id) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(HeaderName::from_static("x-amz-request-id"), id);
        }
        answer
    }

    async fn answer<B>(&self, parts: &mut Parts, body: &mut UploadBody<B>, address: IpAddr) -> Answered
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        check_host(parts)?;
        if cors::is_preflight(&parts.method) {
            return cors::preflight(parts);
        }
        if let Some(form) = Form::recognise(parts, &self.hosts)? {
            return Box::pin(forms::post(&self.store, &self.keys, form, body, address)).await;
        }
        customer_key::hide(&mut parts.headers);
        let authenticated = self.verify(parts, address).await?;
        self.operate(RequestHead::new(parts), authenticated, body).await
    }

    /// Finds out who asks. Headers that a presigned URL carries in its query become headers.
    async fn verify(&self, parts: &mut Parts, address: IpAddr) -> Result<Authenticated, OperationError> {
        let authenticated = self.keys.authenticate(&self.store, &RequestHead::new(parts), address).await?;
        if authenticated.presigned {
            for (name, value) in hoisted_headers(RequestHead::new(parts).query())? {
                parts.headers.entry(name).or_insert(value);
            }
        }
        Ok(authenticated)
    }

    async fn operate<B>(
        &self,
        head: RequestHead<'_>,
        authenticated: Authenticated,
        body: &mut UploadBody<B>,
    ) -> Answered
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let route = route::route(&head, &self.hosts)?;
        authenticated.refuse_presigned_post(&head, &route.operation)?;
        let caller = &recorded(&route.operation, admit(&route, &self.hosts, authenticated.caller)?, &head);
        let without_hash = if authenticated.presigned { WithoutHash::Unsigned } else { WithoutHash::Refused };
        let payload = Payload::parse(&head, without_hash, route.operation.checksum_headers())?;
        body.decode_with(ChunkedDecoder::new(&payload, authenticated.chunks)?);
        let (store, payload) = (&*self.store, &payload);
        dispatch(route.operation, Context { store, caller, head, payload, body }).await
    }
}

fn check_host(parts: &Parts) -> Result<(), OperationError> {
    if parts.headers.get_all(HOST).iter().nth(1).is_some() {
        // RFC 9112 section 3.2: a proxy may have read another one than we do.
        return Err(OperationError::new(ErrorCode::InvalidRequest, "Send the Host header once."));
    }
    Ok(())
}

/// The caller at this endpoint, in the jurisdiction that its name has.
///
/// # Errors
/// `AccessDenied` if the endpoint is another account's, or a temporary credential is for another one.
pub(crate) fn admit(route: &Route, hosts: &HostRules, caller: Caller) -> Result<Caller, OperationError> {
    if route.account.is_some_and(|account| account != caller.account) {
        return Err(ErrorCode::AccessDenied.into());
    }
    if let Some(audience) = caller.audience() {
        // Names and ports that lead to one endpoint are many. What must not be mixed up are accounts and jurisdictions:
        // one bucket name may mean a bucket in each.
        let endpoint = hosts.resolve(audience).map_err(|_| ErrorCode::AccessDenied)?;
        let other_account = endpoint.account.is_some_and(|account| account != caller.account);
        if other_account || endpoint.jurisdiction != route.jurisdiction {
            return Err(ErrorCode::AccessDenied.into());
        }
    }
    Ok(caller.within(route.jurisdiction))
}

/// The caller with the request, for the audit log, if it changes what the log tells of.
fn recorded(operation: &Operation, caller: Caller, head: &RequestHead<'_>) -> Caller {
    use Operation::{
        CreateBucket, DeleteBucket, DeleteBucketCors, DeleteBucketLifecycle, PutBucketCors,
        PutBucketLifecycleConfiguration,
    };
    let (CreateBucket(_)
    | DeleteBucket(_)
    | PutBucketCors(_)
    | DeleteBucketCors(_)
    | DeleteBucketLifecycle(_)
    | PutBucketLifecycleConfiguration(_)) = operation
    else {
        return caller;
    };
    let user_agent = head.headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
    caller.with_request(AuditRequest {
        method: head.method.to_string(),
        uri: head.path.to_owned(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        ray: String::new(),
    })
}

/// Each operation is boxed: the largest state would else be moved with every layer, whatever the request.
async fn dispatch<B>(operation: Operation, context: Context<'_, B>) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match operation {
        Operation::ListBuckets => Box::pin(listings::list_buckets(context)).await,
        Operation::CreateBucket(bucket) => Box::pin(buckets::create(context, bucket)).await,
        Operation::HeadBucket(bucket) => Box::pin(buckets::head(context, bucket)).await,
        Operation::DeleteBucket(bucket) => Box::pin(buckets::delete(context, bucket)).await,
        Operation::GetBucketLocation(bucket) => Box::pin(buckets::location(context, bucket)).await,
        Operation::GetBucketEncryption(bucket) => Box::pin(configurations::encryption(context, bucket)).await,
        Operation::PutBucketEncryption(bucket) => Box::pin(configurations::put_encryption(context, bucket)).await,
        Operation::DeleteBucketEncryption(bucket) => Box::pin(configurations::delete_encryption(context, bucket)).await,
        Operation::GetBucketLifecycleConfiguration(bucket) => {
            Box::pin(configurations::lifecycle(context, bucket)).await
        }
        Operation::PutBucketLifecycleConfiguration(bucket) => {
            Box::pin(configurations::put_lifecycle(context, bucket)).await
        }
        Operation::DeleteBucketLifecycle(bucket) => Box::pin(configurations::delete_lifecycle(context, bucket)).await,
        Operation::GetBucketVersioning(bucket) => Box::pin(configurations::versioning(context, bucket)).await,
        Operation::GetBucketAcl(bucket) => Box::pin(configurations::acl(context, bucket)).await,
        Operation::GetBucketTagging(bucket) => Box::pin(configurations::tagging(context, bucket)).await,
        Operation::GetBucketReplication(bucket) => Box::pin(configurations::replication(context, bucket)).await,
        Operation::GetObjectLockConfiguration(bucket) => Box::pin(configurations::object_lock(context, bucket)).await,
        Operation::GetBucketCors(bucket) => Box::pin(cors::get(context, bucket)).await,
        Operation::PutBucketCors(bucket) => Box::pin(cors::put(context, bucket)).await,
        Operation::DeleteBucketCors(bucket) => Box::pin(cors::delete(context, bucket)).await,
        Operation::ListObjects(bucket) => Box::pin(listings::list_objects(context, bucket)).await,
        Operation::ListObjectsV2(bucket) => Box::pin(listings::list_objects_v2(context, bucket)).await,
        Operation::ListMultipartUploads(bucket) => Box::pin(listings::list_uploads(context, bucket)).await,
        Operation::DeleteObjects(bucket) => Box::pin(objects::delete_several(context, bucket)).await,
        Operation::PostObject(_) => Err(forms::refusal(&context.head)),
        Operation::PutObject(target) => Box::pin(objects::put(context, target)).await,
        Operation::CopyObject(target) => Box::pin(objects::copy(context, target)).await,
        Operation::GetObject(target) => Box::pin(objects::get(context, target)).await,
        Operation::HeadObject(target) => Box::pin(objects::head(context, target)).await,
        Operation::DeleteObject(target) => Box::pin(objects::delete(context, target)).await,
        Operation::CreateMultipartUpload(target) => Box::pin(uploads::create(context, target)).await,
        Operation::UploadPart(target) => Box::pin(uploads::upload_part(context, target)).await,
        Operation::UploadPartCopy(target) => Box::pin(uploads::copy_part(context, target)).await,
        Operation::ListParts(target) => Box::pin(listings::list_parts(context, target)).await,
        Operation::CompleteMultipartUpload(target) => Box::pin(uploads::complete(context, target)).await,
        Operation::AbortMultipartUpload(target) => Box::pin(uploads::abort(context, target)).await,
    }
}

/// A failure as S3 shows it. What only the log may know is logged here, under the request's id.
fn render(error: &OperationError, parts: &Parts, id: &str) -> Response<AnswerBody> {
    // A full disk is a state, not an accident: whoever refuses says so once, not for every request.
    if error.code.status() >= 500 && !matches!(error.code, ErrorCode::NotImplemented | ErrorCode::StorageFull) {
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
    if let Some(AllowedMethods(methods)) = AllowedMethods::of(error) {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    }
    if let Some(range) = UnsatisfiableRange::of(error)
        && let Ok(size) = HeaderValue::try_from(format!("bytes */{}", range.size))
    {
        answer.headers_mut().insert(CONTENT_RANGE, size);
    }
    if error.code.retry() == Retry::Later && matches!(error.code.status(), 429 | 503) {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    answer
}
