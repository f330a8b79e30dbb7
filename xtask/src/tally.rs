//! How many tests passed and failed, read from the summaries that cargo and pytest print.

use std::fmt;

/// A running count of tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    /// Failures, and errors outside of a test (a fixture, an import).
    pub(crate) failed: u64,
}

impl Tally {
    /// Counts `line` if it is a summary. Any other line is ignored.
    pub(crate) fn read_line(&mut self, line: &str) {
        if let Some(found) = cargo_summary(line.trim()).or_else(|| pytest_summary(line.trim())) {
            self.passed += found.passed;
            self.failed += found.failed;
        }
    }
}

/// The line that ends a run, the same for every kind of test.
impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`
fn cargo_summary(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for part in counts.split(';').map(str::trim) {
        match counted(part) {
            Some((count, "passed")) => tally.passed = count,
            Some((count, "failed")) => tally.failed = count,
            _ => {}
        }
    }
    Some(tally)
}

/// `==== 1 failed, 11 passed, 2 warnings in 65.21s (0:01:05) ====`, with or without the rules.
fn pytest_summary(line: &str) -> Option<Tally> {
    let (counts, seconds) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    let seconds = seconds.split(' ').next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        match counted(part)? {
            (count, "passed") => tally.passed += count,
            (count, "failed" | "error" | "errors") => tally.failed += count,
            (_, "skipped" | "deselected" | "xfailed" | "xpassed" | "warning" | "warnings") => {}
            _ => return None,
        }
    }
    Some(tally)
}

fn counted(part: &str) -> Option<(u64, &str)> {
    let (count, word) = part.split_once(' ')?;
    Some((count.parse().ok()?, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u64, failed: u64) {
        let mut tally = Tally::default();
        tally.read_line(line);
        assert_eq!(tally, Tally { passed, failed }, "{line}");
    }

    #[test]
    fn summaries_of_cargo_are_counted() {
        check(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
            12,
            0,
        );
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s", 3, 2);
    }

    #[test]
    fn summaries_of_pytest_are_counted() {
        check("======================= 12 passed in 3.41s =======================\n", 12, 0);
        check("== 1 failed, 11 passed, 2 warnings, 1 error in 65.21s (0:01:05) ==", 11, 2);
        check("4 passed, 1 skipped in 0.52s", 4, 0);
        check("== 2 errors in 0.10s ==", 0, 2);
    }

    #[test]
    fn other_lines_are_ignored() {
        for line in ["", "running 12 tests", "test a::b ... ok", "5 parts uploaded in 2s", "no tests ran in 0.01s", "="]
        {
            check(line, 0, 0);
        }
    }

    #[test]
    fn counts_add_up_and_are_shown_on_one_line() {
        let mut tally = Tally::default();
        tally.read_line("test result: ok. 12 passed; 0 failed; 0 ignored");
        tally.read_line("== 1 failed, 3 passed in 1.00s ==");
        assert_eq!(tally.to_string(), "15 passed, 1 failed");
    }
}
