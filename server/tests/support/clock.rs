//! A clock that stands still until a test moves it.

use environment::Clock;
use environment::clock::Sleep;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use types::Timestamp;

/// Time as a test wants it. Sleeps end when the clock was moved past their end.
pub(crate) struct TestClock {
    /// The calendar's time at the start, milliseconds.
    start: u64,
    elapsed: watch::Sender<Duration>,
}

impl TestClock {
    /// A clock that stands at a fixed moment of 2026.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { start: 1_780_000_000_000, elapsed: watch::Sender::new(Duration::ZERO) })
    }

    /// Moves time on and wakes whoever waited for it.
    pub(crate) fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed = u64::try_from(self.monotonic().as_millis()).expect("a test runs for less than 500 million years");
        Timestamp(self.start + elapsed)
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let end = self.monotonic() + duration;
        let mut elapsed = self.elapsed.subscribe();
        Box::pin(async move { drop(elapsed.wait_for(|elapsed| *elapsed >= end).await) })
    }
}
