//! The benchmark driver: `cargo xtask bench`. Measures the real server over loopback beside floors measured in the same
//! run, and says how far it is from them.
//!
//! `workloads` says what is measured, `floors` what with, `load` how; `report` is what comes out. No figure fails a
//! run: machines differ. A wrong answer does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its terminal")]
#![expect(clippy::disallowed_methods, reason = "measures the real machine; nothing here is simulated")]

mod body;
mod client;
mod docs;
mod floors;
mod latencies;
mod load;
mod machine;
mod outcome;
mod process_stats;
mod report;
mod request;
mod scale;
mod server_process;
mod session;
mod token_check;
mod workloads;

use clap::{Parser, Subcommand};
use outcome::{Doing, Outcome};
use scale::Scale;
use session::Session;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measures Cairn beside floors measured in the same run.
///
/// Prints each row when it is measured (standard error), then the figures that have a target and the whole table
/// (standard output).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Args)]
struct Options {
    /// The server to measure; if not given, what the environment variable CAIRN_BINARY names
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Only measurements whose name contains TEXT, such as `get 4 KiB`, `list`, `memory`
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Time of each measurement
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    seconds: f64,
    /// As --seconds 1
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// Populate 1 M keys however long it takes
    #[arg(long)]
    large: bool,
    /// Tiny sizes and times, to prove that the benchmark works; the figures mean nothing
    #[arg(long)]
    smoke: bool,
    /// Also write everything to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write docs/benchmarks.md
    #[arg(long)]
    write_docs: bool,
    /// Where the servers keep their files; on a disk, or synced writes cost nothing
    #[arg(long, default_value = "target/bench", value_name = "DIR")]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be a floor
    #[command(hide = true)]
    Floor(floors::FloorArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Floor(floor)) => floors::run(&floor),
        None => run(arguments.options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Outcome {
    let binary = options.binary.or_else(|| std::env::var_os("CAIRN_BINARY").map(PathBuf::from));
    let binary = binary.ok_or("which server? Set CAIRN_BINARY, give --binary, or use `cargo xtask bench`")?;
    let seconds = if options.quick { 1.0 } else { options.seconds };
    let time = Duration::try_from_secs_f64(seconds).doing("use --seconds")?;
    let scale = if options.smoke { Scale::smoke() } else { Scale::full(time, options.large) };
    let mut session = Session::new(scale, binary, &options.data, options.only)?;
    if options.smoke {
        session.add_note("a smoke run: the figures mean nothing".to_owned());
    }
    // One thread: a client that fights the server for both cores measures the scheduler.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().doing("start the client")?;
    let passed = runtime.block_on(workloads::run(&mut session));
    print!("{}", session.report);
    if let Some(file) = options.json {
        let text = serde_json::to_string_pretty(&session.report).doing("write JSON")?;
        std::fs::write(&file, text).doing(format_args!("write {}", file.display()))?;
    }
    if options.write_docs {
        docs::write(&session.report)?;
    }
    if passed { Ok(()) } else { Err("not everything could be measured; see the notes above".to_owned()) }
}
