//! The log on disk: a row of generations, of which the last whole one counts.
//!
//! A generation is a file that begins with a snapshot of all rows and goes on with commits. It counts once its
//! snapshot is whole, its bytes and its name durable; only then are older ones removed. A log whose append failed
//! is never appended to again: what the disk holds behind the last good record is unknown.

use super::record;
use super::tables::Tables;
use environment::{Disk, DiskFile};
use metadata::engine::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIRECTORY: &str = "metadata";

/// A generation that is being appended to.
pub(super) struct Log {
    file: Arc<dyn DiskFile>,
    generation: u64,
    length: u64,
}

impl Log {
    /// Bytes in the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends commits and returns once they survive a power cut.
    pub(super) fn append(&mut self, commits: &[&[Write]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for writes in commits {
            bytes.extend(record::encode(self.generation, self.length + bytes.len() as u64, writes));
        }
        self.file.write_at(&bytes, self.length)?;
        self.file.sync()?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// Reads what survived. Changes nothing.
pub(super) fn recover(disk: &dyn Disk) -> io::Result<Tables> {
    for generation in generations(disk)?.into_iter().rev() {
        let file = disk.open(&path_of(generation))?;
        let mut log = vec![0; usize::try_from(file.length()?).map_err(io::Error::other)?];
        file.read_at(&mut log, 0)?;
        if let Some(tables) = replay(generation, &log) {
            return Ok(tables);
        }
    }
    Ok(Tables::default())
}

/// The valid prefix of a log; `None` if not even its snapshot is whole.
fn replay(generation: u64, log: &[u8]) -> Option<Tables> {
    let mut tables = Tables::default();
    let (snapshot, mut offset) = record::decode(generation, 0, log)?;
    snapshot.into_iter().for_each(|write| tables.apply(write));
    while let Some((writes, next)) = record::decode(generation, offset, log) {
        writes.into_iter().for_each(|write| tables.apply(write));
        offset = next;
    }
    Some(tables)
}

/// Begins the next generation with `tables`, and lets those before it go.
pub(super) fn begin(disk: &dyn Disk, tables: &Tables) -> io::Result<Log> {
    disk.create_dir_all(Path::new(DIRECTORY))?;
    disk.sync_dir(Path::new(""))?;
    let older = generations(disk)?;
    let generation = older.last().map_or(1, |last| last + 1);
    let file = disk.create(&path_of(generation))?;
    let mut log = Log { file, generation, length: 0 };
    log.append(&[&tables.snapshot()])?;
    disk.sync_dir(Path::new(DIRECTORY))?;
    for generation in older {
        // One that stays is removed by the next generation, and never counts.
        let _ = disk.remove(&path_of(generation));
    }
    Ok(log)
}

fn path_of(generation: u64) -> PathBuf {
    Path::new(DIRECTORY).join(format!("{generation}.log"))
}

/// In ascending order.
fn generations(disk: &dyn Disk) -> io::Result<Vec<u64>> {
    let names = match disk.list(Path::new(DIRECTORY)) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut generations: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect();
    generations.sort_unstable();
    Ok(generations)
}
