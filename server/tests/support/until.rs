//! Waiting for what nobody tells: looking again and again.

use super::PATIENCE;
use environment::{Clock, SystemClock};
use std::time::Duration;

/// Time between two looks.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);

/// Returns once it is so. Fails the test, with the words of `what`, if it is not so in time.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let clock = SystemClock::new();
    while !is_so().await {
        assert!(clock.monotonic() < PATIENCE, "not within {PATIENCE:?}: {what}");
        clock.sleep(LOOK_AGAIN_AFTER).await;
    }
}
