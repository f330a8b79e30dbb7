//! What a process costs, as Linux counts it: CPU time and resident memory.

use crate::outcome::{Doing, Outcome};
use std::path::PathBuf;
use std::time::Duration;

/// Linux shows CPU time in hundredths of a second on every architecture (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// A process to look at.
#[derive(Clone, Debug)]
pub(crate) struct ProcessStats {
    directory: PathBuf,
}

impl ProcessStats {
    /// The process `pid`.
    pub(crate) fn of(pid: u32) -> Self {
        Self { directory: PathBuf::from(format!("/proc/{pid}")) }
    }

    /// This process.
    pub(crate) fn own() -> Self {
        Self { directory: PathBuf::from("/proc/self") }
    }

    /// CPU time of all its threads since it started, in user and kernel.
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        let text = self.read("stat")?;
        cpu_time_in(&text).ok_or_else(|| format!("cannot read the CPU time in `{text}`"))
    }

    /// Resident memory now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Outcome<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory since it started or since [`ProcessStats::reset_peak`], in bytes.
    pub(crate) fn peak_resident_bytes(&self) -> Outcome<u64> {
        self.status("VmHWM:")
    }

    /// Counts the peak anew from here. Where the kernel refuses, the peak is that of the whole life: never too small.
    pub(crate) fn reset_peak(&self) {
        let _ = std::fs::write(self.directory.join("clear_refs"), "5");
    }

    fn status(&self, field: &str) -> Outcome<u64> {
        let text = self.read("status")?;
        kibibytes_in(&text, field).map(|kib| kib * 1024).ok_or_else(|| format!("cannot read {field} of the process"))
    }

    fn read(&self, name: &str) -> Outcome<String> {
        let path = self.directory.join(name);
        std::fs::read_to_string(&path).doing(format_args!("read {}; is the process gone?", path.display()))
    }
}

/// CPU time of all processes and of the kernel since the machine started.
pub(crate) fn machine_cpu_time() -> Outcome<Duration> {
    let text = std::fs::read_to_string("/proc/stat").doing("read /proc/stat")?;
    busy_time_in(&text).ok_or_else(|| "cannot read the CPU time in /proc/stat".to_owned())
}

/// Of `cpu user nice system idle iowait irq softirq ...`, all but the idle ones and what virtual machines above took.
fn busy_time_in(stat: &str) -> Option<Duration> {
    let fields: Option<Vec<u64>> =
        stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().map(|field| field.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, ..] = fields?[..] else { return None };
    Some(ticks(user + nice + system + irq + softirq))
}

/// The command's name stands in parentheses and may itself have blanks and parentheses.
fn cpu_time_in(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(ticks(user + system))
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * 1000 / TICKS_PER_SECOND)
}

fn kibibytes_in(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_user_and_system_together() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 4 0 99 0 0";
        assert_eq!(cpu_time_in(stat), Some(Duration::from_millis(1750)));
        assert_eq!(cpu_time_in("nonsense"), None);
    }

    #[test]
    fn the_machine_is_busy_when_it_is_not_idle() {
        assert_eq!(busy_time_in("cpu  100 20 30 4000 500 6 7 8 0 0\ncpu0 1\n"), Some(Duration::from_millis(1630)));
        assert!(machine_cpu_time().unwrap() > Duration::ZERO);
    }

    #[test]
    fn memory_is_read_by_name() {
        let status = "Name:\tcairn\nVmHWM:\t    2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!(kibibytes_in(status, "VmHWM:"), Some(2048));
        assert_eq!(kibibytes_in(status, "VmRSS:"), Some(1024));
        assert_eq!(kibibytes_in(status, "VmSwap:"), None);
    }

    #[test]
    fn this_process_can_be_looked_at() {
        let own = ProcessStats::own();
        own.reset_peak();
        assert!(own.cpu_time().is_ok());
        assert!(own.peak_resident_bytes().unwrap() > 0 && own.resident_bytes().unwrap() > 0);
    }
}
