//! What looking after custom domains costs, counted in rows read and written: new ones are read once, and a look that
//! finds none reads none of the others, whether they have a certificate or not.
#![expect(clippy::unwrap_used, reason = "test code")]

use blobs::{BlobSettings, LocalBlobs};
use environment::{Clock, Disk, Entropy};
use keyring::{RootKey, RowSealer};
use metadata::Metadata;
use metadata::memory::MemoryEngine;
use operations::create_bucket::CreateBucket;
use operations::custom_domains::OwnNames;
use operations::store::{StoreLimits, StoreParts};
use operations::{Caller, Store};
use simulator::counting::Asked;
use simulator::{CountingEngine, SeededEntropy, SimClock, SimDisk, run};
use std::sync::Arc;
use std::time::Duration;
use types::{BucketName, CertificateStatus, DomainName, DomainSettings, TlsVersion};

struct World {
    engine: Arc<CountingEngine<MemoryEngine>>,
    clock: SimClock,
    store: Store,
    caller: Caller,
}

fn domain(number: usize) -> DomainName {
    DomainName::parse(&format!("cats-{number}.example.com")).unwrap()
}

impl World {
    async fn new() -> Self {
        let (sim_clock, entropy) = (SimClock::new(), Arc::new(SeededEntropy::new(3)) as Arc<dyn Entropy>);
        let root = RootKey::from_bytes([7; 32]);
        let engine = Arc::new(CountingEngine::new(MemoryEngine::new()));
        let metadata = Metadata::new(engine.clone(), RowSealer::new(&root, "test rows", &*entropy)).with_row_cache();
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new());
        let clock: Arc<dyn Clock> = Arc::new(sim_clock.clone());
        let settings = BlobSettings { reserve_bytes: 0 };
        let blobs = Arc::new(LocalBlobs::new(disk, Arc::clone(&clock), &*entropy, settings, 1));
        let (limits, own_names) = (StoreLimits::default(), OwnNames::default());
        let store =
            Store::new(StoreParts { metadata, blobs, root, clock, entropy, limits, own_names, public_copies: None });
        let access = store.root_access().await.unwrap();
        let caller = store.credential(access.access_key).await.unwrap().caller;
        Self { engine, clock: sim_clock, store, caller }
    }

    /// Adds so many domains, fifty to a bucket.
    async fn add(&self, numbers: std::ops::Range<usize>) {
        let settings =
            DomainSettings { enabled: true, min_tls: TlsVersion::default(), ciphers: Vec::new(), zone: String::new() };
        for number in numbers {
            let bucket = BucketName::parse(&format!("bucket-{}", number / 50)).unwrap();
            if number % 50 == 0 {
                self.store.create_bucket(&self.caller, &CreateBucket::named(bucket.clone())).await.unwrap();
            }
            // One change of a bucket in a second.
            self.clock.advance(Duration::from_secs(2));
            self.store.add_custom_domain(&self.caller, &bucket, &domain(number), &settings).await.unwrap();
        }
    }

    /// What a look at new domains asks of the engine.
    async fn look(&self, status: Option<CertificateStatus>) -> Asked {
        let before = self.engine.asked();
        self.store.settle_new_domains(|_: &DomainName| status).await.unwrap();
        self.engine.asked().since(before)
    }
}

#[test]
fn a_look_reads_the_new_domains_and_no_others() {
    run(async {
        // While an authority is asked, nothing is known of a certificate; without one there is none to come.
        for status in [None, Some(CertificateStatus::Error), Some(CertificateStatus::Active)] {
            let world = World::new().await;
            world.add(0..200).await;
            let all = world.look(status).await;
            assert_eq!((all.visited, all.gets, all.commits), (200, 200, 200), "{status:?}");
            let idle = world.look(status).await;
            assert_eq!((idle.reads(), idle.commits), (1, 0), "{status:?}: {idle:?}");
            world.add(200..203).await;
            let new = world.look(status).await;
            assert_eq!((new.visited, new.gets, new.commits), (3, 3, 3), "{status:?}");
        }
    });
}

#[test]
fn looking_at_all_writes_only_what_is_new_and_one_costs_one() {
    run(async {
        let world = World::new().await;
        world.add(0..60).await;
        world.look(Some(CertificateStatus::Error)).await;
        let found = |name: &DomainName| {
            Some(if *name == domain(7) { CertificateStatus::Active } else { CertificateStatus::Error })
        };
        let before = world.engine.asked();
        let settled = world.store.settle_all_domains(found).await.unwrap();
        let asked = world.engine.asked().since(before);
        assert_eq!(settled, [(domain(7), CertificateStatus::Active)]);
        assert_eq!((asked.visited, asked.gets, asked.commits), (60, 0, 1), "{asked:?}");

        let before = world.engine.asked();
        let status = |_: &DomainName| Some(CertificateStatus::Active);
        let settled = world.store.settle_domain("cats-8.example.com", status).await.unwrap();
        assert_eq!(settled, Some((domain(8), CertificateStatus::Active)));
        assert_eq!(world.store.settle_domain("nobodys.example.com", status).await.unwrap(), None);
        let asked = world.engine.asked().since(before);
        assert_eq!((asked.reads(), asked.commits), (2, 1), "{asked:?}");
    });
}
