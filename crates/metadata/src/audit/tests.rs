//! The log in its two directions, and how much of it is read.

use super::*;
use crate::engine::Outcome;
use crate::fixture::{make_bucket, service};
use crate::rows::audit::tests::row;

const ACCOUNT: AccountId = AccountId([9; 16]);

fn range(since: u64, before: u64, after: Option<AuditPosition>) -> AuditRange {
    AuditRange { since: Timestamp(since), before: Timestamp(before), oldest_first: false, after, skip: 0 }
}

const ALL: AuditRange =
    AuditRange { since: Timestamp(0), before: Timestamp(u64::MAX), oldest_first: false, after: None, skip: 0 };

async fn times(metadata: &Metadata, since: u64, before: u64, after: Option<AuditPosition>) -> Vec<u64> {
    let entries = metadata.audit_entries(ACCOUNT, range(since, before, after), 2).await.unwrap();
    entries.iter().map(|entry| entry.when.0).collect()
}

async fn write(metadata: &Metadata, account: AccountId, entries: &[(u8, u64)]) {
    for (id, when) in entries {
        metadata.recording(account, &row(*id, *when)).record_alone().await.unwrap();
    }
}

async fn ids(metadata: &Metadata, range: AuditRange, limit: usize) -> Vec<u8> {
    let entries = metadata.audit_entries(ACCOUNT, range, limit).await.unwrap();
    entries.iter().map(|entry| entry.id[0]).collect()
}

#[tokio::test]
async fn an_entry_is_written_with_its_change_or_not_at_all() {
    let metadata = service().with_row_cache();
    let bucket = make_bucket(&metadata, "bucket").await;
    let delete = async |id, when| {
        metadata.recording(ACCOUNT, &row(id, when)).delete_bucket(&bucket, Timestamp(when)).await.unwrap()
    };
    assert_eq!((delete(1, 10).await, delete(2, 20).await), (Outcome::Committed, Outcome::Conflict));
    assert_eq!(times(&metadata, 0, u64::MAX, None).await, [10], "what came too late is not in the log");
}

#[tokio::test]
async fn entries_are_listed_newest_first_within_their_times() {
    let metadata = service();
    write(&metadata, ACCOUNT, &[(1, 10), (2, 30), (3, 20), (4, 20)]).await;
    assert_eq!(times(&metadata, 0, u64::MAX, None).await, [30, 20]);
    let after = Some(AuditPosition { when: Timestamp(20), id: [3; 16] });
    assert_eq!(times(&metadata, 0, u64::MAX, after).await, [20, 10]);
    assert_eq!(times(&metadata, 20, 30, None).await, [20, 20], "from the first moment, up to the last");
    assert_eq!(times(&metadata, 21, 30, None).await, [0; 0]);
    assert_eq!(times(&metadata, 0, 0, None).await, [0; 0]);
}

#[tokio::test]
async fn old_entries_are_forgotten_and_no_others() {
    let metadata = service();
    for account in [ACCOUNT, AccountId([8; 16]), AccountId([10; 16])] {
        write(&metadata, account, &[(1, 10), (2, 20), (3, 20), (4, 30)]).await;
    }
    let forget = async |since, limit| metadata.forget_audit_entries(ACCOUNT, Timestamp(since), limit).await.unwrap();
    assert_eq!((forget(10, 9).await, forget(30, 0).await), (0, 0));
    assert_eq!((forget(30, 2).await, forget(30, 2).await, forget(30, 2).await), (2, 1, 0));
    assert_eq!(times(&metadata, 0, u64::MAX, None).await, [30]);
    for account in [AccountId([8; 16]), AccountId([10; 16])] {
        let all = metadata.audit_entries(account, ALL, 9).await.unwrap();
        assert_eq!(all.len(), 4);
    }
}

#[tokio::test]
async fn both_orders_show_the_same_entries_the_one_as_the_reverse_of_the_other() {
    let metadata = service();
    for account in [AccountId([8; 16]), ACCOUNT, AccountId([10; 16])] {
        write(&metadata, account, &[(1, 0), (2, 10), (3, 20), (4, 20), (5, 20), (6, 30), (7, u64::MAX - 1)]).await;
    }
    let all = [7, 6, 3, 4, 5, 2, 1];
    assert_eq!(ids(&metadata, ALL, 9).await, all);
    for (since, before) in [(0, u64::MAX), (0, 1), (10, 30), (20, 21), (11, 20), (20, 20), (30, 20), (31, u64::MAX)] {
        for after in [None, Some((20, 4)), Some((20, 9)), Some((0, 1)), Some((40, 0)), Some((u64::MAX, 0))] {
            let after = after.map(|(when, id)| AuditPosition { when: Timestamp(when), id: [id; 16] });
            let newest = range(since, before, after);
            let place = |entry: &AuditRow| (u64::MAX - entry.when.0, entry.id);
            let all = metadata.audit_entries(ACCOUNT, range(since, before, None), 9).await.unwrap();
            let split = after.map(|after| (u64::MAX - after.when.0, after.id));
            let follows = |entry: &&AuditRow| split.is_none_or(|split| place(entry) > split);
            let precedes = |entry: &&AuditRow| split.is_none_or(|split| place(entry) < split);
            let later: Vec<u8> = all.iter().filter(follows).map(|entry| entry.id[0]).collect();
            let earlier: Vec<u8> = all.iter().rev().filter(precedes).map(|entry| entry.id[0]).collect();
            assert_eq!(ids(&metadata, newest, 9).await, later, "{newest:?}");
            let oldest = AuditRange { oldest_first: true, ..newest };
            assert_eq!(ids(&metadata, oldest, 9).await, earlier, "{oldest:?}");
            for skip in 0..3 {
                let skipped: Vec<u8> = earlier.iter().copied().skip(skip).take(2).collect();
                assert_eq!(ids(&metadata, AuditRange { skip, ..oldest }, 2).await, skipped, "{oldest:?}, {skip}");
            }
        }
    }
    assert_eq!(ids(&metadata, ALL, 0).await, [0; 0]);
}
