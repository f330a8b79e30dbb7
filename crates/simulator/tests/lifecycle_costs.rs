//! What lifecycle rules cost, counted in rows read and written: a turn that finds nothing to do reads one, whatever the
//! bucket holds; one that finds something reads what is due, and an object that no rule is about is looked at once.
#![expect(clippy::unwrap_used, reason = "test code")]

use blobs::BytesBody;
use bytes::Bytes;
use operations::create_bucket::CreateBucket;
use operations::lifecycle::{LifecycleTurn, LifecycleVisit};
use operations::put_object::PutObject;
use simulator::{CountedStore, run};
use std::ops::Deref;
use std::time::Duration;
use types::{BucketName, Conditions, HttpMetadata, Lifecycle, LifecycleRule, LifecycleTime, ObjectKey, UserMetadata};

const DAY: Duration = Duration::from_secs(86_400);

fn name() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

fn expire(prefix: &str, days: u32) -> LifecycleRule {
    let expiration = Some(LifecycleTime::days(days));
    LifecycleRule { enabled: true, prefix: prefix.to_owned(), expiration, ..LifecycleRule::default() }
}

/// A bucket.
struct World(CountedStore);

impl Deref for World {
    type Target = CountedStore;

    fn deref(&self) -> &CountedStore {
        &self.0
    }
}

impl World {
    async fn new() -> Self {
        let counted = CountedStore::new().await;
        counted.store.create_bucket(&counted.caller, &CreateBucket::named(name())).await.unwrap();
        Self(counted)
    }

    async fn set_rules(&self, rules: Vec<LifecycleRule>) {
        self.store.put_bucket_lifecycle(&self.caller, &name(), Lifecycle::new(rules).unwrap()).await.unwrap();
    }

    async fn put(&self, key: &str) {
        let request = PutObject {
            bucket: name(),
            key: ObjectKey::parse(key).unwrap(),
            length: Some(1),
            http: HttpMetadata { content_type: Some("text/plain".to_owned()), ..HttpMetadata::default() },
            user: UserMetadata::default(),
            class: None,
            conditions: Conditions::default(),
            customer_key: None,
            expected: Vec::new(),
            trailers: Vec::new(),
        };
        let mut body = BytesBody::from_frames([Ok(Bytes::from_static(b"x"))]);
        self.store.put_object(&self.caller, &request, &mut body).await.unwrap();
    }

    /// Turns until nothing is to be done.
    async fn act(&self) -> Vec<LifecycleVisit> {
        let mut visits = Vec::new();
        while let LifecycleTurn::Visit(visit) = self.store.lifecycle_turn().await.unwrap() {
            assert!(visit.failure.is_none(), "{visit:?}");
            visits.push(visit);
        }
        visits
    }
}

/// A bucket of so many young objects, one in a hundred of which is old, under rules that were acted on before.
async fn aged(objects: usize, rules: Vec<LifecycleRule>) -> World {
    let world = World::new().await;
    world.set_rules(rules).await;
    for number in (0..objects).step_by(100) {
        world.put(&format!("old/{number:06}")).await;
    }
    world.clock.advance(20 * DAY);
    for number in 0..objects {
        world.put(&format!("{number:06}")).await;
    }
    world.act().await;
    world
}

#[test]
fn a_turn_that_finds_nothing_reads_one_row_whatever_there_is() {
    run(async {
        for objects in [100, 2_000] {
            let world = aged(objects, vec![expire("", 30)]).await;
            let (visits, asked) = world.asked(world.act()).await;
            assert!(visits.is_empty());
            assert_eq!((asked.reads(), asked.commits), (2, 0), "{objects} objects: {asked:?}");
        }
    });
}

/// The bucket is looked after at the latest when a new object could be due, also if none is.
#[test]
fn a_visit_that_finds_nothing_due_reads_no_object() {
    run(async {
        let mut costs = Vec::new();
        for objects in [100, 2_000] {
            let world = aged(objects, vec![expire("none/", 1), expire("", 90)]).await;
            world.clock.advance(DAY);
            let (visits, asked) = world.asked(world.act()).await;
            assert_eq!((visits.len(), visits[0].acts()), (1, 0));
            costs.push((asked.reads(), asked.commits));
        }
        assert_eq!(costs[0], costs[1]);
        assert!(costs[0].0 < 20 && costs[0].1 == 1, "{costs:?}");
    });
}

#[test]
fn what_is_due_is_read_and_nothing_else() {
    run(async {
        let mut costs = Vec::new();
        for objects in [1_000, 2_000] {
            let world = aged(objects, vec![expire("", 30)]).await;
            world.clock.advance(10 * DAY);
            let (visits, asked) = world.asked(world.act()).await;
            let expired: u64 = visits.iter().map(|visit| visit.expired).sum();
            assert_eq!(expired, objects as u64 / 100);
            costs.push((expired, asked.reads()));
        }
        let [(few, reads), (many, more_reads)] = costs[..] else { unreachable!() };
        let each = (more_reads - reads) / (many - few);
        assert!(each <= 4, "{each} rows are read for each object that is removed");
    });
}

/// Old objects that no rule is about are looked at once, when the rules are set, and only below prefixes of rules.
#[test]
fn objects_that_no_rule_is_about_are_not_looked_at() {
    run(async {
        let world = World::new().await;
        for number in 0..1_500 {
            world.put(&format!("other/{number:06}")).await;
        }
        world.put("logs/a").await;
        world.clock.advance(100 * DAY);
        let mut rules: Vec<_> = (0..999).map(|number| expire(&format!("none/{number:03}/"), 1 + number)).collect();
        rules.push(expire("logs/", 200));
        world.set_rules(rules).await;
        let (visits, asked) = world.asked(world.act()).await;
        assert_eq!(visits.iter().map(LifecycleVisit::acts).sum::<u64>(), 0);
        assert!(asked.visited < 30, "setting the rules: {asked:?}");
        let (_, asked) = world.asked(world.act()).await;
        assert_eq!(asked.reads(), 2);
    });
}

#[test]
fn a_bucket_with_the_default_rule_pays_nothing_for_a_put() {
    run(async {
        let (with, without) = (World::new().await, World::new().await);
        with.set_rules(vec![expire("logs/", 30)]).await;
        with.act().await;
        for world in [&with, &without] {
            world.put("a").await;
        }
        let ((), none) = without.asked(without.put("b")).await;
        let ((), unmatched) = with.asked(with.put("b")).await;
        let ((), matched) = with.asked(with.put("logs/b")).await;
        assert_eq!((none.reads(), none.commits), (1, 1), "the object that may be there");
        assert_eq!(
            (unmatched, matched),
            (none, none),
            "rules are kept in memory, and what is due goes with the commit"
        );
    });
}
