//! Each rule with the text that breaks it and the text that does not.

use super::files::File;
use super::source::{Function, Source};
use super::{Finding, changelog, exceptions, rules};

/// A path of one machine, put together so that this file has none.
const HOME: &str = concat!("/home", "/ada");

/// The rules that this file breaks, with their lines.
fn broken(path: &str, text: &str) -> Vec<(&'static str, usize)> {
    let file = File { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    rules::check(&file).into_iter().map(|finding| (finding.rule, finding.line)).collect()
}

/// The same for a Rust file with a good opening; lines count from the one after it.
fn broken_rust(text: &str) -> Vec<(&'static str, usize)> {
    let findings = broken("crates/blobs/src/store.rs", &format!("//! Blobs.\n{text}"));
    findings.into_iter().map(|(rule, line)| (rule, line - 1)).collect()
}

#[test]
fn code_comments_and_literals_are_told_apart() {
    let table = [
        ("let a = 1; // why", "let a = 1; ", "           // why"),
        ("a/* b /* c */ d */e", "a                 e", " /* b /* c */ d */ "),
        (r#"f("// \" no", 'x', '\'', b'"')"#, "f(          ,    ,     , b   )", ""),
        (r##"g(r#"a " b"#, br"\", r#type)"##, "g(          ,      , r#type)", ""),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)", ""),
        ("a\n\"b\nc\" d", "a\n  \n   d", "\n\n"),
    ];
    for (text, code, comments) in table {
        let source = Source::new(text);
        assert_eq!(source.code.trim_end(), code.trim_end(), "{text}");
        assert_eq!(source.comments.trim_end(), comments.trim_end(), "{text}");
    }
}

#[test]
fn functions_are_measured_from_their_name_to_their_brace() {
    let source = Source::new(
        "struct S { f: fn (u8) }\ntrait T { fn declared(a: [u8; 4]); }\n\nfn one() -> u8 { '}' as u8 }\n\
         fn two(a: [u8; 2])\nwhere\n    A: B,\n{\n    fn inner() {}\n}\n",
    );
    let function = |name, line, lines| Function { name, line, lines };
    assert_eq!(source.functions(), [function("one", 4, 1), function("two", 5, 6), function("inner", 9, 1)]);
}

#[test]
fn a_function_may_have_seventy_lines() {
    let of_lines = |lines: usize| format!("fn f() {{\n{}}}\n", "    call();\n".repeat(lines - 2));
    assert_eq!(broken_rust(&of_lines(70)), []);
    assert_eq!(broken_rust(&of_lines(71)), [("function-length", 1)]);
}

#[test]
fn a_file_may_have_six_hundred_lines_without_its_tests() {
    let code = |lines: usize| "const A: u8 = 1;\n".repeat(lines - 1);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    const B: u8 = 1;\n".repeat(900));
    assert_eq!(broken_rust(&(code(500) + &tests)), []);
    assert_eq!(broken_rust(&(code(501) + &tests)), [(rules::ADVICE, 0)]);
    assert_eq!(broken_rust(&code(601)), [("file-length", 0)]);
    assert_eq!(broken("crates/blobs/src/store/tests.rs", &format!("//! Tests.\n{}", code(900))), []);
}

#[test]
fn every_rust_file_says_its_subject() {
    assert_eq!(broken("server/src/main.rs", "fn main() {}\n"), [("opening", 1)]);
    assert_eq!(broken("server/src/main.rs", "//! The binary.\nfn main() {}\n"), []);
}

#[test]
fn long_lines_are_found_unless_they_are_addresses() {
    assert_eq!(broken_rust(&"é".repeat(120)), []);
    assert_eq!(broken_rust(&format!("\n{}", "é".repeat(121))), [("line-length", 2)]);
    assert_eq!(broken_rust(&format!("const MESSAGE: &str = \"{}\";", "a ".repeat(120))), []);
    assert_eq!(broken_rust(&format!("// https://example.com/{}", "a".repeat(120))), []);
}

#[test]
fn lints_are_expected_with_a_reason() {
    assert_eq!(broken_rust("#[allow(dead_code)]\nfn f() {}"), [("lint-reason", 1)]);
    assert_eq!(broken_rust("#[expect(dead_code)]\nfn f() {}"), [("lint-reason", 1)]);
    assert_eq!(broken_rust("#[expect(\n    dead_code,\n    reason = \"(later)\"\n)]\nfn f() {}"), []);
    assert_eq!(broken_rust("// #[allow(dead_code)]"), []);
}

#[test]
fn tests_are_neither_ignored_nor_asleep() {
    assert_eq!(broken_rust("#[ignore = \"slow\"]"), [("ignored-test", 1)]);
    let sleeping = "#[cfg(test)]\nmod tests {\n    std::thread::sleep(second);\n}";
    assert_eq!(broken_rust(sleeping), [("sleep", 3)]);
    let explained =
        "#[cfg(test)]\nmod tests {\n    // sleep: the kernel\n    // is slow.\n    thread::sleep(second);\n}";
    assert_eq!(broken_rust(explained), []);
    assert_eq!(broken_rust("fn pace() { tokio::time::sleep(second); clock.sleep(second); }"), []);
    assert_eq!(broken("server/tests/stop.rs", "//! Stop.\nfn f() { tokio::time::sleep(s); }"), [("sleep", 2)]);
}

#[test]
fn notes_to_oneself_are_found_in_comments() {
    assert_eq!(broken_rust("// TODO: later"), [("marker", 1)]);
    assert_eq!(broken_rust("let text = \"FIXME\"; // XXXX"), []);
    assert_eq!(broken("e2e/test_rclone.py", "import os\n# FIXME\n"), [("marker", 2)]);
}

#[test]
fn paths_of_one_machine_are_found() {
    assert_eq!(broken("docs/run.md", &format!("Put it in {HOME}/data.\n")), [("machine-path", 1)]);
    assert_eq!(broken("docs/run.md", "See src/work/, ~/home/ and the key /root/a.\n"), []);
}

#[test]
fn crates_inherit_the_lints() {
    assert_eq!(broken("crates/blobs/Cargo.toml", "[package]\nname = \"blobs\"\n"), [("lints", 1)]);
    assert_eq!(broken("crates/blobs/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n"), []);
    assert_eq!(broken("Cargo.toml", "[workspace]\n"), []);
}

#[test]
fn only_source_is_in_the_repository() {
    assert_eq!(broken("docs/picture.png", "a\0b"), [("binary-file", 1)]);
    assert_eq!(broken("crates/metadata/src/rows/testdata/object_v1.bin", "a\0b"), []);
    assert_eq!(broken("e2e/data.csv", &"1,2\n".repeat(70_000)), [("large-file", 1)]);
    assert_eq!(broken("Cargo.lock", &format!("# {HOME}\n").repeat(70_000)), []);
    assert_eq!(broken("e2e/__pycache__/a.txt", ""), [("build-output", 1)]);
}

#[test]
fn the_changelog_keeps_its_form() {
    let good = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n- A PUT could be lost.\n\n## [0.1.0] - 2026-01-31\n";
    assert_eq!(changelog::mistakes(good), []);
    let lines = |text: &str| changelog::mistakes(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(lines("# Changes\n## Unreleased\n"), [1, 1, 2]);
    assert_eq!(lines(&format!("{good}### Improved\n- Split `store.rs`.\n## [0.1] - 2026-1-1\n")), [9, 10, 11]);
}

#[test]
fn exceptions_only_shrink() {
    let finding = |line| Finding { rule: "sleep", path: "a.rs".to_owned(), line, message: "sleeps".to_owned() };
    let apply = |text: &str, count: usize| exceptions::apply(text, &(1..=count).map(finding).collect::<Vec<_>>());
    assert_eq!(apply("# why\nsleep a.rs 2\n", 2), Ok(vec![]));
    assert_eq!(apply("sleep a.rs 1", 2), Ok(vec!["a.rs:1: sleeps [sleep]".into(), "a.rs:2: sleeps [sleep]".into()]));
    assert!(apply("sleep a.rs 2", 1).unwrap()[0].contains("lower it to 1"));
    assert!(apply("sleep a.rs 2", 0).unwrap()[0].contains("delete the line"));
    assert!(apply("sleep a.rs", 0).unwrap_err().contains("rule path count"));
    assert!(apply("sleep a.rs 1\nsleep a.rs 1", 0).unwrap_err().contains("twice"));
}
