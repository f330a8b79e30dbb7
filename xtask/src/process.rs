//! Child processes: how every verb starts them, and where things lie.
//!
//! `cargo xtask` is itself started by cargo, which leaves variables such as `CARGO_PKG_NAME` behind.
//! Build scripts may watch them, and would then be run again by each cargo started from here; so
//! [`cargo`] takes them away, and RocksDB is compiled once however the build is started.

use crate::Outcome;
use crate::tally::Tally;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Where tools and clients are installed: inside the repository, ignored by git.
pub(crate) fn tools() -> PathBuf {
    root().join(".tools")
}

/// A binary that cargo built, `profile` being a directory of the target directory: `debug` or `release`.
pub(crate) fn built(profile: &str, name: &str) -> Outcome<PathBuf> {
    Ok(target()?.join(profile).join(name))
}

/// The target directory this binary was built in.
pub(crate) fn target() -> Outcome<PathBuf> {
    let this = env::current_exe().map_err(|error| format!("cannot find the running binary: {error}"))?;
    let target = this.ancestors().nth(2).ok_or("the running binary is not in a target directory")?;
    Ok(target.to_path_buf())
}

/// A command that runs in the root of the repository, without the variables of the cargo that started us.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_left_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// The cargo that started us, with these arguments.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments);
    cargo
}

fn is_left_by_cargo_run(name: &str) -> bool {
    const NAMES: [&str; 5] =
        ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    name.starts_with("CARGO_PKG_") || NAMES.contains(&name)
}

/// `PATH` with these directories before all others.
pub(crate) fn path_with(first: &[PathBuf]) -> Outcome<std::ffi::OsString> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let all = first.iter().cloned().chain(env::split_paths(&inherited));
    env::join_paths(all).map_err(|error| format!("cannot put a directory on PATH: {error}"))
}

/// Whether `PATH` has a program of this name.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Runs to the end, with our standard output and error.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    succeeded(command, status)
}

/// Tries what needs the network. Registries fail now and then; a second attempt is cheaper than a red build.
pub(crate) fn twice(attempt: impl Fn() -> Outcome) -> Outcome {
    attempt().or_else(|first| {
        println!("{first}; trying once more");
        attempt()
    })
}

/// Whether the command ran and succeeded; what it printed is not shown.
pub(crate) fn is_quiet_success(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs to the end and returns what was written to standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    succeeded(command, output.status)?;
    String::from_utf8(output.stdout).map_err(|_| format!("{} wrote something that is not UTF-8", shown(command)))
}

/// Runs to the end, passes standard output through, and adds the test results found in it to `tally`.
pub(crate) fn run_tallied(command: &mut Command, tally: &mut Tally) -> Outcome {
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    let copied = child
        .stdout
        .take()
        .map_or(Ok(()), |stdout| copy_lines(BufReader::new(stdout), std::io::stdout().lock(), tally));
    let status = child.wait().map_err(|error| format!("cannot wait for {}: {error}", shown(command)))?;
    copied.map_err(|error| format!("cannot pass on the output of {}: {error}", shown(command)))?;
    succeeded(command, status)
}

/// Line by line, as bytes: a test may print anything.
fn copy_lines(mut from: impl BufRead, mut to: impl Write, tally: &mut Tally) -> std::io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        tally.read_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

fn succeeded(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", shown(command))) }
}

/// The command as one would type it, for messages.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    format!("`{}`", words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn variables_that_users_set_for_cargo_are_kept() {
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "CARGO_BUILD_JOBS", "RUSTFLAGS", "PATH"] {
            assert!(!is_left_by_cargo_run(name), "{name}");
        }
        assert!(is_left_by_cargo_run("CARGO_PKG_VERSION_MAJOR"));
        assert!(is_left_by_cargo_run("CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn a_failed_command_is_named_in_the_error() {
        let error = run(command("false").arg("--really")).unwrap_err();
        assert!(error.contains("`false --really` failed"), "{error}");
    }

    #[test]
    fn what_fails_once_is_tried_once_more() {
        let attempts = |failures| {
            let made = Cell::new(0);
            let outcome = twice(|| {
                made.set(made.get() + 1);
                if made.get() > failures { Ok(()) } else { Err(format!("failure {}", made.get())) }
            });
            (outcome, made.get())
        };
        assert_eq!(attempts(0), (Ok(()), 1));
        assert_eq!(attempts(1), (Ok(()), 2));
        assert_eq!(attempts(9), (Err("failure 2".to_owned()), 2));
    }

    #[test]
    fn a_missing_program_is_named_in_the_error() {
        let error = run(&mut command("no-such-program-here")).unwrap_err();
        assert!(error.contains("cannot start `no-such-program-here`"), "{error}");
    }

    #[test]
    fn results_are_counted_while_the_output_passes_through() {
        let output = b"running 4 tests\n\xff\ntest result: FAILED. 3 passed; 1 failed; 0 ignored;\nno line end";
        let (mut passed_on, mut tally) = (Vec::new(), Tally::default());
        copy_lines(&output[..], &mut passed_on, &mut tally).unwrap();
        assert_eq!(passed_on, output);
        assert_eq!(tally, Tally { passed: 3, failed: 1 });
    }
}
