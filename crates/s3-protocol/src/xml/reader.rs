//! Reads the documents clients send, element by element, into whatever the operation makes of them.

use quick_xml::events::{BytesRef, BytesStart, Event};
use std::ops::Deref;
use types::limits::{XML_BYTES_MAX, XML_DEPTH_MAX};
use types::{ErrorCode, OperationError};

/// The local name of an element.
pub(crate) struct Name<'a>(BytesStart<'a>);

impl Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.local_name().into_inner()
    }
}

/// A document being read. Each method leaves it right behind what it has read.
pub(crate) struct Reader<'a> {
    events: quick_xml::Reader<&'a [u8]>,
    depth: usize,
    /// The last child was `<Name/>`: its end is not an event of its own.
    at_empty: bool,
}

impl<'a> Reader<'a> {
    /// Opens a document whose root has this local name.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub(crate) fn open(body: &'a [u8], root: &str) -> Result<Self, OperationError> {
        if body.len() > XML_BYTES_MAX {
            return Err(malformed(format!("it may have at most {XML_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(body).map_err(|_| malformed("it must be UTF-8"))?;
        if memchr::memchr(0, body).is_some() {
            return Err(malformed("it has a NUL character"));
        }
        let events = quick_xml::Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut reader = Self { events, depth: 0, at_empty: false };
        match reader.next_child()? {
            Some(name) if *name == *root => Ok(reader),
            Some(name) => Err(malformed(format!("the root element must be '{root}', not '{}'", &*name))),
            None => Err(malformed(format!("the root element '{root}' is missing"))),
        }
    }

    /// The local name of the next child of the current element, which becomes the current one; `None` at its end,
    /// when its parent becomes the current one.
    ///
    /// # Errors
    /// `MalformedXML`, also for text between elements.
    pub(crate) fn next_child(&mut self) -> Result<Option<Name<'a>>, OperationError> {
        if self.leave_empty() {
            return Ok(None);
        }
        loop {
            match self.next_event()? {
                Event::Start(start) => return self.enter(start).map(Some),
                Event::Empty(start) => {
                    self.at_empty = true;
                    return self.enter(start).map(Some);
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(None);
                }
                Event::Text(text) if text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) => {}
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(malformed("it ends early")),
                _ => return Err(malformed("text stands where only elements may")),
            }
        }
    }

    /// The whole text of the current element, blanks included, up to and with its end.
    ///
    /// # Errors
    /// `MalformedXML`, also for elements within.
    pub(crate) fn text(&mut self) -> Result<String, OperationError> {
        let mut text = String::new();
        if self.leave_empty() {
            return Ok(text);
        }
        loop {
            match self.next_event()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => text.push(referenced(&reference)?),
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(text);
                }
                Event::Eof => return Err(malformed("it ends early")),
                _ => return Err(malformed("an element stands where only text may")),
            }
        }
    }

    /// Reads on to the end of the document once its root has ended.
    ///
    /// # Errors
    /// `MalformedXML` if anything but blanks and comments follows.
    pub(crate) fn close(mut self) -> Result<(), OperationError> {
        match self.next_child()? {
            None if self.depth == 0 => Ok(()),
            _ => Err(malformed("an element follows the root element")),
        }
    }

    /// Ends an element that had no end tag.
    fn leave_empty(&mut self) -> bool {
        let was_empty = std::mem::take(&mut self.at_empty);
        self.depth -= usize::from(was_empty);
        was_empty
    }

    fn enter(&mut self, start: BytesStart<'a>) -> Result<Name<'a>, OperationError> {
        self.depth += 1;
        if self.depth > XML_DEPTH_MAX {
            return Err(malformed(format!("its elements may nest at most {XML_DEPTH_MAX} deep")));
        }
        if start.attributes().any(|attribute| attribute.is_err()) {
            return Err(malformed("an attribute is not well formed"));
        }
        Ok(Name(start))
    }

    /// The next event that matters: comments, processing instructions and the declaration do not.
    fn next_event(&mut self) -> Result<Event<'a>, OperationError> {
        loop {
            match self.events.read_event() {
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Decl(_)) if self.depth == 0 => {}
                Ok(Event::DocType(_)) => return Err(malformed("a document type declaration is not allowed")),
                Ok(event) => return Ok(event),
                Err(error) => {
                    return Err(malformed(format!("it cannot be read at byte {}", self.events.error_position()))
                        .caused_by(error));
                }
            }
        }
    }
}

/// The character of `&name;`, `&#n;` or `&#xn;`. Characters that XML 1.0 does not allow are let through, since a
/// client has no other way to name a key that holds them.
fn referenced(reference: &BytesRef<'_>) -> Result<char, OperationError> {
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => match reference.resolve_char_ref() {
            Ok(Some(character)) => Ok(character),
            _ => Err(malformed("it has an entity other than amp, lt, gt, quot and apos")),
        },
    }
}

/// `MalformedXML`, with what is wrong.
pub(crate) fn malformed(what: impl std::fmt::Display) -> OperationError {
    let message =
        format!("The XML you provided was not well formed or did not validate against our published schema: {what}.");
    OperationError::new(ErrorCode::MalformedXml, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the children `K` of the root `R`.
    fn texts(body: &str) -> Result<Vec<String>, ErrorCode> {
        let read = || {
            let mut reader = Reader::open(body.as_bytes(), "R")?;
            let mut texts = Vec::new();
            while reader.next_child()?.is_some() {
                texts.push(reader.text()?);
            }
            reader.close()?;
            Ok(texts)
        };
        read().map_err(|error: OperationError| error.code)
    }

    #[test]
    fn declarations_namespaces_comments_and_byte_order_marks_are_accepted() {
        for body in [
            "<R><K>a</K></R>",
            "<?xml version='1.0' encoding='UTF-8'?>\n<R xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>\n <K>a</K>\n</R>\n",
            "\u{feff}<!-- c --><s3:R xmlns:s3='x'><s3:K>a</s3:K><!-- c --></s3:R><!-- c -->",
            "<R><K><![CDATA[a]]></K></R>",
            "<R><K>&#97;</K></R>",
        ] {
            assert_eq!(texts(body), Ok(vec!["a".to_owned()]), "{body}");
        }
        assert_eq!(texts("<R/>"), Ok(vec![]));
        assert_eq!(texts("<R><K/><K></K></R>"), Ok(vec![String::new(), String::new()]));
    }

    #[test]
    fn text_keeps_its_blanks_and_resolves_references() {
        assert_eq!(texts("<R><K> a &amp;&#x1;&lt;<![CDATA[<&]]> </K></R>"), Ok(vec![" a &\u{1}<<& ".to_owned()]));
        assert_eq!(texts("<R><K>&#13;</K></R>"), Ok(vec!["\r".to_owned()]));
    }

    #[test]
    fn what_is_not_well_formed_or_could_expand_is_refused() {
        let deep = "<R>".repeat(XML_DEPTH_MAX + 1);
        let nested = "<K>".repeat(XML_DEPTH_MAX);
        for body in [
            "",
            "text",
            "<Q/>",
            "<R>",
            "<R><K>a</R></K>",
            "<R><K>a",
            "<R>x<K/></R>",
            "<R/><R/>",
            "<R/>x",
            "<R><K>&unknown;</K></R>",
            "<R><K>&#0;</K></R>",
            "<R><K>\0</K></R>",
            "<R><K>&#xD800;</K></R>",
            "<!DOCTYPE R [<!ENTITY a 'b'>]><R><K>&a;</K></R>",
            "<R><K><L/></K></R>",
            "<R a=b/>",
            &deep,
            &format!("<R>{nested}"),
        ] {
            assert_eq!(texts(body), Err(ErrorCode::MalformedXml), "{body}");
        }
        let too_large = format!("<R>{}</R>", " ".repeat(XML_BYTES_MAX));
        assert_eq!(texts(&too_large), Err(ErrorCode::MalformedXml));
        assert_eq!(Reader::open(b"<R>\xff</R>", "R").err().map(|error| error.code), Some(ErrorCode::MalformedXml));
    }
}
