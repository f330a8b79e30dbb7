//! Coalescing: of those who miss the same thing at one time, one reads it, and the others wait for what comes of it.

use super::Kept;
use super::key::CacheKey;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What a reader came back with: what the others may be shown too; `None` if each must read for itself.
type Landed = Option<Arc<Kept>>;

/// The reads that are under way, by what is read. As many as there are requests that miss, at most.
#[derive(Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Arc<CacheKey>, UnderWay>>,
    begun: AtomicU64,
}

struct UnderWay {
    number: u64,
    landing: watch::Receiver<Option<Landed>>,
}

/// A turn to read. Let go without landing, it leaves the others to choose a reader among themselves.
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: Arc<CacheKey>,
    number: u64,
    landing: watch::Sender<Option<Landed>>,
}

/// What to do about something that is not there.
pub(crate) enum Boarding<'a> {
    /// Read it.
    First(Flight<'a>),
    /// Somebody does: wait.
    Later(Wait),
}

/// Waits for somebody else's read.
pub(crate) struct Wait(watch::Receiver<Option<Landed>>);

impl Flights {
    /// A turn to read, or to wait for who has it.
    pub(crate) fn board(&self, key: &Arc<CacheKey>) -> Boarding<'_> {
        let mut under_way = self.lock();
        if let Some(other) = under_way.get(key) {
            return Boarding::Later(Wait(other.landing.clone()));
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let (sender, landing) = watch::channel(None);
        under_way.insert(Arc::clone(key), UnderWay { number, landing });
        Boarding::First(Flight { flights: self, key: Arc::clone(key), number, landing: sender })
    }

    /// Whoever misses from now on reads anew: reads that are under way are only for those who wait already.
    pub(crate) fn begin_anew(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<CacheKey>, UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    /// Tells the others.
    pub(crate) fn land(self, landed: Landed) {
        self.landing.send_replace(Some(landed));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut under_way = self.flights.lock();
        if under_way.get(&self.key).is_some_and(|now| now.number == self.number) {
            under_way.remove(&self.key);
        }
    }
}

impl Wait {
    /// What the reader came back with; `None` if it was let go.
    pub(crate) async fn landed(mut self) -> Option<Landed> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|landed| landed.clone())
    }
}

#[cfg(test)]
mod tests;
