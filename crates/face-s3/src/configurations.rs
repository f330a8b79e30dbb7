//! The operations on what is configured of a bucket.

use crate::buckets::full;
use crate::handle::{Answered, Context};
use bytes::Bytes;
use http_body::Body;
use operations::Action;
use s3_protocol::operation::{bucket_encryption, bucket_lifecycle, fresh_bucket};
use std::error::Error;
use types::BucketName;

pub(crate) async fn lifecycle<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    let lifecycle = context.store.bucket_lifecycle(context.caller, &bucket).await?;
    Ok(full(bucket_lifecycle::encode_get(&lifecycle)?))
}

pub(crate) async fn put_lifecycle<B>(mut context: Context<'_, B>, bucket: BucketName) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    let lifecycle = bucket_lifecycle::decode_put(context.head.headers, &document)?;
    context.store.put_bucket_lifecycle(context.caller, &bucket, lifecycle).await?;
    Ok(full(bucket_lifecycle::encode_put()))
}

pub(crate) async fn delete_lifecycle<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.delete_bucket_lifecycle(context.caller, &bucket).await?;
    Ok(full(bucket_lifecycle::encode_delete()))
}

pub(crate) async fn encryption<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetBucketEncryption, &bucket).await?;
    Ok(full(bucket_encryption::encode()))
}

pub(crate) async fn put_encryption<B>(mut context: Context<'_, B>, bucket: BucketName) -> Answered
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let document = context.verified_document().await?;
    bucket_encryption::decode_put(&document)?;
    context.store.fixed_answer(context.caller, Action::PutBucketEncryption, &bucket).await?;
    Ok(full(bucket_encryption::encode_put()))
}

pub(crate) async fn delete_encryption<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::DeleteBucketEncryption, &bucket).await?;
    Ok(full(bucket_encryption::encode_delete()))
}

pub(crate) async fn versioning<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetBucketVersioning, &bucket).await?;
    Ok(full(fresh_bucket::encode_versioning()))
}

pub(crate) async fn acl<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetBucketAcl, &bucket).await?;
    Ok(full(fresh_bucket::encode_acl(context.caller.account)))
}

pub(crate) async fn tagging<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetBucketTagging, &bucket).await?;
    Err(fresh_bucket::no_tags())
}

pub(crate) async fn replication<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetBucketReplication, &bucket).await?;
    Err(fresh_bucket::no_replication())
}

pub(crate) async fn object_lock<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    context.store.fixed_answer(context.caller, Action::GetObjectLockConfiguration, &bucket).await?;
    Err(fresh_bucket::no_object_lock())
}
