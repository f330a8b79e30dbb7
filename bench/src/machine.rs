//! The machine and the commit that figures belong to: without them they say nothing.

use crate::outcome::{Doing, Outcome};
use environment::{Clock, SystemClock};
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Synced appends that the disk is timed with.
const SYNCS: u32 = 50;

/// Where and when a run was made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// ISO 8601.
    pub(crate) date: String,
    /// With `-dirty` if files were changed since.
    pub(crate) commit: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gibibytes: f64,
    pub(crate) kernel: String,
    /// Kind of the file system that the data lay on.
    pub(crate) file_system: String,
    /// Mean time of a synced append of 4 KiB there.
    pub(crate) sync_microseconds: f64,
}

impl Machine {
    /// Looks around; `data` is where the servers keep their files.
    pub(crate) fn describe(data: &Path) -> Outcome<Self> {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let kib = field(&read("/proc/meminfo"), "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok());
        let processor = field(&read("/proc/cpuinfo"), "model name");
        Ok(Self {
            date: SystemClock::new().now().to_iso8601(),
            commit: commit(),
            processor: if processor.is_empty() { std::env::consts::ARCH.to_owned() } else { processor },
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gibibytes: kib.unwrap_or(0.0) / 1024.0 / 1024.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            file_system: file_system(&read("/proc/mounts"), data),
            sync_microseconds: sync_microseconds(data)?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} cores of {}, {:.0} GiB, Linux {}; {} with a synced 4 KiB append in {:.0} µs",
            self.cores, self.processor, self.memory_gibibytes, self.kernel, self.file_system, self.sync_microseconds
        )?;
        writeln!(f, "commit {}, {}", self.commit, self.date)
    }
}

/// The value of the first `name : value` line.
fn field(text: &str, name: &str) -> String {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.trim() == name).map_or(String::new(), |(_, value)| value.trim().to_owned())
}

/// The kind of the mount whose path is the longest that `path` begins with.
fn file_system(mounts: &str, path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let containing = fields.filter(|fields| fields.len() > 2 && path.starts_with(fields[1]));
    containing.max_by_key(|fields| fields[1].len()).map_or("unknown".to_owned(), |fields| fields[2].to_owned())
}

/// Empty outside of a git repository, or without git: a benchmark of a release archive still runs.
fn commit() -> String {
    let described = Command::new("git").args(["describe", "--always", "--dirty", "--exclude=*"]).output();
    let text = described.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

fn sync_microseconds(data: &Path) -> Outcome<f64> {
    let path = data.join("sync-probe");
    let mut file = File::create(&path).doing(format_args!("make {}", path.display()))?;
    let started = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[0x5a; 4096]).and_then(|()| file.sync_data()).doing("time the disk")?;
    }
    let mean = started.elapsed() / SYNCS;
    std::fs::remove_file(&path).doing("remove the probe")?;
    Ok(mean.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        assert_eq!(field("a: 1\nmodel name\t: EPYC 9\nmodel name: other\n", "model name"), "EPYC 9");
        assert_eq!(field("a: 1\n", "b"), "");
    }

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /no/such tmpfs rw 0 0\n/dev/b /no/such/deep xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/no/such/deep/data")), "xfs");
        assert_eq!(file_system(mounts, Path::new("/elsewhere")), "ext4");
    }
}
