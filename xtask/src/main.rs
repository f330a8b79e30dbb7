//! `cargo xtask`: every task of the repository, one verb each. Without a verb it lists them.
//!
//! This crate depends on none of the others, so that it compiles in seconds and can judge a tree
//! that does not. A verb is one file with one `run`; this file only finds it by name.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to its terminal")]
#![expect(clippy::disallowed_methods, reason = "measures real steps and reads real files; nothing here is simulated")]

mod bench;
mod check_edges;
mod ci;
mod clients;
mod debian;
mod e2e;
mod fuzz;
mod process;
mod sim;
mod tally;
mod test;
mod tidy;
mod tours;

use std::process::ExitCode;
use tally::Tally;

/// What a task ends with. An error is a sentence for the person at the terminal.
pub(crate) type Outcome<T = ()> = Result<T, String>;

struct Verb {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    /// Gets the arguments after the verb, and adds the results of tests to the tally.
    run: fn(&[String], &mut Tally) -> Outcome,
}

const VERBS: [Verb; 8] = [
    Verb { name: "ci", arguments: "", summary: "everything that .ci/run demands, with a table of times", run: ci::run },
    Verb { name: "test", arguments: "[cargo test args]", summary: "all tests but the real clients", run: test::run },
    Verb { name: "e2e", arguments: "[pytest args]", summary: "real S3 clients against the real binary", run: e2e::run },
    Verb { name: "bench", arguments: "[--smoke] [args]", summary: "measure against floors", run: bench::run },
    Verb { name: "sim", arguments: "[--seed N] [--runs N]", summary: "random runs of the simulator", run: sim::run },
    Verb { name: "fuzz", arguments: "TARGET|all [seconds]", summary: "fuzz one target or all of them", run: fuzz::run },
    Verb {
        name: "check-edges",
        arguments: "",
        summary: "compare the crates' dependencies with ARCHITECTURE.md",
        run: check_edges::run,
    },
    Verb { name: "tidy", arguments: "", summary: "the house rules that no other tool checks", run: tidy::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        eprint!("error: no task is called `{name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    let mut tally = Tally::default();
    let outcome = (verb.run)(rest, &mut tally);
    if let Err(message) = &outcome {
        eprintln!("error: {message}");
    }
    if tally != Tally::default() {
        println!("\n{tally}");
    }
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> String {
    let lines = VERBS.iter().map(|verb| {
        let call = format!("{} {}", verb.name, verb.arguments);
        format!("  cargo xtask {call:<27} {}\n", verb.summary)
    });
    lines.collect()
}

/// For verbs without arguments: refuses any, so that a mistyped option is not silently ignored.
pub(crate) fn no_arguments(arguments: &[String]) -> Outcome {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(format!("`{argument}` is not expected here; this task takes no arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_has_one_line_per_verb() {
        assert_eq!(usage().lines().count(), VERBS.len());
    }

    #[test]
    fn a_verb_without_arguments_refuses_them() {
        assert!(no_arguments(&[]).is_ok());
        assert!(no_arguments(&["--fast".to_owned()]).is_err_and(|message| message.contains("--fast")));
    }
}
