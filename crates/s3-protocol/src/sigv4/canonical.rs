//! The canonical request: the one text that client and server make of a request, each on its own.

use crate::percent::{self, Part};
use crate::request::RequestHead;

/// How path and query are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    path: Encoding,
    query: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// S3's: decoded, then encoded.
    Normal,
    /// The very bytes of the request.
    AsSent,
}

impl Form {
    /// S3's form first.
    pub(super) const ALL: [Self; 4] = [
        Self { path: Encoding::Normal, query: Encoding::Normal },
        Self { path: Encoding::AsSent, query: Encoding::AsSent },
        Self { path: Encoding::AsSent, query: Encoding::Normal },
        Self { path: Encoding::Normal, query: Encoding::AsSent },
    ];
}

/// What the text is made of.
#[derive(Clone, Copy)]
pub(super) struct CanonicalRequest<'a> {
    pub(super) head: RequestHead<'a>,
    /// Names separated by `;`, in the client's order.
    pub(super) signed_headers: &'a str,
    pub(super) payload_hash: &'a str,
    /// The query holds the signature, which does not cover itself.
    pub(super) is_presigned: bool,
}

impl CanonicalRequest<'_> {
    /// Writes the text into `out`, which is emptied first.
    pub(super) fn write(&self, out: &mut Vec<u8>, form: Form) {
        out.clear();
        out.extend_from_slice(self.head.method.as_str().as_bytes());
        out.push(b'\n');
        match form.path {
            Encoding::Normal => percent::normalize_into(out, self.head.path, Part::Path),
            Encoding::AsSent => out.extend_from_slice(self.head.path.as_bytes()),
        }
        out.push(b'\n');
        self.write_query(out, form.query);
        out.push(b'\n');
        self.write_headers(out);
        push_lower(out, self.signed_headers);
        out.push(b'\n');
        out.extend_from_slice(self.payload_hash.as_bytes());
    }

    /// True if all forms are one: nothing is gained by trying another.
    pub(super) fn is_normal(&self) -> bool {
        let mut path = Vec::with_capacity(self.head.path.len());
        percent::normalize_into(&mut path, self.head.path, Part::Path);
        let (mut normal, mut as_sent) = (Vec::new(), Vec::new());
        self.write_query(&mut normal, Encoding::Normal);
        self.write_query(&mut as_sent, Encoding::AsSent);
        path == self.head.path.as_bytes() && normal == as_sent
    }

    fn write_query(&self, out: &mut Vec<u8>, encoding: Encoding) {
        let Some(query) = self.head.query.filter(|query| !query.is_empty()) else { return };
        let mut text = Vec::with_capacity(query.len() + 16);
        let mut pairs = Vec::with_capacity(16);
        // The one signature that is read; another beside it is a parameter that nobody signed.
        let mut left_out = !self.is_presigned;
        for (name, value) in self.head.query().raw_pairs() {
            if !left_out && name == "X-Amz-Signature" {
                left_out = true;
                continue;
            }
            let start = text.len();
            push_query_part(&mut text, name, encoding);
            let middle = text.len();
            push_query_part(&mut text, value, encoding);
            pairs.push((start..middle, middle..text.len()));
        }
        pairs.sort_by_key(|(name, value)| (&text[name.clone()], &text[value.clone()]));
        for (index, (name, value)) in pairs.into_iter().enumerate() {
            if index > 0 {
                out.push(b'&');
            }
            out.extend_from_slice(&text[name]);
            out.push(b'=');
            out.extend_from_slice(&text[value]);
        }
    }

    /// `name:value\n` for each signed header, and an empty line. An absent header counts as empty: what was signed
    /// with a value then does not verify.
    fn write_headers(&self, out: &mut Vec<u8>) {
        for name in self.signed_headers.split(';') {
            push_lower(out, name);
            out.push(b':');
            if name.eq_ignore_ascii_case("host") {
                push_collapsed(out, self.head.host.as_bytes());
            } else {
                for (index, value) in self.head.headers.get_all(name).iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    push_collapsed(out, value.as_bytes());
                }
            }
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}

fn push_query_part(out: &mut Vec<u8>, text: &str, encoding: Encoding) {
    match encoding {
        Encoding::Normal => percent::normalize_into(out, text, Part::Query),
        Encoding::AsSent => out.extend_from_slice(text.as_bytes()),
    }
}

fn push_lower(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
}

/// Appends a header's value without blanks around it and with one space for each run of blanks within.
fn push_collapsed(out: &mut Vec<u8>, value: &[u8]) {
    let value = value.trim_ascii();
    if memchr::memchr2(b' ', b'\t', value).is_none() {
        out.extend_from_slice(value);
        return;
    }
    let mut after_blank = false;
    for &byte in value {
        let blank = matches!(byte, b' ' | b'\t');
        match (blank, after_blank) {
            (false, _) => out.push(byte),
            (true, false) => out.push(b' '),
            (true, true) => {}
        }
        after_blank = blank;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_collapse() {
        let collapsed = |value: &str| {
            let mut out = Vec::new();
            push_collapsed(&mut out, value.as_bytes());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(collapsed("  a   b \t c  "), "a b c");
        assert_eq!(collapsed("abc"), "abc");
        assert_eq!(collapsed("   "), "");
    }
}
