//! Reading and writing single headers: one place for "is there, is text, means this".

use http::header::{self, AsHeaderName, HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::fmt::Display;
use types::{Conditions, ETagList, ErrorCode, OperationError, Timestamp};

/// Names that every request is asked for, made once: a name given as text is checked and hashed at each search.
pub(crate) mod names {
    use http::header::HeaderName;

    pub(crate) static CONTENT_SHA256: HeaderName = HeaderName::from_static(crate::payload::CONTENT_SHA256);
    pub(crate) static AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
    pub(crate) static DECODED_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");
    pub(crate) static SDK_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-sdk-checksum-algorithm");
    pub(crate) static SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
    pub(crate) static TRAILER: HeaderName = HeaderName::from_static("x-amz-trailer");
}

/// The header as text, without surrounding blanks.
///
/// # Errors
/// `InvalidArgument` if its bytes are not UTF-8.
pub(crate) fn text<K>(headers: &HeaderMap, name: K) -> Result<Option<&str>, OperationError>
where
    K: AsHeaderName + Display + Copy,
{
    let Some(value) = headers.get(name) else { return Ok(None) };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(Some(text.trim())),
        Err(_) => Err(OperationError::new(
            ErrorCode::InvalidArgument,
            format!("The value of the header '{name}' is not valid: it must be UTF-8."),
        )),
    }
}

/// The header as text of its own, where an empty one counts as absent.
///
/// # Errors
/// As [`text`].
pub(crate) fn owned<K>(headers: &HeaderMap, name: K) -> Result<Option<String>, OperationError>
where
    K: AsHeaderName + Display + Copy,
{
    Ok(text(headers, name)?.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// A value whose bytes a client chose freely: UTF-8 as it is, anything else taken for Latin-1, so that no byte
/// is lost.
pub(crate) fn free_text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// A decimal number.
///
/// # Errors
/// `InvalidArgument` for anything but digits that fit.
pub(crate) fn number<K>(headers: &HeaderMap, name: K) -> Result<Option<u64>, OperationError>
where
    K: AsHeaderName + Display + Copy,
{
    let Some(text) = text(headers, name)? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().map(Some).ok_or_else(|| {
        OperationError::new(
            ErrorCode::InvalidArgument,
            format!("The value of the header '{name}' is not valid: it must be a decimal number."),
        )
    })
}

/// The names of four conditional headers.
pub(crate) struct ConditionNames {
    pub(crate) if_match: HeaderName,
    pub(crate) if_none_match: HeaderName,
    pub(crate) if_modified_since: HeaderName,
    pub(crate) if_unmodified_since: HeaderName,
}

/// The conditions of HTTP itself.
pub(crate) static CONDITIONS: ConditionNames = ConditionNames {
    if_match: header::IF_MATCH,
    if_none_match: header::IF_NONE_MATCH,
    if_modified_since: header::IF_MODIFIED_SINCE,
    if_unmodified_since: header::IF_UNMODIFIED_SINCE,
};

/// The conditions under these names. A date that does not parse is ignored, as RFC 9110 demands.
///
/// # Errors
/// As [`text`].
pub(crate) fn conditions(headers: &HeaderMap, names: &ConditionNames) -> Result<Conditions, OperationError> {
    let etags = |name| etag_list(headers, name);
    let date = |name| Ok::<_, OperationError>(text(headers, name)?.and_then(Timestamp::parse_http_date));
    Ok(Conditions {
        if_match: etags(&names.if_match)?,
        if_none_match: etags(&names.if_none_match)?,
        if_modified_since: date(&names.if_modified_since)?,
        if_unmodified_since: date(&names.if_unmodified_since)?,
        if_range: None,
    })
}

/// A list of ETags, which may stand in several lines (RFC 9110, section 5.3).
fn etag_list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<ETagList>, OperationError> {
    let Some(first) = text(headers, name)? else { return Ok(None) };
    if headers.get_all(name).iter().nth(1).is_none() {
        return Ok(Some(ETagList::parse(first)));
    }
    let lines: Vec<_> = headers.get_all(name).iter().map(free_text).collect();
    Ok(Some(ETagList::parse(&lines.join(","))))
}

/// Adds a header of ours, or one whose text came through [`text`] when it was stored. What no header can carry
/// (a line break that another face let in) is left out and `false` returned.
pub(crate) fn put<'a>(headers: &mut HeaderMap, name: HeaderName, text: impl Into<Cow<'a, str>>) -> bool {
    let value = match text.into() {
        Cow::Borrowed(text) => HeaderValue::from_bytes(text.as_bytes()),
        Cow::Owned(text) => HeaderValue::from_maybe_shared(bytes::Bytes::from(text)),
    };
    value.map(|value| headers.insert(name, value)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())])
    }

    #[test]
    fn values_that_are_not_text_are_refused_or_kept_as_latin_1() {
        let map = headers("x-a", b"caf\xe9");
        assert_eq!(text(&map, "x-a").unwrap_err().code, ErrorCode::InvalidArgument);
        assert_eq!(free_text(&map["x-a"]), "caf\u{e9}");
        assert_eq!(free_text(&headers("x-a", "caf\u{e9}".as_bytes())["x-a"]), "caf\u{e9}");
    }

    #[test]
    fn numbers_are_digits_that_fit() {
        assert_eq!(number(&headers("x-n", b" 12 "), "x-n").unwrap(), Some(12));
        for bad in ["", "-1", "+1", "1e3", "18446744073709551616"] {
            assert!(number(&headers("x-n", bad.as_bytes()), "x-n").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_that_does_not_parse_is_no_condition() {
        assert!(conditions(&headers("if-modified-since", b"yesterday"), &CONDITIONS).unwrap().is_empty());
        assert!(!conditions(&headers("if-none-match", b"*"), &CONDITIONS).unwrap().is_empty());
    }

    #[test]
    fn etags_in_several_lines_are_one_list() {
        let mut map = headers("if-match", b"\"a\"");
        map.append("if-match", HeaderValue::from_static("W/\"b\", \"c\""));
        let joined = conditions(&map, &CONDITIONS).unwrap();
        assert_eq!(joined.if_match, Some(ETagList::parse("\"a\", W/\"b\", \"c\"")));
    }

    #[test]
    fn no_line_break_reaches_a_header() {
        let mut map = HeaderMap::new();
        assert!(!put(&mut map, HeaderName::from_static("x-a"), "a\r\nb: c"));
        assert!(put(&mut map, HeaderName::from_static("x-a"), "\u{e9}"));
        assert_eq!(map.len(), 1);
    }
}
