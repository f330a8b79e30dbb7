//! A Metadata Service over the in-memory engine, with short ways to fill it: for the tests of this crate.

use crate::Metadata;
use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::memory::MemoryEngine;
use crate::objects::{BodySource, NewObject};
use crate::rows::{BucketRow, LifecycleMark, ObjectBody, ObjectRow};
use environment::SystemEntropy;
use keyring::{RootKey, RowSealer, SealedDataKey, WrappedKey};
use std::sync::Arc;
use types::{
    AccountId, BlobId, BucketName, ETag, HttpMetadata, Jurisdiction, LocationHint, Md5, ObjectKey, StorageClass,
    Timestamp, UserMetadata,
};

/// The account of every test.
pub(crate) const ACCOUNT: AccountId = AccountId([1; 16]);

/// An empty service.
pub(crate) fn service() -> Metadata {
    let root = RootKey::from_bytes([7; 32]);
    Metadata::new(Arc::new(MemoryEngine::default()), RowSealer::new(&root, "test rows", &SystemEntropy::new()))
}

/// Makes a bucket and finds it.
pub(crate) async fn make_bucket(metadata: &Metadata, name: &str) -> FoundBucket {
    make_bucket_in(metadata, Jurisdiction::Default, name, None).await
}

/// Makes a bucket of a jurisdiction with a location hint and finds it.
pub(crate) async fn make_bucket_in(
    metadata: &Metadata,
    jurisdiction: Jurisdiction,
    name: &str,
    hint: Option<LocationHint>,
) -> FoundBucket {
    let name = BucketName::parse(name).unwrap();
    let vacancy = metadata.vacancy(ACCOUNT, jurisdiction, &name).await.unwrap();
    let row = BucketRow {
        id: vacancy.id(),
        created: Timestamp(0),
        location: vacancy.location(hint),
        default_class: StorageClass::Standard,
        key: WrappedKey([0; 60]),
        lock: None,
        lifecycle: LifecycleMark::default(),
    };
    assert_eq!(metadata.create_bucket(&vacancy, &row).await.unwrap(), Outcome::Committed);
    metadata.bucket(ACCOUNT, jurisdiction, &name).await.unwrap().unwrap()
}

/// A key that is known to be one.
pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).unwrap()
}

/// A row of so many bytes with this body.
pub(crate) fn row(size: u64, body: ObjectBody) -> ObjectRow {
    ObjectRow {
        key_as_sent: None,
        size,
        etag: ETag::Whole(Md5([0; 16])),
        modified: Timestamp(1),
        version: [0; 16],
        http: HttpMetadata::default(),
        user: UserMetadata::default(),
        class: StorageClass::Standard,
        class_since: None,
        checksum: None,
        key: SealedDataKey { wrapped: WrappedKey([0; 60]), customer: None },
        body,
    }
}

/// A blob id told by a number.
pub(crate) fn blob(number: u8) -> BlobId {
    BlobId([number; 16])
}

/// Puts an object over whatever is there.
pub(crate) async fn put(metadata: &Metadata, bucket: &FoundBucket, name: &str, row: &ObjectRow) -> Outcome {
    let key = key(name);
    let replaces = metadata.object(bucket.id(), &key).await.unwrap();
    let source = match row.body {
        ObjectBody::Inline(_) => BodySource::Payload(b"sealed".as_slice().into()),
        ObjectBody::Blob(_) | ObjectBody::Parts { .. } => BodySource::Blob,
    };
    let new = NewObject { bucket, key: &key, replaces: replaces.as_ref(), row, source };
    metadata.put_object(&new, Timestamp(5)).await.unwrap()
}
