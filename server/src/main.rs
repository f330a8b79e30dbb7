//! The `cairn` binary.

use clap::Parser;
use environment::{SystemClock, SystemEntropy};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::client::{self, Failure as ClientFailure};
use server::command_line::{Command, CommandLine, Serve, TokenCommand};
use server::{Instance, Machine, Settings, banner, ready_file, reset_root};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // A log that cannot be written (a full disk, a closed pipe) must not keep anybody from being served.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false).init();
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nowhere_left_to_say_it = writeln!(std::io::stderr(), "cairn: {error}");
            error.downcast_ref::<ClientFailure>().map_or(ExitCode::FAILURE, ClientFailure::exit_code)
        }
    }
}

/// Threads for work that waits for the disk.
const BLOCKING_THREADS_MAX: usize = 64;

fn run(line: CommandLine) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.max_blocking_threads(BLOCKING_THREADS_MAX).enable_all().build()?;
    let ended = match line.command {
        Command::Serve(serve) => {
            raise_open_files_limit();
            runtime.block_on(serve_until_told(&serve))
        }
        Command::Token(TokenCommand::ResetRoot(reset)) => {
            runtime.block_on(reset_root::run(&reset, machine())).map_err(Failure::from).and_then(|text| print(&text))
        }
        command => runtime.block_on(ask_server(&command)).and_then(|text| print(&text)),
    };
    // Work for the disk that still runs, such as a compaction, may be cut off at any moment as by a crash.
    runtime.shutdown_timeout(WORK_WAIT_MAX);
    ended
}

/// Lets the process open as many files and connections as the system would let it: many systems begin with 1,024,
/// for the sake of programs older than this one.
fn raise_open_files_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, limit = ?limit.current, "the limit of open files could not be raised");
    }
}

/// Longest time that work for the disk is given when the process ends.
const WORK_WAIT_MAX: Duration = Duration::from_secs(5);

async fn serve_until_told(line: &Serve) -> Result<(), Failure> {
    let settings = Settings::resolve(line)?;
    let mut stop =
        StopSignals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
    let instance = Instance::start(&settings, machine()).await?;
    if let Err(error) = std::io::stdout().write_all(banner::text(instance.access(), &settings).as_bytes()) {
        tracing::warn!(%error, "the greeting with the credentials could not be printed; use --ready-file");
    }
    if let Some(path) = &settings.ready_file {
        ready_file::write(path, instance.access())
            .map_err(|error| format!("cannot write the ready file {}: {error}", path.display()))?;
    }
    stop.told().await;
    tokio::select! {
        () = instance.stop() => Ok(()),
        () = stop.told() => Err("told to stop twice: running requests were cut off".into()),
    }
}

fn machine() -> Machine {
    Machine { clock: Arc::new(SystemClock::new()), entropy: Arc::new(SystemEntropy::new()) }
}

async fn ask_server(command: &Command) -> Result<String, Failure> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Ok(client::run(command, &environment, &SystemClock::new()).await?)
}

/// What is printed may be shown only once: if nobody reads it that is a failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("the answer could not be printed: {error}").into())
}

struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Ctrl-C or SIGTERM.
    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
