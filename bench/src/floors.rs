//! Floors: the least that a server of this kind can do, measured in the same run with the same client.
//!
//! Those that answer requests run as children of their own (`bench floor NAME`, hidden), so that their CPU is counted
//! as the server's is. The others are plain loops in this process.

mod answering;
mod file_per_object;
mod group_append;
pub(crate) mod md5;
pub(crate) mod scan;
mod sealed_stream;
mod serving;

use crate::outcome::{Doing, Outcome};
use crate::server_process::Ready;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the hidden command `bench floor` is told.
#[derive(Args, Debug)]
pub(crate) struct FloorArguments {
    /// Which one.
    floor: Floor,
    /// Where it may keep files.
    #[arg(long)]
    data: PathBuf,
    /// Where it says that it listens.
    #[arg(long)]
    ready_file: PathBuf,
}

/// Floors that answer requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Floor {
    /// Raw hyper, the SigV4 check, answers from memory.
    Http,
    /// Raw hyper, the SigV4 check, MD5, and appends to one file that are synced in groups.
    Put,
    /// Raw hyper, the SigV4 check, MD5, and for each object one file, synced, renamed, its directory synced.
    FilePerObject,
    /// AES-256-GCM chunks of a cached file, decrypted into a socket.
    SealedStream,
}

impl Floor {
    /// As on the command line, in tables and in the names of data directories.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Put => "put",
            Self::FilePerObject => "file-per-object",
            Self::SealedStream => "sealed-stream",
        }
    }
}

/// Runs a floor until it is killed.
pub(crate) fn run(arguments: &FloorArguments) -> Outcome {
    match arguments.floor {
        Floor::SealedStream => sealed_stream::run(arguments),
        Floor::Http => serving::run(arguments, || Ok(answering::Answering)),
        Floor::Put => serving::run(arguments, || group_append::GroupAppend::start(&arguments.data)),
        Floor::FilePerObject => serving::run(arguments, || file_per_object::FilePerObject::new(&arguments.data)),
    }
}

/// The only credentials that a floor knows; they are as long as the real ones.
const ACCESS_KEY_ID: &str = "00000000000000000000000000000001";
const SECRET_ACCESS_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000002";

/// Says that requests will be answered at `address`.
fn write_ready_file(arguments: &FloorArguments, address: SocketAddr) -> Outcome {
    let ready = Ready {
        endpoint: format!("http://{address}"),
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        api_token: None,
        account_id: None,
    };
    let text = serde_json::to_string(&ready).doing("write the ready file")?;
    let unfinished = arguments.ready_file.with_extension("unfinished");
    let written = std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, &arguments.ready_file));
    written.doing("write the ready file")
}
