//! The collector: first the files that a crash may have left, then, for as long as the process runs, whatever
//! lost its last reference.

use operations::Store;
use operations::collect::Pressure;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds.
pub const ROUND: Duration = Duration::from_secs(5);

/// Runs until `stop` resolves. A failed round is logged and tried again.
pub async fn run(store: Arc<Store>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let work = async {
        sweep(&store).await;
        let mut space = Space::default();
        loop {
            collect(&store).await;
            space.relieve(&store).await;
            store.clock().sleep(ROUND).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = &mut stop => {}
    }
}

/// Goes through the files of every process that is gone.
async fn sweep(store: &Store) {
    let epochs = match store.unswept_epochs().await {
        Ok(epochs) => epochs,
        Err(error) => return tracing::error!(?error, "cannot tell which files a crash may have left"),
    };
    for epoch in epochs {
        match store.sweep_epoch(epoch).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(epoch, files, "files that no object refers to are being removed"),
            Err(error) => tracing::error!(?error, epoch, "cannot look for files that a crash may have left"),
        }
    }
}

async fn collect(store: &Store) {
    match store.collect_garbage().await {
        Ok(collected) if collected.pieces > 0 => {
            tracing::debug!(pieces = collected.pieces, pinned = collected.pinned, "garbage collected");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(?error, "garbage could not be collected; the next round tries again"),
    }
}

/// Relief for a disk that is full up to its reserve.
#[derive(Default)]
struct Space {
    /// What was seen when space was last given back.
    relieved: Option<Pressure>,
    /// Refusals seen by the last round.
    refusals: u64,
}

impl Space {
    /// Rewrites the metadata engine's files if writes were refused since the last round, and removed objects wait
    /// there for their space to come back. What was removed before this process began is not known: it is tried once.
    async fn relieve(&mut self, store: &Store) {
        let pressure = store.pressure();
        let refused = pressure.refusals - std::mem::replace(&mut self.refusals, pressure.refusals);
        if refused == 0 {
            return;
        }
        tracing::warn!(refused, "the disk is full up to its reserve: writes are refused until space is freed");
        store.let_go_of_copies();
        if self.relieved.is_some_and(|before| before.removed_payloads == pressure.removed_payloads) {
            return;
        }
        self.relieved = Some(pressure);
        if let Err(error) = store.reclaim_space().await {
            tracing::error!(?error, "the space of removed objects could not be given back");
        }
    }
}
