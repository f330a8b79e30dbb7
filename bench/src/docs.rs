//! `docs/benchmarks.md`: the report as a page.

use crate::outcome::{Doing, Outcome};
use crate::report::{COLUMNS, Report, shown};
use std::fmt::Write;
use std::path::Path;

/// Relative to the root of the repository, where `cargo xtask` runs.
const PAGE: &str = "docs/benchmarks.md";

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench --write-docs`; do not edit. `cargo xtask bench` measures again, on your machine.

The driver starts the real server on a fresh data directory and talks to it over loopback: one thread, kept-alive
connections, TCP_NODELAY, requests signed before the clock runs (`UNSIGNED-PAYLOAD`). It shares the machine with the
server, so throughput is what both reach together; CPU per operation is the server's alone, all threads, user and
kernel, as Linux counts it. Where the client kept its one core busy the row says `client-bound`. `cN` is the number of
connections, each with one request under way. Every PUT is durable before it is answered. What has begun when the time
of a row is up is finished and counted. Peak memory is that of the row alone. Objects that are read were put before the
server was last started, and are in the page cache. Before rows of large PUTs a file is written and removed, so that
the page cache has memory at hand: what a hypervisor takes to give memory to its guest is not measured. Where something
else than server and client (the kernel's own threads count here) took 0.3 cores or more, the row says so.

Floors are measured in the same run, right before the row they stand beside, by the same client:

- `floor-http`: raw hyper that makes the same SigV4 check (signing key cached) and answers from memory: 64 MiB of it, in
  which each small object has a place of its own.
- `floor-put`: the same, MD5 of the body, and an append to one file; appends that wait together share one `fdatasync`.
- `floor-file-per-object`: the same, MD5, and for each object a file under another name, its `fsync`, a rename, and an `fsync`
  of the directory: what it takes that a crash leaves the old object or the new one.
- `floor-sealed-stream`: 64 KiB chunks of AES-256-GCM read from the page cache, decrypted, and written to a socket by a
  thread of each connection; no signature, no hyper.
- `MD5 on one core`: the hash that every ETag needs, of one stream, in a loop; per second of that core's time.
- Raw scan: 1000 rows of 330 bytes from the metadata engine, in a loop, nothing done with them.

A ratio above 1 is better than the floor. `per CPU s` compares operations per second of server CPU.
";

/// Writes the page.
pub(crate) fn write(report: &Report) -> Outcome {
    std::fs::write(Path::new(PAGE), page(report)).doing(format_args!("write {PAGE}"))
}

fn page(report: &Report) -> String {
    let mut page = format!("{INTRODUCTION}\n## Machine\n\n{}\n", report.machine);
    let (held, other) = report.figures_by_target();
    page.push_str("## Targets\n\n| | measured | target | |\n| --- | --- | --- | --- |\n");
    for figure in held {
        let (value, unit) = (shown(figure.value), &figure.unit);
        let target = figure.target.map(|target| target.to_string()).unwrap_or_default();
        let met = if figure.is_good() { "met" } else { "missed" };
        push_line(&mut page, format_args!("| {} | {value}{unit} | {target} | {met} |", figure.subject));
    }
    page.push_str("\n## Other figures\n\n| | measured |\n| --- | --- |\n");
    for figure in other {
        push_line(&mut page, format_args!("| {} | {}{} |", figure.subject, shown(figure.value), figure.unit));
    }
    push_line(&mut page, format_args!("\n## Every measurement\n\n| | {} | beside its floor |", COLUMNS.join(" | ")));
    push_line(&mut page, format_args!("| --- |{} --- |", " ---: |".repeat(COLUMNS.len())));
    for row in &report.rows {
        push_line(&mut page, format_args!("| {} | {} | {} |", row.name, row.cells().join(" | "), row.remarks()));
    }
    if !report.notes.is_empty() {
        page.push_str("\n## Notes\n\n");
        report.notes.iter().for_each(|note| push_line(&mut page, format_args!("- {note}")));
    }
    page
}

fn push_line(page: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::report::{Figure, Target};

    #[test]
    fn figures_with_a_target_stand_before_the_others() {
        let machine = Machine::describe(tempfile::tempdir().unwrap().path()).unwrap();
        let figures = vec![
            Figure::new("MD5 on one core", 733.0, " MiB/s"),
            Figure::new("idle memory", 41.0, " MiB").target(Target::AtMost(40.0)),
        ];
        let page = page(&Report { machine, figures, rows: Vec::new(), notes: vec!["a note".to_owned()] });
        let target = page.find("| idle memory | 41.0 MiB | at most 40 | missed |").unwrap();
        assert!(target < page.find("| MD5 on one core | 733 MiB/s |").unwrap());
        assert!(page.ends_with("## Notes\n\n- a note\n"));
    }
}
