//! `cargo xtask test`: every test but those of real clients.

use crate::Outcome;
use crate::process::{cargo, run_tallied};
use crate::tally::Tally;

/// Stands outside of the workspace, because it is built in place of a crate from the registry.
const BINDGEN: [&str; 4] =
    ["--manifest-path", "tools/rocksdb-bindgen/Cargo.toml", "--target-dir", "target/rocksdb-bindgen"];

/// Arguments go to `cargo test`, for instance a filter on names.
pub(crate) fn run(arguments: &[String], tally: &mut Tally) -> Outcome {
    let workspace = run_tallied(cargo(["test", "--workspace", "--no-fail-fast"]).args(arguments), tally);
    let bindgen = run_tallied(cargo(["test", "--no-fail-fast"]).args(BINDGEN).args(arguments), tally);
    workspace.and(bindgen)
}
