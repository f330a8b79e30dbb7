//! `cargo xtask bench`: builds server and benchmark alike, then runs the benchmark against the server.
//!
//! `--smoke` proves that the benchmark still works: tiny sizes, the profile that CI has built anyway.

use crate::Outcome;
use crate::process::{built, cargo, command, run as run_command};
use crate::tally::Tally;

/// Arguments go to the benchmark, `--smoke` among them.
pub(crate) fn run(arguments: &[String], _: &mut Tally) -> Outcome {
    let smoke = arguments.iter().any(|argument| argument == "--smoke");
    // The whole workspace decides the features, so that nothing is compiled twice; two binaries are built.
    let mut build = cargo(["build", "--workspace", "--bin", "cairn", "--bin", "bench"]);
    if !smoke {
        build.arg("--release");
    }
    run_command(&mut build)?;
    let profile = if smoke { "debug" } else { "release" };
    let mut bench = command(built(profile, "bench")?);
    run_command(bench.args(arguments).env("CAIRN_BINARY", built(profile, "cairn")?))
}
