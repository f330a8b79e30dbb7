//! Rust source as the rules need it: code and comments apart, literals gone, lines where they were.
//!
//! This is a lexer, not a parser: it knows where comments, strings and characters begin and end, and
//! finds functions by their braces. Code that does not compile may confuse it; such code has worse
//! problems.

/// A Rust file, taken apart. Lines keep their numbers in every part.
pub(super) struct Source {
    /// Blank where comments and literals are.
    pub(super) code: String,
    /// Blank where code and literals are.
    pub(super) comments: String,
    /// Code and comments, closed up where literals are.
    pub(super) unquoted: String,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    /// Where `fn` stands, counted from 1.
    pub(super) line: usize,
    /// From `fn` to the closing brace.
    pub(super) lines: usize,
}

impl Source {
    pub(super) fn new(text: &str) -> Source {
        let letters: Vec<char> = text.chars().collect();
        let mut source = Source { code: String::new(), comments: String::new(), unquoted: String::new() };
        let mut at = 0;
        while at < letters.len() {
            let (kind, length) = token(&letters[at..]);
            for letter in &letters[at..at + length] {
                source.code.push(if kind == Kind::Code { *letter } else { blank(*letter) });
                source.comments.push(if kind == Kind::Comment { *letter } else { blank(*letter) });
                if kind != Kind::Literal || *letter == '\n' {
                    source.unquoted.push(*letter);
                }
            }
            at += length;
        }
        source
    }

    /// The functions that have a body, nested ones too.
    pub(super) fn functions(&self) -> Vec<Function<'_>> {
        let words = self.code.match_indices("fn ").filter(|(at, _)| !self.code[..*at].ends_with(is_word));
        words.filter_map(|(at, _)| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function<'_>> {
        let rest = self.code[at..].strip_prefix("fn ")?.trim_start();
        let name = &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())];
        let body = body_start(&self.code[at..]).filter(|_| !name.is_empty())?;
        let end = at + body + block_length(&self.code[at + body..]);
        Some(Function { name, line: line_of(&self.code, at), lines: count_lines(&self.code[at..end]) })
    }

    /// How many lines there are outside of `#[cfg(test)]` items.
    pub(super) fn lines_without_tests(&self) -> usize {
        let tests: usize = self.test_ranges().iter().map(|range| range.clone().count()).sum();
        self.code.lines().count().saturating_sub(tests)
    }

    /// The lines of `#[cfg(test)]` items, counted from 1.
    pub(super) fn test_ranges(&self) -> Vec<std::ops::RangeInclusive<usize>> {
        let items = self.code.match_indices("#[cfg(test)]");
        let ranges = items.map(|(at, _)| {
            let item = &self.code[at..];
            let end = body_start(item)
                .map_or(item.find(';').unwrap_or(item.len()), |body| body + block_length(&item[body..]));
            let first = line_of(&self.code, at);
            first..=first + count_lines(&item[..end]) - 1
        });
        ranges.collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// The first token's kind and its length in characters, at least 1.
fn token(text: &[char]) -> (Kind, usize) {
    match text {
        ['/', '/', ..] => (Kind::Comment, find(text, '\n')),
        ['/', '*', ..] => (Kind::Comment, block_comment(text)),
        ['"', ..] => (Kind::Literal, 1 + quoted(&text[1..], '"')),
        ['\'', '\\', ..] => (Kind::Literal, 1 + quoted(&text[1..], '\'')),
        ['\'', _, '\'', ..] => (Kind::Literal, 3),
        [letter, ..] if is_word(*letter) => word(text),
        _ => (Kind::Code, 1),
    }
}

/// A name, a number, or a literal that begins with letters, such as `br#"…"#`.
fn word(text: &[char]) -> (Kind, usize) {
    let length = text.iter().take_while(|letter| is_word(**letter)).count();
    let (word, rest) = text.split_at(length);
    let hashes = rest.iter().take_while(|letter| **letter == '#').count();
    let is_raw = matches!(word, ['r'] | ['b' | 'c', 'r']);
    if is_raw && rest.get(hashes) == Some(&'"') {
        return (Kind::Literal, length + hashes + 1 + raw_string(&rest[hashes + 1..], hashes));
    }
    (Kind::Code, length)
}

/// How far to the end of a quoted literal, its closing quote included.
fn quoted(text: &[char], quote: char) -> usize {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            letter if letter == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// How far to the end of a raw string that is closed by a quote and this many hashes.
fn raw_string(text: &[char], hashes: usize) -> usize {
    let closes =
        |at: &usize| text[*at] == '"' && text[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (0..text.len()).find(closes).map_or(text.len(), |at| at + 1 + hashes)
}

/// The length of a block comment; they nest.
fn block_comment(text: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn find(text: &[char], wanted: char) -> usize {
    text.iter().position(|letter| *letter == wanted).unwrap_or(text.len())
}

fn blank(letter: char) -> char {
    if letter == '\n' { '\n' } else { ' ' }
}

pub(super) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where the braces of an item begin; nothing if it ends with a semicolon.
fn body_start(item: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in item.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The length in bytes of a block that begins with a brace, to its closing one.
fn block_length(block: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in block.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    block.len()
}

/// The number of the line of this byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    count_lines(&text[..at])
}

fn count_lines(text: &str) -> usize {
    text.matches('\n').count() + 1
}
