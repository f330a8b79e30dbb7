//! The command line: what `cairn --help` shows.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Self-hosted Cloudflare R2: an S3-compatible object store in one binary.
///
/// Start with `cairn serve`. The first start makes a data directory, an account and its keys, and prints an
/// example for your S3 client that works as it stands.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Examples:\n  \
    cairn serve                                  keep data in ./cairn-data, listen on 127.0.0.1:9200\n  \
    cairn serve --data /srv/cairn                keep data elsewhere\n  \
    cairn serve --ephemeral --listen 127.0.0.1:0 --ready-file cairn.json\n                                               \
    a throw-away store on a free port, for tests and CI\n\n\
    Stop it with Ctrl-C: running requests are finished first. After a crash, start it again:\n\
    whatever was answered with success is there.")]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the S3 API until Ctrl-C or SIGTERM.
    Serve(Serve),
}

/// How to serve. What is given here goes before the configuration file.
#[derive(Args, Clone, Debug, Default)]
pub struct Serve {
    /// Directory that holds everything; made if it does not exist, and used by one process at a time.
    ///
    /// Back up its `root.key` apart from the rest: without that key nobody, including you, can read the data.
    #[arg(long, value_name = "DIR", help_heading = "Where", conflicts_with = "ephemeral")]
    pub data: Option<PathBuf>,

    /// Address to listen on; port 0 picks a free one. [default: 127.0.0.1:9200]
    ///
    /// Requests are plain HTTP: put a TLS proxy in front before you listen on an address others can reach.
    #[arg(long, value_name = "ADDR", help_heading = "Where")]
    pub listen: Option<SocketAddr>,

    /// Keep data in a temporary directory and remove it at the end: for tests and CI.
    #[arg(long, help_heading = "Where")]
    pub ephemeral: bool,

    /// Settings in TOML; docs/configuration.md lists them all. An unknown name is an error.
    #[arg(long, value_name = "FILE", help_heading = "How")]
    pub config: Option<PathBuf>,

    /// Once it listens, write endpoint, keys and pid to FILE as one JSON object, readable by you only.
    ///
    /// The file appears whole or not at all. It has `api_token` only at the first start on a data directory,
    /// since the token itself is never kept.
    #[arg(long, value_name = "FILE", help_heading = "How")]
    pub ready_file: Option<PathBuf>,
}
