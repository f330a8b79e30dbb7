//! Text for people and JSON for programs.

use serde_json::Value;
use std::fmt::Write as _;

/// JSON with a line end.
pub(super) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Text that stays on its line and does nothing to a terminal, whatever the server sent.
pub(super) fn line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// The text of a field; empty without one.
pub(super) fn field(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => line(text),
        Value::Null => String::new(),
        other => line(&other.to_string()),
    }
}

/// Names and values, one pair a line, for what there is one of. Pairs without a value are left out.
pub(super) fn pairs(pairs: &[(&str, String)]) -> String {
    let shown: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in shown {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{name:width$}  {value}");
    }
    text
}

/// A table with a heading; columns without any value are left out.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let columns: Vec<(usize, usize)> = (0..N)
        .filter(|column| rows.is_empty() || width(*column) > 0)
        .map(|column| (column, width(column).max(heading[column].len())))
        .collect();
    let mut text = String::new();
    let heading = heading.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let cells: Vec<String> = columns.iter().map(|(column, width)| format!("{:width$}", row[*column])).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_and_leave_out_what_nothing_has() {
        let rows = [["a", "", "1"], ["ünï", "", "22"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["NAME", "NONE", "N"], &rows), "NAME  N\na     1\nünï   22\n");
        assert_eq!(table(["A", "B"], &[]), "A  B\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(line("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(field(&serde_json::json!({"n": 5}), "n"), "5");
    }
}
