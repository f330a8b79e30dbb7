//! `cargo xtask sim`: random runs of the simulator, or one run again from its seed.

use crate::Outcome;
use crate::process::{cargo, run as run_command};
use crate::tally::Tally;

/// `--runs N` random runs; `--seed N` starts them from a known one, as a failed run prints it.
pub(crate) fn run(arguments: &[String], _: &mut Tally) -> Outcome {
    let options = Options::parse(arguments)?;
    let mut simulator = cargo(["test", "--package", "simulator", "--test", "random", "--", "--nocapture"]);
    if let Some(seed) = options.seed {
        simulator.env("CAIRN_SEED", seed.to_string());
    }
    if let Some(runs) = options.runs {
        simulator.env("CAIRN_RUNS", runs.to_string());
    }
    run_command(&mut simulator)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    seed: Option<u64>,
    runs: Option<u64>,
}

impl Options {
    fn parse(arguments: &[String]) -> Outcome<Options> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let field = match name.as_str() {
                "--seed" => &mut options.seed,
                "--runs" => &mut options.runs,
                _ => return Err(format!("`{name}` is not an option; there are --seed N and --runs N")),
            };
            let value = rest.next().and_then(|value| value.parse().ok());
            *field = Some(value.ok_or_else(|| format!("{name} needs a whole number"))?);
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_may_be_left_out() {
        assert_eq!(parse(""), Ok(Options::default()));
        assert_eq!(parse("--runs 500 --seed 4411"), Ok(Options { seed: Some(4411), runs: Some(500) }));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("--sed 1").unwrap_err().contains("--sed"));
        assert_eq!(parse("--seed"), Err("--seed needs a whole number".to_owned()));
        assert_eq!(parse("--runs many"), Err("--runs needs a whole number".to_owned()));
    }
}
