//! Uploads by HTML form: the policy among the form's fields takes the place of a signed head. Behind it a form is a
//! PutObject like any other.

use crate::authenticate::SigningKeys;
use crate::buckets::full;
use crate::handle::{Answered, Context, admit};
use crate::objects;
use crate::upload_body::UploadBody;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use http_body::Body;
use operations::Store;
use s3_protocol::form::{FormDecoder, FormEvent, FormFields, FormFile, Policy};
use s3_protocol::operation::post_object;
use s3_protocol::payload::{ChecksumHeaders, Payload, WithoutHash};
use s3_protocol::sigv4::{self, Authentication, SignedPolicy};
use s3_protocol::{HostRules, Operation, RequestHead, Route, route};
use std::error::Error;
use std::net::IpAddr;
use types::{BucketName, ErrorCode, OperationError};

/// A request that is a form.
pub(crate) struct Form<'a> {
    head: RequestHead<'a>,
    hosts: &'a HostRules,
    route: Route,
    bucket: BucketName,
    decoder: FormDecoder,
}

impl<'a> Form<'a> {
    /// Recognises a form by its head, which nobody has signed; `None` for every other request.
    ///
    /// # Errors
    /// Those of [`route::route`]; `MalformedPOSTRequest` for a form without a boundary.
    pub(crate) fn recognise(parts: &'a Parts, hosts: &'a HostRules) -> Result<Option<Self>, OperationError> {
        if parts.method != Method::POST || !is_multipart(&parts.headers) {
            return Ok(None);
        }
        let head = RequestHead::new(parts);
        if !matches!(sigv4::parse(&head)?, Authentication::Anonymous) {
            return Ok(None);
        }
        let route = route::route(&head, hosts)?;
        let Operation::PostObject(bucket) = route.operation.clone() else { return Ok(None) };
        Ok(FormDecoder::for_body(head.headers)?.map(|decoder| Self { head, hosts, route, bucket, decoder }))
    }
}

fn is_multipart(headers: &HeaderMap) -> bool {
    const PREFIX: &[u8] = b"multipart/form-data";
    let sent = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    sent.and_then(|sent| sent.get(..PREFIX.len())).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Stores the file of a form.
///
/// # Errors
/// `Unauthorized` without a policy; those of the policy, the form and of PutObject.
pub(crate) async fn post<B>(
    store: &Store,
    keys: &SigningKeys,
    form: Form<'_>,
    body: &mut UploadBody<B>,
    address: IpAddr,
) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Form { head, hosts, route, bucket, mut decoder } = form;
    let (mut fields, file_name) = fields_before_file(body, &mut decoder).await?;
    let signed = SignedPolicy::read(&fields)?.ok_or(ErrorCode::Unauthorized)?;
    let caller = admit(&route, hosts, keys.authenticate_policy(store, &signed, address).await?)?;
    let policy = Policy::parse(signed.policy())?;
    fields.put_file_name(&file_name)?;
    policy.check(&bucket, &fields, store.clock().now())?;

    let request = post_object::decode(bucket, &fields)?;
    body.go_on_with_file(FormFile::new(decoder, policy.sizes()));
    let put = RequestHead { query: None, headers: &request.headers, ..head };
    let payload =
        Payload { has_own_end: true, ..Payload::parse(&put, WithoutHash::Unsigned, ChecksumHeaders::OfBody)? };
    let context = Context { store, caller: &caller, head: put, payload: &payload, body };
    let (stored, _) = objects::put(context, request.target.clone()).await?.into_parts();
    let location = post_object::location(&head, &request.target);
    Ok(full(post_object::encode(stored.headers, &request, &location)))
}

/// The fields, and the name of the file that follows them.
async fn fields_before_file<B>(
    body: &mut UploadBody<B>,
    decoder: &mut FormDecoder,
) -> Result<(FormFields, String), OperationError>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut fields = FormFields::default();
    while let Some(event) = body.next_form_event(decoder).await? {
        match event {
            FormEvent::Field { name, value } => fields.add(&name, value)?,
            FormEvent::File { name } => return Ok((fields, name)),
            FormEvent::Data(_) => break,
        }
    }
    decoder.finish()?;
    Err(OperationError::internal("a form without a file has ended well"))
}

/// Why a POST on a bucket that is no form, or is signed by its head, stores nothing.
pub(crate) fn refusal(head: &RequestHead<'_>) -> OperationError {
    if is_multipart(head.headers) {
        return OperationError::new(
            ErrorCode::InvalidArgument,
            "Only one auth mechanism allowed: a form is signed by its policy; send it without an Authorization header \
             and without a signature in the URL.",
        );
    }
    OperationError::new(
        ErrorCode::PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold: Bucket POST must be of the enclosure-type \
         multipart/form-data.",
    )
}
