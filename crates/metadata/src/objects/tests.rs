//! Objects: what one commit changes together.

use super::*;
use crate::fixture::{blob, key, make_bucket, put, row, service};

async fn garbage(metadata: &Metadata) -> Vec<GarbageRow> {
    metadata.garbage(None, 100).await.unwrap().into_iter().map(|piece| piece.row).collect()
}

async fn copy(metadata: &Metadata, bucket: &FoundBucket, from: &str, to: &str) -> Outcome {
    let (from, to) = (key(from), key(to));
    let object = metadata.object(bucket.id(), &from).await.unwrap().unwrap();
    let replaces = metadata.object(bucket.id(), &to).await.unwrap();
    let source = BodySource::Shared { bucket: bucket.id(), key: &from, object: &object };
    let new = NewObject { bucket, key: &to, replaces: replaces.as_ref(), row: &object.row, source };
    metadata.put_object(&new, Timestamp(6)).await.unwrap()
}

async fn delete(metadata: &Metadata, bucket: &FoundBucket, name: &str) -> Outcome {
    let key = key(name);
    let object = metadata.object(bucket.id(), &key).await.unwrap().unwrap();
    metadata.delete_object(bucket, &key, &object, Deletion::Client, Timestamp(7)).await.unwrap()
}

#[tokio::test]
async fn counters_follow_every_put_overwrite_copy_and_delete() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let counters = async || metadata.bucket_counters(bucket.id()).await.unwrap();
    let _ = put(&metadata, &bucket, "ab", &row(10, ObjectBody::Inline(blob(1)))).await;
    let _ = put(&metadata, &bucket, "ab", &row(30, ObjectBody::Blob(blob(2)))).await;
    let _ = copy(&metadata, &bucket, "ab", "c").await;
    assert_eq!(counters().await, BucketCounters { objects: 2, bytes: 60, metadata_bytes: 3, ..Default::default() });
    let _ = delete(&metadata, &bucket, "ab").await;
    assert_eq!(counters().await, BucketCounters { objects: 1, bytes: 30, metadata_bytes: 1, ..Default::default() });
}

#[tokio::test]
async fn shared_bytes_become_garbage_with_their_last_object() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let _ = put(&metadata, &bucket, "a", &row(10, ObjectBody::Blob(blob(1)))).await;
    assert_eq!(copy(&metadata, &bucket, "a", "b").await, Outcome::Committed);
    assert_eq!(copy(&metadata, &bucket, "b", "c").await, Outcome::Committed);
    for name in ["a", "b"] {
        let _ = delete(&metadata, &bucket, name).await;
        assert_eq!(garbage(&metadata).await, []);
        assert!(metadata.is_referenced(blob(1)).await.unwrap());
    }
    let _ = delete(&metadata, &bucket, "c").await;
    assert_eq!(garbage(&metadata).await, [GarbageRow::Blob(blob(1))]);
    assert!(!metadata.is_referenced(blob(1)).await.unwrap());
}

#[tokio::test]
async fn a_shared_payload_stays_until_its_last_object_goes() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let _ = put(&metadata, &bucket, "a", &row(6, ObjectBody::Inline(blob(1)))).await;
    let _ = copy(&metadata, &bucket, "a", "b").await;
    let _ = put(&metadata, &bucket, "a", &row(6, ObjectBody::Inline(blob(2)))).await;
    assert!(metadata.payload(blob(1)).await.unwrap().is_some());
    let _ = delete(&metadata, &bucket, "b").await;
    assert!(metadata.payload(blob(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_copy_onto_itself_shares_nothing() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let _ = put(&metadata, &bucket, "a", &row(10, ObjectBody::Blob(blob(1)))).await;
    assert_eq!(copy(&metadata, &bucket, "a", "a").await, Outcome::Committed);
    let _ = delete(&metadata, &bucket, "a").await;
    assert_eq!(garbage(&metadata).await, [GarbageRow::Blob(blob(1))]);
}

#[tokio::test]
async fn a_write_that_saw_another_object_or_bucket_conflicts() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let (name, first) = (key("a"), row(1, ObjectBody::Inline(blob(1))));
    let absent = NewObject {
        bucket: &bucket,
        key: &name,
        replaces: None,
        row: &first,
        source: BodySource::Payload(Bytes::new()),
    };
    assert_eq!(metadata.put_object(&absent, Timestamp(1)).await.unwrap(), Outcome::Committed);
    assert_eq!(metadata.put_object(&absent, Timestamp(1)).await.unwrap(), Outcome::Conflict);
    let _ = delete(&metadata, &bucket, "a").await;
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(2)).await.unwrap(), Outcome::Committed);
    assert_eq!(metadata.put_object(&absent, Timestamp(3)).await.unwrap(), Outcome::Conflict);
}

#[tokio::test]
async fn a_bucket_with_an_object_is_not_deleted() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let _ = put(&metadata, &bucket, "a", &row(1, ObjectBody::Inline(blob(1)))).await;
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(2)).await.unwrap(), Outcome::Conflict);
}
