//! The query of a request: pairs as sent, decoded on demand. Names are compared exactly, as S3 does.

use crate::percent::{self, Part};
use std::borrow::Cow;
use types::OperationError;

/// Borrows the text after `?`. Cheap to copy; nothing is parsed until asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// From the text after `?`, if there is any.
    pub fn new(text: Option<&'a str>) -> Self {
        Self(text.unwrap_or_default())
    }

    /// Names and values as sent, in the order sent. A name without `=` has an empty value.
    pub fn raw_pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// Names decoded, values as sent.
    ///
    /// # Errors
    /// `InvalidURI` for a name with a malformed escape.
    pub fn names(self) -> impl Iterator<Item = Result<(Cow<'a, str>, &'a str), OperationError>> {
        self.raw_pairs().map(|(name, value)| Ok((percent::decode_text(name, Part::Query)?, value)))
    }

    /// True if the parameter is there, with or without a value.
    pub fn has(self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The decoded value of the first parameter of this name.
    ///
    /// # Errors
    /// `InvalidURI` for a malformed escape or a value that is not UTF-8.
    pub fn get(self, name: &str) -> Result<Option<Cow<'a, str>>, OperationError> {
        self.raw(name).map(|value| percent::decode_text(value, Part::Query)).transpose()
    }

    /// As [`Query::get`], where an empty value means the same as none.
    ///
    /// # Errors
    /// As [`Query::get`].
    pub fn get_filled(self, name: &str) -> Result<Option<String>, OperationError> {
        Ok(self.get(name)?.filter(|value| !value.is_empty()).map(Cow::into_owned))
    }

    fn raw(self, wanted: &str) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        self.raw_pairs().find(|(name, _)| is_name(name, wanted)).map(|(_, value)| value)
    }
}

/// Compares without decoding where nothing is encoded: nearly always.
fn is_name(sent: &str, wanted: &str) -> bool {
    sent == wanted || (sent.contains('%') && percent::decode_text(sent, Part::Query).is_ok_and(|name| name == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_by_their_decoded_name() {
        let query = Query::new(Some("a=1&&flag&p%72efix=x%20y+z&a=2&empty="));
        assert_eq!(query.get("a").unwrap().as_deref(), Some("1"));
        assert_eq!(query.get("prefix").unwrap().as_deref(), Some("x y z"));
        assert_eq!(query.get("flag").unwrap().as_deref(), Some(""));
        assert_eq!(query.get_filled("empty").unwrap(), None);
        assert!(query.has("flag") && !query.has("FLAG") && !query.has(""));
        assert!(!Query::new(None).has("a"));
    }

    #[test]
    fn a_value_that_does_not_decode_is_an_error() {
        assert!(Query::new(Some("a=%")).get("a").is_err());
        assert!(Query::new(Some("a=%ff")).get("a").is_err());
    }
}
