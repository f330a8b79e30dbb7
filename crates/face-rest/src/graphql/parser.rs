//! Reads the part of GraphQL that queries of analytics are written in: one query of fields with arguments and aliases.
//! Fragments, directives and mutations are not of it.

use super::QueryError;
use serde_json::{Map, Value};

/// A field that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// What the answer calls it.
    pub(super) alias: String,
    /// What it is.
    pub(super) name: String,
    /// Its arguments, with the values of variables in place.
    pub(super) arguments: Map<String, Value>,
    /// The fields asked for within it.
    pub(super) fields: Vec<Field>,
}

/// Nesting of fields and values at most: what is understood needs five.
const DEPTH_MAX: usize = 16;

/// Reads a query.
///
/// # Errors
/// For whatever is not of the language above.
pub(super) fn parse(query: &str, variables: &Map<String, Value>) -> Result<Vec<Field>, QueryError> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, variables };
    match parser.peek() {
        Some("{") => {}
        Some("query") => parser.skip_head()?,
        other => return Err(unexpected(other)),
    }
    let fields = parser.fields(0)?;
    match parser.peek() {
        None => Ok(fields),
        more => Err(unexpected(more)),
    }
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    variables: &'a Map<String, Value>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn expect(&mut self, token: &str) -> Result<(), QueryError> {
        match self.next() {
            Some(found) if found == token => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.peek() == Some(token);
        self.at += usize::from(there);
        there
    }

    fn name(&mut self) -> Result<String, QueryError> {
        match self.next() {
            Some(token) if is_name(token) => Ok(token.to_owned()),
            other => Err(unexpected(other)),
        }
    }

    /// `query name($variable: Type, ...)`. Types are of no account: values are checked where they are used.
    fn skip_head(&mut self) -> Result<(), QueryError> {
        self.expect("query")?;
        if self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        if self.take("(") {
            while !self.take(")") {
                self.next().ok_or_else(|| unexpected(None))?;
            }
        }
        Ok(())
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<Field>, QueryError> {
        check_depth(depth)?;
        self.expect("{")?;
        let mut fields = Vec::new();
        while !self.take("}") {
            fields.push(self.field(depth)?);
        }
        if fields.is_empty() { Err(QueryError("a selection has no fields".to_owned())) } else { Ok(fields) }
    }

    fn field(&mut self, depth: usize) -> Result<Field, QueryError> {
        let alias = self.name()?;
        let name = if self.take(":") { self.name()? } else { alias.clone() };
        let arguments = if self.take("(") { self.pairs(")", depth)? } else { Map::new() };
        let fields = if self.peek() == Some("{") { self.fields(depth + 1)? } else { Vec::new() };
        Ok(Field { alias, name, arguments, fields })
    }

    /// `name: value ...`, up to and with `end`.
    fn pairs(&mut self, end: &str, depth: usize) -> Result<Map<String, Value>, QueryError> {
        let mut pairs = Map::new();
        while !self.take(end) {
            let name = self.name()?;
            self.expect(":")?;
            pairs.insert(name, self.value(depth + 1)?);
        }
        Ok(pairs)
    }

    fn value(&mut self, depth: usize) -> Result<Value, QueryError> {
        check_depth(depth)?;
        match self.next() {
            Some("$") => {
                let name = self.name()?;
                Ok(self.variables.get(&name).cloned().unwrap_or(Value::Null))
            }
            Some("{") => self.pairs("}", depth).map(Value::Object),
            Some("[") => {
                let mut values = Vec::new();
                while !self.take("]") {
                    values.push(self.value(depth + 1)?);
                }
                Ok(Value::Array(values))
            }
            // Numbers, texts, true, false and null are written as in JSON; other names are values of enums.
            Some(token) => match serde_json::from_str(token) {
                Ok(value) => Ok(value),
                Err(_) if is_name(token) => Ok(Value::String(token.to_owned())),
                Err(_) => Err(unexpected(Some(token))),
            },
            None => Err(unexpected(None)),
        }
    }
}

fn check_depth(depth: usize) -> Result<(), QueryError> {
    if depth > DEPTH_MAX { Err(QueryError("the query is nested too deep".to_owned())) } else { Ok(()) }
}

fn unexpected(token: Option<&str>) -> QueryError {
    QueryError(token.map_or_else(|| "the query ends early".to_owned(), |token| format!("unexpected {token:?}")))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// Cuts a query into tokens. Commas are spaces in GraphQL, and comments are nothing.
fn tokens(query: &str) -> Result<Vec<&str>, QueryError> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ',' | '\u{feff}' => first.len_utf8(),
            _ if first.is_whitespace() => first.len_utf8(),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '$' | '!' | '=' => 1,
            '"' => text_length(rest).ok_or_else(|| QueryError("a text does not end".to_owned()))?,
            _ => word_length(rest),
        };
        if length == 0 {
            return Err(unexpected(Some(&rest[..first.len_utf8()])));
        }
        let (token, after) = rest.split_at(length);
        if !matches!(first, ',' | '\u{feff}' | '#') && !first.is_whitespace() {
            tokens.push(token);
        }
        rest = after;
    }
    Ok(tokens)
}

/// Bytes of a name or a number.
fn word_length(text: &str) -> usize {
    let of_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '+' | '.');
    text.find(|character| !of_word(character)).unwrap_or(text.len())
}

/// Bytes of a text with its quotes.
fn text_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(query: &str) -> Result<Vec<Field>, QueryError> {
        let variables = json!({ "a": "account", "filter": { "bucketName": "b" } });
        parse(query, variables.as_object().unwrap())
    }

    #[test]
    fn fields_have_aliases_arguments_and_fields() {
        let query = "# how much\nquery q($a: string!, $filter: F = {x: [1]}) {\n mine: viewer(a: $a, b: [1 -2.5, X_DESC], \
                     c: {d: \"e,}\", f: $filter}, n: $none) { x, y } }";
        let fields = parsed(query).unwrap();
        let viewer = &fields[0];
        assert_eq!((viewer.alias.as_str(), viewer.name.as_str(), viewer.fields.len()), ("mine", "viewer", 2));
        let arguments = json!({
            "a": "account", "b": [1, -2.5, "X_DESC"], "c": { "d": "e,}", "f": { "bucketName": "b" } }, "n": null,
        });
        assert_eq!(Value::Object(viewer.arguments.clone()), arguments);
        assert_eq!(parsed("{a}").unwrap()[0].name, "a");
    }

    #[test]
    fn what_is_no_query_is_refused() {
        let deep = "{a".repeat(100);
        let deep_value = format!("{{a(b: {})}}", "[".repeat(100_000));
        for bad in [
            "",
            "{",
            "{}",
            "a",
            "{a",
            "{a}}",
            "{a(}",
            "{a(b)}",
            "{a(b:)}",
            "{a(b:\"c)}",
            "mutation{a}",
            "{...f}",
            "{a@skip(if:true)}",
            "query(",
            "{a(b:$)}",
            "{1}",
            "{é}",
            &deep,
            &deep_value,
        ] {
            assert!(parsed(bad).is_err(), "{bad:.40}");
        }
    }
}
