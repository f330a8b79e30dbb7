//! When each token was last used: known to five minutes, so that requests cost no write and no lock.
//!
//! A table of words in memory tells whether a token was seen in this period: only the first request of a token in a
//! period goes further, to a list that a loop in `background` writes down. A crash loses what is not written down yet.

use crate::caller::Caller;
use crate::store::Store;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use types::{AccessKeyId, OperationError, Timestamp};

/// Milliseconds that are one period.
const PERIOD_MILLISECONDS: u64 = 5 * 60 * 1000;

/// Words of the table. Tokens that share a word go further more often, and nothing else.
const WORDS: usize = 1024;

/// Tokens written down in one commit.
const TOKENS_PER_COMMIT: usize = 500;

/// Which tokens were used since the last look.
pub(crate) struct LastUsed {
    /// Each: half of a token's id, and the number of the period in which it was last seen.
    seen: Box<[AtomicU64]>,
    waiting: Mutex<HashMap<AccessKeyId, Timestamp>>,
}

impl Default for LastUsed {
    fn default() -> Self {
        Self { seen: (0..WORDS).map(|_| AtomicU64::new(0)).collect(), waiting: Mutex::default() }
    }
}

impl LastUsed {
    /// Notes that a token is used.
    fn note(&self, token: AccessKeyId, now: Timestamp) {
        let [a, b, c, d, e, f, ..] = token.0;
        let period = now.0 / PERIOD_MILLISECONDS;
        let word = (u64::from(u32::from_be_bytes([a, b, c, d])) << 32) | (period & u64::from(u32::MAX));
        let place = usize::from(u16::from_be_bytes([e, f])) % WORDS;
        let Some(seen) = self.seen.get(place) else { return };
        if seen.load(Ordering::Relaxed) != word {
            seen.store(word, Ordering::Relaxed);
            self.waiting().insert(token, now);
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<AccessKeyId, Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Notes that the caller's token is used. To be called once the caller is known for sure.
    pub fn note_use(&self, caller: &Caller) {
        self.last_used.note(caller.token, self.clock.now());
    }

    /// When a token was last used, if it ever was: exact to five minutes.
    pub(crate) async fn last_use(&self, token: AccessKeyId) -> Result<Option<Timestamp>, OperationError> {
        let waiting = self.last_used.waiting().get(&token).copied();
        match waiting {
            Some(now) => Ok(Some(now)),
            None => Ok(self.metadata.token_last_used(token).await?),
        }
    }

    /// Writes down which tokens were used since the last call. Called by a loop in `background`.
    ///
    /// # Errors
    /// What the metadata engine says; what was not written down waits for the next call.
    pub async fn keep_last_uses(&self) -> Result<(), OperationError> {
        loop {
            let uses: Vec<_> =
                self.last_used.waiting().iter().take(TOKENS_PER_COMMIT).map(|(id, when)| (*id, *when)).collect();
            if uses.is_empty() {
                return Ok(());
            }
            self.metadata.set_tokens_last_used(&uses).await?;
            let mut waiting = self.last_used.waiting();
            for (id, when) in &uses {
                // One that was used again meanwhile waits again.
                if waiting.get(id) == Some(when) {
                    waiting.remove(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_noted_once_in_a_period() {
        let (used, token) = (LastUsed::default(), AccessKeyId([7; 16]));
        let noted = |at: u64| {
            used.note(token, Timestamp(at));
            used.waiting().remove(&token)
        };
        assert_eq!((noted(1_000), noted(2_000)), (Some(Timestamp(1_000)), None));
        assert_eq!(noted(PERIOD_MILLISECONDS), Some(Timestamp(PERIOD_MILLISECONDS)));
        assert_eq!(noted(PERIOD_MILLISECONDS + 1), None);
    }

    #[test]
    fn tokens_that_share_a_word_are_both_noted() {
        let used = LastUsed::default();
        let other = AccessKeyId([[8; 4].as_slice(), &[7; 12]].concat().try_into().unwrap());
        for token in [AccessKeyId([7; 16]), other] {
            used.note(token, Timestamp(1_000));
        }
        assert_eq!(used.waiting().len(), 2);
    }
}
