//! The operations of S3 that R2 has, one file each: `decode` makes the typed request, `encode` the answer.
//!
//! Answers are built from plain values of this crate, so that nothing here knows where objects live. The caller adds
//! `x-amz-request-id` to every answer and the stream to those of GetObject.

pub mod abort_multipart_upload;
pub mod bucket_encryption;
pub mod bucket_lifecycle;
mod checksums;
pub mod complete_multipart_upload;
pub mod copy_object;
pub mod create_bucket;
pub mod create_multipart_upload;
pub mod customer_key;
pub mod delete_bucket;
pub mod delete_bucket_cors;
pub mod delete_object;
pub mod delete_objects;
pub mod fresh_bucket;
pub mod get_bucket_cors;
pub mod get_bucket_location;
pub mod get_object;
pub mod head_bucket;
pub mod head_object;
pub mod list_buckets;
pub mod list_multipart_uploads;
pub mod list_objects;
pub mod list_objects_v2;
pub mod list_parts;
mod listing;
mod object_headers;
pub mod post_object;
pub mod put_bucket_cors;
pub mod put_object;
mod shared;
#[cfg(test)]
mod tests;
pub mod upload_part;
pub mod upload_part_copy;

pub use listing::{EncodingType, ListedObject};
pub use object_headers::{ObjectHead, ObjectMetadata, PreparedHeaders, ResponseOverrides};
pub use shared::CopySource;

use crate::payload::ChecksumHeaders;
use bytes::Bytes;
use types::{BucketName, ObjectKey};

/// An answer; its body is empty where the caller streams one.
pub type Answer = http::Response<Bytes>;

/// A bucket and a key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectTarget {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
}

/// What a request asks, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The buckets of an account.
    ListBuckets,
    /// Makes a bucket.
    CreateBucket(BucketName),
    /// Whether a bucket is there.
    HeadBucket(BucketName),
    /// Removes an empty bucket.
    DeleteBucket(BucketName),
    /// Where a bucket is: always `auto`.
    GetBucketLocation(BucketName),
    /// How a bucket is encrypted: always with AES-256.
    GetBucketEncryption(BucketName),
    /// Asks for a bucket's encryption.
    PutBucketEncryption(BucketName),
    /// Asks for the default encryption again.
    DeleteBucketEncryption(BucketName),
    /// The lifecycle rules of a bucket.
    GetBucketLifecycleConfiguration(BucketName),
    /// Replaces the lifecycle rules of a bucket.
    PutBucketLifecycleConfiguration(BucketName),
    /// Removes the lifecycle rules of a bucket.
    DeleteBucketLifecycle(BucketName),
    /// Whether a bucket keeps versions: never.
    GetBucketVersioning(BucketName),
    /// Who may use a bucket: its owner.
    GetBucketAcl(BucketName),
    /// The tags of a bucket: none.
    GetBucketTagging(BucketName),
    /// Where a bucket is replicated to: nowhere.
    GetBucketReplication(BucketName),
    /// The object lock of a bucket: none.
    GetObjectLockConfiguration(BucketName),
    /// The CORS rules of a bucket.
    GetBucketCors(BucketName),
    /// Replaces the CORS rules of a bucket.
    PutBucketCors(BucketName),
    /// Removes the CORS rules of a bucket.
    DeleteBucketCors(BucketName),
    /// Objects of a bucket, version 1.
    ListObjects(BucketName),
    /// Objects of a bucket, version 2.
    ListObjectsV2(BucketName),
    /// Uploads of a bucket that are neither complete nor aborted.
    ListMultipartUploads(BucketName),
    /// Removes up to 1000 objects.
    DeleteObjects(BucketName),
    /// Stores an object from an HTML form, which names its key.
    PostObject(BucketName),
    /// Stores an object from the body.
    PutObject(ObjectTarget),
    /// Stores an object from another.
    CopyObject(ObjectTarget),
    /// An object's bytes.
    GetObject(ObjectTarget),
    /// An object's headers.
    HeadObject(ObjectTarget),
    /// Removes an object.
    DeleteObject(ObjectTarget),
    /// Begins an upload in parts.
    CreateMultipartUpload(ObjectTarget),
    /// Stores a part from the body.
    UploadPart(ObjectTarget),
    /// Stores a part from an object.
    UploadPartCopy(ObjectTarget),
    /// The parts of an upload.
    ListParts(ObjectTarget),
    /// Makes an object of parts.
    CompleteMultipartUpload(ObjectTarget),
    /// Ends an upload without an object.
    AbortMultipartUpload(ObjectTarget),
}

/// What the body of a request is to its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// It has no meaning: not to be read.
    Ignored,
    /// A small XML document: to be collected, at most `types::limits::XML_BYTES_MAX`.
    Document,
    /// An object or part: to be streamed.
    Object,
}

impl Operation {
    /// S3's name, as in permissions, metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket(_) => "CreateBucket",
            Self::HeadBucket(_) => "HeadBucket",
            Self::DeleteBucket(_) => "DeleteBucket",
            Self::GetBucketLocation(_) => "GetBucketLocation",
            Self::GetBucketEncryption(_) => "GetBucketEncryption",
            Self::PutBucketEncryption(_) => "PutBucketEncryption",
            Self::DeleteBucketEncryption(_) => "DeleteBucketEncryption",
            Self::GetBucketLifecycleConfiguration(_) => "GetBucketLifecycleConfiguration",
            Self::PutBucketLifecycleConfiguration(_) => "PutBucketLifecycleConfiguration",
            Self::DeleteBucketLifecycle(_) => "DeleteBucketLifecycle",
            Self::GetBucketVersioning(_) => "GetBucketVersioning",
            Self::GetBucketAcl(_) => "GetBucketAcl",
            Self::GetBucketTagging(_) => "GetBucketTagging",
            Self::GetBucketReplication(_) => "GetBucketReplication",
            Self::GetObjectLockConfiguration(_) => "GetObjectLockConfiguration",
            Self::GetBucketCors(_) => "GetBucketCors",
            Self::PutBucketCors(_) => "PutBucketCors",
            Self::DeleteBucketCors(_) => "DeleteBucketCors",
            Self::ListObjects(_) => "ListObjects",
            Self::ListObjectsV2(_) => "ListObjectsV2",
            Self::ListMultipartUploads(_) => "ListMultipartUploads",
            Self::DeleteObjects(_) => "DeleteObjects",
            Self::PostObject(_) => "PostObject",
            Self::PutObject(_) => "PutObject",
            Self::CopyObject(_) => "CopyObject",
            Self::GetObject(_) => "GetObject",
            Self::HeadObject(_) => "HeadObject",
            Self::DeleteObject(_) => "DeleteObject",
            Self::CreateMultipartUpload(_) => "CreateMultipartUpload",
            Self::UploadPart(_) => "UploadPart",
            Self::UploadPartCopy(_) => "UploadPartCopy",
            Self::ListParts(_) => "ListParts",
            Self::CompleteMultipartUpload(_) => "CompleteMultipartUpload",
            Self::AbortMultipartUpload(_) => "AbortMultipartUpload",
        }
    }

    /// What to do with the body.
    pub fn body(&self) -> BodyKind {
        match self {
            Self::PostObject(_) | Self::PutObject(_) | Self::UploadPart(_) => BodyKind::Object,
            Self::CreateBucket(_)
            | Self::PutBucketEncryption(_)
            | Self::PutBucketLifecycleConfiguration(_)
            | Self::PutBucketCors(_)
            | Self::DeleteObjects(_)
            | Self::CompleteMultipartUpload(_) => BodyKind::Document,
            _ => BodyKind::Ignored,
        }
    }

    /// What its `x-amz-checksum-*` headers are about.
    pub fn checksum_headers(&self) -> ChecksumHeaders {
        match self {
            Self::CompleteMultipartUpload(_) => ChecksumHeaders::OfObject,
            _ => ChecksumHeaders::OfBody,
        }
    }

    /// The bucket it is about.
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::ListBuckets => None,
            Self::CreateBucket(bucket)
            | Self::HeadBucket(bucket)
            | Self::DeleteBucket(bucket)
            | Self::GetBucketLocation(bucket)
            | Self::GetBucketEncryption(bucket)
            | Self::PutBucketEncryption(bucket)
            | Self::DeleteBucketEncryption(bucket)
            | Self::GetBucketLifecycleConfiguration(bucket)
            | Self::PutBucketLifecycleConfiguration(bucket)
            | Self::DeleteBucketLifecycle(bucket)
            | Self::GetBucketVersioning(bucket)
            | Self::GetBucketAcl(bucket)
            | Self::GetBucketTagging(bucket)
            | Self::GetBucketReplication(bucket)
            | Self::GetObjectLockConfiguration(bucket)
            | Self::GetBucketCors(bucket)
            | Self::PutBucketCors(bucket)
            | Self::DeleteBucketCors(bucket)
            | Self::ListObjects(bucket)
            | Self::ListObjectsV2(bucket)
            | Self::ListMultipartUploads(bucket)
            | Self::DeleteObjects(bucket)
            | Self::PostObject(bucket) => Some(bucket),
            _ => self.object().map(|target| &target.bucket),
        }
    }

    /// The object it is about.
    pub fn object(&self) -> Option<&ObjectTarget> {
        match self {
            Self::PutObject(target)
            | Self::CopyObject(target)
            | Self::GetObject(target)
            | Self::HeadObject(target)
            | Self::DeleteObject(target)
            | Self::CreateMultipartUpload(target)
            | Self::UploadPart(target)
            | Self::UploadPartCopy(target)
            | Self::ListParts(target)
            | Self::CompleteMultipartUpload(target)
            | Self::AbortMultipartUpload(target) => Some(target),
            _ => None,
        }
    }
}
