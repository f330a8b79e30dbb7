//! Who is looked after when, and buckets of older releases.

use super::*;
use crate::fixture::{ACCOUNT, blob, make_bucket, put, row, service};
use crate::lifecycle_index::tests::{expire, find, set_rules, settle};
use crate::rows::{LifecycleMark, LifecycleStage, ObjectBody};
use types::{Jurisdiction, LifecycleRule};

async fn wakes(metadata: &Metadata) -> Vec<u64> {
    let all = keys::lifecycle_wakes();
    let keys = metadata.keys_from(all.clone(), keys::after_prefix(&all), 99).await.unwrap();
    keys.iter().map(|key| u64::from_be_bytes(*key[all.len()..].first_chunk().unwrap())).collect()
}

#[tokio::test]
async fn a_visit_leaves_one_wake_behind_however_many_led_to_it() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    for _ in 0..3 {
        set_rules(&metadata, vec![expire("", 60)]).await;
        assert_eq!(wakes(&metadata).await.first(), Some(&0), "rules are acted on at once");
        let bucket = settle(&metadata).await;
        let wake = metadata.first_wake().await.unwrap().unwrap();
        let before = metadata.progress(bucket.id()).await.unwrap();
        let row = before.as_ref().map(|stored| stored.row.clone()).unwrap_or_default();
        let next = LifecycleProgressRow { next: Some(Timestamp(row.next.map_or(700, |at| at.0 + 1))), ..row };
        let ended = metadata.end_visit(&bucket, &wake, before.as_ref(), &next).await.unwrap();
        assert_eq!(ended, Outcome::Committed);
        let again = metadata.end_visit(&bucket, &wake, before.as_ref(), &next).await.unwrap();
        assert_eq!(again, Outcome::Conflict, "another was faster");
        assert_eq!(wakes(&metadata).await, [next.next.unwrap().0]);
    }
}

#[tokio::test]
async fn a_wake_of_a_bucket_that_is_gone_leads_to_no_other_of_its_name() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    set_rules(&metadata, vec![expire("", 60)]).await;
    let bucket = find(&metadata).await;
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
    let wake = metadata.first_wake().await.unwrap().unwrap();
    assert!(metadata.bucket_of_wake(&wake).await.unwrap().is_none());
    make_bucket(&metadata, "bucket").await;
    assert!(metadata.bucket_of_wake(&wake).await.unwrap().is_none());
    metadata.drop_wake(&wake).await.unwrap();
    assert!(metadata.first_wake().await.unwrap().is_none());
}

#[tokio::test]
async fn rules_that_an_older_release_stored_are_taken_up_once() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    make_bucket(&metadata, "without").await;
    let object = row(1, ObjectBody::Inline(blob(1)));
    assert_eq!(put(&metadata, &bucket, "a", &object).await, Outcome::Committed);
    let lifecycle = Lifecycle::new(vec![LifecycleRule { id: "old".into(), ..expire("", 60) }]).unwrap();
    let mut change = metadata.change();
    change.put(keys::lifecycle(bucket.id()), &LifecycleRow { lifecycle: lifecycle.clone(), generation: 0 });
    assert_eq!(change.commit().await.unwrap(), Outcome::Committed);
    assert!(find(&metadata).await.plan().is_none());
    for _ in 0..2 {
        metadata.adopt_lifecycles(Timestamp(0)).await.unwrap();
        let bucket = find(&metadata).await;
        let mark = LifecycleMark { generation: 1, acts_on_objects: true };
        assert_eq!(bucket.stored.row.lifecycle, mark);
        assert_eq!(metadata.lifecycle(bucket.id()).await.unwrap(), lifecycle);
        assert_eq!(metadata.progress(bucket.id()).await.unwrap().unwrap().row.stage, LifecycleStage::Clearing);
    }
    assert_eq!(wakes(&metadata).await, [0], "there is nothing to do in the other bucket");
    let bucket = settle(&metadata).await;
    assert_eq!(metadata.next_due(&bucket).await.unwrap(), Some(Timestamp(60_001)));
    let without = types::BucketName::parse("without").unwrap();
    let without = metadata.bucket(ACCOUNT, Jurisdiction::Default, &without).await.unwrap().unwrap();
    assert_eq!(without.stored.row.lifecycle, LifecycleMark::default());
}
