//! How often one object or one bucket may be changed: R2 "Limits", notes 1 and 5, off unless set; and how often a
//! public development URL may be asked: R2 "Limits", Rate limiting on managed public buckets.
//!
//! One gateway counts for itself, in bounded memory. Past the bound nobody is refused: a limit must never turn away
//! a client that kept to it.

use crate::store::Store;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use types::limits::{BUCKET_CHANGES_PER_SECOND_MAX, KEY_WRITES_PER_SECOND_MAX};
use types::{AccountId, BucketId, BucketName, ErrorCode, Jurisdiction, ObjectKey, OperationError};

/// Things that one half of the memory remembers. Each costs 16 bytes.
const REMEMBERED_MAX: usize = 65_536;

/// What things may happen again after: a second, whatever their rate.
const PERIOD: Duration = Duration::from_secs(1);

/// The rates of keys and buckets.
pub(crate) struct Rates {
    keys: Rate,
    buckets: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self { keys: Rate::new(KEY_WRITES_PER_SECOND_MAX), buckets: Rate::new(BUCKET_CHANGES_PER_SECOND_MAX) }
    }
}

impl Store {
    /// Lets one more write to an object pass.
    ///
    /// # Errors
    /// `TooManyRequests` if rates are limited and this key was written less than a second ago.
    pub(crate) fn admit_write(&self, bucket: BucketId, key: &ObjectKey) -> Result<(), OperationError> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let admitted = rates.keys.admit((bucket, key.identity()), self.clock.monotonic());
        if admitted { Ok(()) } else { Err(ErrorCode::TooManyRequests.into()) }
    }

    /// Lets one more change of a bucket pass: that it is made, removed or configured.
    ///
    /// # Errors
    /// `TooManyRequests` if rates are limited and the bucket was changed 50 times within a second.
    pub(crate) fn admit_change(
        &self,
        account: AccountId,
        jurisdiction: Jurisdiction,
        name: &BucketName,
    ) -> Result<(), OperationError> {
        let Some(rates) = &self.rates else { return Ok(()) };
        if rates.buckets.admit((account, jurisdiction, name), self.clock.monotonic()) {
            return Ok(());
        }
        Err(OperationError::new(
            ErrorCode::TooManyRequests,
            "Reduce your rate of management operations on this bucket.",
        ))
    }
}

impl Store {
    /// Lets one more request to a bucket's public development URL pass.
    ///
    /// # Errors
    /// `TooManyRequests` past the rate that is set.
    pub(crate) fn admit_development(&self, bucket: BucketId) -> Result<(), OperationError> {
        let Some(rate) = &self.development_rate else { return Ok(()) };
        if rate.admit(bucket, self.clock.monotonic()) { Ok(()) } else { Err(ErrorCode::TooManyRequests.into()) }
    }
}

/// So many of each thing per second, told apart by their hashes (two things of one hash within a second share).
pub(crate) struct Rate {
    interval: Duration,
    hasher: RandomState,
    seen: Mutex<Seen>,
}

/// When each thing was last seen, in two halves. The older is thrown away once everything in it may happen again.
#[derive(Default)]
struct Seen {
    /// Until when the things of a hash have used up their rate: generic cell rate algorithm.
    recent: HashMap<u64, Duration>,
    older: HashMap<u64, Duration>,
    /// When `recent` was begun.
    since: Duration,
}

impl Rate {
    /// So many per second, of which there is at least one.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { interval: PERIOD / per_second.max(1), hasher: RandomState::new(), seen: Mutex::default() }
    }

    fn admit(&self, thing: impl std::hash::Hash, now: Duration) -> bool {
        let hash = self.hasher.hash_one(thing);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= seen.since + PERIOD {
            seen.older = std::mem::take(&mut seen.recent);
            seen.since = now;
        }
        let used_up_to = seen.recent.get(&hash).or_else(|| seen.older.get(&hash)).copied().unwrap_or_default().max(now);
        if used_up_to + self.interval > now + PERIOD {
            return false;
        }
        if seen.recent.len() < REMEMBERED_MAX || seen.recent.contains_key(&hash) {
            seen.recent.insert(hash, used_up_to + self.interval);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn one_key_is_written_once_a_second() {
        let rate = Rate::new(1);
        assert!(rate.admit("a", Duration::ZERO) && rate.admit("b", Duration::ZERO));
        assert!(!rate.admit("a", Duration::ZERO));
        assert!(!rate.admit("a", 999 * MILLISECOND), "what was refused does not count");
        assert!(rate.admit("a", 1000 * MILLISECOND));
        assert!(!rate.admit("a", 1999 * MILLISECOND) && rate.admit("b", 1999 * MILLISECOND));
        assert!(rate.admit("a", 2000 * MILLISECOND));
        assert!(!rate.admit("b", 2998 * MILLISECOND), "also after the halves were changed");
    }

    #[test]
    fn one_bucket_is_changed_fifty_times_a_second() {
        let rate = Rate::new(50);
        assert_eq!((0..100).filter(|_| rate.admit("a", 5 * PERIOD)).count(), 50);
        assert!(!rate.admit("a", 5 * PERIOD + 19 * MILLISECOND));
        assert!(rate.admit("a", 5 * PERIOD + 20 * MILLISECOND));
        assert_eq!((0..100).filter(|_| rate.admit("a", 7 * PERIOD)).count(), 50);
    }

    #[test]
    fn memory_is_bounded_and_then_nobody_is_refused() {
        let rate = Rate::new(1);
        for thing in 0..REMEMBERED_MAX + 10 {
            assert!(rate.admit(thing, Duration::ZERO));
        }
        assert_eq!(rate.seen.lock().unwrap().recent.len(), REMEMBERED_MAX);
        assert!(!rate.admit(0_usize, Duration::ZERO));
        for second in 1..3 {
            assert!(rate.admit("last", second * PERIOD));
        }
        let seen = rate.seen.lock().unwrap();
        assert_eq!(seen.recent.len() + seen.older.len(), 2);
    }
}
