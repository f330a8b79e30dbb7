//! A clock that stands still until a test moves it.

use environment::Clock;
use environment::clock::Sleep;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use types::Timestamp;

/// Time as a test wants it. Sleeps end when the clock was moved past their end.
pub(crate) struct TestClock {
    /// The calendar's time at the start, milliseconds.
    start: u64,
    elapsed: watch::Sender<Duration>,
    /// How many sleep from when to when.
    sleepers: watch::Sender<Sleepers>,
}

type Sleepers = BTreeMap<(Duration, Duration), usize>;

/// Somebody who sleeps.
struct Sleeper {
    sleepers: watch::Sender<Sleepers>,
    sleep: (Duration, Duration),
}

impl Sleeper {
    fn new(sleepers: &watch::Sender<Sleepers>, sleep: (Duration, Duration)) -> Self {
        sleepers.send_modify(|sleepers| *sleepers.entry(sleep).or_default() += 1);
        Self { sleepers: sleepers.clone(), sleep }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.sleepers.send_modify(|sleepers| {
            let count = sleepers.entry(self.sleep).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                sleepers.remove(&self.sleep);
            }
        });
    }
}

impl TestClock {
    /// A clock that stands at a fixed moment of 2026.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: 1_780_000_000_000,
            elapsed: watch::Sender::default(),
            sleepers: watch::Sender::default(),
        })
    }

    /// Moves time on and wakes whoever waited for it.
    pub(crate) fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }

    /// Waits until so many sleep that began to do so for this long at this very moment of the clock.
    pub(crate) async fn until_asleep(&self, count: usize, duration: Duration) {
        let now = self.monotonic();
        let sleep = (now, now + duration);
        let mut sleepers = self.sleepers.subscribe();
        let asleep = sleepers.wait_for(|sleepers| sleepers.get(&sleep).is_some_and(|found| *found >= count));
        drop(tokio::time::timeout(super::PATIENCE, asleep).await.expect("everybody asleep in time"));
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
        let now = self.monotonic();
        let end = now + duration;
        let mut elapsed = self.elapsed.subscribe();
        let sleeper = Sleeper::new(&self.sleepers, (now, end));
        Box::pin(async move {
            let _asleep = sleeper;
            drop(elapsed.wait_for(|elapsed| *elapsed >= end).await);
        })
    }
}
