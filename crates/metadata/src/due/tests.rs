//! What is due is noted with the change that makes it so, and only where a rule asks for it.

use super::*;
use crate::fixture::{blob, key, make_bucket, put, row, service};
use crate::lifecycle_index::tests::{expire, find, set_rules, settle};
use crate::objects::{BodySource, Deletion, NewObject};
use crate::rows::{ObjectBody, UploadRow};
use keyring::{SealedDataKey, WrappedKey};
use types::{BlobId, HttpMetadata, LifecycleRule, LifecycleTime, LifecycleTransition, StorageClass, UserMetadata};

fn object(number: u8) -> ObjectRow {
    row(1, ObjectBody::Inline(blob(number)))
}

async fn due_texts(metadata: &Metadata, bucket: &FoundBucket) -> Vec<(u64, String)> {
    let due = metadata.due(bucket, Timestamp(u64::MAX), None, 1000).await.unwrap();
    let text = |subject: DueSubject| match subject {
        DueSubject::Object(key) => key.as_sent().to_owned(),
        DueSubject::Upload { key, id } => format!("{} {}", key.as_sent(), id.0[0]),
    };
    due.into_iter().map(|due| (due.at.0, text(due.subject))).collect()
}

async fn begin(metadata: &Metadata, bucket: &FoundBucket, name: &str, id: u8, created: u64) -> Outcome {
    let row = UploadRow {
        key_as_sent: name.to_owned(),
        created: Timestamp(created),
        manifest: BlobId([id; 16]),
        key: SealedDataKey { wrapped: WrappedKey([0; 60]), customer: None },
        http: HttpMetadata::default(),
        user: UserMetadata::default(),
        class: StorageClass::Standard,
        checksum: None,
    };
    metadata.create_upload(bucket, &key(name), UploadId([id; 16]), &row).await.unwrap()
}

#[tokio::test]
async fn an_object_is_noted_for_as_long_as_it_is_there_and_only_where_a_rule_is_about_it() {
    for metadata in [service(), service().with_row_cache()] {
        make_bucket(&metadata, "bucket").await;
        set_rules(&metadata, vec![expire("logs/", 10)]).await;
        let bucket = settle(&metadata).await;
        for (name, number) in [("logs/a", 1), ("logs/a", 2), ("other", 3)] {
            assert_eq!(put(&metadata, &bucket, name, &object(number)).await, Outcome::Committed);
        }
        // Rows of the fixture are of moment 1.
        assert_eq!(due_texts(&metadata, &bucket).await, [(10_001, "logs/a".to_owned())]);
        assert_eq!(metadata.next_due(&bucket).await.unwrap(), Some(Timestamp(10_001)));
        assert!(metadata.due(&bucket, Timestamp(10_000), None, 9).await.unwrap().is_empty());
        let later = ObjectRow { modified: Timestamp(500), ..object(4) };
        assert_eq!(put(&metadata, &bucket, "logs/a", &later).await, Outcome::Committed);
        assert_eq!(due_texts(&metadata, &bucket).await, [(10_500, "logs/a".to_owned())]);
        let stored = metadata.object(bucket.id(), &key("logs/a")).await.unwrap().unwrap();
        let deleted = metadata.delete_object(&bucket, &key("logs/a"), &stored, Deletion::Client, Timestamp(7)).await;
        assert_eq!(deleted.unwrap(), Outcome::Committed);
        assert_eq!(due_texts(&metadata, &bucket).await, []);
    }
}

#[tokio::test]
async fn a_bucket_with_the_rules_it_began_with_notes_no_object() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    assert_eq!(put(&metadata, &bucket, "a", &object(1)).await, Outcome::Committed);
    assert!(bucket.plan().is_none());
    for kind in [keys::due_in(bucket.id()), keys::lifecycle_wakes()] {
        assert!(metadata.keys_from(kind.clone(), keys::after_prefix(&kind), 1).await.unwrap().is_empty());
    }
}

/// Else an object could be written that no rule ever finds.
#[tokio::test]
async fn a_put_that_found_the_bucket_before_its_rules_conflicts() {
    for metadata in [service(), service().with_row_cache()] {
        let before = make_bucket(&metadata, "bucket").await;
        set_rules(&metadata, vec![expire("", 10)]).await;
        assert_eq!(put(&metadata, &before, "a", &object(1)).await, Outcome::Conflict);
        assert_eq!(begin(&metadata, &before, "a", 1, 0).await, Outcome::Conflict);
        let after = find(&metadata).await;
        assert_eq!(put(&metadata, &after, "a", &object(1)).await, Outcome::Committed);
        assert_eq!(due_texts(&metadata, &after).await.len(), 1);
    }
}

#[tokio::test]
async fn an_upload_is_noted_until_it_ends_and_wakes_somebody_a_minute_later_at_most() {
    const WEEK: u64 = 7 * 86_400_000;
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    for (name, id) in [("a\0b", 1), ("b", 2), ("c", 3)] {
        assert_eq!(begin(&metadata, &bucket, name, id, u64::from(id)).await, Outcome::Committed);
    }
    let noted = [(WEEK + 1, "a\0b 1".to_owned()), (WEEK + 2, "b 2".to_owned()), (WEEK + 3, "c 3".to_owned())];
    assert_eq!(due_texts(&metadata, &bucket).await, noted);
    let wake = metadata.first_wake().await.unwrap().unwrap();
    assert_eq!(wake.at, Timestamp(WEEK + 60_000));
    assert_eq!(metadata.bucket_of_wake(&wake).await.unwrap().unwrap().id(), bucket.id());

    let upload = metadata.upload(bucket.id(), &key("b"), UploadId([2; 16])).await.unwrap().unwrap();
    let aborted = metadata.abort_upload(&bucket, &upload, Deletion::Client, Timestamp(9)).await.unwrap();
    assert_eq!(aborted, Outcome::Committed);
    let upload = metadata.upload(bucket.id(), &key("c"), UploadId([3; 16])).await.unwrap().unwrap();
    let completed = object(9);
    let (to, source) = (key("c"), BodySource::Blob);
    let new = NewObject { bucket: &bucket, key: &to, replaces: None, row: &completed, source };
    assert_eq!(metadata.complete_upload(&upload, &[], &new, Timestamp(9)).await.unwrap(), Outcome::Committed);
    assert_eq!(due_texts(&metadata, &bucket).await, noted[..1]);
}

#[tokio::test]
async fn what_was_overwritten_after_it_was_found_due_stays() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    set_rules(&metadata, vec![expire("", 1)]).await;
    let bucket = settle(&metadata).await;
    assert_eq!(put(&metadata, &bucket, "a", &object(1)).await, Outcome::Committed);
    let due = metadata.due(&bucket, Timestamp(9_999), None, 9).await.unwrap();
    let old = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
    let remove = async |object| {
        let cause = Deletion::Lifecycle(&due[0]);
        metadata.delete_object(&bucket, &key("a"), object, cause, Timestamp(9_999)).await.unwrap()
    };
    // Written again in the same millisecond: the key of what is due is the same.
    assert_eq!(put(&metadata, &bucket, "a", &object(2)).await, Outcome::Committed);
    assert_eq!(remove(&old).await, Outcome::Conflict);
    let new = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
    assert_eq!(remove(&new).await, Outcome::Conflict, "what was found due is about another");
    assert_eq!(metadata.put_off(&bucket, &due[0], None).await.unwrap(), Outcome::Conflict);
    assert_eq!(due_texts(&metadata, &bucket).await.len(), 1, "the new one is still noted");
}

#[tokio::test]
async fn rules_that_changed_after_something_was_found_due_do_not_act_on_it() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    set_rules(&metadata, vec![expire("", 1)]).await;
    let bucket = settle(&metadata).await;
    assert_eq!(put(&metadata, &bucket, "a", &object(1)).await, Outcome::Committed);
    let due = metadata.due(&bucket, Timestamp(9_999), None, 9).await.unwrap();
    let object = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
    set_rules(&metadata, Vec::new()).await;
    let cause = Deletion::Lifecycle(&due[0]);
    let deleted = metadata.delete_object(&bucket, &key("a"), &object, cause, Timestamp(9_999)).await.unwrap();
    assert_eq!(deleted, Outcome::Conflict);
    let class = StorageClass::InfrequentAccess;
    assert_eq!(
        metadata.change_class(&bucket, &key("a"), &object, class, &due[0], Timestamp(9_999)).await.unwrap(),
        Outcome::Conflict
    );
}

#[tokio::test]
async fn a_change_of_class_keeps_the_object_and_notes_what_comes_next() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    let transition = LifecycleTransition { time: LifecycleTime::Age(1), class: StorageClass::InfrequentAccess };
    let down = LifecycleRule { enabled: true, transitions: vec![transition], ..LifecycleRule::default() };
    set_rules(&metadata, vec![down, expire("", 200_000)]).await;
    let bucket = settle(&metadata).await;
    assert_eq!(put(&metadata, &bucket, "a", &object(1)).await, Outcome::Committed);
    let due = metadata.due(&bucket, Timestamp(9_999), None, 9).await.unwrap();
    let before = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
    let class = StorageClass::InfrequentAccess;
    let changed = metadata.change_class(&bucket, &key("a"), &before, class, &due[0], Timestamp(9_999)).await.unwrap();
    assert_eq!(changed, Outcome::Committed);
    let after = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
    assert_eq!(after.row, ObjectRow { class, class_since: Some(Timestamp(9_999)), ..before.row });
    assert!(metadata.payload(blob(1)).await.unwrap().is_some());
    let sums = metadata.bucket_counters(bucket.id()).await.unwrap();
    assert_eq!((sums.objects, sums.infrequent_objects, sums.infrequent_bytes), (1, 1, 1));
    assert_eq!(due_texts(&metadata, &bucket).await, [(200_000_001, "a".to_owned())]);
}
