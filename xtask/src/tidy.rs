//! `cargo xtask tidy`: the house rules that neither the compiler nor clippy checks.
//!
//! Most of the ban list stands in `[workspace.lints]`; this verb makes sure that every crate inherits
//! it, and adds what needs no types: lengths, openings, words, the form of the changelog, what may be
//! in the repository at all.
//!
//! **A ratchet.** `xtask/tidy-exceptions.txt` names how many findings of a rule a file may still have.
//! More is an error, and so is fewer: the number is lowered in the same change. So it only shrinks.

mod changelog;
mod exceptions;
mod files;
mod rules;
mod source;
#[cfg(test)]
mod tests;

use crate::process::root;
use crate::tally::Tally;
use crate::{Outcome, no_arguments};
use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What the exceptions call the rule.
    rule: &'static str,
    /// Relative to the repository.
    path: String,
    /// Counted from 1.
    line: usize,
    /// What is wrong, and what to do instead.
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {} [{}]", self.path, self.line, self.message, self.rule)
    }
}

pub(crate) fn run(arguments: &[String], _: &mut Tally) -> Outcome {
    no_arguments(arguments)?;
    let files = files::all()?;
    let findings: Vec<Finding> = files.iter().flat_map(rules::check).collect();
    let (advice, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.rule == rules::ADVICE);
    for finding in &advice {
        println!("note: {finding}");
    }
    let exceptions = std::fs::read_to_string(root().join(exceptions::FILE))
        .map_err(|error| format!("cannot read {}: {error}", exceptions::FILE))?;
    let mistakes = exceptions::apply(&exceptions, &findings)?;
    if mistakes.is_empty() {
        println!("{} files are tidy", files.len());
        return Ok(());
    }
    Err(format!("the tree is not tidy:\n  {}", mistakes.join("\n  ")))
}
