//! The operations that answer pages.

use crate::buckets::full;
use crate::handle::{Answered, Context};
use operations::list_buckets::ListBuckets;
use operations::list_objects::{ListObjects, ListedObjects};
use operations::list_parts::ListParts;
use operations::list_uploads::ListUploads;
use operations::{NamedBucket, PartRow, UploadRow};
use s3_protocol::ObjectTarget;
use s3_protocol::operation::{
    ListedObject, list_buckets as buckets, list_multipart_uploads as uploads, list_objects as objects_v1,
    list_objects_v2 as objects_v2, list_parts as parts,
};
use types::{BucketName, ETag, UploadId};

pub(crate) async fn list_buckets<B>(context: Context<'_, B>) -> Answered {
    let request = buckets::decode(&context.head)?;
    let operation = ListBuckets {
        prefix: request.prefix.clone().unwrap_or_default(),
        start_after: request.start_after.clone(),
        continuation_token: request.continuation_token.clone(),
        limit: request.max_keys.into(),
        ..ListBuckets::default()
    };
    let listed = context.store.list_buckets(context.caller, &operation).await?;
    let buckets = listed.buckets.iter().map(listed_bucket).collect();
    let page = buckets::BucketPage { owner: context.caller.account, buckets, next_token: listed.next_token };
    Ok(full(buckets::encode(&request, &page)))
}

pub(crate) async fn list_objects<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    let request = objects_v1::decode(&context.head, bucket)?;
    let operation = ListObjects {
        bucket: request.bucket.clone(),
        prefix: request.prefix.clone().unwrap_or_default(),
        delimiter: request.delimiter.clone().unwrap_or_default(),
        start_after: request.marker.clone(),
        continuation_token: None,
        limit: request.max_keys.into(),
    };
    let listed = context.store.list_objects_v1(context.caller, &operation).await?;
    let page = objects_v1::ObjectPage {
        owner: context.caller.account,
        objects: objects(&listed),
        common_prefixes: listed.common_prefixes.iter().map(String::as_str).collect(),
        next_marker: listed.last.as_deref(),
    };
    Ok(full(objects_v1::encode(&request, &page)))
}

pub(crate) async fn list_objects_v2<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    let request = objects_v2::decode(&context.head, bucket)?;
    let operation = ListObjects {
        bucket: request.bucket.clone(),
        prefix: request.prefix.clone().unwrap_or_default(),
        delimiter: request.delimiter.clone().unwrap_or_default(),
        start_after: request.start_after.clone(),
        continuation_token: request.continuation_token.clone(),
        limit: request.max_keys.into(),
    };
    let listed = context.store.list_objects(context.caller, &operation).await?;
    let page = objects_v2::ObjectPage {
        owner: context.caller.account,
        objects: objects(&listed),
        common_prefixes: listed.common_prefixes.iter().map(String::as_str).collect(),
        next_token: listed.next_token.clone(),
    };
    Ok(full(objects_v2::encode(&request, &page)))
}

fn listed_bucket(bucket: &NamedBucket) -> buckets::ListedBucket<'_> {
    buckets::ListedBucket { name: bucket.name.as_str(), created: bucket.row.created }
}

fn objects(listed: &ListedObjects) -> Vec<ListedObject<'_>> {
    let mut objects = Vec::with_capacity(listed.objects.len());
    for object in &listed.objects {
        let row = &object.row;
        let (modified, etag, size, storage_class) = (row.modified, row.etag, row.size, row.class);
        objects.push(ListedObject { key: &object.key, modified, etag, size, storage_class, checksum: row.checksum });
    }
    objects
}

pub(crate) async fn list_uploads<B>(context: Context<'_, B>, bucket: BucketName) -> Answered {
    let request = uploads::decode(&context.head, bucket)?;
    let operation = ListUploads {
        bucket: request.bucket.clone(),
        prefix: request.prefix.clone().unwrap_or_default(),
        delimiter: request.delimiter.clone().unwrap_or_default(),
        key_marker: request.key_marker.clone(),
        upload_marker: request.upload_id_marker,
        limit: request.max_uploads.into(),
    };
    let listed = context.store.list_uploads(context.caller, &operation).await?;
    let page = uploads::UploadPage {
        owner: context.caller.account,
        uploads: listed.uploads.iter().map(listed_upload).collect(),
        common_prefixes: listed.common_prefixes.iter().map(String::as_str).collect(),
        next: listed.next.as_ref().map(|(key, id)| (key.as_str(), *id)),
    };
    Ok(full(uploads::encode(&request, &page)))
}

pub(crate) async fn list_parts<B>(context: Context<'_, B>, target: ObjectTarget) -> Answered {
    let request = parts::decode(&context.head, target)?;
    let operation = ListParts {
        bucket: request.target.bucket.clone(),
        key: request.target.key.clone(),
        upload: request.upload,
        after: request.part_number_marker,
        limit: request.max_parts.into(),
    };
    let listed = context.store.list_parts(context.caller, &operation).await?;
    let page = parts::PartPage {
        owner: context.caller.account,
        storage_class: listed.upload.class,
        checksum: listed.upload.checksum,
        parts: listed.parts.iter().map(listed_part).collect(),
        truncated: listed.truncated,
    };
    Ok(full(parts::encode(&request, &page)))
}

fn listed_upload((id, row): &(UploadId, UploadRow)) -> uploads::ListedUpload<'_> {
    uploads::ListedUpload {
        key: &row.key_as_sent,
        upload: *id,
        initiated: row.created,
        storage_class: row.class,
        checksum: row.checksum,
    }
}

fn listed_part((number, row): &(u16, PartRow)) -> parts::ListedPart {
    parts::ListedPart {
        number: *number,
        modified: row.modified,
        etag: ETag::Whole(row.md5),
        size: row.size,
        checksum: row.checksum,
    }
}
