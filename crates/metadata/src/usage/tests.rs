//! Usage of Infrequent Access: what each commit adds, by day, and what outlives a bucket.

use super::*;
use crate::buckets::FoundBucket;
use crate::fixture::{ACCOUNT, blob, key, make_bucket, row, service};
use crate::objects::{BodySource, Deletion, NewObject};
use crate::rows::ObjectBody;

const DAY: u64 = DAY_MILLISECONDS;
const TODAY: u32 = 20_000;

/// A moment of a day, in milliseconds after [`TODAY`] began.
fn at(milliseconds: u64) -> Timestamp {
    Timestamp(u64::from(TODAY) * DAY + milliseconds)
}

fn rare(size: u64, number: u8, written: Timestamp) -> ObjectRow {
    let class = StorageClass::InfrequentAccess;
    ObjectRow { class, modified: written, ..row(size, ObjectBody::Inline(blob(number))) }
}

async fn put(metadata: &Metadata, bucket: &FoundBucket, name: &str, row: &ObjectRow, now: Timestamp) {
    let name = key(name);
    let replaces = metadata.object(bucket.id(), &name).await.unwrap();
    let source = BodySource::Payload(b"sealed".as_slice().into());
    let new = NewObject { bucket, key: &name, replaces: replaces.as_ref(), row, source };
    assert_eq!(metadata.put_object(&new, now).await.unwrap(), Outcome::Committed);
}

async fn delete(metadata: &Metadata, bucket: &FoundBucket, name: &str, now: Timestamp) {
    let name = key(name);
    let object = metadata.object(bucket.id(), &name).await.unwrap().unwrap();
    assert_eq!(
        metadata.delete_object(bucket, &name, &object, Deletion::Client, now).await.unwrap(),
        Outcome::Committed
    );
}

async fn all(metadata: &Metadata, bucket: &FoundBucket) -> UsageByDay {
    metadata.infrequent_usage_of_bucket(ACCOUNT, bucket.id(), 0, u32::MAX).await.unwrap()
}

fn early(byte_days: u64, metadata_byte_days: u64) -> InfrequentUsage {
    InfrequentUsage { retrieved_bytes: 0, early_byte_days: byte_days, early_metadata_byte_days: metadata_byte_days }
}

fn retrieved(bytes: u64) -> InfrequentUsage {
    InfrequentUsage { retrieved_bytes: bytes, ..InfrequentUsage::default() }
}

#[test]
fn begun_days_that_are_left_of_thirty_count() {
    let left = |after: u64| days_left(at(0), at(after));
    assert_eq!([0, 1, DAY - 1].map(left), [30, 30, 30]);
    assert_eq!([DAY, 10 * DAY, 10 * DAY + 1, 29 * DAY, 30 * DAY - 1].map(left), [29, 20, 20, 1, 1]);
    assert_eq!([30 * DAY, 31 * DAY, 4000 * DAY].map(left), [0, 0, 0]);
    assert_eq!(days_left(at(5 * DAY), at(0)), 30, "a clock that went back");
    assert_eq!(days_left(Timestamp(u64::MAX), Timestamp(u64::MAX)), 0);
}

#[tokio::test]
async fn objects_that_go_early_are_charged_on_the_day_they_go() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    for (name, written) in [("a", at(0)), ("bb", at(0)), ("old", at(0)), ("new", at(40 * DAY))] {
        put(&metadata, &bucket, name, &rare(100, 1, written), written).await;
    }
    put(&metadata, &bucket, "standard", &row(100, ObjectBody::Inline(blob(2))), at(0)).await;
    assert_eq!(all(&metadata, &bucket).await, UsageByDay::new(), "what is written new costs nothing here");
    delete(&metadata, &bucket, "a", at(10 * DAY)).await;
    put(&metadata, &bucket, "bb", &rare(7, 3, at(10 * DAY)), at(10 * DAY)).await;
    delete(&metadata, &bucket, "old", at(30 * DAY)).await;
    delete(&metadata, &bucket, "standard", at(1)).await;
    delete(&metadata, &bucket, "new", at(40 * DAY)).await;
    let expected = [(TODAY + 10, early(2 * 100 * 20, 20 + 2 * 20)), (TODAY + 40, early(100 * 30, 3 * 30))];
    assert_eq!(all(&metadata, &bucket).await, UsageByDay::from(expected));
}

#[tokio::test]
async fn an_object_that_lifecycle_moved_is_charged_from_then_on() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let moved = ObjectRow { class_since: Some(at(100 * DAY)), ..rare(100, 1, at(0)) };
    put(&metadata, &bucket, "a", &moved, at(100 * DAY)).await;
    delete(&metadata, &bucket, "a", at(101 * DAY)).await;
    assert_eq!(all(&metadata, &bucket).await, UsageByDay::from([(TODAY + 101, early(100 * 29, 29))]));
}

#[tokio::test]
async fn a_copy_is_a_retrieval_from_the_bucket_of_its_source() {
    let metadata = service();
    let (from, into) = (make_bucket(&metadata, "from").await, make_bucket(&metadata, "into").await);
    put(&metadata, &from, "a", &rare(100, 1, at(0)), at(0)).await;
    put(&metadata, &from, "standard", &row(100, ObjectBody::Inline(blob(2))), at(0)).await;
    for name in ["a", "standard"] {
        let name = key(name);
        let object = metadata.object(from.id(), &name).await.unwrap().unwrap();
        let source = BodySource::Shared { bucket: from.id(), key: &name, object: &object };
        let new = NewObject { bucket: &into, key: &name, replaces: None, row: &object.row, source };
        assert_eq!(metadata.put_object(&new, at(0)).await.unwrap(), Outcome::Committed);
    }
    assert_eq!(all(&metadata, &from).await, UsageByDay::from([(TODAY, retrieved(100))]));
    assert_eq!(all(&metadata, &into).await, UsageByDay::new());
}

#[tokio::test]
async fn usage_is_asked_for_by_days_and_outlives_its_bucket() {
    let metadata = service();
    let buckets = [make_bucket(&metadata, "one").await, make_bucket(&metadata, "two").await];
    for day in 0..3 {
        let read = |bucket: &FoundBucket| Retrieved { account: ACCOUNT, bucket: bucket.id(), bytes: 1 << day };
        let read: Vec<_> = buckets.iter().map(read).collect();
        metadata.add_retrieved(&read, at(day * DAY)).await.unwrap();
        metadata.add_retrieved(&read[..1], at(day * DAY)).await.unwrap();
    }
    metadata.add_retrieved(&[], at(0)).await.unwrap();
    let of_bucket = async |from, to| {
        metadata.infrequent_usage_of_bucket(ACCOUNT, buckets[0].id(), TODAY + from, TODAY + to).await.unwrap()
    };
    assert_eq!(of_bucket(0, 1).await, UsageByDay::from([(TODAY, retrieved(2)), (TODAY + 1, retrieved(4))]));
    assert_eq!(of_bucket(2, 9).await, UsageByDay::from([(TODAY + 2, retrieved(8))]));
    assert_eq!(of_bucket(2, 1).await, UsageByDay::new());
    for bucket in &buckets {
        assert_eq!(metadata.delete_bucket(bucket, at(0)).await.unwrap(), Outcome::Committed);
    }
    let account = metadata.infrequent_usage_of_account(ACCOUNT, TODAY + 1, TODAY + 2).await.unwrap();
    assert_eq!(account, UsageByDay::from([(TODAY + 1, retrieved(6)), (TODAY + 2, retrieved(12))]));
    let nobody = metadata.infrequent_usage_of_account(AccountId([2; 16]), 0, u32::MAX).await.unwrap();
    assert_eq!(nobody, UsageByDay::new());
}
