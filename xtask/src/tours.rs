//! The programs that take the tour of `e2e/tests/test_every_sdk.py` with one SDK each, built for `cargo xtask e2e`.
//!
//! Rust's comes from crates.io, outside the workspace, whose builds must not wait for it. Those of Go and Ruby
//! come from Debian, with their tool chains. Where Debian's are not to be had, that tour is skipped; in CI it fails.

use crate::Outcome;
use crate::debian;
use crate::process::{cargo, command, is_on_path, is_quiet_success, root, run, target, tools};
use std::path::{Path, PathBuf};

/// Where Debian keeps the sources of Go's packages.
const GO_SOURCES: &str = "/usr/share/gocode";
const GO_PACKAGES: [&str; 2] = ["golang-go", "golang-github-aws-aws-sdk-go-v2-dev"];
const RUBY_PACKAGES: [&str; 2] = ["ruby", "ruby-aws-sdk-s3"];

/// Builds the programs and returns the directories they are in, to be put on `PATH`.
pub(crate) fn build() -> Outcome<[PathBuf; 2]> {
    let rust = build_rust()?;
    let go = tools().join("tours");
    for (language, outcome) in [("Go", build_go(&go)), ("Ruby", install_ruby())] {
        if let Err(missing) = outcome {
            println!("no tour with the SDK for {language}: {missing}");
        }
    }
    Ok([rust, go])
}

/// In a target directory of its own: the features and profile are not the workspace's.
fn build_rust() -> Outcome<PathBuf> {
    let target = target()?.join("e2e-rust");
    let mut build = cargo(["build", "--locked", "--manifest-path", "e2e/rust/Cargo.toml", "--target-dir"]);
    run(build.arg(&target))?;
    Ok(target.join("debug"))
}

fn build_go(directory: &Path) -> Outcome {
    let sdk = Path::new(GO_SOURCES).join("src/github.com/aws/aws-sdk-go-v2/service/s3");
    debian::ensure(&GO_PACKAGES, || is_on_path("go") && sdk.is_dir())?;
    let mut build = command("go");
    build.args(["build", "-o"]).arg(directory.join("cairn-tour-go")).arg("tour.go").current_dir(root().join("e2e/go"));
    // Debian's packages are laid out for GOPATH, which modules leave unread.
    build.env("GO111MODULE", "off").env("GOPATH", GO_SOURCES).env("GOCACHE", tools().join("go-build"));
    run(&mut build)
}

fn install_ruby() -> Outcome {
    debian::ensure(&RUBY_PACKAGES, || is_quiet_success(command("ruby").args(["-e", "require 'aws-sdk-s3'"])))
}
