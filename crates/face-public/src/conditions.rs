//! The headers that decide whether, and which part of, an object is answered: RFC 9110 sections 13 and 14. What cannot
//! be read counts as not sent, as that RFC says.

use http::header::{
    HeaderMap, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use types::{Conditions, ETagList, IfRange, RangeSpec, Timestamp};

/// The range that is asked for.
pub(crate) fn range(headers: &HeaderMap) -> Option<RangeSpec> {
    text(headers, &RANGE).and_then(RangeSpec::parse)
}

/// The conditions. `If-Range` is none without a range, which the caller knows.
pub(crate) fn conditions(headers: &HeaderMap) -> Conditions {
    let date = |name| text(headers, name).and_then(Timestamp::parse_http_date);
    Conditions {
        if_match: etags(headers, &IF_MATCH),
        if_none_match: etags(headers, &IF_NONE_MATCH),
        if_modified_since: date(&IF_MODIFIED_SINCE),
        if_unmodified_since: date(&IF_UNMODIFIED_SINCE),
        if_range: text(headers, &IF_RANGE).map(IfRange::parse),
    }
}

/// A list of ETags, which may stand in several lines (RFC 9110, section 5.3).
fn etags(headers: &HeaderMap, name: &HeaderName) -> Option<ETagList> {
    let mut lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let first = lines.next()?;
    let more: Vec<_> = lines.collect();
    Some(if more.is_empty() { ETagList::parse(first) } else { ETagList::parse(&[&[first], &*more].concat().join(",")) })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use types::ETagPattern;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn conditions_are_read_and_what_cannot_be_is_not_there() {
        let none = headers(&[(IF_MODIFIED_SINCE, "yesterday"), (RANGE, "bytes=a-b"), (IF_UNMODIFIED_SINCE, "\u{e9}")]);
        assert_eq!((conditions(&none), range(&none)), (Conditions::default(), None));
        let sent = headers(&[(IF_NONE_MATCH, "\"a\""), (IF_NONE_MATCH, "W/\"b\""), (RANGE, "bytes=0-1")]);
        let tag = |tag: &str, weak| ETagPattern { tag: tag.to_owned(), weak };
        let both = ETagList::Of(vec![tag("a", false), tag("b", true)]);
        assert_eq!(conditions(&sent).if_none_match, Some(both));
        assert_eq!(range(&sent), Some(RangeSpec::Inclusive { first: 0, last: 1 }));
    }
}
