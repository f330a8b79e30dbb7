//! The rules, each a small function from a file to its findings.

use super::files::File;
use super::source::{Source, is_word, line_of};
use super::{Finding, changelog};

/// A finding that is printed but fails nothing.
pub(super) const ADVICE: &str = "advice";

const LINE_LENGTH_MAX: usize = 120;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_GOOD: usize = 500;
const FILE_LINES_MAX: usize = 600;
const FILE_BYTES_MAX: usize = 256 * 1024;

/// Directories and extensions that builds and installations make.
const BUILT_DIRECTORIES: [&str; 6] = ["target", "node_modules", "__pycache__", ".tools", ".venv", "cairn-data"];
const BUILT_EXTENSIONS: [&str; 6] = ["o", "a", "so", "rlib", "pyc", "profraw"];
/// Files of other tools, which they write themselves.
const LOCK_FILES: [&str; 2] = ["Cargo.lock", "package-lock.json"];
/// Files in which the markers and paths below are looked for line by line, there being no lexer for them.
const OTHER_CODE: [&str; 7] = ["py", "js", "mjs", "ts", "sh", "toml", "yml"];

/// Notes to oneself; an open end is an issue, not a comment.
const MARKERS: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// How an absolute path begins that only one machine has, without its first slash.
const MACHINE_PATHS: [&str; 3] = ["home/", "root/.", "work/"];

/// Every finding in one file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Findings { file, all: Vec::new() };
    check_is_source(&mut findings);
    let Some(text) = file.text().filter(|_| !LOCK_FILES.contains(&file.name())) else {
        return findings.all;
    };
    check_machine_paths(text, &mut findings);
    match file.extension() {
        "rs" => check_rust(text, &mut findings),
        extension if OTHER_CODE.contains(&extension) => check_markers(text, &mut findings),
        _ => {}
    }
    if file.name() == "Cargo.toml" {
        check_manifest(text, &mut findings);
    }
    if file.path == "CHANGELOG.md" {
        for (line, message) in changelog::mistakes(text) {
            findings.add("changelog", line, message);
        }
    }
    findings.all
}

struct Findings<'a> {
    file: &'a File,
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, rule: &'static str, line: usize, message: impl Into<String>) {
        self.all.push(Finding { rule, path: self.file.path.clone(), line, message: message.into() });
    }
}

/// Nothing large, nothing that a build made, and nothing binary but what tests compare with.
fn check_is_source(findings: &mut Findings<'_>) {
    let file = findings.file;
    if file.text().is_none() && !file.path.contains("/testdata/") {
        findings.add("binary-file", 1, "is not text; make it in a test, or put it into a directory `testdata`");
    }
    if file.bytes.len() > FILE_BYTES_MAX && !LOCK_FILES.contains(&file.name()) {
        findings.add("large-file", 1, format!("has over {FILE_BYTES_MAX} bytes; make it in a test, or fetch it"));
    }
    let is_built = file.path.split('/').any(|part| BUILT_DIRECTORIES.contains(&part));
    if is_built || BUILT_EXTENSIONS.contains(&file.extension()) {
        findings.add("build-output", 1, "is made by a build; remove it and add it to .gitignore");
    }
}

fn check_rust(text: &str, findings: &mut Findings<'_>) {
    let source = Source::new(text);
    if !text.starts_with("//!") {
        findings.add("opening", 1, "has no `//!` opening; say its one subject and its place in the flow");
    }
    check_line_lengths(&source.unquoted, findings);
    check_attributes(&source.code, findings);
    check_sleeps(&source, findings);
    check_markers(&source.comments, findings);
    check_functions(&source, findings);
    check_file_length(&source, findings);
}

/// rustfmt leaves long comments alone. What stands in quotes is not counted: a message is whole where one
/// searches for it. An address cannot be broken.
fn check_line_lengths(unquoted: &str, findings: &mut Findings<'_>) {
    for (number, line) in (1..).zip(unquoted.lines()) {
        let length = line.chars().count();
        if length > LINE_LENGTH_MAX && !line.contains("://") {
            findings.add("line-length", number, format!("has {length} columns; {LINE_LENGTH_MAX} fit on a screen"));
        }
    }
}

fn check_attributes(code: &str, findings: &mut Findings<'_>) {
    for opening in ["#[ignore", "#![ignore"] {
        for (at, _) in code.match_indices(opening) {
            findings.add("ignored-test", line_of(code, at), "ignores a test; make it fast and sure, or delete it");
        }
    }
    for opening in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in code.match_indices(opening) {
            let attribute = code[at..].split_once(")]").map_or(&code[at..], |(attribute, _)| attribute);
            if !attribute.contains("reason =") {
                let instead = "allows a lint without a reason; write `#[expect(.., reason = \"..\")]`";
                findings.add("lint-reason", line_of(code, at), instead);
            }
        }
    }
}

/// A test that sleeps is slow when it passes and wrong when the machine is busy.
fn check_sleeps(source: &Source, findings: &mut Findings<'_>) {
    let comments: Vec<&str> = source.comments.lines().map(str::trim).collect();
    let tests = source.test_ranges();
    let is_all_test = findings.file.is_test();
    for (at, _) in source.code.match_indices("sleep(") {
        let before = &source.code[..at];
        let line = line_of(&source.code, at);
        let is_test = is_all_test || tests.iter().any(|range| range.contains(&line));
        let sleeps = before.ends_with("thread::") || before.ends_with("time::");
        if is_test && sleeps && !is_explained(&comments, line) {
            let instead = "sleeps in a test; wait for the event or move the clock, or say why: `// sleep: ..`";
            findings.add("sleep", line, instead);
        }
    }
}

/// Whether `sleep:` stands in a comment on this line, counted from 1, or in the comment right above it.
fn is_explained(comments: &[&str], line: usize) -> bool {
    let above = comments[..line - 1].iter().rev().take_while(|comment| !comment.is_empty());
    comments[line - 1..].iter().take(1).chain(above).any(|comment| comment.contains("sleep:"))
}

fn check_markers(text: &str, findings: &mut Findings<'_>) {
    for (number, line) in (1..).zip(text.lines()) {
        let found = MARKERS.iter().find(|marker| line.split(|letter| !is_word(letter)).any(|word| word == **marker));
        if let Some(marker) = found {
            findings.add("marker", number, format!("says {marker}; finish it, or open an issue"));
        }
    }
}

/// A path of one machine tells a stranger nothing and works for nobody else.
fn check_machine_paths(text: &str, findings: &mut Findings<'_>) {
    for (number, line) in (1..).zip(text.lines()) {
        let paths = MACHINE_PATHS.iter().map(|start| format!("/{start}"));
        let mut found = paths.filter(|path| line.match_indices(path).any(|(at, _)| is_path_start(&line[..at])));
        if let Some(path) = found.next() {
            findings.add("machine-path", number, format!("names a path in {path}, which other machines do not have"));
        }
    }
}

fn is_path_start(before: &str) -> bool {
    !before.ends_with(|letter| is_word(letter) || matches!(letter, '.' | '~' | '-' | '}' | '>' | '$' | '*'))
}

fn check_functions(source: &Source, findings: &mut Findings<'_>) {
    for function in source.functions().iter().filter(|function| function.lines > FUNCTION_LINES_MAX) {
        let message = format!("`{}` has {} lines; split it below {FUNCTION_LINES_MAX}", function.name, function.lines);
        findings.add("function-length", function.line, message);
    }
}

/// Tests may be long: they are read one at a time.
fn check_file_length(source: &Source, findings: &mut Findings<'_>) {
    let lines = source.lines_without_tests();
    if findings.file.is_test() || lines <= FILE_LINES_GOOD {
        return;
    }
    let rule = if lines > FILE_LINES_MAX { "file-length" } else { ADVICE };
    findings.add(rule, 1, format!("has {lines} lines without its tests; past {FILE_LINES_GOOD} it has two subjects"));
}

/// A crate that does not inherit the workspace's lints escapes the ban on `todo!`, `unwrap` and the rest.
fn check_manifest(text: &str, findings: &mut Findings<'_>) {
    let is_member = !["Cargo.toml", "fuzz/Cargo.toml", "e2e/rust/Cargo.toml"].contains(&findings.file.path.as_str())
        && !findings.file.path.starts_with("tools/");
    let mut lines = text.lines().map(str::trim);
    let inherits = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if is_member && !inherits {
        findings.add("lints", 1, "does not inherit the lints; add `[lints]` with `workspace = true`");
    }
}
