//! The findings that are allowed for now: `rule path count` per line, `#` for comments.

use super::Finding;
use crate::Outcome;
use std::collections::BTreeMap;

pub(super) const FILE: &str = "xtask/tidy-exceptions.txt";

/// A rule and a path.
type Place<'a> = (&'a str, &'a str);

/// What is wrong after the exceptions: findings beyond them, and exceptions that allow more than there is.
pub(super) fn apply(exceptions: &str, findings: &[Finding]) -> Outcome<Vec<String>> {
    let mut allowed = parse(exceptions)?;
    let mut found: BTreeMap<Place<'_>, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        found.entry((finding.rule, &finding.path)).or_default().push(finding);
    }
    let mut mistakes = Vec::new();
    for (place, findings) in &found {
        let count = allowed.remove(place).unwrap_or_default();
        if findings.len() > count {
            mistakes.extend(findings.iter().map(ToString::to_string));
        } else if findings.len() < count {
            mistakes.push(too_generous(*place, count, findings.len()));
        }
    }
    mistakes.extend(allowed.into_iter().map(|(place, count)| too_generous(place, count, 0)));
    Ok(mistakes)
}

fn too_generous((rule, path): Place<'_>, count: usize, found: usize) -> String {
    let remedy = if found == 0 { "delete the line".to_owned() } else { format!("lower it to {found}") };
    format!("{FILE}: `{rule} {path} {count}` allows more than there is; {remedy}")
}

fn parse(exceptions: &str) -> Outcome<BTreeMap<Place<'_>, usize>> {
    let lines = exceptions.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut allowed = BTreeMap::new();
    for line in lines {
        let (place, count) = parse_line(line).ok_or_else(|| format!("{FILE}: `{line}` is not `rule path count`"))?;
        if allowed.insert(place, count).is_some() {
            return Err(format!("{FILE}: `{} {}` stands there twice", place.0, place.1));
        }
    }
    Ok(allowed)
}

fn parse_line(line: &str) -> Option<(Place<'_>, usize)> {
    let mut words = line.split_whitespace();
    let place = (words.next()?, words.next()?);
    let count = words.next()?.parse().ok()?;
    words.next().is_none().then_some((place, count))
}
