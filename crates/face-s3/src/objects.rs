//! The operations on objects.

use crate::buckets::full;
use crate::document::expected_digests;
use crate::handle::{Answered, Context};
use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_support::AnswerBody;
use operations::copy_object::{CopyObject, MetadataDirective};
use operations::create_bucket::CreateBucket;
use operations::get_object::{Found, FoundObject, GetObject, Portion};
use operations::put_object::PutObject;
use operations::{Caller, ObjectRow, Opened, Store};
use s3_protocol::ObjectTarget;
use s3_protocol::operation::get_object::Selection;
use s3_protocol::operation::{
    ObjectHead, ObjectMetadata, PreparedHeaders, copy_object, customer_key, delete_object, delete_objects, get_object,
    head_object, put_object,
};
use std::error::Error;
use types::{BucketName, CustomerKey, ErrorCode, OperationError};

pub(crate) async fn put<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let request = put_object::decode(&context.head, target, context.payload)?;
    create_bucket_if(request.create_bucket_if_missing, context.store, context.caller, &request.target.bucket).await?;
    let operation = PutObject {
        bucket: request.target.bucket,
        key: request.target.key,
        length: request.length,
        http: request.metadata.http,
        user: request.metadata.user,
        class: request.metadata.storage_class,
        conditions: request.conditions,
        customer_key: request.customer_key,
        expected: expected_digests(context.payload),
        trailers: context.payload.trailers.clone(),
    };
    let stored = context.store.put_object(context.caller, &operation, context.body).await?;
    let answer = put_object::encode(&stored.etag, &stored.version, stored.checksum, stored.expiration.as_deref());
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

/// An encoded answer as the face sends it, which confirms a customer's key if there is one.
pub(crate) fn confirmed(mut answer: Response<Bytes>, key: Option<&CustomerKey>) -> Response<AnswerBody> {
    customer_key::confirm(answer.headers_mut(), key);
    full(answer)
}

/// `cf-create-bucket-if-missing`: the bucket is there before the first byte is read.
pub(crate) async fn create_bucket_if(
    wanted: bool,
    store: &Store,
    caller: &Caller,
    bucket: &BucketName,
) -> Result<(), OperationError> {
    if !wanted {
        return Ok(());
    }
    let operation = CreateBucket::named(bucket.clone());
    match store.create_bucket(caller, &operation).await {
        Err(error) if error.code == ErrorCode::BucketConflict => Ok(()),
        created => created,
    }
}

pub(crate) async fn copy<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = copy_object::decode(&context.head, target)?;
    create_bucket_if(request.create_bucket_if_missing, context.store, context.caller, &request.target.bucket).await?;
    let ObjectMetadata { http, user, storage_class } = request.metadata;
    let operation = CopyObject {
        source_bucket: request.source.object.bucket,
        source_key: request.source.object.key,
        source_conditions: request.source_conditions,
        bucket: request.target.bucket,
        key: request.target.key,
        conditions: request.conditions,
        metadata: match request.directive {
            copy_object::MetadataDirective::Copy => MetadataDirective::Copy,
            copy_object::MetadataDirective::Replace => MetadataDirective::Replace(http, user),
            copy_object::MetadataDirective::Merge => MetadataDirective::Merge(http, user),
        },
        class: storage_class,
        source_customer_key: request.source_customer_key,
        customer_key: request.customer_key,
    };
    let copied = context.store.copy_object(context.caller, &operation).await?;
    let versions = copy_object::CopyVersions { copy: copied.stored.version, source: copied.source_version };
    let stored = &copied.stored;
    let expiration = stored.expiration.as_deref();
    let answer = copy_object::encode(&stored.etag, copied.modified, &versions, stored.checksum, expiration);
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

fn portion(selection: Selection) -> Portion {
    match selection {
        Selection::Whole => Portion::Whole,
        Selection::Range(range) => Portion::Range(range),
        Selection::Part(number) => Portion::Part(number),
    }
}

/// What an answer shows of an object.
fn shown(found: &FoundObject) -> ObjectHead<'_> {
    ObjectHead {
        range: (found.part != Portion::Whole).then_some(found.range),
        parts_count: found.parts.filter(|_| matches!(found.part, Portion::Part(_))),
        checksum: found.checksum,
        expiration: found.expiration.as_deref(),
        prepared: prepared(&found.row),
        ..shown_unread(&found.row)
    }
}

/// Objects with more pairs of metadata are rare, and their headers would take more memory than is reckoned for a row.
const PREPARED_PAIRS_MAX: usize = 8;

/// The headers that are kept with a row.
fn prepared(row: &Opened<ObjectRow>) -> Option<&PreparedHeaders> {
    if row.user.pairs().len() > PREPARED_PAIRS_MAX {
        return None;
    }
    row.shown(|row| shown_unread(row).prepare())
}

fn shown_unread(row: &ObjectRow) -> ObjectHead<'_> {
    ObjectHead {
        etag: row.etag,
        size: row.size,
        modified: row.modified,
        http: &row.http,
        user: &row.user,
        storage_class: row.class,
        range: None,
        parts_count: None,
        checksum: None,
        expiration: None,
        prepared: None,
    }
}

pub(crate) async fn get<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = get_object::decode(&context.head, target)?;
    let ObjectTarget { bucket, key } = request.target;
    let part = portion(request.selection);
    let (customer_key, with_checksum) = (request.customer_key, request.with_checksum);
    let operation = GetObject { bucket, key, conditions: request.conditions, part, with_checksum, customer_key };
    let (found, mut reader) = match context.store.get_object(context.caller, &operation).await? {
        Found::NotModified(row) => return Ok(full(get_object::encode_not_modified(&shown_unread(&row)))),
        Found::Object(found) => found,
    };
    let body = match reader.ready() {
        Some(bytes) => AnswerBody::Full(bytes),
        None => AnswerBody::Object { stream: reader.into_stream(), remaining: found.range.length },
    };
    let answer = get_object::encode(&shown(&found), &request.overrides);
    Ok(confirmed(answer, operation.customer_key.as_ref()).map(|_| body))
}

pub(crate) async fn head<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = head_object::decode(&context.head, target)?;
    let ObjectTarget { bucket, key } = request.target;
    let part = portion(request.selection);
    let (customer_key, with_checksum) = (request.customer_key, request.with_checksum);
    let operation = GetObject { bucket, key, conditions: request.conditions, part, with_checksum, customer_key };
    let found = match context.store.head_object(context.caller, &operation).await? {
        Found::NotModified(row) => return Ok(full(head_object::encode_not_modified(&shown_unread(&row)))),
        Found::Object(found) => found,
    };
    let answer = head_object::encode(&shown(&found), &request.overrides);
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

pub(crate) async fn delete<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = delete_object::decode(&context.head, target)?;
    context.store.delete_object(context.caller, &request.target.bucket, &request.target.key).await?;
    Ok(full(delete_object::encode()))
}

pub(crate) async fn delete_several<B>(mut context: Context<'_, B>, bucket: BucketName) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    let request = delete_objects::decode(bucket, &document)?;
    let parsed: Vec<_> = request.keys.iter().map(|key| delete_objects::DeleteObjects::parse_key(key)).collect();
    let keys: Vec<_> = parsed.iter().flatten().cloned().collect();
    let mut deleted = context.store.delete_objects(context.caller, &request.bucket, &keys).await?.into_iter();
    let outcome = |parsed| match parsed {
        Ok(_) => deleted.next().unwrap_or_else(|| Err(ErrorCode::InternalError.into())),
        Err(invalid) => Err(invalid),
    };
    let outcomes = request.keys.iter().map(String::as_str).zip(parsed.into_iter().map(outcome)).collect();
    Ok(full(delete_objects::encode(&request, &delete_objects::DeletedObjects { outcomes })))
}
