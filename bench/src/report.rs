//! What was measured: rows with their ratios to floors, and the few figures that have a target.

use crate::load::Measurement;
use crate::machine::Machine;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// From this share of one core on, the client (one thread) bounds the throughput, not the server.
const CLIENT_BOUND_CORES: f64 = 0.9;
/// From this share of one core on, others took what the server might have used.
const DISTURBED_CORES: f64 = 0.3;
const MIB: f64 = 1024.0 * 1024.0;

/// Everything of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// The few figures that matter, in the order in which they were measured.
    pub(crate) figures: Vec<Figure>,
    /// Every measurement, floors too.
    pub(crate) rows: Vec<Row>,
    /// What was left out, and why.
    pub(crate) notes: Vec<String>,
}

/// One measurement of a server under load.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) operations: usize,
    pub(crate) operations_per_second: f64,
    /// Of bodies, sent and received.
    pub(crate) mebibytes_per_second: f64,
    pub(crate) p50_microseconds: f64,
    pub(crate) p99_microseconds: f64,
    /// Of all the server's threads, in user and kernel.
    pub(crate) cpu_microseconds_per_operation: f64,
    /// Cores that the server kept busy.
    pub(crate) server_cores: f64,
    /// Cores that the client kept busy; it has one thread.
    pub(crate) client_cores: f64,
    /// Cores that others kept busy: the kernel's own threads, and whatever else ran on the machine.
    pub(crate) other_cores: f64,
    pub(crate) peak_resident_mebibytes: f64,
    pub(crate) ratios: Vec<Ratio>,
}

/// A row beside its floor. Above 1 the server is better than the floor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) floor: String,
    /// Operations (or bytes, where only those compare) per second, over the floor's.
    pub(crate) throughput: f64,
    /// The same per second of CPU.
    pub(crate) per_cpu: f64,
}

/// A figure with the target that it is held against. Nothing fails when it is missed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) subject: String,
    pub(crate) value: f64,
    /// What the value counts, with its blank: ` of floor-http requests per CPU second`, ` MiB`.
    pub(crate) unit: String,
    pub(crate) target: Option<Target>,
}

/// The good side of a figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// The figures of a measurement.
    pub(crate) fn new(name: impl Into<String>, mut measured: Measurement) -> Self {
        let seconds = measured.elapsed.as_secs_f64().max(f64::EPSILON);
        let operations = measured.latencies.count();
        Self {
            name: name.into(),
            operations,
            operations_per_second: operations as f64 / seconds,
            mebibytes_per_second: measured.bytes as f64 / MIB / seconds,
            p50_microseconds: microseconds(measured.latencies.percentile(50)),
            p99_microseconds: microseconds(measured.latencies.percentile(99)),
            cpu_microseconds_per_operation: microseconds(measured.server_cpu) / operations.max(1) as f64,
            server_cores: measured.server_cpu.as_secs_f64() / seconds,
            client_cores: measured.client_cpu.as_secs_f64() / seconds,
            other_cores: measured.other_cpu.as_secs_f64() / seconds,
            peak_resident_mebibytes: measured.server_peak_bytes as f64 / MIB,
            ratios: Vec::new(),
        }
    }

    /// Adds the ratio to a floor that did the same operations.
    pub(crate) fn beside(mut self, floor: &Row) -> Self {
        self.ratios.push(Ratio {
            floor: floor.name.clone(),
            throughput: quotient(self.operations_per_second, floor.operations_per_second),
            per_cpu: quotient(floor.cpu_microseconds_per_operation, self.cpu_microseconds_per_operation),
        });
        self
    }

    /// Adds the ratio to bytes that one core can work through.
    pub(crate) fn beside_core(mut self, floor: &str, mebibytes_per_second: f64) -> Self {
        let per_cpu = quotient(self.mebibytes_per_second, self.server_cores);
        self.ratios.push(Ratio {
            floor: floor.to_owned(),
            throughput: quotient(self.mebibytes_per_second, mebibytes_per_second),
            per_cpu: quotient(per_cpu, mebibytes_per_second),
        });
        self
    }

    pub(crate) fn is_client_bound(&self) -> bool {
        self.client_cores >= CLIENT_BOUND_CORES
    }
}

impl Figure {
    pub(crate) fn new(subject: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        Self { subject: subject.into(), value, unit: unit.into(), target: None }
    }

    /// Whether it is on the good side of its target; without one it always is.
    pub(crate) fn is_good(&self) -> bool {
        self.target.is_none_or(|target| target.is_met_by(self.value))
    }

    /// With what it is held against.
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }
}

impl Target {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.subject, shown(self.value), self.unit)?;
        match self.target {
            None => Ok(()),
            Some(target) => {
                let met = if self.is_good() { "met" } else { "MISSED" };
                write!(f, " (target {target}: {met})")
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}x, {:.2}x per CPU s of {}", self.throughput, self.per_cpu, self.floor)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<44}", self.name)?;
        for (cell, width) in self.cells().iter().zip(COLUMN_WIDTHS) {
            write!(f, " {cell:>width$}")?;
        }
        write!(f, "  {}", self.remarks())
    }
}

/// The columns between name and ratios.
pub(crate) const COLUMNS: [&str; 8] =
    ["ops/s", "MiB/s", "p50 ms", "p99 ms", "CPU µs/op", "server cores", "client cores", "peak RSS MiB"];
const COLUMN_WIDTHS: [usize; 8] = [9, 9, 9, 9, 10, 12, 12, 12];

impl Row {
    /// One text for each of [`COLUMNS`].
    pub(crate) fn cells(&self) -> [String; 8] {
        [
            shown(self.operations_per_second),
            shown(self.mebibytes_per_second),
            shown(self.p50_microseconds / 1000.0),
            shown(self.p99_microseconds / 1000.0),
            shown(self.cpu_microseconds_per_operation),
            format!("{:.2}", self.server_cores),
            format!("{:.2}", self.client_cores),
            shown(self.peak_resident_mebibytes),
        ]
    }

    /// Ratios, and what else bounded the throughput.
    pub(crate) fn remarks(&self) -> String {
        let mut remarks: Vec<String> = self.ratios.iter().map(ToString::to_string).collect();
        if self.is_client_bound() {
            remarks.push("client-bound".to_owned());
        }
        if self.other_cores >= DISTURBED_CORES {
            remarks.push(format!("{:.1} cores taken by others", self.other_cores));
        }
        remarks.join("; ")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (held, other) = self.figures_by_target();
        for figure in held.iter().chain(&other) {
            writeln!(f, "{figure}")?;
        }
        write!(f, "\n{}", heading())?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        write!(f, "{}", self.machine)
    }
}

impl Report {
    /// The figures that have a target, and those that have none.
    pub(crate) fn figures_by_target(&self) -> (Vec<&Figure>, Vec<&Figure>) {
        self.figures.iter().partition(|figure| figure.target.is_some())
    }
}

/// The line above rows.
pub(crate) fn heading() -> String {
    let columns = COLUMNS.iter().zip(COLUMN_WIDTHS).map(|(name, width)| format!(" {name:>width$}"));
    format!("{:<44}{}  ratio to floor\n", "", columns.collect::<String>())
}

/// Three digits that count.
pub(crate) fn shown(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 0.1 || value == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

pub(crate) fn quotient(of: f64, over: f64) -> f64 {
    if over > 0.0 { of / over } else { 0.0 }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::Latencies;

    fn row(name: &str, operations: u64, server_cpu: Duration) -> Row {
        let mut latencies = Latencies::default();
        (0..operations).for_each(|_| latencies.add(Duration::from_millis(1)));
        let measured = Measurement {
            elapsed: Duration::from_secs(2),
            latencies,
            bytes: operations * 1024 * 1024,
            server_cpu,
            client_cpu: Duration::from_secs(1),
            other_cpu: Duration::from_millis(200),
            server_peak_bytes: 1 << 21,
        };
        Row::new(name, measured)
    }

    #[test]
    fn a_row_is_a_measurement_per_second_and_per_operation() {
        let row = row("get", 100, Duration::from_millis(200));
        let cells = row.cells();
        assert_eq!(cells, ["50.0", "50.0", "1.00", "1.00", "2000", "0.10", "0.50", "2.00"]);
        assert!(!row.is_client_bound());
    }

    #[test]
    fn a_ratio_above_one_is_better_than_the_floor() {
        let floor = row("floor-http", 100, Duration::from_millis(100));
        let row = row("get", 50, Duration::from_millis(100)).beside(&floor).beside_core("MD5", 250.0);
        assert_eq!(row.remarks(), "0.50x, 0.50x per CPU s of floor-http; 0.10x, 2.00x per CPU s of MD5");
    }

    #[test]
    fn a_figure_says_whether_its_target_is_met() {
        let figure = Figure::new("get 4 KiB c64", 0.74, " of floor-http").target(Target::AtLeast(0.7));
        assert_eq!(figure.to_string(), "get 4 KiB c64: 0.74 of floor-http (target at least 0.7: met)");
        let figure = Figure::new("idle", 41.0, " MiB").target(Target::AtMost(40.0));
        assert_eq!(figure.to_string(), "idle: 41.0 MiB (target at most 40: MISSED)");
    }
}
