//! Writes down when tokens were last used: every few minutes, and when the server stops.

use operations::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds.
pub const ROUND: Duration = Duration::from_secs(300);

/// Runs until `stop` resolves. What a failed round did not write down waits for the next one.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        let is_over = tokio::select! {
            () = store.clock().sleep(ROUND) => false,
            () = &mut stop => true,
        };
        if let Err(error) = store.keep_last_uses().await {
            tracing::error!(?error, "the last uses of tokens could not be written down");
        }
        if is_over {
            return;
        }
    }
}
