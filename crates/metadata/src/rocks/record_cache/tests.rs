//! The invariant of the cache, step by step and under load.

use super::{Lookup, OPENED_TIMES, OVERHEAD_BYTES, RecordCache, SHARDS, Ticket};
use crate::engine::{Commit, Engine, Outcome, Table, Write};
use crate::rocks::{RocksEngine, RocksSettings};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;

fn look(cache: &RecordCache, key: &[u8]) -> Result<Bytes, Ticket> {
    match cache.look_up(key) {
        Lookup::Found(value) => Ok(value.value().clone()),
        Lookup::Missing(ticket) => Err(ticket),
    }
}

fn missing(cache: &RecordCache, key: &[u8]) -> Ticket {
    look(cache, key).expect_err("not there")
}

fn keep(cache: &RecordCache, key: &[u8], value: &'static [u8]) {
    let ticket = missing(cache, key);
    cache.keep(key, &Bytes::from_static(value), ticket);
}

#[test]
fn a_kept_row_is_found_until_it_changes() {
    let cache = RecordCache::new(1024 * 1024);
    keep(&cache, b"a", b"1");
    assert_eq!(look(&cache, b"a").ok().as_deref(), Some(&b"1"[..]));
    missing(&cache, b"b");
    drop(cache.change([&b"a"[..]].into_iter()));
    keep(&cache, b"a", b"2");
    assert_eq!(look(&cache, b"a").ok().as_deref(), Some(&b"2"[..]));
}

#[test]
fn what_was_read_before_or_during_a_change_is_not_kept() {
    let cache = RecordCache::new(1024 * 1024);
    let before = missing(&cache, b"a");
    let change = cache.change([&b"a"[..]].into_iter());
    cache.keep(b"a", &Bytes::from_static(b"old"), before);
    let during = missing(&cache, b"a");
    cache.keep(b"a", &Bytes::from_static(b"old"), during);
    missing(&cache, b"a");
    drop(change);
    cache.keep(b"a", &Bytes::from_static(b"old"), before);
    cache.keep(b"a", &Bytes::from_static(b"old"), during);
    missing(&cache, b"a");
}

#[test]
fn rows_that_do_not_change_are_found_and_kept_meanwhile() {
    let cache = RecordCache::new(1024 * 1024);
    keep(&cache, b"a", b"1");
    let change = cache.change([&b"b"[..]].into_iter());
    keep(&cache, b"c", b"3");
    assert!(look(&cache, b"a").is_ok() && look(&cache, b"c").is_ok());
    drop(change);
    assert!(look(&cache, b"a").is_ok() && look(&cache, b"c").is_ok());
}

#[test]
fn the_bound_holds_and_rows_in_use_outlive_those_read_once() {
    let (value, rows) = (Bytes::from(vec![7; 1000]), 200);
    let cache = RecordCache::new(rows * (1000 * (1 + OPENED_TIMES) + 8 + OVERHEAD_BYTES));
    for n in 0..10_000_u64 {
        let _ = look(&cache, b"hot").map_err(|ticket| cache.keep(b"hot", &value, ticket));
        let ticket = missing(&cache, &n.to_be_bytes());
        cache.keep(&n.to_be_bytes(), &value, ticket);
    }
    assert!(look(&cache, b"hot").is_ok());
    let kept = (0..10_000_u64).filter(|n| look(&cache, &n.to_be_bytes()).is_ok()).count();
    assert!(kept < rows && kept > rows - 2 * SHARDS, "{kept}");
    let held: usize = cache.shards.iter().map(|shard| shard.lock().expect("no panic").slots.len()).sum();
    assert!(held < 2 * rows, "{held} slots");
}

#[test]
fn a_row_larger_than_half_a_shard_is_not_kept() {
    let cache = RecordCache::new(SHARDS * 1000);
    cache.keep(b"a", &Bytes::from(vec![0; 600]), missing(&cache, b"a"));
    missing(&cache, b"a");
}

const KEYS: usize = 4;

/// The version that a key has, 0 if none.
async fn version(engine: &RocksEngine, table: Table, key: usize) -> u64 {
    let value = engine.get(table, &[key as u8]).await.expect("works");
    value.map_or(0, |value| u64::from_be_bytes(value.as_ref().try_into().expect("eight bytes")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_reads_a_version_older_than_the_last_answered() {
    let directory = TempDir::new().expect("a directory");
    let engine = Arc::new(RocksEngine::open(directory.path(), RocksSettings::default()).expect("opens"));
    let answered: Arc<[AtomicU64; KEYS]> = Arc::default();
    let done = Arc::new(AtomicBool::new(false));
    let read = async |engine: Arc<RocksEngine>, answered: Arc<[AtomicU64; KEYS]>, done: Arc<AtomicBool>| {
        let mut seen = [0; KEYS];
        while !done.load(Ordering::SeqCst) {
            for (key, seen) in seen.iter_mut().enumerate() {
                let least = answered[key].load(Ordering::SeqCst).max(*seen);
                *seen = version(&engine, Table::Rows, key).await;
                assert!(*seen >= least, "version {seen} after {least}");
            }
            tokio::task::yield_now().await;
        }
    };
    let readers: Vec<_> =
        (0..3).map(|_| tokio::spawn(read(Arc::clone(&engine), Arc::clone(&answered), Arc::clone(&done)))).collect();
    for n in 1..500_u64 {
        let key = (n % KEYS as u64) as usize;
        let value = Bytes::copy_from_slice(&n.to_be_bytes());
        let write = Write::Put { table: Table::Rows, key: vec![key as u8], value };
        let outcome = engine.commit(Commit { conditions: Vec::new(), writes: vec![write] }).await;
        assert_eq!(outcome.expect("works"), Outcome::Committed);
        answered[key].store(n, Ordering::SeqCst);
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("no reader saw an old version");
    }
}
