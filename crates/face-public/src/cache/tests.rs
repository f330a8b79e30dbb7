//! The shelves: bounds, purges, and what is the same to the cache.

use super::*;
use operations::purge_cache::CachedUrl;
use types::{
    AccountId, BucketId, BucketName, CertificateStatus, DomainName, DomainSettings, Jurisdiction, ObjectKey, Ownership,
    Timestamp, TlsVersion,
};

const ACCOUNT: AccountId = AccountId([1; 16]);
const ZONE: Zone<'static> = Zone { account: ACCOUNT, id: "zone" };

fn host(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

fn domain() -> DomainRow {
    DomainRow {
        account: ACCOUNT,
        jurisdiction: Jurisdiction::Default,
        bucket: BucketName::parse("bucket").unwrap(),
        bucket_id: BucketId(1),
        added: Timestamp(1),
        settings: DomainSettings {
            enabled: true,
            min_tls: TlsVersion::V1_0,
            ciphers: Vec::new(),
            zone: "zone".to_owned(),
        },
        ownership: Ownership::Active,
        certificate: CertificateStatus::Active,
    }
}

fn key_at(name: &str, domain: &DomainRow, object: &str, query: Option<&str>) -> Arc<CacheKey> {
    Arc::new(CacheKey::new(&host(name), domain, ObjectKey::parse(object).unwrap(), query))
}

pub(crate) fn key(object: &str) -> Arc<CacheKey> {
    key_at("a.example.com", &domain(), object, None)
}

pub(crate) fn missing() -> Arc<Kept> {
    let hour = Duration::from_secs(3600);
    Arc::new(Kept { what: What::Missing, domain: Arc::new(domain()), read: Duration::ZERO, fresh_until: hour })
}

fn cache(memory_bytes: u64) -> PublicCache {
    let everything = vec!["all.example.com".to_owned()];
    PublicCache::new(CacheSettings { memory_bytes, disk_bytes: 1 << 20, everything })
}

#[test]
fn memory_is_bounded_whatever_is_asked_for() {
    let cache = cache(1 << 20);
    for number in 0..20_000 {
        let query = "x".repeat(number % 2000);
        cache.keep(&key_at("a.example.com", &domain(), &format!("{number}.png"), Some(&query)), &missing(), 0);
        assert!(cache.bytes().0 <= 1 << 20);
    }
    assert!(cache.bytes().0 > 1 << 19, "it is used, too");
    assert!(cache.memory.len() > 100);
}

#[test]
fn what_is_asked_for_often_outlives_a_flood_of_what_is_not() {
    let cache = cache(1 << 20);
    cache.keep(&key("hot.png"), &missing(), 0);
    for number in 0..20_000 {
        assert!(cache.get(&key("hot.png")).is_some(), "{number}");
        cache.keep(&key(&format!("{number}.png")), &missing(), 0);
    }
}

#[test]
fn keys_differ_in_domain_its_history_object_and_query_and_in_nothing_else() {
    let cache = cache(1 << 20);
    cache.keep(&key_at("a.example.com", &domain(), "caf\u{e9}.png", Some("v=1")), &missing(), 0);
    assert!(cache.get(&key_at("A.example.com.", &domain(), "cafe\u{301}.png", Some("v=1"))).is_some(), "one object");
    let moved = DomainRow { bucket_id: BucketId(2), ..domain() };
    let again = DomainRow { added: Timestamp(2), ..domain() };
    for other in [
        key_at("b.example.com", &domain(), "caf\u{e9}.png", Some("v=1")),
        key_at("a.example.com", &domain(), "caf\u{e9}.png", None),
        key_at("a.example.com", &domain(), "caf\u{e9}.png", Some("")),
        key_at("a.example.com", &domain(), "caf\u{e9}.png", Some("v=2")),
        key_at("a.example.com", &domain(), "/caf\u{e9}.png", Some("v=1")),
        key_at("a.example.com", &moved, "caf\u{e9}.png", Some("v=1")),
        key_at("a.example.com", &again, "caf\u{e9}.png", Some("v=1")),
    ] {
        assert!(cache.get(&other).is_none(), "{other:?}");
    }
}

#[test]
fn a_purge_forgets_what_it_names_and_nothing_else() {
    let url = |object: &str, query: Option<&str>| CachedUrl {
        host: host("a.example.com"),
        key: ObjectKey::parse(object).ok(),
        query: query.map(str::to_owned),
    };
    let a = host("a.example.com");
    let cases: [(Purge, &[usize]); 9] = [
        (Purge::Everything, &[]),
        (Purge::Hosts(vec![a.clone()]), &[3]),
        (Purge::Urls(vec![url("i/a.png", None)]), &[1, 2, 3]),
        (Purge::Urls(vec![url("i/a.png", Some("v=1")), url("b.png", None)]), &[0, 3]),
        (Purge::Urls(vec![url("i/A.png", None)]), &[0, 1, 2, 3]),
        (Purge::Urls(vec![url("", None), url("b.png", None)]), &[0, 1, 3]),
        (Purge::Prefixes(vec![(a.clone(), "i/".to_owned())]), &[2, 3]),
        (Purge::Prefixes(vec![(a.clone(), String::new())]), &[3]),
        (Purge::Prefixes(vec![(a, "/i".to_owned())]), &[0, 1, 2, 3]),
    ];
    for (purge, left) in cases {
        let cache = cache(1 << 20);
        let keys = [
            key("i/a.png"),
            key_at("a.example.com", &domain(), "i/a.png", Some("v=1")),
            key("b.png"),
            key_at("b.example.com", &domain(), "i/a.png", None),
        ];
        keys.iter().for_each(|key| cache.keep(key, &missing(), 0));
        for zone in [Zone { account: AccountId([2; 16]), ..ZONE }, Zone { id: "other", ..ZONE }] {
            cache.purge(zone, &purge);
            assert!(keys.iter().all(|key| cache.get(key).is_some()), "another zone's purge: {purge:?}");
        }
        cache.purge(ZONE, &purge);
        let found: Vec<_> = (0..keys.len()).filter(|index| cache.get(&keys[*index]).is_some()).collect();
        assert_eq!(found, left, "{purge:?}");
    }
}

#[test]
fn what_was_read_before_a_purge_is_not_kept_after_it() {
    let cache = cache(1 << 20);
    let before = cache.purges();
    cache.purge(Zone { id: "other", ..ZONE }, &Purge::Everything);
    cache.keep(&key("a.png"), &missing(), before);
    assert!(cache.get(&key("a.png")).is_none());
    cache.keep(&key("a.png"), &missing(), cache.purges());
    assert!(cache.get(&key("a.png")).is_some());
}

#[test]
fn extensions_or_the_domain_decide_what_is_cached_at_all() {
    let on = cache(1 << 20);
    let at = |name: &str, object: &str| key_at(name, &domain(), object, None);
    assert!(on.is_eligible(&at("a.example.com", "a.png")) && !on.is_eligible(&at("a.example.com", "a.html")));
    assert!(on.is_eligible(&at("all.example.com", "a.html")) && !on.is_eligible(&at("x.all.example.com", "a.html")));
    assert!(!cache(0).is_eligible(&at("all.example.com", "a.png")), "it is off");
}
