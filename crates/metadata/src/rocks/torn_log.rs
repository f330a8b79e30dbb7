//! What a crash left of the write-ahead log, judged before RocksDB replays it.
//!
//! Each group of commits is one record, synced before the next begins, so only the last group of the newest log may
//! be torn: cut off by the file's end after a crash of the process, or with holes of zeros after a power cut, which
//! may persist its pages in any order. It was never answered and goes as a whole. Everything else that is not as it
//! was written is damage to answered commits, and the store stays shut rather than forget them.

use super::committer::GROUP_BYTES_MAX;
use super::log_file::{self, LogFile, Rest, Tail};
use crate::engine::EngineError;
use rocksdb::DBRecoveryMode;
use std::io;
use std::path::{Path, PathBuf};

/// What one group may occupy in the log: its bound, and as much again for its last commit and all overhead.
const TORN_BYTES_MAX: u64 = 2 * GROUP_BYTES_MAX as u64;

/// Judges the logs in `directory` and says how RocksDB shall replay them.
///
/// `PointInTime` ends at the first record that is not whole, so it is for a log whose answered records are all known
/// to stand before that one. `TolerateCorruptedTailRecords` only drops a record that the log's end cuts off.
///
/// # Errors
/// `Corrupt` with the file, the place and the way out, when answered commits are damaged; `Disk` when the directory
/// or a log cannot be read.
pub(super) fn recovery_mode(directory: &Path) -> Result<DBRecoveryMode, EngineError> {
    let unreadable = |error: io::Error| EngineError::Disk {
        doing: "reading the write-ahead log",
        cause: format!("{}: {error}", directory.display()).into(),
    };
    let mut logs = Vec::new();
    for path in log_paths(directory).map_err(unreadable)? {
        let log = log_file::examine(&path).map_err(unreadable)?;
        logs.push((path, log));
    }
    // A restart that was itself cut short leaves an empty log behind the one it was to replay.
    while logs.pop_if(|(_, log)| log.whole_bytes == 0 && matches!(log.rest, Rest::Nothing)).is_some() {}
    let Some((newest, closed)) = logs.split_last() else {
        return Ok(DBRecoveryMode::TolerateCorruptedTailRecords);
    };
    for (path, log) in closed {
        check_closed(path, log)?;
    }
    let all_closed_are_whole = closed.iter().all(|(_, log)| matches!(log.rest, Rest::Nothing));
    judge_newest(&newest.0, &newest.1, all_closed_are_whole)
}

/// The logs of a directory, oldest first.
fn log_paths(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut logs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let (Some(number), true) = (number, path.extension().is_some_and(|extension| extension == "log")) {
            logs.push((number, path));
        }
    }
    logs.sort();
    Ok(logs.into_iter().map(|(_, path)| path).collect())
}

/// A log with others after it. A write that failed for want of space may have been its last and is cut off; that it
/// has not become shorter since it was closed, RocksDB knows from its manifest.
fn check_closed(path: &Path, log: &LogFile) -> Result<(), EngineError> {
    match &log.rest {
        Rest::Nothing | Rest::Cut(Tail { next_record: None, .. }) => Ok(()),
        Rest::Cut(_) => Err(damaged(path, log, log.whole_bytes, "a wrong length")),
        Rest::Damaged { at, why, .. } => Err(damaged(path, log, *at, why)),
    }
}

fn judge_newest(path: &Path, log: &LogFile, all_before_are_whole: bool) -> Result<DBRecoveryMode, EngineError> {
    match &log.rest {
        Rest::Nothing => Ok(DBRecoveryMode::TolerateCorruptedTailRecords),
        Rest::Cut(Tail { next_record: None, written_bytes, .. }) => {
            warn(path, log, *written_bytes);
            Ok(DBRecoveryMode::TolerateCorruptedTailRecords)
        }
        Rest::Damaged { tail, .. } if all_before_are_whole && is_torn(tail) => {
            warn(path, log, tail.written_bytes);
            Ok(DBRecoveryMode::PointInTime)
        }
        Rest::Cut(_) => Err(damaged_newest(path, log, log.whole_bytes, "a wrong length")),
        Rest::Damaged { at, why, .. } => Err(damaged_newest(path, log, *at, why)),
    }
}

/// Whether damage can be that of the last group. A record that begins after it proves that it is not.
fn is_torn(tail: &Tail) -> bool {
    tail.has_hole && tail.written_bytes <= TORN_BYTES_MAX && tail.next_record.is_none()
}

fn warn(path: &Path, log: &LogFile, bytes: u64) {
    let (log_file, at) = (path.display(), log.whole_bytes);
    tracing::warn!(%log_file, at, bytes, "a crash tore the last metadata write: commits never acknowledged are dropped");
}

fn damaged(path: &Path, log: &LogFile, at: u64, why: &str) -> EngineError {
    EngineError::Corrupt { what: description(path, log, at, why).into() }
}

/// As [`damaged`], of the one log whose end RocksDB lets be chosen.
fn damaged_newest(path: &Path, log: &LogFile, at: u64, why: &str) -> EngineError {
    let (what, file, keep) = (description(path, log, at, why), path.display(), log.whole_bytes);
    let what = format!(
        "{what}; or, to give up every commit from that record on, keep a copy of the file and cut it: \
         `truncate -s {keep} '{file}'`"
    );
    EngineError::Corrupt { what: what.into() }
}

fn description(path: &Path, log: &LogFile, at: u64, why: &str) -> String {
    let (file, record) = (path.display(), log.whole_bytes);
    format!(
        "{file} has {why} at byte {at}, in the record at byte {record}, among commits that were acknowledged. Nothing \
         was changed. Check the disk and restore the store from a backup"
    )
}

#[cfg(test)]
mod tests;
