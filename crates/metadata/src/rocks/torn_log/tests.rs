//! Logs as a crash or a failing disk leaves them, and what a store makes of each.

use super::TORN_BYTES_MAX;
use crate::engine::{Commit, Condition, Engine, EngineError, Outcome, Table, Write};
use crate::rocks::log_file::{self, BLOCK_BYTES, Rest};
use crate::rocks::{RocksEngine, RocksSettings};
use bytes::Bytes;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PAGE_BYTES: u64 = 4096;

/// A store as a crash leaves it, with one log of many groups.
struct Crashed {
    directory: TempDir,
    /// Where the log ends after each group: the first is that of commit 0.
    ends: Vec<u64>,
}

impl Crashed {
    /// A store after a commit of each of these sizes, each a group of its own.
    async fn after(sizes: &[usize]) -> Self {
        let running = TempDir::new().expect("a directory");
        let engine = open(running.path()).expect("opens");
        let mut ends = Vec::new();
        for (n, size) in sizes.iter().enumerate() {
            let write = Write::Put { table: Table::Rows, key: key(n), value: value(n, *size) };
            let commit = Commit { conditions: Vec::new(), writes: vec![write] };
            assert_eq!(engine.commit(commit).await.expect("works"), Outcome::Committed);
            ends.push(log(running.path()).metadata().expect("its size").len());
        }
        let directory = TempDir::new().expect("a directory");
        for entry in std::fs::read_dir(running.path()).expect("a directory") {
            let file = entry.expect("an entry").path();
            std::fs::copy(&file, directory.path().join(file.file_name().expect("a name"))).expect("copies");
        }
        Self { directory, ends }
    }

    fn log(&self) -> File {
        log(self.directory.path())
    }

    fn overwrite(&self, at: u64, bytes: &[u8]) {
        self.log().write_all_at(bytes, at).expect("writes");
    }

    /// Where the last group begins.
    fn last_begins(&self) -> u64 {
        self.ends.iter().rev().nth(1).copied().unwrap_or(0)
    }

    fn zero_page(&self, page: u64) {
        self.overwrite(page * PAGE_BYTES, &[0; PAGE_BYTES as usize]);
    }

    fn flip_bit(&self, at: u64) {
        let mut byte = [0];
        self.log().read_exact_at(&mut byte, at).expect("reads");
        self.overwrite(at, &[byte[0] ^ 1]);
    }

    /// The commits there are after a start, of which those before `count` must be and no other may be.
    async fn assert_has_just(&self, count: usize) {
        for start in ["first", "second"] {
            let engine = open(self.directory.path()).unwrap_or_else(|error| panic!("{start} start: {error}"));
            for n in 0..self.ends.len() {
                let there = engine.get(Table::Rows, &key(n)).await.expect("works").is_some();
                assert_eq!(there, n < count, "commit {n} after the {start} start");
            }
            let condition = Condition::Absent { table: Table::Rows, key: key(usize::MAX) };
            let write = Write::Put { table: Table::Rows, key: start.into(), value: Bytes::new() };
            let after = engine.commit(Commit { conditions: vec![condition], writes: vec![write] }).await;
            assert_eq!(after.expect("works"), Outcome::Committed);
        }
    }

    fn assert_refused(&self, expected: &str) -> String {
        let before = content(&self.log());
        match open(self.directory.path()).err() {
            Some(EngineError::Corrupt { what }) => {
                assert!(what.contains(expected) && what.contains(".log"), "{what}");
                assert!(before == content(&self.log()), "the log is left as it was");
                what.to_string()
            }
            other => panic!("not Corrupt but {other:?}"),
        }
    }
}

fn open(path: &Path) -> Result<RocksEngine, EngineError> {
    RocksEngine::open(path, RocksSettings::default())
}

fn log_path(directory: &Path) -> PathBuf {
    super::log_paths(directory).expect("a directory").pop().expect("a log")
}

fn log(directory: &Path) -> File {
    File::options().read(true).write(true).open(log_path(directory)).expect("opens")
}

fn content(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; file.metadata().expect("its size").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("reads");
    bytes
}

fn key(n: usize) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

/// Bytes like sealed ones: no runs of zeros.
fn value(n: usize, size: usize) -> Bytes {
    (0..size).map(|i| (n.wrapping_mul(31) ^ i.wrapping_mul(0x9e37_79b9) >> 7) as u8 | 1).collect()
}

/// Twenty small groups, then one of many pages.
async fn with_a_large_last_group() -> Crashed {
    let mut sizes = vec![3000; 20];
    sizes.push(200_000);
    Crashed::after(&sizes).await
}

#[tokio::test]
async fn a_hole_anywhere_in_the_last_group_drops_it_as_a_whole_and_nothing_else() {
    let whole = with_a_large_last_group().await;
    let (first, last) = (whole.last_begins().div_ceil(PAGE_BYTES), whole.ends[20] / PAGE_BYTES);
    for page in [first, first + 1, (first + last) / 2, last - 1] {
        let crashed = with_a_large_last_group().await;
        crashed.zero_page(page);
        crashed.assert_has_just(20).await;
    }
}

#[tokio::test]
async fn a_hole_that_hides_where_the_last_group_begins_drops_it() {
    let crashed = with_a_large_last_group().await;
    let begins = crashed.last_begins();
    let to_page_end = vec![0; (PAGE_BYTES - begins % PAGE_BYTES) as usize];
    crashed.overwrite(begins, &to_page_end);
    crashed.assert_has_just(20).await;
}

#[tokio::test]
async fn zeros_from_within_the_last_group_to_the_end_drop_it() {
    let crashed = with_a_large_last_group().await;
    let from = (crashed.last_begins() / PAGE_BYTES + 3) * PAGE_BYTES;
    crashed.overwrite(from, &vec![0; (crashed.ends[20] - from) as usize + 100_000]);
    crashed.assert_has_just(20).await;
}

#[tokio::test]
async fn a_log_cut_off_within_the_last_group_drops_it() {
    let whole = with_a_large_last_group().await;
    let (begins, ends) = (whole.last_begins(), whole.ends[20]);
    for length in [begins + 1, begins + 6, begins + 7, begins + 5000, begins + BLOCK_BYTES as u64 * 2, ends - 1] {
        let crashed = with_a_large_last_group().await;
        crashed.log().set_len(length).expect("cuts");
        crashed.assert_has_just(20).await;
    }
}

#[tokio::test]
async fn room_reserved_after_the_last_group_is_no_damage() {
    for bytes in [3, 7, 5000, 200_000] {
        let crashed = with_a_large_last_group().await;
        crashed.log().set_len(crashed.ends[20] + bytes).expect("grows");
        crashed.assert_has_just(21).await;
    }
}

#[tokio::test]
async fn a_flipped_bit_is_damage_wherever_it_is() {
    let whole = with_a_large_last_group().await;
    let mut places = vec![0, whole.ends[9] + 1, whole.ends[9] + 4, whole.ends[9] + 5, whole.ends[9] + 6];
    places.extend([whole.ends[9] + 700, whole.ends[18] + 700, whole.last_begins() + 100_000, whole.ends[20] - 1]);
    for place in places {
        let crashed = with_a_large_last_group().await;
        crashed.flip_bit(place);
        crashed.assert_refused(" at byte ");
    }
}

#[tokio::test]
async fn a_length_that_points_past_the_end_hides_no_answered_commit() {
    let crashed = Crashed::after(&[3000; 5]).await;
    // The second byte of the length: past the file's end, within the block.
    crashed.overwrite(crashed.ends[1] + 5, &[0x40]);
    crashed.assert_refused("a wrong length");
}

#[tokio::test]
async fn a_lost_page_among_answered_commits_is_damage_and_not_a_torn_write() {
    let crashed = Crashed::after(&[3000; 40]).await;
    for page in [1, 4, 8, 12, 20] {
        let crashed_again = Crashed::after(&[3000; 40]).await;
        crashed_again.zero_page(page);
        crashed_again.assert_refused("acknowledged");
    }
    crashed.assert_has_just(40).await;
}

#[tokio::test]
async fn bytes_that_nobody_wrote_after_the_last_group_are_a_group_cut_off_or_damage() {
    let garbage = value(7, 3 * BLOCK_BYTES);
    let crashed = Crashed::after(&[3000; 5]).await;
    crashed.overwrite(crashed.ends[4], &garbage[..30]);
    crashed.assert_has_just(5).await;
    let crashed = Crashed::after(&[3000; 5]).await;
    crashed.overwrite(crashed.ends[4], &garbage);
    crashed.assert_refused(" at byte ");
}

#[tokio::test]
async fn the_way_out_that_the_error_names_opens_the_store_with_all_before_the_damage() {
    let crashed = with_a_large_last_group().await;
    crashed.flip_bit(crashed.ends[9] + 700);
    let what = crashed.assert_refused("truncate -s ");
    assert!(what.contains(&format!("truncate -s {} ", crashed.ends[9])), "{what}");
    crashed.log().set_len(crashed.ends[9]).expect("cuts");
    crashed.assert_has_just(10).await;
}

#[tokio::test]
async fn a_hole_larger_than_any_group_is_damage() {
    let crashed = Crashed::after(&[3000, TORN_BYTES_MAX as usize]).await;
    crashed.zero_page(100);
    crashed.assert_refused("a wrong checksum");
}

#[tokio::test]
async fn an_empty_log_after_the_torn_one_changes_nothing() {
    let crashed = with_a_large_last_group().await;
    crashed.zero_page(crashed.ends[20] / PAGE_BYTES - 5);
    let next = crashed.directory.path().join("000999.log");
    File::options().write(true).create_new(true).open(&next).expect("creates");
    crashed.assert_has_just(20).await;
    let crashed = with_a_large_last_group().await;
    crashed.zero_page(crashed.ends[20] / PAGE_BYTES - 5);
    let next = crashed.directory.path().join("000999.log");
    std::fs::copy(log_path(Crashed::after(&[100]).await.directory.path()), &next).expect("copies");
    let refused = open(crashed.directory.path()).err();
    assert!(matches!(&refused, Some(EngineError::Corrupt { .. })), "{refused:?}");
}

#[tokio::test]
async fn groups_of_all_lengths_around_a_block_are_read_as_written() {
    let sizes: Vec<_> = (BLOCK_BYTES - 80..BLOCK_BYTES + 20).chain(0..40).collect();
    let crashed = Crashed::after(&sizes).await;
    let log = log_file::examine(&log_path(crashed.directory.path())).expect("reads");
    assert!(matches!(log.rest, Rest::Nothing), "{log:?}");
    assert_eq!(log.whole_bytes, crashed.ends[sizes.len() - 1]);
}
