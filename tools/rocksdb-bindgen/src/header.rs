//! From the text of a header to its declarations, each a list of tokens.

/// The macros of `#ifdef`; on Linux and in C none of them is defined.
const UNDEFINED: [&str; 4] = ["_WIN32", "ROCKSDB_DLL", "ROCKSDB_LIBRARY_EXPORTS", "__cplusplus"];
/// The one macro that declarations use. It is empty.
const EMPTY_MACRO: &str = "ROCKSDB_LIBRARY_API";
const SYSTEM_HEADERS: [&str; 3] = ["<stdbool.h>", "<stddef.h>", "<stdint.h>"];

/// The source without its comments; what stood on separate lines still does.
pub(crate) fn strip_comments(source: &str) -> Result<String, String> {
    let mut code = String::new();
    let mut rest = source;
    while let Some(start) = rest.find("//").into_iter().chain(rest.find("/*")).min() {
        let (before, comment) = rest.split_at(start);
        code += before;
        rest = if comment.starts_with("//") {
            comment.find('\n').map_or("", |end| &comment[end..])
        } else {
            let (_, after) = comment[2..].split_once("*/").ok_or("a comment does not end")?;
            code.push(' ');
            after
        };
    }
    Ok(code + rest)
}

/// The lines that a C compiler on Linux would see, without the directives that chose them.
pub(crate) fn preprocess(code: &str) -> Result<String, String> {
    let mut kept = String::new();
    let mut conditions: Vec<bool> = Vec::new();
    for line in code.lines() {
        let is_active = conditions.iter().all(|&holds| holds);
        let Some(directive) = line.trim().strip_prefix('#') else {
            if is_active {
                kept += line;
                kept.push('\n');
            }
            continue;
        };
        match directive.split_whitespace().collect::<Vec<_>>()[..] {
            ["ifdef", name] if UNDEFINED.contains(&name) => conditions.push(false),
            ["else"] => {
                let condition = conditions.last_mut().ok_or("#else without #ifdef")?;
                *condition = !*condition;
            }
            ["endif"] => {
                conditions.pop().ok_or("#endif without #ifdef")?;
            }
            ["define", EMPTY_MACRO, ..] if !is_active => {}
            ["define", EMPTY_MACRO] | ["pragma", "once"] => {}
            ["include", name] if SYSTEM_HEADERS.contains(&name) => {}
            _ => return Err(format!("cannot translate `{}`: unknown directive", line.trim())),
        }
    }
    if conditions.is_empty() { Ok(kept) } else { Err("#ifdef without #endif".to_owned()) }
}

/// Splits preprocessed C at the `;` that end its top-level declarations.
pub(crate) fn declarations(code: &str) -> Result<Vec<Vec<&str>>, String> {
    let mut complete = Vec::new();
    let mut current = Vec::new();
    let mut depth = 0;
    for token in tokens(code) {
        match token {
            ";" if depth == 0 => {
                complete.push(std::mem::take(&mut current));
                continue;
            }
            "{" => depth += 1,
            "}" => depth -= 1,
            EMPTY_MACRO => continue,
            _ => {}
        }
        current.push(token);
    }
    if current.is_empty() {
        Ok(complete)
    } else {
        Err(format!("cannot translate `{}`: it does not end", current.join(" ")))
    }
}

/// Words (names and numbers), and every other character but white space on its own.
fn tokens(mut code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    loop {
        code = code.trim_start();
        let Some(first) = code.chars().next() else { return tokens };
        let word = code.find(|c| !is_word_character(c)).unwrap_or(code.len());
        let (token, rest) = code.split_at(word.max(first.len_utf8()));
        tokens.push(token);
        code = rest;
    }
}

fn is_word_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

pub(crate) fn is_name(token: &str) -> bool {
    token.chars().all(is_word_character) && !token.starts_with(|c: char| c.is_ascii_digit())
}
