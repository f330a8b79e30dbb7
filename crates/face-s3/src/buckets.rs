//! The operations on buckets.

use crate::handle::{Answered, Context};
use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_support::AnswerBody;
use operations::create_bucket::CreateBucket;
use s3_protocol::operation::{create_bucket, delete_bucket, get_bucket_location, head_bucket};
use std::error::Error;
use types::BucketName;

/// An encoded answer as the face sends it.
pub(crate) fn full(answer: Response<Bytes>) -> Response<AnswerBody> {
    answer.map(AnswerBody::Full)
}

pub(crate) async fn create<B>(mut context: Context<'_, B>, bucket: BucketName) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    let request = create_bucket::decode(bucket, &document)?;
    let operation = CreateBucket { location: request.location, ..CreateBucket::named(request.bucket) };
    context.store.create_bucket(context.caller, &operation).await?;
    Ok(full(create_bucket::encode(&operation.name)))
}

pub(crate) async fn head<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.head_bucket(context.caller, &bucket).await?;
    Ok(full(head_bucket::encode()))
}

pub(crate) async fn delete<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.delete_bucket(context.caller, &bucket).await?;
    Ok(full(delete_bucket::encode()))
}

pub(crate) async fn location<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.bucket_location(context.caller, &bucket).await?;
    Ok(full(get_bucket_location::encode()))
}
