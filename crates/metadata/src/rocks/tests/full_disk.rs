//! A disk without room, and with room again. The disk is a small one in memory, which takes root to mount: without
//! it the test says so and shows nothing.

use super::{assert_filled, key, open, payload, put, small};
use crate::engine::{Commit, Engine, EngineError, Outcome, Table, Write};
use crate::rocks::RocksEngine;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const DISK_BYTES: u64 = 24 * 1024 * 1024;
/// Taken by a file that goes when room is to be made.
const BALLAST_BYTES: u64 = 12 * 1024 * 1024;
/// RocksDB looks for room every 5 seconds.
const RECOVERY_MAX: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(100);

/// A disk in memory, for as long as this lives.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let directory = TempDir::new().map_err(|error| error.to_string())?;
        let options = format!("size={DISK_BYTES}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory.path()).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self(directory)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn engine(&self) -> PathBuf {
        self.0.path().join("engine")
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "unmounts");
    }
}

/// A disk with room for some hundred commits, and a file on it to make room with.
fn nearly_full_disk() -> Option<SmallDisk> {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(reason) => {
            println!("skipped, since no small disk can be mounted: {reason}");
            return None;
        }
    };
    let mut ballast = File::options().write(true).create_new(true).open(disk.ballast()).expect("creates");
    std::io::copy(&mut std::io::repeat(1).take(BALLAST_BYTES), &mut ballast).expect("writes");
    Some(disk)
}

async fn commit(engine: &RocksEngine, n: u32) -> Result<Outcome, EngineError> {
    let sum = Write::Add { key: b"sum".to_vec(), deltas: vec![1, i64::from(n)] };
    let (row, payload) = (put(Table::Rows, key(n), vec![n as u8; 300]), put(Table::Payloads, key(n), payload(n)));
    engine.commit(Commit { conditions: Vec::new(), writes: vec![row, payload, sum] }).await
}

/// Commits from `n` on until there is no room. The first that failed.
async fn commit_until_full(engine: &RocksEngine, mut n: u32) -> u32 {
    loop {
        match commit(engine, n).await {
            Ok(outcome) => assert_eq!(outcome, Outcome::Committed),
            Err(EngineError::Full { .. }) => return n,
            Err(other) => panic!("not Full but {other}"),
        }
        n += 1;
    }
}

/// Commits number `n` as soon as the engine lets it.
async fn commit_when_there_is_room(engine: &RocksEngine, n: u32) {
    let mut retry = tokio::time::interval(RETRY);
    loop {
        retry.tick().await;
        match commit(engine, n).await {
            Ok(outcome) => return assert_eq!(outcome, Outcome::Committed),
            Err(EngineError::Full { .. }) => {}
            Err(other) => panic!("not Full but {other}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "room is made behind the engine's back")]
fn make_room(ballast: &Path) {
    std::fs::remove_file(ballast).expect("removes");
}

#[tokio::test]
async fn a_full_disk_refuses_commits_and_a_restart_with_room_has_all_that_were_answered() {
    let Some(disk) = nearly_full_disk() else { return };
    let engine = open(&disk.engine());
    let full_at = commit_until_full(&engine, 0).await;
    assert!(full_at > 100, "{full_at} commits in 12 MiB");
    assert_filled(&engine, 0..full_at).await;
    // RocksDB may have found some room in files that it needs no more.
    let full_at = commit_until_full(&engine, full_at).await;
    drop(engine);
    // A start needs room for what it replays. Without it, it says so and harms nothing.
    if let Err(error) = RocksEngine::open(&disk.engine(), small()) {
        assert!(matches!(error, EngineError::Full { .. }), "{error}");
    }
    make_room(&disk.ballast());
    let engine = open(&disk.engine());
    assert_filled(&engine, 0..full_at).await;
    assert_eq!(commit(&engine, full_at).await.expect("works"), Outcome::Committed);
    drop(engine);
}

#[tokio::test]
async fn commits_go_on_without_a_restart_once_a_full_disk_has_room() {
    let Some(disk) = nearly_full_disk() else { return };
    let engine = open(&disk.engine());
    let full_at = commit_until_full(&engine, 0).await;
    make_room(&disk.ballast());
    tokio::time::timeout(RECOVERY_MAX, commit_when_there_is_room(&engine, full_at)).await.expect("in time");
    assert_filled(&engine, 0..full_at + 1).await;
    drop(engine);
    assert_filled(&open(&disk.engine()), 0..full_at + 1).await;
}
