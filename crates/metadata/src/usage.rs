//! What the use of Infrequent Access is charged for besides storage and requests: bytes that were read, and objects
//! that went before they had been there for 30 days. Sums by bucket and day, in UTC. Source: R2 "Pricing", Data
//! retrieval and Minimum storage duration.
//!
//! What writes come to is added in their own commits. What reads come to is collected above and added now and then. The
//! sums stay when their bucket goes: it was used all the same.

use crate::engine::{Outcome, Scan, Step, Table, Visitor, decode_counters, scan_with};
use crate::keys;
use crate::rows::{BucketCounters, ObjectRow};
use crate::service::{Change, Metadata, MetadataError};
use std::collections::BTreeMap;
use types::limits::INFREQUENT_DAYS_MIN;
use types::{AccountId, BucketId, StorageClass, Timestamp};

const DAY_MILLISECONDS: u64 = 86_400_000;

/// What Infrequent Access came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InfrequentUsage {
    /// Bytes of objects that were read or copied.
    pub retrieved_bytes: u64,
    /// Of objects that went early: bytes times the days, begun ones included, that were left of the 30.
    pub early_byte_days: u64,
    /// The same of their keys and metadata.
    pub early_metadata_byte_days: u64,
}

/// Bytes that were read of a bucket's objects in Infrequent Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// Whose bucket.
    pub account: AccountId,
    /// The bucket.
    pub bucket: BucketId,
    /// How many.
    pub bytes: u64,
}

/// Usage by day since 1970-01-01, of the days that have any.
pub type UsageByDay = BTreeMap<u32, InfrequentUsage>;

impl InfrequentUsage {
    /// Of a copy that reads nothing, since it shares the bytes.
    pub(crate) fn of_copy(source: &ObjectRow) -> Self {
        match source.class {
            StorageClass::Standard => Self::default(),
            StorageClass::InfrequentAccess => Self { retrieved_bytes: source.size, ..Self::default() },
        }
    }

    /// Of the end of an object: because it is removed, replaced, or moved to another class.
    pub(crate) fn of_end(identity: &str, object: &ObjectRow, now: Timestamp) -> Self {
        if object.class == StorageClass::Standard {
            return Self::default();
        }
        let BucketCounters { bytes, metadata_bytes, .. } = BucketCounters::of_object(identity, object);
        let days = days_left(object.class_since.unwrap_or(object.modified), now);
        let byte_days = |bytes: i64| u64::try_from(bytes).unwrap_or(0).saturating_mul(days);
        Self {
            retrieved_bytes: 0,
            early_byte_days: byte_days(bytes),
            early_metadata_byte_days: byte_days(metadata_bytes),
        }
    }

    fn to_deltas(self) -> Vec<i64> {
        let sums = [self.retrieved_bytes, self.early_byte_days, self.early_metadata_byte_days];
        sums.map(|sum| i64::try_from(sum).unwrap_or(i64::MAX)).to_vec()
    }

    fn from_sums(sums: &[i64]) -> Self {
        let sum = |index: usize| sums.get(index).and_then(|sum| u64::try_from(*sum).ok()).unwrap_or(0);
        Self { retrieved_bytes: sum(0), early_byte_days: sum(1), early_metadata_byte_days: sum(2) }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            retrieved_bytes: self.retrieved_bytes.saturating_add(other.retrieved_bytes),
            early_byte_days: self.early_byte_days.saturating_add(other.early_byte_days),
            early_metadata_byte_days: self.early_metadata_byte_days.saturating_add(other.early_metadata_byte_days),
        }
    }
}

/// Days that are left of the 30, begun ones included.
fn days_left(since: Timestamp, now: Timestamp) -> u64 {
    let end = since.0.saturating_add(INFREQUENT_DAYS_MIN * DAY_MILLISECONDS);
    // A clock that went back must not charge for more than all of them.
    end.saturating_sub(now.0).div_ceil(DAY_MILLISECONDS).min(INFREQUENT_DAYS_MIN)
}

/// The day of a moment, since 1970-01-01.
pub fn day_of(moment: Timestamp) -> u32 {
    u32::try_from(moment.0 / DAY_MILLISECONDS).unwrap_or(u32::MAX)
}

impl Change<'_> {
    /// Adds usage of today, if it is any.
    pub(crate) fn charge(&mut self, account: AccountId, bucket: BucketId, now: Timestamp, usage: InfrequentUsage) {
        if usage != InfrequentUsage::default() {
            self.add_to_sums(keys::infrequent_usage(account, bucket, day_of(now)), usage.to_deltas());
        }
    }
}

impl Metadata {
    /// Adds what was read since it was last added: one commit for all buckets.
    pub async fn add_retrieved(&self, retrieved: &[Retrieved], now: Timestamp) -> Result<(), MetadataError> {
        let mut change = self.change();
        for read in retrieved {
            let usage = InfrequentUsage { retrieved_bytes: read.bytes, ..InfrequentUsage::default() };
            change.charge(read.account, read.bucket, now, usage);
        }
        let _without_conditions_there_is_no_conflict: Outcome = change.commit().await?;
        Ok(())
    }

    /// The usage of a bucket on the days `from` to `to`, both included. Reads as many rows as it answers.
    pub async fn infrequent_usage_of_bucket(
        &self,
        account: AccountId,
        bucket: BucketId,
        from: u32,
        to: u32,
    ) -> Result<UsageByDay, MetadataError> {
        let start = keys::infrequent_usage(account, bucket, from);
        let end = keys::just_after(&keys::infrequent_usage(account, bucket, to));
        if start >= end {
            return Ok(UsageByDay::new());
        }
        self.sum_usage(Scan { table: Table::Counters, start, end: Some(end), backwards: false }, from, to).await
    }

    /// The usage of all buckets of an account together, also of those that are gone, on the days `from` to `to`, both
    /// included. Reads the rows of every day there are.
    pub async fn infrequent_usage_of_account(
        &self,
        account: AccountId,
        from: u32,
        to: u32,
    ) -> Result<UsageByDay, MetadataError> {
        let start = keys::infrequent_usage_of(account);
        let end = keys::after_prefix(&start);
        self.sum_usage(Scan { table: Table::Counters, start, end, backwards: false }, from, to).await
    }

    async fn sum_usage(&self, scan: Scan, from: u32, to: u32) -> Result<UsageByDay, MetadataError> {
        let summing = Summing { from, to, days: UsageByDay::new() };
        Ok(scan_with(self.engine(), scan, summing).await?.days)
    }
}

/// Adds up the rows of a scan by their days.
struct Summing {
    from: u32,
    to: u32,
    days: UsageByDay,
}

impl Visitor for Summing {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        if let Some(day) = key.last_chunk().map(|day| u32::from_be_bytes(*day))
            && (self.from..=self.to).contains(&day)
        {
            let usage = InfrequentUsage::from_sums(&decode_counters(value));
            let sum = self.days.entry(day).or_default();
            *sum = sum.plus(usage);
        }
        Step::Next
    }
}

#[cfg(test)]
mod tests;
