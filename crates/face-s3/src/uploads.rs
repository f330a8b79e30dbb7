//! The operations on multipart uploads.

use crate::buckets::full;
use crate::document::expected_digests;
use crate::handle::{Answered, Context};
use crate::objects::{confirmed, create_bucket_if};
use bytes::Bytes;
use http_body::Body;
use operations::AskedChecksum;
use operations::complete_upload::{CompleteUpload, ListedPart};
use operations::create_upload::CreateUpload;
use operations::upload_part::{PartTarget, UploadPart};
use operations::upload_part_copy::UploadPartCopy;
use s3_protocol::ObjectTarget;
use s3_protocol::operation::{
    abort_multipart_upload as abort, complete_multipart_upload as complete, create_multipart_upload as create,
    upload_part as part, upload_part_copy as part_copy,
};
use std::error::Error;
use types::{ETag, RangeSpec};

pub(crate) async fn create<B>(mut context: Context<'_, B>, target: ObjectTarget) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let request = create::decode(&context.head, target)?;
    // There is nothing in it, but R2 verifies a Content-MD5 of it ("S3 API compatibility").
    context.verified_document().await?;
    create_bucket_if(request.create_bucket_if_missing, context.store, context.caller, &request.target.bucket).await?;
    let operation = CreateUpload {
        bucket: request.target.bucket.clone(),
        key: request.target.key.clone(),
        http: request.metadata.http,
        user: request.metadata.user,
        class: request.metadata.storage_class,
        checksum: request.checksum_algorithm,
        conditions: request.conditions,
        customer_key: request.customer_key,
    };
    let upload = context.store.create_upload(context.caller, &operation).await?;
    let answer = create::encode(&request.target, upload, operation.checksum);
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

fn part_target(target: ObjectTarget, part: part::PartTarget) -> PartTarget {
    PartTarget { bucket: target.bucket, key: target.key, upload: part.upload, number: part.number }
}

pub(crate) async fn upload_part<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let request = part::decode(&context.head, target, context.payload)?;
    let operation = UploadPart {
        target: part_target(request.target, request.part),
        length: request.length,
        customer_key: request.customer_key,
        expected: expected_digests(context.payload),
        trailers: context.payload.trailers.clone(),
    };
    let stored = context.store.upload_part(context.caller, &operation, context.body).await?;
    let answer = part::encode(&ETag::Whole(stored.md5), stored.checksum);
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

pub(crate) async fn copy_part<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = part_copy::decode(&context.head, target)?;
    let range = match request.range {
        Some(RangeSpec::Inclusive { first, last }) => Some((first, last)),
        Some(RangeSpec::From(_) | RangeSpec::Suffix(_)) | None => None,
    };
    let operation = UploadPartCopy {
        target: part_target(request.target, request.part),
        source_bucket: request.source.object.bucket,
        source_key: request.source.object.key,
        source_conditions: request.source_conditions,
        source_customer_key: request.source_customer_key,
        customer_key: request.customer_key,
        range,
    };
    let stored = context.store.upload_part_copy(context.caller, &operation).await?;
    let answer = part_copy::encode(&ETag::Whole(stored.md5), stored.modified, stored.checksum);
    Ok(confirmed(answer, operation.customer_key.as_ref()))
}

pub(crate) async fn complete<B>(mut context: Context<'_, B>, target: ObjectTarget) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    let request = complete::decode(&context.head, target, &document)?;
    let listed = |part: &complete::CompletedPart| {
        let (number, md5, checksum) = (part.number, part.etag, part.checksum);
        ListedPart { number, md5, checksum }
    };
    let parts = request.parts.iter().map(listed).collect();
    let operation = CompleteUpload {
        bucket: request.target.bucket.clone(),
        key: request.target.key.clone(),
        upload: request.upload,
        parts,
        object_bytes: request.object_bytes,
        checksum: AskedChecksum { value: request.checksum, checksum_type: request.checksum_type },
        conditions: request.conditions,
        customer_key: request.customer_key,
    };
    let stored = context.store.complete_upload(context.caller, &operation).await?;
    let location = format!("http://{}{}", context.head.host, context.head.path);
    let (etag, version, expiration) = (&stored.etag, &stored.version, stored.expiration.as_deref());
    Ok(full(complete::encode(&location, &request.target, etag, version, stored.checksum, expiration)))
}

pub(crate) async fn abort<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = abort::decode(&context.head, target)?;
    let ObjectTarget { bucket, key } = &request.target;
    context.store.abort_upload(context.caller, bucket, key, request.upload).await?;
    Ok(full(abort::encode()))
}
