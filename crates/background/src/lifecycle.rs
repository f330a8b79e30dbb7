//! The lifecycle of objects and uploads: as long as something is due, turn by turn with a pause between; else a look
//! every few seconds, which reads one row. Where it is stands in rows: stopped at any moment, it goes on with the next
//! start.

use operations::Store;
use operations::lifecycle::{LifecycleTurn, LifecycleVisit};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use types::Timestamp;

/// The longest time between two looks: rules that are set wait no longer than this.
pub const ROUND: Duration = Duration::from_secs(5);

/// Time between two turns while there is work: clients come first.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs until `stop` resolves. What failed is logged and tried again.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let work = async {
        let mut adopted = false;
        loop {
            adopted = adopted || adopt(&store).await;
            let pause = turn(&store).await;
            store.clock().sleep(pause).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = &mut stop => {}
    }
}

/// Sees to what an older release left, and answers whether it could. If not, all other buckets are looked after anyway.
async fn adopt(store: &Store) -> bool {
    let adopted = store.adopt_lifecycles().await;
    if let Err(error) = &adopted {
        tracing::error!(?error, "the lifecycle rules of older buckets cannot be read; the next round tries again");
    }
    adopted.is_ok()
}

/// Does one turn. Answers how long to wait for the next.
async fn turn(store: &Store) -> Duration {
    match store.lifecycle_turn().await {
        Ok(LifecycleTurn::Visit(visit)) => {
            log(&visit);
            PAUSE
        }
        Ok(LifecycleTurn::Nothing(until)) => until.map_or(ROUND, |until| time_to(until, store.clock().now())),
        Err(error) => {
            tracing::error!(?error, "lifecycle rules could not be acted on; the next round tries again");
            ROUND
        }
    }
}

fn time_to(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(until.0.saturating_sub(now.0)).clamp(PAUSE, ROUND)
}

fn log(visit: &LifecycleVisit) {
    let LifecycleVisit { bucket, expired, transitioned, aborted, .. } = visit;
    if let Some(error) = &visit.failure {
        tracing::error!(?error, ?bucket, "some of what lifecycle rules are due for failed; it is tried again later");
    }
    if visit.acts() > 0 {
        tracing::info!(?bucket, expired, transitioned, aborted, put_off = visit.put_off, "lifecycle rules acted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_neither_endless_nor_none() {
        let wait = |until| time_to(Timestamp(until), Timestamp(1_000));
        assert_eq!(wait(0), PAUSE);
        assert_eq!(wait(2_000), Duration::from_secs(1));
        assert_eq!(wait(u64::MAX), ROUND);
    }
}
