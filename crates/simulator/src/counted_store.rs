//! A store in memory whose engine counts what is asked of it: the world of tests about costs.

use crate::counting::{Asked, CountingEngine};
use crate::{SeededEntropy, SimClock, SimDisk};
use blobs::{BlobSettings, LocalBlobs};
use environment::{Clock, Disk, Entropy};
use keyring::{RootKey, RowSealer};
use metadata::Metadata;
use metadata::memory::MemoryEngine;
use operations::custom_domains::OwnNames;
use operations::store::{StoreLimits, StoreParts};
use operations::{Caller, Store};
use std::sync::Arc;

/// Memory for small objects that were read, bytes.
const PAYLOAD_CACHE_BYTES: u64 = 1024 * 1024;

/// A store without buckets, and whoever may do everything in it.
#[derive(Debug)]
pub struct CountedStore {
    /// The store.
    pub store: Store,
    /// Its root.
    pub caller: Caller,
    /// Its clock.
    pub clock: SimClock,
    /// Its rows.
    pub metadata: Metadata,
    engine: Arc<CountingEngine<MemoryEngine>>,
}

impl CountedStore {
    /// A new one.
    pub async fn new() -> Self {
        let (clock, entropy) = (SimClock::new(), Arc::new(SeededEntropy::new(3)) as Arc<dyn Entropy>);
        let root = RootKey::from_bytes([7; 32]);
        let engine = Arc::new(CountingEngine::new(MemoryEngine::new()));
        let metadata = Metadata::new(engine.clone(), RowSealer::new(&root, "test rows", &*entropy)).with_row_cache();
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new());
        let store_clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let settings = BlobSettings { reserve_bytes: 0 };
        let blobs = Arc::new(LocalBlobs::new(disk, Arc::clone(&store_clock), &*entropy, settings, 1));
        let store = Store::new(StoreParts {
            metadata: metadata.clone(),
            blobs,
            payload_cache_bytes: PAYLOAD_CACHE_BYTES,
            root,
            clock: store_clock,
            entropy,
            limits: StoreLimits::default(),
            own_names: OwnNames::default(),
            public_copies: None,
        });
        let access = store.root_access().await.expect("a root");
        let caller = store.credential(access.access_key).await.expect("its credential").caller;
        Self { store, caller, clock, metadata, engine }
    }

    /// What something asks of the engine.
    pub async fn asked<T>(&self, work: impl Future<Output = T>) -> (T, Asked) {
        let before = self.engine.asked();
        let done = work.await;
        (done, self.engine.asked().since(before))
    }
}
