//! A machine with one data directory, and the processes that serve it one after another, as `server` puts them
//! together.

use crate::{LogEngine, SeededEntropy, SimClock, SimDisk};
use blobs::{BlobSettings, LocalBlobs};
use environment::{Clock, Disk, Entropy};
use keyring::{RootKey, RowSealer};
use metadata::{Engine, Metadata};
use operations::custom_domains::OwnNames;
use operations::store::{StoreLimits, StoreParts};
use operations::{Caller, Store};
use std::future::Future;
use std::sync::Arc;
use types::OperationError;

/// All that outlives a process.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its disk.
    pub disk: SimDisk,
    /// Its clock.
    pub clock: SimClock,
    entropy: Arc<SeededEntropy>,
    root_key: [u8; 32],
    /// What a random run varies.
    pub settings: Settings,
}

/// What a random run varies.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// A metadata log longer than this is compacted.
    pub compact_at_bytes: u64,
    /// Bytes of the disk that uploads leave free.
    pub reserve_bytes: u64,
}

/// One start of a store.
pub struct Process {
    /// What it serves.
    pub store: Store,
    /// The root account's.
    pub caller: Caller,
    /// Its rows, for the audit.
    pub metadata: Metadata,
    /// Its engine, for the audit.
    pub engine: Arc<LogEngine>,
    /// Its disk.
    pub disk: SimDisk,
}

impl Machine {
    /// A new machine whose randomness is that of `seed`.
    pub fn new(seed: u64) -> Self {
        let settings = Settings { compact_at_bytes: 256 * 1024, reserve_bytes: 0 };
        let entropy: Arc<SeededEntropy> = Arc::new(SeededEntropy::new(seed));
        let root_key = (&*entropy as &dyn Entropy).bytes();
        Self { disk: SimDisk::new(), clock: SimClock::new(), entropy, root_key, settings }
    }

    /// The machine after its process was killed.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        Self { disk: self.disk.after_kill(), ..self.clone() }
    }

    /// The machine after its power went and came back.
    #[must_use]
    pub fn after_power_loss(&self, seed: u64) -> Self {
        Self { disk: self.disk.after_power_loss(seed), ..self.clone() }
    }

    /// Starts a process.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn start(&self) -> Result<Process, OperationError> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let entropy = Arc::clone(&self.entropy) as Arc<dyn Entropy>;
        let root = RootKey::from_bytes(self.root_key);
        let engine = LogEngine::open(Arc::clone(&disk), self.settings.compact_at_bytes);
        let engine = Arc::new(engine.map_err(metadata::MetadataError::from)?);
        let sealer = RowSealer::new(&root, "cairn seal rows 1", &*entropy);
        let metadata = Metadata::new(Arc::clone(&engine) as Arc<dyn Engine>, sealer);
        let epoch = metadata.begin_epoch(clock.now()).await?;
        let settings = BlobSettings { reserve_bytes: self.settings.reserve_bytes };
        let blobs = Arc::new(LocalBlobs::new(disk, Arc::clone(&clock), &*entropy, settings, epoch));
        let store = Store::new(StoreParts {
            metadata: metadata.clone(),
            blobs,
            payload_cache_bytes: 0,
            root,
            clock,
            entropy,
            limits: StoreLimits::default(),
            own_names: OwnNames::default(),
            public_copies: None,
        });
        let access = store.root_access().await?;
        let caller = store.credential(access.access_key).await?.caller;
        Ok(Process { store, caller, metadata, engine, disk: self.disk.clone() })
    }
}

/// Runs a test on one thread, with one more for what blocks, so that disk calls come in order.
///
/// # Panics
/// If the machine gives no threads.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.expect("threads can be made").block_on(test)
}

/// Waits until the pool has nothing more to do: jobs of an operation that was given up may still write.
///
/// # Panics
/// If a job panicked.
pub async fn settle() {
    // A job may queue another behind this one; none queues a third.
    for _ in 0..3 {
        tokio::task::spawn_blocking(|| ()).await.expect("the pool works");
    }
}
