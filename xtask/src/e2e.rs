//! `cargo xtask e2e`: real S3 clients against the real binary, driven by pytest.
//!
//! The tests are in `e2e/`. They start the server themselves; this verb installs the clients, builds
//! the binary and says where it is in `CAIRN_BINARY`, and builds the clients' own programs.

use crate::Outcome;
use crate::clients::Clients;
use crate::debian;
use crate::process::{built, cargo, command, is_on_path, path_with, root, run as run_command, run_tallied};
use crate::tally::Tally;
use crate::tours;

/// Arguments go to pytest, which runs in `e2e/`: for instance `-k rclone`.
pub(crate) fn run(arguments: &[String], tally: &mut Tally) -> Outcome {
    let clients = Clients::install()?;
    // The whole workspace decides the features, so that nothing is compiled twice; one binary is built.
    run_command(&mut cargo(["build", "--workspace", "--bin", "cairn"]))?;
    let programs = tours::build()?;
    if let Err(missing) = debian::ensure(&["pebble"], || is_on_path("pebble")) {
        println!("no tests of ACME: {missing}");
    }
    let path: Vec<_> = clients.directories().into_iter().chain(programs).collect();
    let mut pytest = command(clients.python());
    pytest
        .args(["-m", "pytest"])
        .args(arguments)
        .current_dir(root().join("e2e"))
        .env("CAIRN_BINARY", built("debug", "cairn")?)
        .env("PATH", path_with(&path)?);
    run_tallied(&mut pytest, tally)
}
