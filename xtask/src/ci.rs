//! `cargo xtask ci`: everything that must hold before a change is accepted. `.ci/run` calls nothing else.
//!
//! A failed step does not end the run unless a later one needs it, so that one run shows everything
//! that is wrong. All steps share the dev profile and the features of the whole workspace: RocksDB's
//! C++, by far the longest part of a clean build, is compiled once.

use crate::process::{cargo, command, output, root, run as run_command};
use crate::tally::Tally;
use crate::{Outcome, bench, check_edges, e2e, no_arguments, test, tidy};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

struct Step {
    name: &'static str,
    /// A step without which this one cannot work.
    needs: Option<&'static str>,
    run: fn(&mut Tally) -> Outcome,
}

/// The quick ones first.
const STEPS: [Step; 9] = [
    Step { name: "format", needs: None, run: |_| run_command(&mut cargo(["fmt", "--all", "--", "--check"])) },
    Step { name: "tidy", needs: None, run: |tally| tidy::run(&[], tally) },
    Step { name: "check-edges", needs: None, run: |tally| check_edges::run(&[], tally) },
    Step { name: "clippy", needs: None, run: |_| clippy() },
    Step { name: "build", needs: None, run: |_| run_command(&mut cargo(["build", "--workspace"])) },
    Step { name: "test", needs: Some("build"), run: test_and_compare_docs },
    Step { name: "e2e", needs: Some("build"), run: |tally| e2e::run(&[], tally) },
    Step { name: "bench --smoke", needs: Some("build"), run: |tally| bench::run(&["--smoke".to_owned()], tally) },
    Step { name: "clean tree", needs: None, run: |_| clean_tree() },
];

enum Ending {
    Passed,
    Failed(String),
    /// What it needs has not passed.
    Skipped(&'static str),
}

struct Report {
    name: &'static str,
    time: Duration,
    ending: Ending,
}

pub(crate) fn run(arguments: &[String], tally: &mut Tally) -> Outcome {
    no_arguments(arguments)?;
    let mut reports: Vec<Report> = Vec::new();
    for step in STEPS {
        let report = run_step(&step, &reports, tally);
        reports.push(report);
    }
    print!("\n{}", table(&reports));
    let failed = reports.iter().filter(|report| !matches!(report.ending, Ending::Passed)).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps did not pass", reports.len())) }
}

fn run_step(step: &Step, before: &[Report], tally: &mut Tally) -> Report {
    if let Some(missing) = step.needs.filter(|needed| !has_passed(before, needed)) {
        println!("\n=== {}: not run, it needs {missing}", step.name);
        return Report { name: step.name, time: Duration::ZERO, ending: Ending::Skipped(missing) };
    }
    println!("\n=== {}", step.name);
    let start = Instant::now();
    let mut found = Tally::default();
    let outcome = (step.run)(&mut found);
    let time = start.elapsed();
    let ending = outcome.map_or_else(Ending::Failed, |()| Ending::Passed);
    println!("=== {}: {} after {}", step.name, ending.in_words(), seconds(time));
    add(tally, found, &ending);
    Report { name: step.name, time, ending }
}

fn has_passed(reports: &[Report], name: &str) -> bool {
    reports.iter().any(|report| report.name == name && matches!(report.ending, Ending::Passed))
}

/// A step that failed without a failed test counts as one, so that "0 failed" is never said of a failed run.
fn add(tally: &mut Tally, found: Tally, ending: &Ending) {
    tally.passed += found.passed;
    tally.failed += match ending {
        Ending::Failed(_) => found.failed.max(1),
        Ending::Passed | Ending::Skipped(_) => found.failed,
    };
}

impl Ending {
    /// Starts with a line that stands for all.
    fn in_words(&self) -> String {
        match self {
            Ending::Passed => "passed".to_owned(),
            Ending::Failed(reason) => format!("FAILED: {reason}"),
            Ending::Skipped(needed) => format!("not run, it needs {needed}"),
        }
    }
}

fn table(reports: &[Report]) -> String {
    let line = |name: &str, time: Duration, ending: &str| format!("{name:<14} {:>9}  {ending}\n", seconds(time));
    let lines = reports
        .iter()
        .map(|report| line(report.name, report.time, report.ending.in_words().lines().next().unwrap_or("")));
    let total = reports.iter().map(|report| report.time).sum();
    lines.chain([line("total", total, "")]).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// In CI, where nobody edits while it runs: no step has changed `Cargo.lock` or any other file, or left one
/// behind that git neither has nor ignores.
fn clean_tree() -> Outcome {
    if std::env::var_os("CI").is_none() {
        println!("not in CI: the tree may have changes of your own");
        return Ok(());
    }
    let changes = output(command("git").args(["status", "--porcelain"]))?;
    if changes.is_empty() { Ok(()) } else { Err(format!("the steps above changed the tree:\n{}", changes.trim_end())) }
}

fn clippy() -> Outcome {
    run_command(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Some pages of `docs/` are written by tests from the code they describe. If the tests change one, it
/// was not committed as the code has it.
fn test_and_compare_docs(tally: &mut Tally) -> Outcome {
    let docs = root().join("docs");
    let before = contents(&docs)?;
    let tests = test::run(&[], tally);
    let changed = changes(&before, &contents(&docs)?);
    tests?;
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!("the tests have rewritten {}; commit what they wrote", changed.join(", ")))
}

/// Every file below `directory` with its bytes; nothing if there is no such directory.
fn contents(directory: &Path) -> Outcome<BTreeMap<PathBuf, Vec<u8>>> {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", directory.display());
    let mut files = BTreeMap::new();
    if !directory.is_dir() {
        return Ok(files);
    }
    for entry in directory.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            files.append(&mut contents(&path)?);
        } else {
            let bytes = fs::read(&path).map_err(unreadable)?;
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

/// The files that are not the same before and after, relative to the repository.
fn changes(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let new = after.iter().filter(|(path, bytes)| before.get(*path) != Some(*bytes)).map(|(path, _)| path);
    gone.chain(new).map(|path| path.strip_prefix(root()).unwrap_or(path).display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &'static str, ending: Ending) -> Report {
        Report { name, time: Duration::from_millis(1250), ending }
    }

    #[test]
    fn what_a_step_needs_stands_before_it() {
        for (position, step) in STEPS.iter().enumerate() {
            if let Some(needed) = step.needs {
                assert!(STEPS[..position].iter().any(|earlier| earlier.name == needed), "{}", step.name);
            }
        }
    }

    #[test]
    fn a_step_is_not_run_without_what_it_needs() {
        let step = Step { name: "e2e", needs: Some("build"), run: |_| panic!("was run") };
        let before = [report("build", Ending::Failed("no compiler".to_owned()))];
        let ended = run_step(&step, &before, &mut Tally::default());
        assert!(matches!(ended.ending, Ending::Skipped("build")));
    }

    #[test]
    fn a_failed_step_without_failed_tests_counts_as_one() {
        let mut tally = Tally { passed: 7, failed: 0 };
        add(&mut tally, Tally::default(), &Ending::Failed("clippy".to_owned()));
        assert_eq!(tally, Tally { passed: 7, failed: 1 });
        add(&mut tally, Tally { passed: 5, failed: 3 }, &Ending::Failed("tests".to_owned()));
        assert_eq!(tally, Tally { passed: 12, failed: 4 });
    }

    #[test]
    fn the_table_shows_each_step_and_the_total() {
        let shown = table(&[report("format", Ending::Passed), report("clippy", Ending::Skipped("build"))]);
        let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "format             1.2 s  passed",
                "clippy             1.2 s  not run, it needs build",
                "total              2.5 s"
            ]
        );
    }

    #[test]
    fn changed_new_and_deleted_files_are_found() {
        let tree = |files: &[(&str, &str)]| -> BTreeMap<PathBuf, Vec<u8>> {
            files.iter().map(|(path, text)| (root().join(path), text.as_bytes().to_vec())).collect()
        };
        let before = tree(&[("docs/a.md", "1"), ("docs/b.md", "1"), ("docs/c.md", "1")]);
        let after = tree(&[("docs/a.md", "1"), ("docs/b.md", "2"), ("docs/d.md", "1")]);
        assert_eq!(changes(&before, &after), ["docs/c.md", "docs/b.md", "docs/d.md"]);
    }
}
