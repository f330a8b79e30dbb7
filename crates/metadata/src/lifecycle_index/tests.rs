//! What was there before rules were set is noted, batch by batch, and what older rules noted goes.

use super::*;
use crate::engine::{Commit, Write};
use crate::fixture::{ACCOUNT, blob, make_bucket, put, row, service};
use crate::rows::ObjectBody;
use bytes::Bytes;
use types::{BucketName, Jurisdiction, Lifecycle, LifecycleRule, LifecycleTime, Timestamp};

/// Removes what begins with a prefix after so many seconds.
pub(crate) fn expire(prefix: &str, seconds: u64) -> LifecycleRule {
    let expiration = Some(LifecycleTime::Age(seconds));
    LifecycleRule { enabled: true, prefix: prefix.to_owned(), expiration, ..LifecycleRule::default() }
}

/// The bucket of these tests as it is now.
pub(crate) async fn find(metadata: &Metadata) -> FoundBucket {
    let name = BucketName::parse("bucket").unwrap();
    metadata.bucket(ACCOUNT, Jurisdiction::Default, &name).await.unwrap().unwrap()
}

/// Sets its rules.
pub(crate) async fn set_rules(metadata: &Metadata, rules: Vec<LifecycleRule>) {
    let lifecycle = Lifecycle::new(rules).unwrap();
    let outcome = metadata.put_lifecycle(&find(metadata).await, &lifecycle, Timestamp(0)).await.unwrap();
    assert_eq!(outcome, Outcome::Committed);
}

async fn progress(metadata: &Metadata, bucket: &FoundBucket) -> Stored<LifecycleProgressRow> {
    metadata.progress(bucket.id()).await.unwrap().unwrap()
}

/// Does all that is left since rules were set. Answers with the bucket.
pub(crate) async fn settle(metadata: &Metadata) -> FoundBucket {
    let bucket = find(metadata).await;
    loop {
        let progress = progress(metadata, &bucket).await;
        if progress.row.stage == LifecycleStage::Settled {
            return bucket;
        }
        let indexed = metadata.index_lifecycle(&bucket, &progress).await.unwrap();
        assert_eq!(indexed.outcome, Outcome::Committed);
    }
}

async fn fill(metadata: &Metadata, count: usize) -> FoundBucket {
    let bucket = find(metadata).await;
    for number in 0..count {
        for prefix in ["a/", "b", "c/"] {
            let row = row(1, ObjectBody::Inline(blob(1)));
            assert_eq!(put(metadata, &bucket, &format!("{prefix}{number:04}"), &row).await, Outcome::Committed);
        }
    }
    bucket
}

async fn due(metadata: &Metadata, bucket: &FoundBucket) -> usize {
    metadata.due(bucket, Timestamp(u64::MAX), None, usize::MAX).await.unwrap().len()
}

async fn noted_in_all(metadata: &Metadata, bucket: &FoundBucket) -> usize {
    let all = keys::due_in(bucket.id());
    metadata.keys_from(all.clone(), keys::after_prefix(&all), usize::MAX).await.unwrap().len()
}

#[tokio::test]
async fn objects_that_were_there_before_are_noted_if_a_rule_is_about_them() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    fill(&metadata, 700).await;
    set_rules(&metadata, vec![expire("a/", 1), expire("a/1", 2), expire("c/", 3), expire("nothing", 4)]).await;
    let bucket = settle(&metadata).await;
    assert_eq!(due(&metadata, &bucket).await, 1400);
    set_rules(&metadata, vec![expire("b", 1)]).await;
    let bucket = settle(&metadata).await;
    assert_eq!((due(&metadata, &bucket).await, noted_in_all(&metadata, &bucket).await), (700, 700));
    set_rules(&metadata, Vec::new()).await;
    let bucket = settle(&metadata).await;
    assert_eq!(noted_in_all(&metadata, &bucket).await, 0, "without rules nothing is left of them");
}

#[tokio::test]
async fn a_step_of_older_rules_comes_to_nothing() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    fill(&metadata, 3).await;
    set_rules(&metadata, vec![expire("", 1)]).await;
    let older = find(&metadata).await;
    let older_progress = progress(&metadata, &older).await;
    set_rules(&metadata, vec![expire("a/", 1)]).await;
    for late in [&older_progress, &progress(&metadata, &older).await] {
        let indexed = metadata.index_lifecycle(&older, late).await.unwrap();
        assert_eq!(indexed.outcome, Outcome::Conflict);
    }
    let bucket = settle(&metadata).await;
    assert_eq!(noted_in_all(&metadata, &bucket).await, 3);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_of_and_keeps_no_other_from_being_noted() {
    let metadata = service();
    make_bucket(&metadata, "bucket").await;
    let bucket = fill(&metadata, 2).await;
    let damaged = Write::Put {
        table: Table::Rows,
        key: keys::object(bucket.id(), "a/0000"),
        value: Bytes::from_static(b"damaged, as no disk should"),
    };
    let commit = Commit { conditions: Vec::new(), writes: vec![damaged] };
    assert_eq!(metadata.engine().commit(commit).await.unwrap(), Outcome::Committed);
    set_rules(&metadata, vec![expire("", 1)]).await;
    let bucket = find(&metadata).await;
    let mut failures = Vec::new();
    while progress(&metadata, &bucket).await.row.stage != LifecycleStage::Settled {
        let indexed = metadata.index_lifecycle(&bucket, &progress(&metadata, &bucket).await).await.unwrap();
        failures.extend(indexed.failure);
    }
    assert!(matches!(failures[..], [MetadataError::Tampered { row: "object" }]), "{failures:?}");
    assert_eq!(due(&metadata, &bucket).await, 5);
}

#[test]
fn a_prefix_is_behind_once_no_key_of_it_can_follow() {
    assert!(is_ahead("", "a") && is_ahead("a", "a") && is_ahead("a", "ab") && is_ahead("b", "ab"));
    assert!(!is_ahead("a", "b") && !is_ahead("ab", "ac"));
}
