//! `cargo xtask check-edges`: the crates depend on each other only as ARCHITECTURE.md says.
//!
//! The table stands there between two markers. Each row names a crate and the crates it may depend on:
//! a list, `nothing` or `all`; further columns are for the reader. Dev-dependencies are exempt, because
//! a test may see what its crate must not.

use crate::process::{cargo, output, root};
use crate::tally::Tally;
use crate::{Outcome, no_arguments};
use std::collections::{BTreeMap, BTreeSet};

const BEGIN: &str = "<!-- edges:begin -->";
const END: &str = "<!-- edges:end -->";

/// From each crate of the workspace to those it depends on.
type Edges = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug, PartialEq, Eq)]
enum Allowed {
    All,
    Only(BTreeSet<String>),
}

pub(crate) fn run(arguments: &[String], _: &mut Tally) -> Outcome {
    no_arguments(arguments)?;
    let page = root().join("ARCHITECTURE.md");
    let page = std::fs::read_to_string(&page).map_err(|error| format!("cannot read {}: {error}", page.display()))?;
    let metadata = output(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let edges = edges(&metadata)?;
    let mistakes = mistakes(&edges, &table(&page)?);
    if mistakes.is_empty() {
        println!("{} crates depend on each other as ARCHITECTURE.md says", edges.len());
        return Ok(());
    }
    Err(format!("the crates and the table in ARCHITECTURE.md disagree:\n  {}", mistakes.join("\n  ")))
}

/// The table between the markers.
fn table(page: &str) -> Outcome<BTreeMap<String, Allowed>> {
    let between = page.split_once(BEGIN).and_then(|(_, after)| after.split_once(END));
    let (rows, _) = between.ok_or_else(|| format!("ARCHITECTURE.md has no table between `{BEGIN}` and `{END}`"))?;
    let mut table = BTreeMap::new();
    // The first two rows are the head and the rule below it.
    for row in rows.lines().map(str::trim).filter(|line| line.starts_with('|')).skip(2) {
        let mut cells = row.trim_matches('|').split('|');
        let (Some(crates), Some(allowed)) = (cells.next(), cells.next()) else {
            return Err(format!("the row `{row}` needs two columns"));
        };
        for name in names(crates) {
            if table.insert(name.clone(), allowed_in(allowed)).is_some() {
                return Err(format!("`{name}` has two rows"));
            }
        }
    }
    Ok(table)
}

fn allowed_in(cell: &str) -> Allowed {
    let mut names = names(cell);
    if names.contains("all") {
        return Allowed::All;
    }
    names.remove("nothing");
    Allowed::Only(names)
}

/// The names in a cell: separated by commas, with or without backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Reads `cargo metadata --no-deps`, whose packages are the members of the workspace.
fn edges(metadata: &str) -> Outcome<Edges> {
    let metadata: serde_json::Value =
        serde_json::from_str(metadata).map_err(|error| format!("cannot read cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata has no packages")?;
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let is_edge = |dependency: &&serde_json::Value| {
        dependency["kind"] != "dev" && !dependency["path"].is_null() && members.contains(&name(dependency))
    };
    let depends_on = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        dependencies.filter(is_edge).map(name).collect()
    };
    Ok(packages.iter().map(|package| (name(package), depends_on(package))).collect())
}

fn mistakes(edges: &Edges, table: &BTreeMap<String, Allowed>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (from, dependencies) in edges {
        match table.get(from) {
            None => mistakes.push(format!("{from} has no row")),
            Some(Allowed::All) => {}
            Some(Allowed::Only(allowed)) => {
                let refused = dependencies.difference(allowed);
                mistakes.extend(refused.map(|to| format!("{from} depends on {to}, which its row does not allow")));
            }
        }
    }
    mistakes.extend(unknown_names(edges, table));
    mistakes
}

/// Crates of the table that the workspace does not have: the table is out of date.
fn unknown_names(edges: &Edges, table: &BTreeMap<String, Allowed>) -> impl Iterator<Item = String> {
    let allowed = table.values().filter_map(|allowed| match allowed {
        Allowed::All => None,
        Allowed::Only(names) => Some(names),
    });
    let named: BTreeSet<&String> = table.keys().chain(allowed.flatten()).collect();
    let unknown = named.into_iter().filter(|name| !edges.contains_key(*name));
    unknown.map(|name| format!("there is no crate {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &str) -> String {
        format!("# Cairn\n{BEGIN}\n\n| crate | may depend on | must never see |\n| --- | --- | --- |\n{rows}\n{END}\n")
    }

    fn check(rows: &str, expected: &[&str]) {
        let metadata = r#"{"packages": [
            {"name": "types", "dependencies": [{"name": "bytes", "kind": null, "path": null}]},
            {"name": "blobs", "dependencies": [
                {"name": "types", "kind": null, "path": "/cairn/crates/types"},
                {"name": "server", "kind": "dev", "path": "/cairn/server"}]},
            {"name": "server", "dependencies": [
                {"name": "types", "kind": "build", "path": "/cairn/crates/types"},
                {"name": "blobs", "kind": null, "path": "/cairn/crates/blobs"}]}
        ]}"#;
        let table = table(&page(rows)).unwrap();
        assert_eq!(mistakes(&edges(metadata).unwrap(), &table), expected);
    }

    #[test]
    fn rows_that_allow_every_edge_pass() {
        check("| `types` | nothing | I/O |\n| blobs | `types` | keys |\n| server | all | |", &[]);
        check("| types | nothing | |\n| blobs, server | types, blobs | |", &[]);
    }

    #[test]
    fn an_edge_that_is_not_allowed_is_named() {
        let rows = "| types | nothing | |\n| blobs | nothing | |\n| server | blobs | |";
        let blobs = "blobs depends on types, which its row does not allow";
        check(rows, &[blobs, "server depends on types, which its row does not allow"]);
    }

    #[test]
    fn every_crate_needs_a_row_and_every_row_a_crate() {
        let rows = "| types | nothing | |\n| cache | blobs, store | |\n| server | all | |";
        check(rows, &["blobs has no row", "there is no crate cache", "there is no crate store"]);
    }

    #[test]
    fn a_page_without_the_table_is_refused() {
        assert!(table("# Cairn").unwrap_err().contains("edges:begin"));
        assert!(table(&page("| types | nothing |\n| types | nothing |")).unwrap_err().contains("two rows"));
        assert!(table(&page("| types |")).unwrap_err().contains("two columns"));
    }
}
