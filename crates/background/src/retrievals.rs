//! Writes down, once a minute, what was read of objects in Infrequent Access: so much a process that is killed forgets.

use operations::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds.
pub const ROUND: Duration = Duration::from_secs(60);

/// Runs until `stop` resolves. What is read afterwards is for whoever stops the process to write down.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = store.clock().sleep(ROUND) => {}
            () = &mut stop => return,
        }
        write_down(&store).await;
    }
}

/// One round. A failed one is logged and tried again with the next.
pub async fn write_down(store: &Store) {
    if let Err(error) = store.write_down_retrievals().await {
        tracing::error!(?error, "what was read of Infrequent Access could not be written down");
    }
}
