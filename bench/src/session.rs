//! One run of the benchmark: what was asked for, where files go, what has been measured so far.

use crate::client::Connection;
use crate::floors::Floor;
use crate::machine::Machine;
use crate::outcome::{Doing, Outcome};
use crate::report::{Figure, Report, Row, heading};
use crate::scale::Scale;
use crate::server_process::ServerProcess;
use bytes::Bytes;
use http::Method;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The bucket of every workload.
pub(crate) const BUCKET: &str = "bench";

const MIB: usize = 1024 * 1024;

/// Passed through all workloads.
pub(crate) struct Session {
    pub(crate) scale: Scale,
    pub(crate) report: Report,
    /// The real server.
    binary: PathBuf,
    /// Only measurements whose names contain this.
    only: Option<String>,
    /// Removed at the end.
    scratch: TempDir,
}

impl Session {
    /// Makes a directory for the servers' files in `data` and looks at the machine.
    pub(crate) fn new(scale: Scale, binary: PathBuf, data: &Path, only: Option<String>) -> Outcome<Self> {
        std::fs::create_dir_all(data).doing(format_args!("make {}", data.display()))?;
        let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(data).doing("make a scratch directory")?;
        let machine = Machine::describe(scratch.path())?;
        let report = Report { machine, figures: Vec::new(), rows: Vec::new(), notes: Vec::new() };
        eprint!("{}{}", report.machine, heading());
        Ok(Self { scale, report, binary, only, scratch })
    }

    /// Whether a measurement of this name was asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name.contains(only))
    }

    /// Shows a row at once, and keeps it.
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("{row}");
        self.report.rows.push(row);
    }

    /// Shows a figure at once, and keeps it.
    pub(crate) fn add_figure(&mut self, mut figure: Figure) {
        figure.target = figure.target.filter(|_| self.scale.has_targets);
        eprintln!("{figure}");
        self.report.figures.push(figure);
    }

    /// Shows a note at once, and keeps it.
    pub(crate) fn add_note(&mut self, note: String) {
        eprintln!("note: {note}");
        self.report.notes.push(note);
    }

    /// The row of this name, if it was measured.
    pub(crate) fn row(&self, name: &str) -> Option<&Row> {
        self.report.rows.iter().find(|row| row.name == name)
    }

    /// Where a server called `name` keeps its files.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The real server with its files under `name`; those of an earlier server of that name are found again.
    pub(crate) fn start_cairn(&self, name: &str) -> Outcome<ServerProcess> {
        ServerProcess::start_cairn(&self.binary, &self.data(name))
    }

    /// As [`Session::start_cairn`], with the bucket made.
    pub(crate) async fn start_with_bucket(&self, name: &str) -> Outcome<ServerProcess> {
        let server = self.start_cairn(name)?;
        let create = server.signer.request(Method::PUT, &format!("/{BUCKET}"), Bytes::new())?;
        Connection::open(server.address).await?.send(&create).await?;
        Ok(server)
    }

    /// Stops the real server called `name` and frees its space.
    pub(crate) fn discard(&self, server: ServerProcess, name: &str) -> Outcome {
        server.stop()?;
        std::fs::remove_dir_all(self.data(name)).doing(format_args!("remove the files of {name}"))
    }

    /// Writes a file and removes it, so that the page cache has memory to fill. Memory that a virtual machine never
    /// used comes from its host page by page, at a tenth of the speed of writing: that would measure the host.
    pub(crate) fn warm_page_cache(&self) -> Outcome {
        let path = self.data("warm");
        let mut file = File::create(&path).doing("make a file to warm the page cache with")?;
        let zeros = vec![0; MIB];
        for _ in 0..self.scale.page_cache_bytes / MIB {
            file.write_all(&zeros).doing("warm the page cache")?;
        }
        std::fs::remove_file(&path).doing("remove the file that warmed the page cache")
    }

    /// A floor in a process of its own.
    pub(crate) fn start_floor(&self, floor: Floor) -> Outcome<ServerProcess> {
        let name = floor.name();
        ServerProcess::start_floor(name, &self.data(&format!("floor-{name}")))
    }
}
