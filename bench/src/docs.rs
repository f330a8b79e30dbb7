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
of a row is up is finished and counted. Peak memory is that of the row alone. Data is in the page cache when it is read.

Floors are measured in the same run, right before the row they stand beside, by the same client:

- `floor-http`: raw hyper that makes the same SigV4 check (signing key cached) and answers from memory.
- `floor-put`: the same, MD5 of the body, and an append to one file; appends that wait together share one `fdatasync`.
- `floor-file-per-object`: the same, MD5, and for each object a new file, its `fsync`, and one of the directory.
- `floor-sealed-stream`: 64 KiB chunks of AES-256-GCM read from the page cache, decrypted, and written to a socket by a
  thread of each connection; no signature, no hyper.
- `MD5 on one core`: the hash that every ETag needs, of one stream, in a loop.
- Raw scan: 1000 rows of 330 bytes from the metadata engine, in a loop, nothing done with them.

A ratio above 1 is better than the floor. `per CPU s` compares operations per second of server CPU.
";

/// Writes the page.
pub(crate) fn write(report: &Report) -> Outcome {
    std::fs::write(Path::new(PAGE), page(report)).doing(format_args!("write {PAGE}"))
}

fn page(report: &Report) -> String {
    let mut page = format!("{INTRODUCTION}\n## Machine\n\n{}\n## Targets\n\n", report.machine);
    page.push_str("| | measured | target | |\n| --- | --- | --- | --- |\n");
    // Writing to a string does not fail.
    for figure in &report.figures {
        let target = figure.target.map(|target| target.to_string()).unwrap_or_default();
        let met = figure.target.map_or("", |target| if target.is_met_by(figure.value) { "met" } else { "missed" });
        let measured = format!("{}{}", shown(figure.value), figure.unit);
        let _ = writeln!(page, "| {} | {measured} | {target} | {met} |", figure.subject);
    }
    let _ = write!(page, "\n## Every measurement\n\n| | {} | beside its floor |\n", COLUMNS.join(" | "));
    let _ = writeln!(page, "| --- |{} --- |", " ---: |".repeat(COLUMNS.len()));
    for row in &report.rows {
        let _ = writeln!(page, "| {} | {} | {} |", row.name, row.cells().join(" | "), row.remarks());
    }
    if !report.notes.is_empty() {
        page.push_str("\n## Notes\n\n");
        report.notes.iter().for_each(|note| page.push_str(&format!("- {note}\n")));
    }
    page
}
