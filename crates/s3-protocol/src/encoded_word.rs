//! Encoded words: how a header, which is ASCII, carries Unicode. Sources: R2 "Extensions", Extended metadata using
//! Unicode; RFC 2047, sections 2 to 5.
//!
//! [`decode`] reads the `x-amz-meta-*` values of a request before they are stored; [`encode`] writes those of an
//! answer, so that `decode(encode(value))` is `value` again.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;
use std::ops::Range;

/// Bytes of text in one word that is written: a word has at most 75 characters, 12 of which frame its base64.
const WORD_BYTES: usize = 45;

/// Reads base64 with and without its padding.
const FORGIVING_BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text that `value` stands for: its encoded words decoded, blanks between two of them dropped, all else as it
/// is. A word that is malformed, of another encoding or of a charset not in [`Charset`] stays as it is.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    let Some(first) = next_word(value, 0) else { return Cow::Borrowed(value) };
    let mut text = value[..first.place.start].to_owned();
    let mut run = Run::begin(first);
    while let Some(word) = next_word(value, run.place.end) {
        let between = &value[run.place.end..word.place.start];
        let adjacent = between.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        if adjacent && word.charset == run.charset {
            run.extend(&word);
            continue;
        }
        let decoded = run.push_to(&mut text, value);
        if !(adjacent && decoded) {
            text.push_str(between);
        }
        run = Run::begin(word);
    }
    run.push_to(&mut text, value);
    text.push_str(&value[run.place.end..]);
    Cow::Owned(text)
}

/// As [`decode`], without a copy where nothing is encoded.
pub(crate) fn decode_owned(value: String) -> String {
    match decode(&value) {
        Cow::Owned(text) => text,
        Cow::Borrowed(_) => value,
    }
}

/// A charset whose words are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

impl Charset {
    /// By its name, which may have a language behind it (RFC 2231, section 5).
    fn named(name: &str) -> Option<Self> {
        let name = name.split_once('*').map_or(name, |(name, _)| name).to_ascii_lowercase();
        match &*name {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "us-ascii" | "ascii" => Some(Self::Ascii),
            "iso-8859-1" | "latin1" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// The text of these bytes, if they have one.
    fn text(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Ascii => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes)),
            Self::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        }
    }
}

/// One encoded word, `=?charset?encoding?text?=`.
struct Word {
    /// Where it stands in the value.
    place: Range<usize>,
    charset: Charset,
    bytes: Vec<u8>,
}

/// Words of one charset side by side. They are decoded together, since some clients split a character's bytes.
struct Run {
    place: Range<usize>,
    charset: Charset,
    bytes: Vec<u8>,
}

impl Run {
    fn begin(word: Word) -> Self {
        Self { place: word.place, charset: word.charset, bytes: word.bytes }
    }

    fn extend(&mut self, word: &Word) {
        self.place.end = word.place.end;
        self.bytes.extend_from_slice(&word.bytes);
    }

    /// Appends the decoded text, or the words as they are and `false` if their bytes are no text.
    fn push_to(&self, text: &mut String, value: &str) -> bool {
        let decoded = self.charset.text(&self.bytes);
        text.push_str(decoded.as_deref().unwrap_or(&value[self.place.clone()]));
        decoded.is_some()
    }
}

/// The first well-formed word at or after `from`.
fn next_word(value: &str, from: usize) -> Option<Word> {
    let mut starts = value[from..].match_indices("=?").map(|(offset, _)| from + offset);
    starts.find_map(|start| word_at(value, start))
}

/// The word that begins at `start`, where `=?` stands.
fn word_at(value: &str, start: usize) -> Option<Word> {
    let (charset, rest) = value[start + 2..].split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, rest) = rest.split_once('?')?;
    let rest = rest.strip_prefix('=')?;
    let bytes = match encoding {
        "B" | "b" => FORGIVING_BASE64.decode(encoded).ok()?,
        "Q" | "q" => decode_q(encoded)?,
        _ => return None,
    };
    Some(Word { place: start..value.len() - rest.len(), charset: Charset::named(charset)?, bytes })
}

/// The "Q" encoding: printable ASCII, `_` for a blank, `=` and two hexadecimal digits for any byte.
fn decode_q(encoded: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'_' => b' ',
            b'=' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                hex_digit(digits[0])? << 4 | hex_digit(digits[1])?
            }
            b'!'..=b'~' => *first,
            _ => return None,
        });
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// `value` as a header carries it: as it is while that is printable ASCII which no client decodes to something else,
/// in words of UTF-8 and base64 otherwise.
pub(crate) fn encode(value: &str) -> Cow<'_, str> {
    if stands_for_itself(value) {
        return Cow::Borrowed(value);
    }
    let mut words = String::with_capacity(value.len() * 2);
    let mut rest = value;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        rest = after;
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str("=?UTF-8?B?");
        BASE64_STANDARD.encode_string(word, &mut words);
        words.push_str("?=");
    }
    Cow::Owned(words)
}

/// HTTP drops blanks at both ends.
fn stands_for_itself(value: &str) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    value.bytes().all(printable) && value.trim_ascii() == value && next_word(value, 0).is_none()
}

#[cfg(test)]
mod tests;
