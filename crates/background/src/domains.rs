//! The loop that settles custom domains.

use operations::Store;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use types::{CertificateStatus, DomainName};

/// Time between two looks. One that finds nothing reads nothing but that.
const INTERVAL: Duration = Duration::from_secs(1);

/// Settles custom domains until `stop` resolves. `certificate` says how it stands with that of a domain.
pub async fn run(
    store: Arc<Store>,
    certificate: impl Fn(&DomainName) -> CertificateStatus + Send + Sync,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = store.clock().sleep(INTERVAL) => {}
        }
        match store.settle_domains(&certificate).await {
            Ok(0) => {}
            Ok(settled) => tracing::info!(settled, "custom domains are active"),
            Err(error) => tracing::error!(?error, "custom domains could not be settled; they will be tried again"),
        }
    }
}
