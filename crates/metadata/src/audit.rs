//! The audit log: an entry is written in the very commit that makes the change it tells of, or not at all.
//! Source: R2 "Audit Logs".

use crate::keys;
use crate::rows::AuditRow;
use crate::service::{Metadata, MetadataError};
use types::{AccountId, Timestamp};

/// Where an entry stands in the log of its account: entries are in the order of their times, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPosition {
    /// When it happened.
    pub when: Timestamp,
    /// Which of those of that moment.
    pub id: [u8; 16],
}

impl Metadata {
    /// The same rows, seen by somebody whose next change is written down as `entry`: every change made through it has
    /// the entry in its commit. To be used for one change.
    #[must_use]
    pub fn recording(&self, account: AccountId, entry: &AuditRow) -> Self {
        let key = keys::audit(account, entry.when, &entry.id);
        self.with_entry(key, entry.clone())
    }

    /// Writes the entry of [`Metadata::recording`] down alone: of a change of what is not kept in rows.
    pub async fn record_alone(&self) -> Result<(), MetadataError> {
        // Nothing is demanded, so nothing can be in its way.
        let _committed = self.change().commit().await?;
        Ok(())
    }

    /// Up to `limit` entries of an account, from the newest on: those before `before` and, if a page went before, after
    /// its last one; and none older than `since`.
    pub async fn audit_entries(
        &self,
        account: AccountId,
        since: Timestamp,
        before: Timestamp,
        after: Option<AuditPosition>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, MetadataError> {
        let first = keys::audit_at(account, Timestamp(before.0.saturating_sub(1)));
        let start = match after {
            Some(position) => keys::just_after(&keys::audit(account, position.when, &position.id)).max(first),
            None => first,
        };
        let end = keys::after_prefix(&keys::audit_at(account, since));
        if before.0 == 0 || end.as_ref().is_some_and(|end| *end <= start) {
            return Ok(Vec::new());
        }
        let rows = self.read_range::<AuditRow>(start, end, limit).await?;
        Ok(rows.into_iter().map(|(_, stored)| stored.row).collect())
    }
}

impl Metadata {
    /// Removes up to `limit` entries of an account that are older than `since`: the log is in the order of times, so
    /// that no other is looked at. Answers how many they were.
    pub async fn forget_audit_entries(
        &self,
        account: AccountId,
        since: Timestamp,
        limit: usize,
    ) -> Result<usize, MetadataError> {
        let Some(start) = keys::after_prefix(&keys::audit_at(account, since)) else { return Ok(0) };
        let end = keys::after_prefix(&keys::audit_log(account));
        if limit == 0 || end.as_ref().is_some_and(|end| start >= *end) {
            return Ok(0);
        }
        let found = self.keys_from(start, end, limit).await?;
        let count = found.len();
        if count > 0 {
            let mut change = self.change();
            found.into_iter().for_each(|key| change.delete(key));
            let _always_committed = change.commit().await?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Outcome;
    use crate::fixture::{make_bucket, service};
    use crate::rows::audit::tests::row;

    const ACCOUNT: AccountId = AccountId([9; 16]);

    async fn times(metadata: &Metadata, since: u64, before: u64, after: Option<AuditPosition>) -> Vec<u64> {
        let entries = metadata.audit_entries(ACCOUNT, Timestamp(since), Timestamp(before), after, 2).await.unwrap();
        entries.iter().map(|entry| entry.when.0).collect()
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
        for (id, when) in [(1, 10), (2, 30), (3, 20), (4, 20)] {
            let bucket = make_bucket(&metadata, &format!("bucket-{id}")).await;
            let recording = metadata.recording(ACCOUNT, &row(id, when));
            assert_eq!(recording.set_cors(&bucket, None).await.unwrap(), Outcome::Committed);
        }
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
        for (id, when) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
            let bucket = make_bucket(&metadata, &format!("bucket-{id}")).await;
            for account in [ACCOUNT, AccountId([8; 16]), AccountId([10; 16])] {
                let recording = metadata.recording(account, &row(id, when));
                assert_eq!(recording.set_cors(&bucket, None).await.unwrap(), Outcome::Committed);
            }
        }
        let forget =
            async |since, limit| metadata.forget_audit_entries(ACCOUNT, Timestamp(since), limit).await.unwrap();
        assert_eq!((forget(10, 9).await, forget(30, 0).await), (0, 0));
        assert_eq!((forget(30, 2).await, forget(30, 2).await, forget(30, 2).await), (2, 1, 0));
        assert_eq!(times(&metadata, 0, u64::MAX, None).await, [30]);
        for account in [AccountId([8; 16]), AccountId([10; 16])] {
            let all = metadata.audit_entries(account, Timestamp(0), Timestamp(u64::MAX), None, 9).await.unwrap();
            assert_eq!(all.len(), 4);
        }
    }
}
