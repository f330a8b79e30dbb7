//! The head of one part of a form: its name, and the name of its file. Source: RFC 7578 sections 4.2 and 5.1.

use super::malformed;
use crate::percent::{self, Part};
use std::borrow::Cow;
use types::OperationError;

/// What a part says about itself.
#[derive(Debug, Default)]
pub(super) struct PartHead {
    /// The field's name; empty before its `Content-Disposition` was seen.
    pub(super) name: String,
    /// The file's name as sent; empty if there is none.
    pub(super) file_name: String,
}

impl PartHead {
    /// Reads one line, without its line break. All but `Content-Disposition` means nothing to S3.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` for a line that is no header, or for a second name.
    pub(super) fn read_line(&mut self, line: &[u8]) -> Result<(), OperationError> {
        let text = std::str::from_utf8(line).map_err(|_| malformed("the head of a part is not UTF-8"))?;
        let (header, value) = text.split_once(':').ok_or_else(|| malformed("a line of a part's head is no header"))?;
        if !header.eq_ignore_ascii_case("content-disposition") {
            return Ok(());
        }
        if !self.name.is_empty() {
            return Err(malformed("a part has two names"));
        }
        self.read_disposition(value).ok_or_else(|| malformed("a Content-Disposition cannot be read"))
    }

    /// `form-data; name="…"; filename="…"; filename*=UTF-8''…`.
    fn read_disposition(&mut self, text: &str) -> Option<()> {
        let (kind, mut rest) = text.split_once(';').unwrap_or((text, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return None;
        }
        let mut encoded_name = None;
        while !rest.trim().is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after.trim_start())?;
            match name.trim().to_ascii_lowercase().as_str() {
                "name" => self.name = value,
                "filename" => self.file_name = value,
                "filename*" => encoded_name = Some(decoded(&value)?),
                _ => {}
            }
            rest = after;
        }
        // Clients that cannot write a name plainly send it in both forms (RFC 6266 section 4.3).
        self.file_name = encoded_name.unwrap_or_else(|| std::mem::take(&mut self.file_name));
        Some(())
    }
}

/// A token or quoted string, and what follows its `;`. Within quotes only `\"` is an escape: browsers send the
/// backslashes of a path as they are.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_once(';').unwrap_or((text, ""));
        return Some((token.trim_end().to_owned(), rest));
    };
    let mut from = 0;
    let end = loop {
        let at = from + quoted.get(from..)?.find('"')?;
        // `"C:\"` ends with a backslash that escapes nothing.
        let ends = |rest: &str| rest.trim_start().is_empty() || rest.trim_start().starts_with(';');
        let escaped = quoted[..at].ends_with('\\') && !ends(&quoted[at + 1..]);
        if !escaped {
            break at;
        }
        from = at + 1;
    };
    let rest = quoted[end + 1..].trim_start();
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    Some((quoted[..end].replace("\\\"", "\""), rest))
}

/// `UTF-8''a%20b` (RFC 8187).
fn decoded(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, escaped) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent::decode_text(escaped, Part::Path).ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(disposition: &str) -> Option<(String, String)> {
        let mut head = PartHead::default();
        head.read_line(format!("Content-Disposition: {disposition}").as_bytes()).ok()?;
        Some((head.name, head.file_name))
    }

    #[test]
    fn names_come_as_browsers_and_libraries_write_them() {
        for (sent, name, file_name) in [
            (r#"form-data; name="key""#, "key", ""),
            (r#"form-data; name=key"#, "key", ""),
            (r#"FORM-DATA;NAME="file";FILENAME="a b.txt""#, "file", "a b.txt"),
            (r#"form-data; name="file"; filename="a;b=c.txt""#, "file", "a;b=c.txt"),
            (r#"form-data; name="file"; filename="say \"hi\".txt""#, "file", "say \"hi\".txt"),
            (r#"form-data; name="file"; filename="C:\dir\""#, "file", r"C:\dir\"),
            (r#"form-data; name="file"; filename="C:\dir\a.txt""#, "file", r"C:\dir\a.txt"),
            (r#"form-data; name="file"; filename="ü.txt""#, "file", "ü.txt"),
            (r#"form-data; name="file"; filename="?.txt"; filename*=UTF-8''%C3%BC.txt"#, "file", "ü.txt"),
            (r#"form-data; filename="x" ; name="file" "#, "file", "x"),
        ] {
            assert_eq!(names(sent), Some((name.to_owned(), file_name.to_owned())), "{sent}");
        }
    }

    #[test]
    fn dispositions_that_are_none_are_refused() {
        for sent in [
            r#"attachment; name="key""#,
            r#"form-data; name="key"#,
            r#"form-data; name"#,
            r#"form-data; name="a"b"#,
            r#"form-data; name="f"; filename*=latin1''%FC"#,
            r#"form-data; name="f"; filename*=UTF-8''%FC"#,
            r#"form-data; name="f"; filename*=x"#,
        ] {
            assert_eq!(names(sent), None, "{sent}");
        }
        assert!(PartHead::default().read_line(b"no header").is_err());
        assert!(PartHead::default().read_line(b"a: \xff").is_err());
    }
}
