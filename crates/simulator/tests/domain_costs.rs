//! What looking after custom domains costs, counted in rows read and written: new ones are read once, and a look that
//! finds none reads none of the others, whether they have a certificate or not.
#![expect(clippy::unwrap_used, reason = "test code")]

use operations::create_bucket::CreateBucket;
use simulator::counting::Asked;
use simulator::{CountedStore, run};
use std::time::Duration;
use types::{BucketName, CertificateStatus, DomainName, DomainSettings, TlsVersion};

fn domain(number: usize) -> DomainName {
    DomainName::parse(&format!("cats-{number}.example.com")).unwrap()
}

/// Adds so many domains, fifty to a bucket.
async fn add(world: &CountedStore, numbers: std::ops::Range<usize>) {
    let settings =
        DomainSettings { enabled: true, min_tls: TlsVersion::default(), ciphers: Vec::new(), zone: String::new() };
    for number in numbers {
        let bucket = BucketName::parse(&format!("bucket-{}", number / 50)).unwrap();
        if number % 50 == 0 {
            world.store.create_bucket(&world.caller, &CreateBucket::named(bucket.clone())).await.unwrap();
        }
        // One change of a bucket in a second.
        world.clock.advance(Duration::from_secs(2));
        world.store.add_custom_domain(&world.caller, &bucket, &domain(number), &settings).await.unwrap();
    }
}

/// What a look at new domains asks of the engine.
async fn look(world: &CountedStore, status: Option<CertificateStatus>) -> Asked {
    let (settled, asked) = world.asked(world.store.settle_new_domains(|_: &DomainName| status)).await;
    settled.unwrap();
    asked
}

#[test]
fn a_look_reads_the_new_domains_and_no_others() {
    run(async {
        // While an authority is asked, nothing is known of a certificate; without one there is none to come.
        for status in [None, Some(CertificateStatus::Error), Some(CertificateStatus::Active)] {
            let world = CountedStore::new().await;
            add(&world, 0..200).await;
            let all = look(&world, status).await;
            assert_eq!((all.visited, all.gets, all.commits), (200, 200, 200), "{status:?}");
            let idle = look(&world, status).await;
            assert_eq!((idle.reads(), idle.commits), (1, 0), "{status:?}: {idle:?}");
            add(&world, 200..203).await;
            let new = look(&world, status).await;
            assert_eq!((new.visited, new.gets, new.commits), (3, 3, 3), "{status:?}");
        }
    });
}

#[test]
fn looking_at_all_writes_only_what_is_new_and_one_costs_one() {
    run(async {
        let world = CountedStore::new().await;
        add(&world, 0..60).await;
        look(&world, Some(CertificateStatus::Error)).await;
        let found = |name: &DomainName| {
            Some(if *name == domain(7) { CertificateStatus::Active } else { CertificateStatus::Error })
        };
        let (settled, asked) = world.asked(world.store.settle_all_domains(found)).await;
        assert_eq!(settled.unwrap(), [(domain(7), CertificateStatus::Active)]);
        assert_eq!((asked.visited, asked.gets, asked.commits), (60, 0, 1), "{asked:?}");

        let status = |_: &DomainName| Some(CertificateStatus::Active);
        let both = async {
            let settled = world.store.settle_domain("cats-8.example.com", status).await.unwrap();
            assert_eq!(settled, Some((domain(8), CertificateStatus::Active)));
            assert_eq!(world.store.settle_domain("nobodys.example.com", status).await.unwrap(), None);
        };
        let ((), asked) = world.asked(both).await;
        assert_eq!((asked.reads(), asked.commits), (2, 1), "{asked:?}");
    });
}
