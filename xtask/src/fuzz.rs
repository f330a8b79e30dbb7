//! `cargo xtask fuzz`: one fuzz target or all of them, each for a number of seconds.
//!
//! The targets are in `fuzz/`, outside of the workspace because sanitizers need other compiler flags.
//! Those flags are unstable; `RUSTC_BOOTSTRAP` lets the pinned toolchain take them, so that no second
//! toolchain is needed.

use crate::Outcome;
use crate::process::{cargo, command, path_with, root, run as run_command, tools};
use crate::tally::Tally;

const CARGO_FUZZ_VERSION: &str = "0.13.2";
const SECONDS: u64 = 60;

/// `TARGET [seconds]` or `all [seconds]`. Without a target it lists them.
pub(crate) fn run(arguments: &[String], _: &mut Tally) -> Outcome {
    let (target, seconds) = parse(arguments)?;
    let targets = targets()?;
    let Some(target) = target else {
        println!("{}", targets.join("\n"));
        return Ok(());
    };
    let chosen: Vec<&String> = targets.iter().filter(|name| target == "all" || *name == target).collect();
    if chosen.is_empty() {
        return Err(format!("no fuzz target is called `{target}`; there are: {}", targets.join(", ")));
    }
    install_cargo_fuzz()?;
    chosen.into_iter().try_for_each(|target| fuzz(target, seconds))
}

fn parse(arguments: &[String]) -> Outcome<(Option<&str>, u64)> {
    match arguments {
        [] => Ok((None, SECONDS)),
        [target] => Ok((Some(target), SECONDS)),
        [target, seconds] => {
            let seconds = seconds.parse().map_err(|_| format!("`{seconds}` is not a number of seconds"))?;
            Ok((Some(target), seconds))
        }
        _ => Err("expected a target, or `all`, and a number of seconds".to_owned()),
    }
}

/// The names of the files in `fuzz/fuzz_targets`, sorted.
fn targets() -> Outcome<Vec<String>> {
    let directory = root().join("fuzz/fuzz_targets");
    let entries = directory.read_dir().map_err(|error| format!("cannot list {}: {error}", directory.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> = sources.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn install_cargo_fuzz() -> Outcome {
    let package = format!("cargo-fuzz@{CARGO_FUZZ_VERSION}");
    if tools().join("bin/cargo-fuzz").is_file() {
        return Ok(());
    }
    run_command(cargo(["install", "--locked", "--root"]).arg(tools()).arg(package))
}

fn fuzz(target: &str, seconds: u64) -> Outcome {
    println!("fuzz {target} for {seconds} s");
    let mut fuzz = command(tools().join("bin/cargo-fuzz"));
    fuzz.args(["run", target, "--", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"))
        .env("PATH", path_with(&[tools().join("bin")])?)
        .env("RUSTC_BOOTSTRAP", "1");
    run_command(&mut fuzz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_its_seconds_are_read() {
        let line = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parse(&line("")), Ok((None, SECONDS)));
        assert_eq!(parse(&line("xml")), Ok((Some("xml"), SECONDS)));
        assert_eq!(parse(&line("all 600")), Ok((Some("all"), 600)));
        assert!(parse(&line("xml soon")).is_err_and(|message| message.contains("soon")));
        assert!(parse(&line("xml 1 2")).is_err());
    }
}
