//! The form of CHANGELOG.md: Keep a Changelog, and entries that speak of effects, not of files.

const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// What is wrong, each with its line, counted from 1.
pub(super) fn mistakes(text: &str) -> Vec<(usize, String)> {
    let mut mistakes = Vec::new();
    if text.lines().next() != Some("# Changelog") {
        mistakes.push((1, "the changelog opens with `# Changelog`".to_owned()));
    }
    if !text.lines().any(|line| line == "## [Unreleased]") {
        mistakes.push((1, "the changelog has a section `## [Unreleased]`".to_owned()));
    }
    for (number, line) in (1..).zip(text.lines()) {
        mistakes.extend(mistake(line).map(|message| (number, message)));
    }
    mistakes
}

fn mistake(line: &str) -> Option<String> {
    if let Some(title) = line.strip_prefix("## ") {
        let is_known = title == "[Unreleased]" || is_release(title);
        return (!is_known).then(|| format!("`{title}` is neither `[Unreleased]` nor `[1.2.3] - 2026-01-31`"));
    }
    if let Some(kind) = line.strip_prefix("### ") {
        return (!KINDS.contains(&kind)).then(|| format!("`{kind}` is none of {}", KINDS.join(", ")));
    }
    let entry = line.strip_prefix("- ")?;
    let names_a_file = entry.split_whitespace().any(|word| word.trim_matches(['`', '.', ',']).ends_with(".rs"));
    names_a_file.then(|| "an entry speaks of what users feel, not of files".to_owned())
}

/// `[1.2.3] - 2026-01-31`, optionally with ` [YANKED]`.
fn is_release(title: &str) -> bool {
    let title = title.strip_suffix(" [YANKED]").unwrap_or(title);
    let Some((version, date)) = title.strip_prefix('[').and_then(|title| title.split_once("] - ")) else {
        return false;
    };
    let numbers = |text: &str, separator: char| -> Vec<usize> {
        let parts = text.split(separator);
        parts.map(|part| if part.bytes().all(|byte| byte.is_ascii_digit()) { part.len() } else { 0 }).collect()
    };
    let version = numbers(version, '.');
    version.len() == 3 && !version.contains(&0) && numbers(date, '-') == [4, 2, 2]
}
