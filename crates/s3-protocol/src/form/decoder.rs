//! The framing of `multipart/form-data` (RFC 7578, RFC 2046 section 5.1): a sans-I/O decoder.
//!
//! ```text
//! --<boundary>\r\n
//! Content-Disposition: form-data; name="key"\r\n \r\n <value>            a field
//! \r\n--<boundary>\r\n
//! Content-Disposition: form-data; name="file"; filename="a"\r\n \r\n <bytes>   the file
//! \r\n--<boundary>--                                                      the end
//! ```
//! What follows the file is read and dropped, as S3 does, but it must be there as far as the end: a form that was cut
//! off is never a success.

use super::part_head::PartHead;
use super::{malformed, one_file};
use crate::header;
use bytes::{Buf, Bytes};
use http::header::{CONTENT_TYPE, HeaderMap};
use memchr::{memchr, memmem, memrchr};
use types::limits::{FORM_BOUNDARY_BYTES_MAX, FORM_FIELDS_BYTES_MAX};
use types::{ErrorCode, OperationError};

/// Takes a form apart, in whatever pieces it arrives. Holds at most one field, and no byte of the file.
#[derive(Debug)]
pub struct FormDecoder {
    /// `\r\n--<boundary>`. Its first byte occurs in it once.
    delimiter: Bytes,
    /// Bytes of the delimiter that ended the input so far: they may turn out to be content.
    matched: usize,
    state: State,
    /// The line of a part's head that is being read, or what follows a delimiter.
    line: Vec<u8>,
    head: PartHead,
    /// The value of the field that is being read.
    value: Vec<u8>,
    /// Bytes that may still come before the file, or behind it.
    budget: usize,
    file_seen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter, on its line.
    DelimiterEnd,
    /// In the lines before a part's content.
    Head,
    /// In a field before the file.
    Field,
    /// In the file.
    File,
    /// In a part behind the file.
    Ignored,
    /// Behind the last delimiter.
    Epilogue,
}

/// What comes out of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormEvent {
    /// A whole field before the file.
    Field {
        /// Its name, as sent.
        name: String,
        /// Its value: bytes, for they need not be text.
        value: Vec<u8>,
    },
    /// The file begins.
    File {
        /// Its name, as sent; empty if it has none.
        name: String,
    },
    /// Bytes of the file, never empty.
    Data(Bytes),
}

/// A step through content.
enum Piece {
    Data(Bytes),
    Delimiter,
    /// All input was taken; its end may be the beginning of a delimiter.
    Nothing,
}

impl FormDecoder {
    /// For the body of a request with these headers; `None` if it is no form.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` without a boundary, or with one that is none.
    pub fn for_body(headers: &HeaderMap) -> Result<Option<Self>, OperationError> {
        let sent = header::text(headers, &CONTENT_TYPE)?.unwrap_or_default();
        let (media_type, parameters) = sent.split_once(';').unwrap_or((sent, ""));
        if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Ok(None);
        }
        boundary(parameters).map(Self::new).map(Some).ok_or_else(|| malformed("Content-Type has no valid boundary"))
    }

    fn new(boundary: &str) -> Self {
        Self {
            delimiter: ["\r\n--", boundary].concat().into(),
            // The first delimiter may begin the body; it has no line break then.
            matched: 2,
            state: State::Preamble,
            line: Vec::new(),
            head: PartHead::default(),
            value: Vec::new(),
            budget: FORM_FIELDS_BYTES_MAX,
            file_seen: false,
        }
    }

    /// Takes from the front of `input` and answers the next event, without copying bytes of the file; `None` once all
    /// of `input` is taken.
    ///
    /// # Errors
    /// `MalformedPOSTRequest`; `MaxPostPreDataLengthExceeded` for more than [`FORM_FIELDS_BYTES_MAX`] before the file;
    /// `InvalidArgument` for a second file. The decoder is of no use after an error.
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Option<FormEvent>, OperationError> {
        while !input.is_empty() {
            let event = match self.state {
                State::Preamble | State::Field | State::File | State::Ignored => self.content(input)?,
                State::DelimiterEnd => self.end_delimiter(input).map(|()| None)?,
                State::Head => self.head_line(input)?,
                State::Epilogue => {
                    self.charge(input.len())?;
                    input.clear();
                    None
                }
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// The body has ended.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` if the form has not; `InvalidArgument` if it had no file.
    pub fn finish(&self) -> Result<(), OperationError> {
        match (self.state, self.file_seen) {
            (State::Epilogue, true) => Ok(()),
            (State::Epilogue, false) => Err(one_file()),
            _ => Err(malformed("it ends before its last boundary")),
        }
    }

    fn content(&mut self, input: &mut Bytes) -> Result<Option<FormEvent>, OperationError> {
        match (self.next_piece(input), self.state) {
            (Piece::Nothing, _) => Ok(None),
            (Piece::Data(bytes), State::File) => Ok(Some(FormEvent::Data(bytes))),
            (Piece::Data(bytes), state) => {
                self.charge(bytes.len())?;
                if state == State::Field {
                    self.value.extend_from_slice(&bytes);
                }
                Ok(None)
            }
            (Piece::Delimiter, state) => {
                self.charge(self.delimiter.len())?;
                self.state = State::DelimiterEnd;
                let field = || FormEvent::Field {
                    name: std::mem::take(&mut self.head.name),
                    value: std::mem::take(&mut self.value),
                };
                Ok((state == State::Field).then(field))
            }
        }
    }

    /// The next bytes of content, or the delimiter that ends it, wherever the input was cut.
    fn next_piece(&mut self, input: &mut Bytes) -> Piece {
        if self.matched > 0 {
            return self.go_on_matching(input);
        }
        match memmem::find(input, &self.delimiter) {
            Some(0) => {
                input.advance(self.delimiter.len());
                Piece::Delimiter
            }
            Some(at) => Piece::Data(input.split_to(at)),
            None => self.take_all_but_a_beginning(input),
        }
    }

    /// The input so far ended within what may be a delimiter.
    fn go_on_matching(&mut self, input: &mut Bytes) -> Piece {
        let expected = &self.delimiter[self.matched..];
        let same = expected.iter().zip(input.iter()).take_while(|(a, b)| a == b).count();
        self.matched += same;
        input.advance(same);
        if self.matched == self.delimiter.len() {
            self.matched = 0;
            return Piece::Delimiter;
        }
        if input.is_empty() {
            return Piece::Nothing;
        }
        // It was content. No delimiter begins within it: its first byte does not come again.
        Piece::Data(self.delimiter.slice(..std::mem::take(&mut self.matched)))
    }

    fn take_all_but_a_beginning(&mut self, input: &mut Bytes) -> Piece {
        let tail = input.len().saturating_sub(self.delimiter.len() - 1);
        let begins = memrchr(b'\r', &input[tail..]).map(|at| tail + at);
        let end = begins.filter(|at| self.delimiter.starts_with(&input[*at..])).unwrap_or(input.len());
        let data = input.split_to(end);
        self.matched = input.len();
        input.clear();
        if data.is_empty() { Piece::Nothing } else { Piece::Data(data) }
    }

    /// `--` behind a delimiter ends the form; blanks and a line break end the line.
    fn end_delimiter(&mut self, input: &mut Bytes) -> Result<(), OperationError> {
        self.charge(1)?;
        self.line.push(input.get_u8());
        match self.line.as_slice() {
            b"--" => self.state = State::Epilogue,
            [blanks @ .., b'\r', b'\n'] if blanks.iter().all(|byte| matches!(byte, b' ' | b'\t')) => {
                self.state = State::Head;
                self.head = PartHead::default();
            }
            [.., b' ' | b'\t' | b'\r'] | [b'-'] => return Ok(()),
            _ => return Err(malformed("something follows a boundary on its line")),
        }
        self.line.clear();
        Ok(())
    }

    fn head_line(&mut self, input: &mut Bytes) -> Result<Option<FormEvent>, OperationError> {
        let end = memchr(b'\n', input).map(|at| at + 1);
        let taken = end.unwrap_or(input.len());
        self.charge(taken)?;
        self.line.extend_from_slice(&input.split_to(taken));
        if end.is_none() {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.line);
        match line.strip_suffix(b"\r\n") {
            None => Err(malformed("a line of a part's head does not end in CR LF")),
            Some(b"") => self.begin_content(),
            Some(line) => self.head.read_line(line).map(|()| None),
        }
    }

    fn begin_content(&mut self) -> Result<Option<FormEvent>, OperationError> {
        let is_file = self.head.name.eq_ignore_ascii_case("file");
        match (is_file, self.file_seen) {
            _ if self.head.name.is_empty() => Err(malformed("a part has no Content-Disposition with a name")),
            (true, true) => Err(one_file()),
            (true, false) => {
                self.state = State::File;
                self.file_seen = true;
                self.budget = FORM_FIELDS_BYTES_MAX;
                Ok(Some(FormEvent::File { name: std::mem::take(&mut self.head.file_name) }))
            }
            (false, true) => {
                self.state = State::Ignored;
                Ok(None)
            }
            (false, false) => {
                self.state = State::Field;
                Ok(None)
            }
        }
    }

    /// Counts bytes that are none of the file.
    fn charge(&mut self, bytes: usize) -> Result<(), OperationError> {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or_else(|| {
            if self.file_seen {
                malformed("too much follows the file, which must be the last field")
            } else {
                ErrorCode::MaxPostPreDataLengthExceeded.into()
            }
        })?;
        Ok(())
    }
}

/// The `boundary` among the parameters of a media type, if it is one (RFC 2046 section 5.1.1).
fn boundary(parameters: &str) -> Option<&str> {
    let mut found = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    });
    let sent = found.next()?;
    let text = sent.strip_prefix('"').map_or(Some(sent), |rest| rest.strip_suffix('"'))?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let valid = (1..=FORM_BOUNDARY_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed);
    // Two of them, and nobody knows which one the client means.
    (valid && found.next().is_none() && !text.ends_with(' ')).then_some(text)
}
