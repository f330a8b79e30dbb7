//! Rules that let nobody read a host without a token in the URL, and the expressions that they are written in: those
//! of Cloudflare's WAF, as far as they say just that. Source: Cloudflare WAF "Configure token authentication".

use crate::domain::DomainName;
use crate::timed_hmac::TimedHmac;

/// A rule that blocks requests to a host without a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRule {
    /// Its id.
    pub id: [u8; 16],
    /// The rule as it was written. Has the secrets.
    pub expression: String,
    /// What people say of it.
    pub description: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What the expression says.
    pub condition: TokenCondition,
}

/// What an expression says: requests to this host are blocked unless one of these is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCondition {
    /// The host.
    pub host: DomainName,
    /// One must be valid: several while a secret is being replaced. At least one.
    pub any_of: Vec<TimedHmac>,
}

/// Longest secret, bytes. Ours.
const SECRET_BYTES_MAX: usize = 1024;

/// Most secrets of a rule. Ours.
const SECRETS_MAX: usize = 8;

/// Longest separator, bytes. Ours.
const SEPARATOR_MAX: u64 = 256;

/// The longest lifetime, seconds: a hundred years. Ours.
const LIFETIME_MAX: u64 = 3_155_760_000;

/// What a word of an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Name(String),
    Text(String),
    Number(u64),
    Sign(char),
}

impl TokenCondition {
    /// Reads `http.host eq "<host>" and not is_timed_hmac_valid_v0("<secret>", http.request.uri, <lifetime>,
    /// http.request.timestamp.sec, <separator length>)`, with or without brackets around all of it. Further
    /// `and not is_timed_hmac_valid_v0(...)` are further secrets.
    ///
    /// # Errors
    /// What is wrong, in words that repeat nothing of the expression.
    pub fn parse(expression: &str) -> Result<Self, &'static str> {
        let words = words(expression)?;
        let mut rest = Words(unwrap(&words));
        rest.name(&["http.host"], "an expression begins with http.host")?;
        match rest.next() {
            Some(Word::Name(name)) if name == "eq" => (),
            Some(Word::Sign('=')) => (),
            _ => return Err("http.host is compared with eq or =="),
        }
        let host = rest.text("http.host is compared with a host name in quotes")?;
        let host = DomainName::parse(&host).map_err(|_| "http.host is compared with the name of a custom domain")?;
        let mut any_of = Vec::new();
        while !rest.0.is_empty() {
            rest.name(&["and", "&&"], "conditions are joined by and")?;
            rest.name(&["not", "!"], "tokens are asked for with not is_timed_hmac_valid_v0(...)")?;
            any_of.push(rest.call()?);
        }
        match any_of.len() {
            0 => Err("only rules that ask for is_timed_hmac_valid_v0(...) are supported"),
            1..=SECRETS_MAX => Ok(Self { host, any_of }),
            _ => Err("a rule has at most 8 secrets"),
        }
    }
}

/// What is not read yet.
struct Words<'a>(&'a [Word]);

impl Words<'_> {
    fn next(&mut self) -> Option<Word> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first.clone())
    }

    fn name(&mut self, names: &[&str], otherwise: &'static str) -> Result<(), &'static str> {
        match self.next() {
            Some(Word::Name(name)) if names.contains(&&*name) => Ok(()),
            _ => Err(otherwise),
        }
    }

    fn sign(&mut self, sign: char, otherwise: &'static str) -> Result<(), &'static str> {
        if self.next() == Some(Word::Sign(sign)) { Ok(()) } else { Err(otherwise) }
    }

    fn text(&mut self, otherwise: &'static str) -> Result<String, &'static str> {
        match self.next() {
            Some(Word::Text(text)) => Ok(text),
            _ => Err(otherwise),
        }
    }

    fn number(&mut self, otherwise: &'static str) -> Result<u64, &'static str> {
        match self.next() {
            Some(Word::Number(number)) => Ok(number),
            _ => Err(otherwise),
        }
    }

    /// The next argument, if there is one.
    fn more(&mut self) -> bool {
        let more = self.0.first() == Some(&Word::Sign(','));
        if more {
            self.next();
        }
        more
    }

    fn call(&mut self) -> Result<TimedHmac, &'static str> {
        const COMMA: &str = "is_timed_hmac_valid_v0 takes a secret, a message, a lifetime and a time";
        self.name(&["is_timed_hmac_valid_v0"], "the only supported function is is_timed_hmac_valid_v0")?;
        self.sign('(', COMMA)?;
        let secret = self.text("the secret is text in quotes")?;
        self.sign(',', COMMA)?;
        self.name(&["http.request.uri", "raw.http.request.uri"], "the message is http.request.uri")?;
        self.sign(',', COMMA)?;
        let lifetime = self.number("the lifetime is a number of seconds")?;
        self.sign(',', COMMA)?;
        self.name(&["http.request.timestamp.sec"], "the time is http.request.timestamp.sec")?;
        let separator = if self.more() { self.number("the separator's length is a number")? } else { 0 };
        let flags = if self.more() { self.text("flags are text in quotes")? } else { String::new() };
        self.sign(')', "is_timed_hmac_valid_v0 takes at most six arguments")?;
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            return Err("a secret has from 1 to 1024 bytes");
        }
        if !(1..=LIFETIME_MAX).contains(&lifetime) || separator > SEPARATOR_MAX {
            return Err("the lifetime is from 1 to 3155760000 seconds, the separator at most 256 bytes long");
        }
        let url_safe = match &*flags {
            "" => false,
            "s" => true,
            _ => return Err("the only flag is s"),
        };
        let separator_length = usize::try_from(separator).map_err(|_| COMMA)?;
        Ok(TimedHmac { secret, lifetime, separator_length, url_safe })
    }
}

/// Without brackets around all of it.
fn unwrap(words: &[Word]) -> &[Word] {
    match words {
        [Word::Sign('('), inner @ .., Word::Sign(')')] if inner.first() != Some(&Word::Sign(')')) => {
            // The last bracket is the first one's if there are as many in between.
            let depth = |word: &Word| match word {
                Word::Sign('(') => 1,
                Word::Sign(')') => -1,
                _ => 0,
            };
            let mut open = 0;
            if inner.iter().all(|word| {
                open += depth(word);
                open >= 0
            }) {
                inner
            } else {
                words
            }
        }
        _ => words,
    }
}

fn words(expression: &str) -> Result<Vec<Word>, &'static str> {
    let mut words = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' => text(&rest[1..])?,
            '(' | ')' | ',' => (Word::Sign(first), &rest[1..]),
            '=' if rest.starts_with("==") => (Word::Sign('='), &rest[2..]),
            '&' if rest.starts_with("&&") => (Word::Name("&&".to_owned()), &rest[2..]),
            '!' => (Word::Name("!".to_owned()), &rest[1..]),
            _ => name_or_number(rest)?,
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

/// Text up to the next quote; a backslash makes a quote or a backslash part of it.
fn text(rest: &str) -> Result<(Word, &str), &'static str> {
    let mut text = String::new();
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Word::Text(text), &rest[at + 1..])),
            '\\' => match letters.next() {
                Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                _ => return Err("a backslash in quotes stands before a quote or a backslash"),
            },
            letter => text.push(letter),
        }
    }
    Err("a quote is not closed")
}

fn name_or_number(rest: &str) -> Result<(Word, &str), &'static str> {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '_';
    let end = rest.find(|letter| !in_word(letter)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.is_empty() {
        return Err("a character is not expected");
    }
    match word.parse() {
        Ok(number) => Ok((Word::Number(number), after)),
        Err(_) => Ok((Word::Name(word.to_owned()), after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str =
        r#"is_timed_hmac_valid_v0("mysecrettoken", http.request.uri, 10800, http.request.timestamp.sec, 8)"#;

    #[test]
    fn the_rule_of_the_documentation_is_read() {
        let expected =
            TimedHmac { secret: "mysecrettoken".to_owned(), lifetime: 10_800, separator_length: 8, url_safe: false };
        for text in [
            format!(r#"(http.host eq "downloads.example.com" and not {CALL})"#),
            format!("http.host == \"downloads.example.com\"\nand not {CALL}"),
            format!(r#"(http.host=="DOWNLOADS.example.com"&&!{CALL})"#),
        ] {
            let read = TokenCondition::parse(&text).map_err(|error| format!("{text}: {error}")).unwrap();
            assert_eq!((read.host.as_str(), &read.any_of), ("downloads.example.com", &vec![expected.clone()]));
        }
    }

    #[test]
    fn secrets_may_have_quotes_and_be_several() {
        let other = r#"is_timed_hmac_valid_v0("a\"\\b", http.request.uri, 60, http.request.timestamp.sec, 8, "s")"#;
        let read = TokenCondition::parse(&format!(r#"http.host eq "a.b" and not {CALL} and not {other}"#)).unwrap();
        assert_eq!((&*read.any_of[1].secret, read.any_of[1].url_safe), ("a\"\\b", true));
    }

    #[test]
    fn whatever_says_something_else_is_refused() {
        for text in [
            "",
            "()",
            "true",
            r#"http.host eq "a.b""#,
            r#"(http.host eq "a.b") and not (x)"#,
            &format!("not {CALL}"),
            &format!(r#"http.host ne "a.b" and not {CALL}"#),
            &format!(r#"http.host eq "a.b" or not {CALL}"#),
            &format!(r#"http.host eq "a.b" and {CALL}"#),
            &format!(r#"http.host eq "*.b" and not {CALL}"#),
            &format!(r#"http.host eq "a.b" and not {CALL} and ip.src eq 1.1.1.1"#),
            &format!(r#"http.host eq "a.b and not {CALL}"#),
            &format!(r#"http.host eq "a.b" and not {}"#, CALL.replace("10800", "0")),
            &format!(r#"http.host eq "a.b" and not {}"#, CALL.replace("mysecrettoken", "")),
            &format!(r#"http.host eq "a.b" and not {}"#, CALL.replace("http.request.uri", "http.cookie")),
            &format!(r#"http.host eq "a.b" and not {}"#, CALL.replace(", 8)", ", 999)")),
            &format!(r#"http.host eq "a.b" and not {}"#, CALL.replace(", 8)", r#", 8, "x")"#)),
            &"(".repeat(100_000),
        ] {
            assert!(TokenCondition::parse(text).is_err(), "{text}");
        }
    }
}
