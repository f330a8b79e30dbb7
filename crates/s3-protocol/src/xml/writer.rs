//! Writes answers. Elements nest by closures, so a document is always balanced.

use std::fmt::Write;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A document in the making. Names are ours, hence `&'static str` and unescaped.
#[derive(Debug)]
pub struct XmlWriter {
    text: String,
}

impl XmlWriter {
    /// A whole document: declaration, root element in S3's namespace, contents. `bytes` is a guess at its size.
    pub fn document(root: &'static str, bytes: usize, contents: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self { text: String::with_capacity(bytes + 160) };
        xml.text.push_str(DECLARATION);
        xml.wrapped(root, &[" xmlns=\"", NAMESPACE, "\""], contents);
        xml.text
    }

    /// As [`XmlWriter::document`], without a namespace: errors (R2 "Release notes", 2022-07-19).
    pub fn bare_document(root: &'static str, contents: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self { text: String::with_capacity(512) };
        xml.text.push_str(DECLARATION);
        xml.wrapped(root, &[], contents);
        xml.text
    }

    fn wrapped(&mut self, name: &'static str, attributes: &[&str], contents: impl FnOnce(&mut Self)) {
        self.text.push('<');
        self.text.push_str(name);
        attributes.iter().for_each(|part| self.text.push_str(part));
        self.text.push('>');
        contents(self);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element with what `contents` writes.
    pub fn element(&mut self, name: &'static str, contents: impl FnOnce(&mut Self)) {
        self.wrapped(name, &[], contents);
    }

    /// As [`XmlWriter::element`], with its type among those S3's schema allows in its place.
    pub fn typed(&mut self, name: &'static str, kind: &'static str, contents: impl FnOnce(&mut Self)) {
        let schema = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"";
        self.wrapped(name, &[schema, kind, "\""], contents);
    }

    /// An element with any text.
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.wrapped(name, &[], |xml| xml.escaped(value));
    }

    /// As [`XmlWriter::text`], or nothing.
    pub fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An element with text of ours that needs no escape: a date, an id, a word.
    pub fn plain(&mut self, name: &'static str, value: &str) {
        self.wrapped(name, &[], |xml| xml.text.push_str(value));
    }

    /// An element with a number.
    pub fn number(&mut self, name: &'static str, value: u64) {
        self.wrapped(name, &[], |xml| xml.push_display(format_args!("{value}")));
    }

    /// An element with `true` or `false`.
    pub fn boolean(&mut self, name: &'static str, value: bool) {
        self.plain(name, if value { "true" } else { "false" });
    }

    /// Text of the element that is being written.
    pub fn escaped(&mut self, value: &str) {
        let mut rest = value;
        while let Some((at, special)) = rest.char_indices().find(|(_, character)| needs_escape(*character)) {
            self.text.push_str(&rest[..at]);
            self.push_reference(special);
            rest = &rest[at + special.len_utf8()..];
        }
        self.text.push_str(rest);
    }

    fn push_reference(&mut self, character: char) {
        match character {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            '"' => self.text.push_str("&quot;"),
            '\'' => self.text.push_str("&apos;"),
            // XML 1.0 has no way to carry control characters. S3 writes references all the same, which lenient
            // clients read; strict ones ask for `encoding-type=url`.
            other => self.push_display(format_args!("&#x{:x};", u32::from(other))),
        }
    }

    fn push_display(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(text);
    }
}

/// Markup, what a parser would change (`\r`), and what XML 1.0 has no literal for.
fn needs_escape(character: char) -> bool {
    match character {
        '&' | '<' | '>' | '"' | '\'' => true,
        '\t' | '\n' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other < ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_declaration_and_namespace_and_errors_have_none() {
        let text = XmlWriter::document("A", 0, |xml| {
            xml.element("B", |xml| xml.number("C", 1));
            xml.boolean("D", false);
            xml.optional("E", None);
        });
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                        <B><C>1</C></B><D>false</D></A>";
        assert_eq!(text, expected);
        assert!(XmlWriter::bare_document("Error", |_| ()).ends_with("?>\n<Error></Error>"));
    }

    #[test]
    fn every_text_is_escaped() {
        let mut xml = XmlWriter { text: String::new() };
        xml.escaped("a&b<c>d\"e'f\rg\u{1}h\u{ffff}\u{e9}\n");
        assert_eq!(xml.text, "a&amp;b&lt;c&gt;d&quot;e&apos;f&#xd;g&#x1;h&#xffff;\u{e9}\n");
    }
}
