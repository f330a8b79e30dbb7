//! The command line: what `cairn --help` shows.

mod buckets;
mod configuration;
mod remote;
mod tokens;

pub use buckets::{BucketCommand, BucketReference, CreateBucket, ListBuckets, OneBucket};
pub use configuration::{Client, PrintConfiguration};
pub use remote::{Remote, Whoami};
pub use tokens::{CreateToken, ListTokens, Moment, OneToken, Permission, ResetRoot, RevokeTokens, TokenCommand};

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
    a throw-away store on a free port, for tests and CI\n  \
    cairn bucket create photos                   a bucket in the store that runs\n  \
    cairn token create --name app --permission object-read-write --bucket photos\n                                               \
    a key for one program and one bucket\n  \
    cairn config rclone --ready-file cairn.json  what to put into a client's configuration\n\n\
    Stop it with Ctrl-C: running requests are finished first. After a crash, start it again:\n\
    whatever was answered with success is there.\n\n\
    Exit codes: 0 done; 1 refused or failed; 2 the command line or the environment is wrong, and nothing\n\
    was sent; 3 no Cairn answers at the endpoint.")]
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

    /// Make, list, revoke and roll API tokens and their S3 keys.
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Token(TokenCommand),

    /// Make, list, describe and delete buckets.
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Bucket(BucketCommand),

    /// Say which server answers, and whose token this is.
    Whoami(Whoami),

    /// Print what to put into the configuration of a client.
    Config(PrintConfiguration),
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
    /// Requests are plain HTTP. For HTTPS set `tls_listen` (docs/tls.md), or put a TLS proxy in front.
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
