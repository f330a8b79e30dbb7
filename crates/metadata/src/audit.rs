//! The audit log: an entry is written in the very commit that makes the change it tells of, or not at all.
//! Source: R2 "Audit Logs".

use crate::engine::{Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::AuditRow;
use crate::service::{Metadata, MetadataError, open_row};
use keyring::RowSealer;
use std::sync::Arc;
use types::{AccountId, Timestamp};

/// Where an entry stands in the log of its account: entries are in the order of their times, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPosition {
    /// When it happened.
    pub when: Timestamp,
    /// Which of those of that moment.
    pub id: [u8; 16],
}

/// Which entries of a log are read, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct AuditRange {
    /// None older.
    pub since: Timestamp,
    /// Only older ones.
    pub before: Timestamp,
    /// Oldest first; else newest first.
    pub oldest_first: bool,
    /// Only those that come after this one in that order: where a page of the same order ended.
    pub after: Option<AuditPosition>,
    /// How many of those are passed over.
    pub skip: usize,
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

    /// Up to `limit` entries of an account in a range. Opens these and no others; passing over one costs a step.
    pub async fn audit_entries(
        &self,
        account: AccountId,
        range: AuditRange,
        limit: usize,
    ) -> Result<Vec<AuditRow>, MetadataError> {
        let Some(scan) = range.scan(account).filter(|_| limit > 0) else { return Ok(Vec::new()) };
        let entries = Entries { sealer: self.sealer(), skip: range.skip, limit, opened: Ok(Vec::new()) };
        scan_with(self.engine(), scan, entries).await?.opened
    }
}

impl AuditRange {
    /// Where its entries stand, if there can be any.
    fn scan(&self, account: AccountId) -> Option<Scan> {
        let newest = Timestamp(self.before.0.checked_sub(1)?);
        let mut start = keys::audit_at(account, newest);
        let mut end = keys::after_prefix(&keys::audit_at(account, self.since))?;
        if let Some(AuditPosition { when, id }) = self.after {
            let last = keys::audit(account, when, &id);
            if self.oldest_first { end = end.min(last) } else { start = start.max(keys::just_after(&last)) }
        }
        (start < end).then_some(Scan { table: Table::Rows, start, end: Some(end), backwards: self.oldest_first })
    }
}

/// Opens entries.
struct Entries {
    sealer: Arc<RowSealer>,
    skip: usize,
    limit: usize,
    opened: Result<Vec<AuditRow>, MetadataError>,
}

impl Visitor for Entries {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        if let Some(left) = self.skip.checked_sub(1) {
            self.skip = left;
            return Step::Next;
        }
        let Ok(opened) = &mut self.opened else { return Step::Stop };
        match open_row(&self.sealer, key, value) {
            Ok(entry) => opened.push(entry),
            Err(error) => {
                self.opened = Err(error);
                return Step::Stop;
            }
        }
        if opened.len() < self.limit { Step::Next } else { Step::Stop }
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
mod tests;
