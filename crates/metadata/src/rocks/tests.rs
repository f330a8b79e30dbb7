//! What only a store on a disk can show: restarts, damage, space.

mod full_disk;

use super::{RocksEngine, RocksSettings};
use crate::engine::{Commit, Engine, EngineError, Outcome, Table, Write, decode_counters};
use crate::memory::MemoryEngine;
use crate::suite;
use bytes::Bytes;
use rocksdb::WaitForCompactOptions;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Small enough that tests reach table files.
fn small() -> RocksSettings {
    RocksSettings { cache_bytes: 1024 * 1024, write_buffer_bytes: 256 * 1024 }
}

fn open(path: &Path) -> RocksEngine {
    RocksEngine::open(path, small()).expect("opens")
}

async fn write(engine: &RocksEngine, writes: Vec<Write>) {
    let outcome = engine.commit(Commit { conditions: Vec::new(), writes }).await;
    assert_eq!(outcome.expect("works"), Outcome::Committed);
}

fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Bytes>) -> Write {
    Write::Put { table, key: key.into(), value: value.into() }
}

fn payload(n: u32) -> Vec<u8> {
    (0..8192_u32).map(|i| (i.wrapping_mul(n | 1) >> 3) as u8).collect()
}

fn key(n: u32) -> Vec<u8> {
    n.wrapping_mul(0x9e37_79b9).to_be_bytes().to_vec()
}

fn files(path: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|file| file.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn bytes_on_disk(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).expect("a directory");
    entries.map(|entry| entry.expect("an entry").metadata().expect("its size").len()).sum()
}

/// What a crash leaves: the files as they are while the engine runs.
fn copy_as_after_a_crash(path: &Path) -> TempDir {
    let copy = TempDir::new().expect("a directory");
    for entry in std::fs::read_dir(path).expect("a directory") {
        let file = entry.expect("an entry").path();
        std::fs::copy(&file, copy.path().join(file.file_name().expect("a name"))).expect("copies");
    }
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_engine_keeps_the_contract() {
    let directories = Mutex::new(Vec::new());
    suite::run(async || {
        let directory = TempDir::new().expect("a directory");
        let engine: Arc<dyn Engine> = Arc::new(open(directory.path()));
        directories.lock().expect("no panic").push(directory);
        engine
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_model_keeps_the_contract() {
    suite::run(async || {
        let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
        engine
    })
    .await;
}

async fn fill(engine: &RocksEngine, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let sum = Write::Add { key: b"sum".to_vec(), deltas: vec![1, i64::from(n)] };
        write(
            engine,
            vec![put(Table::Rows, key(n), vec![n as u8; 300]), put(Table::Payloads, key(n), payload(n)), sum],
        )
        .await;
    }
}

async fn assert_filled(engine: &RocksEngine, numbers: std::ops::Range<u32>) {
    let (count, total) = (i64::from(numbers.end - numbers.start), numbers.clone().map(i64::from).sum());
    for n in numbers {
        assert_eq!(engine.get(Table::Rows, &key(n)).await.expect("works"), Some(vec![n as u8; 300].into()), "row {n}");
        assert!(engine.get(Table::Payloads, &key(n)).await.expect("works") == Some(payload(n).into()), "payload {n}");
    }
    let sums = engine.get(Table::Counters, b"sum").await.expect("works").expect("there");
    assert_eq!(decode_counters(&sums), [count, total]);
}

#[tokio::test]
async fn everything_is_there_after_each_kind_of_stop() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..300).await;
    engine.close().await;
    drop(engine);
    let engine = open(directory.path());
    assert_filled(&engine, 0..300).await;
    fill(&engine, 300..400).await;
    drop(engine);
    let engine = RocksEngine::open(directory.path(), RocksSettings::default()).expect("opens");
    assert_filled(&engine, 0..400).await;
    // No file may come or go during the copy: what the last start left to do is done, and the buffers have room.
    engine.database.db.wait_for_compact(&WaitForCompactOptions::default()).expect("waits");
    fill(&engine, 400..450).await;
    let crashed = copy_as_after_a_crash(directory.path());
    assert_filled(&open(crashed.path()), 0..450).await;
}

#[tokio::test]
async fn counters_add_up_across_table_files_and_restarts() {
    let directory = TempDir::new().expect("a directory");
    for round in 1..=4_i64 {
        let engine = open(directory.path());
        for _ in 0..100 {
            write(&engine, vec![Write::Add { key: b"n".to_vec(), deltas: vec![1, -1] }]).await;
        }
        engine.compact().await.expect("compacts");
        let sums = engine.get(Table::Counters, b"n").await.expect("works").expect("there");
        assert_eq!(decode_counters(&sums), [100 * round, -100 * round]);
    }
}

#[tokio::test]
async fn a_commit_cut_short_by_a_crash_is_gone_and_all_before_it_are_there() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..3).await;
    let before = files(directory.path(), "log").last().expect("a log").metadata().expect("its size").len();
    write(&engine, vec![put(Table::Rows, *b"last", payload(7))]).await;
    let after = files(directory.path(), "log").last().expect("a log").metadata().expect("its size").len();
    for length in [before, before + 1, before + 7, before + 100, after - 1] {
        let crashed = copy_as_after_a_crash(directory.path());
        let log = files(crashed.path(), "log").pop().expect("a log");
        File::options().write(true).open(log).expect("opens").set_len(length).expect("cuts");
        let reopened = open(crashed.path());
        assert_filled(&reopened, 0..3).await;
        assert_eq!(reopened.get(Table::Rows, b"last").await.expect("works"), None, "cut at {length}");
        fill(&reopened, 3..4).await;
        drop(reopened);
        assert_filled(&open(crashed.path()), 0..4).await;
    }
}

#[tokio::test]
async fn damage_amid_answered_commits_is_reported_and_never_skipped() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..10).await;
    let crashed = copy_as_after_a_crash(directory.path());
    let log = files(crashed.path(), "log").pop().expect("a log");
    let log = File::options().read(true).write(true).open(log).expect("opens");
    log.write_all_at(b"damage", log.metadata().expect("its size").len() / 2).expect("writes");
    let refused = RocksEngine::open(crashed.path(), small()).err();
    assert!(matches!(&refused, Some(EngineError::Corrupt { what }) if what.contains("acknowledged")), "{refused:?}");
}

#[tokio::test]
async fn a_damaged_table_file_is_an_error_and_not_an_end_of_rows() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..200).await;
    engine.compact().await.expect("compacts");
    drop(engine);
    for table in files(directory.path(), "sst") {
        let table = File::options().write(true).open(table).expect("opens");
        // Blocks of rows come first.
        table.write_all_at(&[0xa5; 64], 64).expect("writes");
    }
    let engine = open(directory.path());
    let range = crate::engine::Scan { table: Table::Rows, start: Vec::new(), end: None, backwards: false };
    let scanned = engine.scan(range, Box::new(|_: &[u8], _: &[u8]| crate::engine::Step::Next)).await;
    assert!(matches!(scanned, Err(EngineError::Corrupt { .. })), "{scanned:?}");
    let first = (0..200).map(key).min().expect("some");
    let read = engine.get(Table::Rows, &first).await;
    assert!(matches!(read, Err(EngineError::Corrupt { .. })), "{read:?}");
    let condition = crate::engine::Condition::Absent { table: Table::Rows, key: first };
    let judged = engine.commit(Commit { conditions: vec![condition], writes: Vec::new() }).await;
    assert!(matches!(judged, Err(EngineError::Corrupt { .. })), "{judged:?}");
    write(&engine, vec![put(Table::Rows, *b"other", Bytes::new())]).await;
}

#[tokio::test]
async fn space_of_removed_payloads_comes_back() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..1000).await;
    engine.compact().await.expect("compacts");
    drop(engine);
    let full = bytes_on_disk(directory.path());
    assert!(full > 1000 * 8192, "{full} bytes");
    let engine = open(directory.path());
    for n in 0..1000 {
        if n % 10 != 0 {
            write(&engine, vec![Write::Delete { table: Table::Payloads, key: key(n) }]).await;
        }
    }
    engine.compact().await.expect("compacts");
    for n in (0..1000).step_by(10) {
        assert!(engine.get(Table::Payloads, &key(n)).await.expect("works") == Some(payload(n).into()), "payload {n}");
    }
    // Files nobody uses any more are gone once the engine is.
    drop(engine);
    let left = bytes_on_disk(directory.path());
    assert!(left < full / 5, "{left} of {full} bytes left, a tenth of the payloads in use");
}

#[tokio::test]
async fn a_closed_engine_answers_reads_and_refuses_commits() {
    let directory = TempDir::new().expect("a directory");
    let engine = open(directory.path());
    fill(&engine, 0..1).await;
    engine.close().await;
    engine.close().await;
    let refused = engine.commit(Commit::default()).await;
    assert!(matches!(refused, Err(EngineError::Closed)), "{refused:?}");
    assert_filled(&engine, 0..1).await;
}

#[tokio::test]
async fn a_directory_in_use_is_refused() {
    let directory = TempDir::new().expect("a directory");
    let _engine = open(directory.path());
    let refused = RocksEngine::open(directory.path(), small()).err();
    assert!(matches!(&refused, Some(EngineError::Disk { cause, .. }) if cause.contains("LOCK")), "{refused:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the directory is taken away behind the engine's back")]
async fn after_a_failed_write_commits_are_refused_until_the_engine_is_reopened() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("engine");
    let engine = open(&path);
    fill(&engine, 0..1).await;
    // The open log can still be written; the next one cannot be made.
    let aside = directory.path().join("aside");
    std::fs::rename(&path, &aside).expect("renames");
    let mut failure = None;
    for n in 1..1000 {
        let writes = vec![put(Table::Payloads, key(n), payload(n))];
        failure = engine.commit(Commit { conditions: Vec::new(), writes }).await.err();
        if failure.is_some() {
            break;
        }
    }
    assert!(matches!(&failure, Some(EngineError::Disk { cause, .. }) if cause.contains("No such file")), "{failure:?}");
    std::fs::rename(&aside, &path).expect("renames");
    let refused = engine.commit(Commit::default()).await.err();
    assert_eq!(refused.map(|error| error.to_string()), failure.map(|error| error.to_string()));
    assert_filled(&engine, 0..1).await;
    drop(engine);
    let engine = open(&path);
    assert_filled(&engine, 0..1).await;
    fill(&engine, 1..2).await;
}
