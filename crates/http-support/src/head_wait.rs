//! How long a connection of HTTP/1.1 waits for the head of a request.
//!
//! hyper begins a wait and ends it with every request, which is far too often for a timer: a timer is shared by all
//! connections. So a wait is only noted here, and the connection looks now and then how long it has lasted.

use hyper::rt::{Sleep, Timer};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Looks within the time that a wait may take. The one after them ends it, so a wait lasts for that time and at most a
/// third more: never less, since proxies go by how long a connection is kept for them.
pub(crate) const LOOKS_PER_WAIT: u32 = 3;

/// What a connection waits for, shared with its hyper.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadWait(Arc<AtomicU32>);

/// No wait.
const NONE: u32 = 0;

impl HeadWait {
    /// For hyper, which says when a wait begins and ends.
    #[expect(clippy::disallowed_methods, reason = "a time that means nothing")]
    pub(crate) fn timer(&self) -> HeadTimer {
        HeadTimer { wait: self.clone(), start: Instant::now() }
    }

    /// Looks: one of [`LOOKS_PER_WAIT`]. Afterwards hyper is to be polled.
    pub(crate) fn look(&self) {
        // Both sides are on the connection's own task, so nobody comes in between.
        let looks = self.0.load(Ordering::Relaxed);
        if looks != NONE {
            self.0.store(looks.saturating_add(1), Ordering::Relaxed);
        }
    }

    fn begin(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) > LOOKS_PER_WAIT + 1
    }
}

/// The timer of one connection, good for waiting for heads and nothing else.
pub(crate) struct HeadTimer {
    wait: HeadWait,
    /// Times mean nothing here, so one will do.
    start: Instant,
}

impl Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        self.wait.begin();
        Box::pin(Waiting(self.wait.clone()))
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }

    fn now(&self) -> Instant {
        self.start
    }

    /// The sleep stays: dropping it after the next has begun would end that one.
    fn reset(&self, _: &mut Pin<Box<dyn Sleep>>, _: Instant) {
        self.wait.begin();
    }
}

struct Waiting(HeadWait);

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.is_over() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for Waiting {}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(NONE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn is_over(waiting: &mut Pin<Box<dyn Sleep>>) -> bool {
        waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_wait_ends_with_the_last_look_and_each_begins_anew() {
        let wait = HeadWait::default();
        let timer = wait.timer();
        for _ in 0..2 {
            wait.look();
            let mut waiting = timer.sleep_until(timer.now());
            for _ in 0..=LOOKS_PER_WAIT {
                assert!(!is_over(&mut waiting));
                wait.look();
            }
            assert!(is_over(&mut waiting));
        }
    }

    #[test]
    fn a_wait_that_is_begun_anew_lasts_as_long_as_any() {
        let wait = HeadWait::default();
        let timer = wait.timer();
        let mut waiting = timer.sleep_until(timer.now());
        for _ in 0..2 {
            (0..LOOKS_PER_WAIT).for_each(|_| wait.look());
            timer.reset(&mut waiting, timer.now());
            assert!(!is_over(&mut waiting));
        }
        (0..=LOOKS_PER_WAIT).for_each(|_| wait.look());
        assert!(is_over(&mut waiting));
    }

    #[test]
    fn looks_while_nobody_waits_count_for_nothing() {
        let wait = HeadWait::default();
        let timer = wait.timer();
        drop(timer.sleep_until(timer.now()));
        for _ in 0..10 {
            wait.look();
        }
        assert!(!is_over(&mut timer.sleep_until(timer.now())));
    }
}
