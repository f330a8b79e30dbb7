//! Jobs that clients asked for: worked on as soon as there are any, a step at a time, so that requests go on beside
//! them.

use operations::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks for jobs that other gateways were asked for, or that failed.
pub const ROUND: Duration = Duration::from_secs(5);

/// Time between two looks for jobs to forget.
const FORGETTING: Duration = Duration::from_secs(3600);

/// Runs until `stop` resolves. Jobs that are under way then go on after the next start.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let work = async { tokio::join!(work(&store), forget(&store)) };
    tokio::select! {
        _ = work => {}
        () = &mut stop => {}
    }
}

async fn work(store: &Store) {
    let clock = store.clock();
    loop {
        let begun = clock.monotonic();
        match store.work_on_jobs().await {
            // Half of the time is for everybody else.
            Ok(round) if round.steps > 0 && round.failures == 0 => {
                clock.sleep(clock.monotonic().saturating_sub(begun)).await;
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::error!(?error, "jobs could not be worked on; the next round tries again"),
        }
        tokio::select! {
            () = store.job_asked_for() => {}
            () = clock.sleep(ROUND) => {}
        }
    }
}

async fn forget(store: &Store) {
    loop {
        if let Err(error) = store.forget_old_jobs().await {
            tracing::error!(?error, "jobs that ended long ago could not be forgotten; the next round tries again");
        }
        store.clock().sleep(FORGETTING).await;
    }
}
