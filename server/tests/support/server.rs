//! A server in this process, on a clock of the test.

use super::{Client, PATIENCE, TestClock};
use environment::disk::OpenDiskError;
use environment::{Clock, SystemClock, SystemEntropy};
use face_public::CacheSettings;
use http_support::body::BODY_SILENCE_MAX;
use operations::Caller;
use operations::lifecycle::LifecycleTurn;
use operations::store::StoreLimits;
use server::settings::DataDirectory;
use server::{Instance, Machine, Settings, StartError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use types::{AccessKeyId, AccountId};

/// A running server with a directory that is removed at the end.
pub(crate) struct TestServer {
    pub(crate) instance: Instance,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) client: Client,
    home: TempDir,
}

/// Settings for a directory: a free port, and no reserve, so that tests do not depend on the machine's disk.
fn settings_of(data: &Path) -> Settings {
    Settings {
        data: DataDirectory::Kept(data.to_owned()),
        listen: ([127, 0, 0, 1], 0).into(),
        ready_file: None,
        reserve_bytes: 0,
        cache_bytes: 8 << 20,
        account_domains: vec!["r2.localhost".to_owned()],
        bucket_domains: vec!["localhost".to_owned()],
        development_domains: vec!["r2dev.localhost".to_owned()],
        reserved_domains: Vec::new(),
        tls: None,
        oidc_ca: None,
        public_cache: CacheSettings { memory_bytes: 8 << 20, disk_bytes: 64 << 20, everything: Vec::new() },
        limits: StoreLimits::default(),
    }
}

impl TestServer {
    /// A new server.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A new server with changed settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::open(tempfile::tempdir().expect("a temporary directory"), TestClock::new(), change).await
    }

    /// A server on a directory that may have been used before.
    pub(crate) async fn open(home: TempDir, clock: Arc<TestClock>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings_of(&home.path().join("data"));
        change(&mut settings);
        let machine = Machine { clock: clock.clone(), entropy: Arc::new(SystemEntropy::new()) };
        let instance = start(&settings, &machine).await;
        let access = instance.access();
        let client = Client {
            address: instance.address(),
            account: AccountId::parse(&access.account_id).expect("an account id"),
            access_key_id: access.access_key_id.clone(),
            secret_access_key: access.secret_access_key.clone().unwrap(),
            region: "auto".to_owned(),
            clock: clock.clone(),
        };
        Self { instance, clock, client, home }
    }

    /// Stops gracefully: on return every connection has ended. The directory stays.
    pub(crate) async fn stop(self) -> (TempDir, Arc<TestClock>) {
        self.instance.stop().await;
        (self.home, self.clock)
    }

    /// Stops and starts again.
    pub(crate) async fn restart(self) -> Self {
        let (home, clock) = self.stop().await;
        Self::open(home, clock, |_| ()).await
    }

    /// Waits until a request is under way whose body is silent since this very moment of the clock.
    pub(crate) async fn until_a_body_is_waited_for(&self) {
        // The loop that writes down what was read of Infrequent Access is the other one that sleeps as long.
        self.clock.until_asleep(2, BODY_SILENCE_MAX).await;
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Whoever holds the root credential.
    pub(crate) async fn caller(&self) -> Caller {
        let access_key = AccessKeyId::parse(&self.client.access_key_id).expect("an access key id");
        self.instance.store().credential(access_key).await.expect("a credential").caller
    }

    /// Does all that lifecycle rules are due for at this moment of the clock.
    pub(crate) async fn lifecycle_acts(&self) {
        let turn = async || self.instance.store().lifecycle_turn().await.expect("a turn");
        while let LifecycleTurn::Visit(visit) = turn().await {
            assert!(visit.failure.is_none(), "{visit:?}");
        }
    }

    /// Collects garbage until there is none left, also what processes before this one left behind. Answers the
    /// number of blob files that remain.
    pub(crate) async fn files_after_collection(&self) -> usize {
        let store = self.instance.store();
        for epoch in store.unswept_epochs().await.expect("epochs") {
            store.sweep_epoch(epoch).await.expect("a sweep");
        }
        while store.collect_garbage().await.expect("a collection").pieces > 0 {}
        files_below(&self.data().join("blobs"))
    }
}

/// Starts. The blocking jobs of uploads that were cut off may hold the directory a moment longer than their server.
async fn start(settings: &Settings, machine: &Machine) -> Instance {
    let real = SystemClock::new();
    loop {
        match Instance::start(settings, machine.clone()).await {
            Err(StartError::Disk(OpenDiskError::InUse { .. })) if real.monotonic() < PATIENCE => {
                tokio::task::yield_now().await;
            }
            started => return started.expect("a server that starts"),
        }
    }
}

/// Files in a directory and all below it. What vanishes while they are counted does not count.
pub(crate) fn files_below(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let count = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_below(&entry.path()),
        Ok(_) => 1,
        Err(_) => 0,
    };
    entries.flatten().map(count).sum()
}
