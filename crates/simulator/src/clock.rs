//! Time that passes only when a test says so.

use environment::Clock;
use environment::clock::Sleep;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;
use types::Timestamp;

/// 2026-01-01: any day will do.
const START_MILLISECONDS: u64 = 1_767_225_600_000;

/// A clock that is moved by hand. Copies show the same time.
#[derive(Clone, Debug, Default)]
pub struct SimClock(Arc<Mutex<Time>>);

#[derive(Debug, Default)]
struct Time {
    passed: Duration,
    sleepers: Vec<Waker>,
}

impl SimClock {
    /// A clock that stands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets time pass, and wakes whoever slept until then.
    pub fn advance(&self, duration: Duration) {
        let mut time = self.time();
        time.passed += duration;
        let sleepers = std::mem::take(&mut time.sleepers);
        drop(time);
        sleepers.into_iter().for_each(Waker::wake);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.time().passed.as_millis()).unwrap_or(u64::MAX);
        Timestamp(START_MILLISECONDS.saturating_add(passed))
    }

    fn monotonic(&self) -> Duration {
        self.time().passed
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        let until = self.monotonic() + duration;
        Box::pin(poll_fn(move |context| {
            let mut time = clock.time();
            if time.passed >= until {
                return Poll::Ready(());
            }
            time.sleepers.push(context.waker().clone());
            Poll::Pending
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Context;

    #[test]
    fn a_sleep_ends_when_the_clock_is_moved_past_it() {
        let clock = SimClock::new();
        let mut sleep = clock.sleep(Duration::from_secs(5));
        let mut context = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_secs(4));
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(sleep.as_mut().poll(&mut context).is_ready());
    }
}
