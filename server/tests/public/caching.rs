//! The cache before custom domains, on a moved clock: what is kept, for how long, and what each request gets of it.
//! Sources: R2 "Public buckets", Caching; "Consistency model", Caching.

use crate::api::Api;
use crate::bucket::{BUCKET, PublicBucket, assert_page, unsigned};
use crate::support::{Answer, Cairn, MIB};
use serde_json::json;
use std::time::Duration;

const HOST: &str = "cats.example.com";

/// A bucket with a custom domain.
struct Cached {
    open: PublicBucket,
}

impl Cached {
    async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    async fn open_with(change: impl FnOnce(&mut server::Settings)) -> Self {
        let open = PublicBucket::open_with(change).await;
        open.add_domain(HOST).await;
        Self { open }
    }

    /// Writes an object with these headers.
    async fn put(&self, key: &str, body: impl Into<Vec<u8>>, headers: &[(&str, &str)]) {
        let mut request = self.open.owner().put(&format!("/{BUCKET}/{key}"), body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.ok();
    }

    async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        unsigned(self.open.owner(), method, target, HOST, headers).await
    }

    async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[]).await
    }

    /// Status of the cache and the body.
    async fn seen(&self, target: &str) -> (String, String) {
        let answer = self.get(target).await;
        (status(&answer).to_owned(), answer.text().to_owned())
    }

    fn pass(&self, seconds: u64) {
        self.open.server.clock.advance(Duration::from_secs(seconds));
    }

    async fn purge(&self, body: &serde_json::Value) {
        let answered = self.open.api.post("/zones/zone/purge_cache", body).await.ok();
        assert_eq!(answered, json!({ "id": "zone" }));
    }
}

#[track_caller]
fn status(answer: &Answer) -> &str {
    answer.header("cf-cache-status").unwrap_or_else(|| panic!("no cf-cache-status: {answer:?}"))
}

fn both(status: &str, body: &str) -> (String, String) {
    (status.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_read_once_and_shown_for_two_hours_whatever_becomes_of_it() {
    let cached = Cached::open().await;
    cached.put("a.png", "old", &[]).await;
    let miss = cached.get("/a.png").await.ok();
    assert_eq!((status(&miss), miss.header("age")), ("MISS", None));
    cached.pass(100);
    let hit = cached.get("/a.png").await.ok();
    assert_eq!((status(&hit), hit.header("age"), hit.text()), ("HIT", Some("100"), "old"));
    for name in ["etag", "last-modified", "content-type", "content-length", "accept-ranges"] {
        assert_eq!(hit.header(name), miss.header(name), "{name}");
    }

    cached.put("a.png", "new", &[]).await;
    assert_eq!(cached.seen("/a.png").await, both("HIT", "old"));
    assert_eq!(cached.open.get("/a.png").await.ok().text(), "new", "the development URL has no cache");
    assert_eq!(cached.open.owner().get("/photos/a.png").send().await.ok().text(), "new", "nor has S3");
    cached.pass(7200 - 101);
    assert_eq!(cached.seen("/a.png").await, both("HIT", "old"));
    cached.pass(1);
    assert_eq!(cached.seen("/a.png").await, both("EXPIRED", "new"));
    assert_eq!(cached.seen("/a.png").await, both("HIT", "new"));

    cached.open.owner().delete("/photos/a.png").send().await.ok();
    assert_eq!(cached.seen("/a.png").await, both("HIT", "new"));
    cached.pass(7200);
    let gone = cached.get("/a.png").await;
    assert_page(&gone, 404);
    assert_eq!(status(&gone), "EXPIRED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_still_the_same_is_revalidated_with_its_new_headers() {
    let cached = Cached::open().await;
    cached.put("a.css", "same", &[("cache-control", "max-age=60")]).await;
    assert_eq!(cached.seen("/a.css").await, both("MISS", "same"));
    cached.pass(60);
    assert_eq!(cached.seen("/a.css").await, both("REVALIDATED", "same"));
    assert_eq!(cached.seen("/a.css").await, both("HIT", "same"));
    cached.put("a.css", "same", &[("cache-control", "s-maxage=600, max-age=1")]).await;
    cached.pass(60);
    let again = cached.get("/a.css").await.ok();
    assert_eq!((status(&again), again.header("cache-control")), ("REVALIDATED", Some("s-maxage=600, max-age=1")));
    cached.pass(599);
    let hit = cached.get("/a.css").await.ok();
    assert_eq!((status(&hit), hit.header("age")), ("HIT", Some("599")));
    cached.put("a.css", "same", &[("cache-control", "private")]).await;
    cached.pass(1);
    assert_eq!(cached.seen("/a.css").await, both("BYPASS", "same"), "it may be kept no longer");
    cached.put("a.css", "other", &[("cache-control", "private")]).await;
    assert_eq!(cached.seen("/a.css").await, both("BYPASS", "other"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_be_kept_is_read_every_time() {
    let cached = Cached::open().await;
    for control in ["no-store", "private", "no-cache", "max-age=0", "s-maxage=0, max-age=60", "max-age=soon"] {
        cached.put("a.js", control, &[("cache-control", control)]).await;
        for _ in 0..2 {
            assert_eq!(cached.seen("/a.js").await, both("BYPASS", control));
        }
    }
    cached.put("b.js", "b", &[("expires", "Thu, 01 Jan 1970 00:00:00 GMT")]).await;
    assert_eq!(cached.seen("/b.js").await, both("BYPASS", "b"));
    cached.put("c.js", "c", &[]).await;
    for _ in 0..2 {
        let answer = cached.send("GET", "/c.js", &[("authorization", "Bearer x")]).await.ok();
        assert_eq!(status(&answer), "BYPASS", "whoever shows a credential is shown nothing that is kept");
    }
    assert_eq!(cached.seen("/c.js").await, both("MISS", "c"), "nor is what they get kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_says_how_long_if_no_age_does() {
    let cached = Cached::open().await;
    let at = |seconds: u64| types::Timestamp(1_780_000_000_000 + seconds * 1000).to_http_date();
    cached.put("a.js", "a", &[("expires", &at(100))]).await;
    assert_eq!(cached.seen("/a.js").await, both("MISS", "a"));
    cached.pass(99);
    assert_eq!(cached.seen("/a.js").await, both("HIT", "a"));
    cached.pass(1);
    assert_eq!(cached.seen("/a.js").await, both("BYPASS", "a"), "the date is over for good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_some_extensions_are_cached_unless_the_domain_caches_everything() {
    let cached =
        Cached::open_with(|settings| settings.public_cache.everything = vec!["all.example.com".to_owned()]).await;
    cached.open.add_domain("all.example.com").await;
    for key in ["a", "a.html", "a.json"] {
        cached.put(key, "first", &[]).await;
        for _ in 0..2 {
            assert_eq!(cached.seen(&format!("/{key}")).await, both("DYNAMIC", "first"));
        }
    }
    for status_of_cache in ["MISS", "HIT"] {
        let answer = unsigned(cached.open.owner(), "GET", "/a.html", "ALL.example.com:80", &[]).await.ok();
        assert_eq!((status(&answer), answer.text()), (status_of_cache, "first"));
    }
    for (target, code) in [("/nothing", 404), ("/", 404), ("/%ff", 400)] {
        let answer = cached.get(target).await;
        assert_page(&answer, code);
        assert_eq!(status(&answer), "DYNAMIC");
    }
    let condition = [("if-none-match", "*")];
    let not_modified = cached.send("GET", "/a.html", &condition).await;
    assert_eq!((not_modified.status, status(&not_modified)), (304, "DYNAMIC"));
    assert_eq!(cached.open.get("/a.html").await.ok().header("cf-cache-status"), None, "of no cache at all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_there_is_no_object_is_known_for_three_minutes() {
    let cached = Cached::open().await;
    let first = cached.get("/a.png").await;
    assert_page(&first, 404);
    assert_eq!(status(&first), "MISS");
    cached.put("a.png", "here", &[]).await;
    cached.pass(179);
    let hit = cached.get("/a.png").await;
    assert_page(&hit, 404);
    assert_eq!((status(&hit), hit.header("age")), ("HIT", Some("179")));
    assert_eq!(cached.send("HEAD", "/a.png", &[]).await.status, 404);
    cached.pass(1);
    assert_eq!(cached.seen("/a.png").await, both("EXPIRED", "here"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_heads_and_conditions_are_answered_from_what_is_kept() {
    let cached = Cached::open().await;
    cached.put("a.bin", "0123456789", &[]).await;
    let part = cached.send("GET", "/a.bin", &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, status(&part), part.text()), (206, "MISS", "234"));
    cached.open.owner().delete("/photos/a.bin").send().await.ok();

    let etag = part.etag().to_owned();
    let head = cached.send("HEAD", "/a.bin", &[("range", "bytes=2-4")]).await.ok();
    assert_eq!((head.status, status(&head), head.header("content-length")), (200, "HIT", Some("10")));
    assert_eq!(cached.seen("/a.bin").await, both("HIT", "0123456789"), "all of it was kept");
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Headers<'_>, u16, &str); 8] = [
        (&[("range", "bytes=-3")], 206, "789"),
        (&[("range", "bytes=8-100")], 206, "89"),
        (&[("range", "bytes=a-")], 200, "0123456789"),
        (&[("range", "bytes=0-1"), ("if-range", "\"other\"")], 200, "0123456789"),
        (&[("range", "bytes=0-1"), ("if-range", &etag)], 206, "01"),
        (&[("if-none-match", &etag)], 304, ""),
        (&[("if-match", &etag)], 200, "0123456789"),
        (&[("if-modified-since", "Thu, 01 Jan 2037 00:00:00 GMT")], 304, ""),
    ];
    for (headers, code, body) in cases {
        let answer = cached.send("GET", "/a.bin", headers).await;
        assert_eq!((answer.status, status(&answer), answer.text()), (code, "HIT", body), "{headers:?}");
        assert!(answer.header("age").is_some() && answer.etag() == etag, "{headers:?}");
    }
    let outside = cached.send("GET", "/a.bin", &[("range", "bytes=10-")]).await;
    assert_page(&outside, 416);
    assert_eq!((status(&outside), outside.header("content-range")), ("HIT", Some("bytes */10")));
    let failed = cached.send("GET", "/a.bin", &[("if-match", "\"other\"")]).await;
    assert_page(&failed, 412);
    assert_eq!(status(&failed), "HIT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_missed_every_time() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let cached = Cached::open().await;
    let key = BASE64_STANDARD.encode([7; 32]);
    let digest = BASE64_STANDARD.encode(crate::support::md5(&[7; 32]));
    let names = ["algorithm", "key", "key-md5"].map(|name| format!("x-amz-server-side-encryption-customer-{name}"));
    let headers = [(names[0].as_str(), "AES256"), (names[1].as_str(), &key), (names[2].as_str(), &digest)];
    cached.put("a.png", "secret", &headers).await;
    for _ in 0..2 {
        let refused = cached.get("/a.png").await;
        assert_page(&refused, 400);
        assert_eq!(status(&refused), "MISS");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn robots_txt_is_cached_at_the_root() {
    let cached = Cached::open().await;
    for key in ["robots.txt", "a/robots.txt"] {
        cached.put(key, "text", &[]).await;
        cached.get(&format!("/{key}")).await.ok();
    }
    assert_eq!(cached.seen("/robots.txt").await, both("HIT", "text"));
    assert_eq!(cached.seen("/a/robots.txt").await, both("DYNAMIC", "text"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_keeps_the_object_for_the_get_that_follows() {
    let cached = Cached::open().await;
    cached.put("a.png", "meow", &[]).await;
    assert_eq!(status(&cached.send("HEAD", "/a.png", &[]).await.ok()), "MISS");
    assert_eq!(cached.seen("/a.png").await, both("HIT", "meow"));
    cached.put("empty.png", "", &[]).await;
    assert_eq!(cached.seen("/empty.png").await, both("MISS", ""));
    assert_eq!(cached.seen("/empty.png").await, both("HIT", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_objects_are_shown_from_disk_after_they_are_gone_and_their_garbage_collected() {
    let cached = Cached::open().await;
    let body: Vec<u8> = (0..3 * MIB).map(|at| (at / 7) as u8).collect();
    cached.put("one.iso", body.clone(), &[]).await;
    let parts = [vec![1; 5 * MIB], vec![2; MIB]];
    cached.open.owner().put_parts("/photos/two.iso", &parts).await;
    let two = parts.concat();
    for (target, expected) in [("/one.iso", &body), ("/two.iso", &two)] {
        assert_eq!(status(&cached.get(target).await.ok()), "MISS");
        cached.open.owner().delete(&format!("/photos{target}")).send().await.ok();
        cached.open.server.files_after_collection().await;
        let hit = cached.get(target).await.ok();
        assert_eq!(status(&hit), "HIT");
        assert!(hit.body == *expected, "{target}");
        let last = expected.len() - 100_000;
        let range = format!("bytes={last}-");
        let part = cached.send("GET", target, &[("range", &range)]).await;
        assert_eq!((part.status, status(&part)), (206, "HIT"));
        assert!(part.body == expected[last..]);
    }
    cached.purge(&json!({ "purge_everything": true })).await;
    assert_eq!(cached.open.server.files_after_collection().await, 0, "let go, their space comes back");
    for target in ["/one.iso", "/two.iso"] {
        assert_page(&cached.get(target).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_are_too_large_for_the_cache_are_read_every_time() {
    let cached = Cached::open_with(|settings| settings.public_cache.disk_bytes = 1 << 20).await;
    cached.put("a.zip", vec![7; 2 * MIB], &[]).await;
    for _ in 0..2 {
        let answer = cached.get("/a.zip").await.ok();
        assert_eq!((status(&answer), answer.body.len()), ("BYPASS", 2 * MIB));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_miss_at_once_one_reads() {
    let cached = Cached::open().await;
    cached.put("a.png", vec![1; MIB / 2], &[]).await;
    cached.put("b.iso", vec![2; 3 * MIB], &[]).await;
    for (target, size) in [("/a.png", MIB / 2), ("/b.iso", 3 * MIB), ("/none.png", 0)] {
        let asked = (0..32).map(|_| {
            let owner = cached.open.owner().clone();
            tokio::spawn(async move { unsigned(&owner, "GET", target, HOST, &[]).await })
        });
        let mut read = 0;
        for answer in asked.collect::<Vec<_>>() {
            let answer = answer.await.unwrap();
            assert!(answer.body.len() == size || answer.status == 404, "{}", answer.body.len());
            read += usize::from(status(&answer) != "HIT");
        }
        assert_eq!(read, 1, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_disk_stay_within_their_bounds() {
    let cached = Cached::open_with(|settings| {
        settings.public_cache.memory_bytes = 1 << 20;
        settings.public_cache.disk_bytes = 512 << 10;
    })
    .await;
    for number in 0..300 {
        let key = format!("{number}.png");
        cached.put(&key, vec![3; if number % 3 == 0 { 100 << 10 } else { 20 << 10 }], &[]).await;
        assert_eq!(status(&cached.get(&format!("/{key}")).await.ok()), "MISS");
        let (memory, disk) = cached.open.server.instance.public_cache().bytes();
        assert!(memory <= 1 << 20 && disk <= 512 << 10, "{memory} {disk}");
    }
    let (memory, disk) = cached.open.server.instance.public_cache().bytes();
    assert!(memory > 1 << 19 && disk > 256 << 10, "{memory} {disk}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_is_closed_or_gone_shows_nothing_that_is_kept() {
    let cached = Cached::open().await;
    let domain = format!("/accounts/{{a}}/r2/buckets/{BUCKET}/domains/custom/{HOST}");
    cached.put("a.png", "old", &[]).await;
    cached.get("/a.png").await.ok();
    cached.open.api.put(&domain, &json!({ "enabled": false })).await.ok();
    let closed = cached.get("/a.png").await;
    assert_page(&closed, 401);
    assert_eq!(closed.header("cf-cache-status"), None);
    cached.open.api.put(&domain, &json!({ "enabled": true })).await.ok();
    assert_eq!(cached.seen("/a.png").await, both("HIT", "old"));

    cached.open.api.delete(&domain).await.ok();
    assert_eq!(cached.get("/a.png").await.status, 401, "the S3 face's");
    cached.put("a.png", "new", &[]).await;
    cached.pass(1);
    cached.open.add_domain(HOST).await;
    assert_eq!(cached.seen("/a.png").await, both("MISS", "new"), "added again, it begins anew");

    cached.open.api.delete(&domain).await.ok();
    cached.open.owner().request("PUT", "/other").send().await.ok();
    crate::bucket::add_domain(&cached.open.api, "other", HOST).await.ok();
    assert_page(&cached.get("/a.png").await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_brings_nothing_back_that_was_kept() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut process = Cairn::spawn(&data, &[]);
    let token = process.ready().await["api_token"].as_str().unwrap().to_owned();
    let owner = process.client().await;
    owner.request("PUT", "/photos").send().await.ok();
    crate::bucket::add_domain(&Api::bearer(&owner, &token), BUCKET, HOST).await.ok();
    for (target, size) in [("/a.png", 1000), ("/b.iso", 2 * MIB)] {
        owner.put(&format!("/photos{target}"), vec![1; size]).send().await.ok();
        unsigned(&owner, "GET", target, HOST, &[]).await.ok();
        owner.delete(&format!("/photos{target}")).send().await.ok();
        let hit = unsigned(&owner, "GET", target, HOST, &[]).await.ok();
        assert_eq!((status(&hit), hit.body.len()), ("HIT", size));
    }
    process.kill();
    let mut process = Cairn::spawn(&data, &[]);
    let owner = process.client().await;
    for target in ["/a.png", "/b.iso"] {
        assert_page(&unsigned(&owner, "GET", target, HOST, &[]).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_begins_with_nothing_kept() {
    let cached = Cached::open().await;
    cached.put("a.png", "old", &[]).await;
    cached.put("b.iso", vec![1; 2 * MIB], &[]).await;
    for target in ["/a.png", "/b.iso"] {
        cached.get(target).await.ok();
        cached.open.owner().delete(&format!("/photos{target}")).send().await.ok();
        assert_eq!(status(&cached.get(target).await.ok()), "HIT");
    }
    let server = cached.open.server.restart().await;
    for target in ["/a.png", "/b.iso"] {
        assert_page(&unsigned(&server.client, "GET", target, HOST, &[]).await, 404);
    }
    assert_eq!(server.files_after_collection().await, 0);
}
