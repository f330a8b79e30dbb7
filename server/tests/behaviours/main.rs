//! What R2's pages state, sentence by sentence, and the test that shows it here: writes `docs/r2-behaviours.md`.
//!
//! One file beside this one for each page that the S3 face follows. A behaviour names its tests as `path::name`, or
//! what it waits for; a test that is not in the tree fails this one. Sentences that speak of prices, dashboards' looks
//! or how to hold a tool state no behaviour and are left out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a page that cannot be read fails the test")]
#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A page of R2's documentation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    title: String,
    url: String,
    section: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: String,
    behaviour: Vec<Behaviour>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// The page's sentence, shortened where it says more than one thing; what is Cairn's own stands in brackets.
    says: String,
    /// The tests that show it, as `path::name`.
    #[serde(default)]
    shown_by: Vec<String>,
    /// What has to be built before it can be shown.
    later: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages in the order of their files' names.
fn pages() -> Vec<Page> {
    let directory = root().join("server/tests/behaviours");
    let entries = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().map(read).collect()
}

/// Whether `path` has a test of this name; files are read once.
fn is_a_test(sources: &mut BTreeMap<String, String>, path: &str, name: &str) -> bool {
    let source =
        sources.entry(path.to_owned()).or_insert_with(|| fs::read_to_string(root().join(path)).unwrap_or_default());
    if path.ends_with(".py") {
        return name.starts_with("test_") && source.contains(&format!("\ndef {name}("));
    }
    let Some(at) = source.find(&format!("fn {name}(")) else { return false };
    // The attribute that makes it one stands between it and what is before it.
    let before = source[..at].rfind('}').map_or(&source[..at], |end| &source[end..at]);
    before.contains("#[test]") || before.contains("#[tokio::test")
}

fn mistake(sources: &mut BTreeMap<String, String>, behaviour: &Behaviour) -> Option<String> {
    if behaviour.shown_by.is_empty() == behaviour.later.is_none() {
        return Some("names neither its tests nor what it waits for, or both".to_owned());
    }
    let is_missing = |test: &&String| {
        let (path, name) = test.split_once("::").unwrap_or((test.as_str(), ""));
        !is_a_test(sources, path, name)
    };
    behaviour.shown_by.iter().find(is_missing).map(|test| format!("names `{test}`, which is no test"))
}

#[test]
fn every_behaviour_names_tests_that_there_are() {
    let mut sources = BTreeMap::new();
    let mut mistakes = Vec::new();
    for page in pages() {
        for behaviour in page.section.iter().flat_map(|section| &section.behaviour) {
            if let Some(mistake) = mistake(&mut sources, behaviour) {
                mistakes.push(format!("{}: \"{}\" {mistake}", page.title, behaviour.says));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn the_page_of_behaviours_lists_every_one() {
    let pages = pages();
    let all = || pages.iter().flat_map(|page| &page.section).flat_map(|section| &section.behaviour);
    let later = all().filter(|behaviour| behaviour.later.is_some()).count();
    let mut text = format!(
        "# What R2 states, and what shows it\n\n<!-- Written by a test of `server/tests/behaviours/main.rs`. -->\n\n\
         Every sentence of R2's pages on the S3 API that states a behaviour, with the tests that show it in Cairn. \
         Cairn's own\nremarks stand in brackets. Of {} behaviours {} are shown and {later} wait for what is not built \
         yet.\n",
        all().count(),
        all().count() - later,
    );
    for page in &pages {
        write!(text, "\n## {}\n\n<{}>\n", page.title, page.url).unwrap();
        for section in &page.section {
            write!(text, "\n### {}\n\n| R2 says | shown by |\n| --- | --- |\n", section.title).unwrap();
            for behaviour in &section.behaviour {
                writeln!(text, "| {} | {} |", behaviour.says.replace('|', "\\|"), shown(behaviour)).unwrap();
            }
        }
    }
    let path = root().join("docs/r2-behaviours.md");
    if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
        fs::write(path, text).unwrap();
    }
}

fn shown(behaviour: &Behaviour) -> String {
    let tests: Vec<String> = behaviour.shown_by.iter().map(|test| format!("`{test}`")).collect();
    behaviour.later.as_ref().map_or_else(|| tests.join("<br>"), |what| format!("later: {what}"))
}
