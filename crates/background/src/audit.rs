//! The audit log is kept for 18 months: what is older goes. Source: the API's audit logs.

use operations::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds.
pub const ROUND: Duration = Duration::from_secs(3600);

/// Runs until `stop` resolves. A failed round is logged and tried again.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let work = async {
        loop {
            match store.forget_old_audit_entries().await {
                Ok(0) => {}
                Ok(entries) => tracing::info!(entries, "entries of the audit log older than 18 months are removed"),
                Err(error) => {
                    tracing::error!(?error, "the audit log could not be shortened; the next round tries again")
                }
            }
            store.clock().sleep(ROUND).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = &mut stop => {}
    }
}
