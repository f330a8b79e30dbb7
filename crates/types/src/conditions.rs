//! Conditional requests. RFC 9110 section 13; R2 "Release notes" 2022-07-30 (several, weak and `*` ETags).

use crate::{ETag, Timestamp};

/// What a client demands of the object it reads, replaces or copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<ETagList>,
    /// `If-None-Match`.
    pub if_none_match: Option<ETagList>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
    /// `If-Range`: never fails a request, but decides whether its `Range` counts.
    pub if_range: Option<IfRange>,
}

/// What a client has some bytes of, of which it wants more (RFC 9110, section 13.1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfRange {
    /// The object with this ETag.
    Tag(ETagPattern),
    /// The object of this `Last-Modified`.
    Date(Timestamp),
}

impl IfRange {
    /// Reads the header: an ETag, also one without quotes, or a date.
    pub fn parse(header: &str) -> Self {
        Timestamp::parse_http_date(header).map_or_else(|| Self::Tag(ETagPattern::parse(header)), Self::Date)
    }
}

/// The ETags of one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETagList {
    /// `*`: any object at all.
    Any,
    /// Those listed; a list without one matches nothing.
    Of(Vec<ETagPattern>),
}

/// One ETag of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETagPattern {
    /// What stands between its quotes.
    pub tag: String,
    /// `W/`: good for `If-None-Match`, never for `If-Match`.
    pub weak: bool,
}

/// What the conditions of a read say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadVerdict {
    /// Answer the object.
    Proceed,
    /// 304 Not Modified.
    NotModified,
    /// 412 Precondition Failed.
    Failed,
}

impl ETagList {
    /// Reads a header: `*`, or ETags separated by commas, weak ones with `W/`. Quotes may be missing, as many S3
    /// clients send them; a comma between quotes belongs to its ETag.
    pub fn parse(header: &str) -> Self {
        let mut patterns = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches([',', ' ', '\t']);
            if rest.is_empty() {
                return Self::Of(patterns);
            }
            let (item, after) = split_item(rest);
            if item == "*" {
                return Self::Any;
            }
            patterns.push(ETagPattern::parse(item));
            rest = after;
        }
    }

    /// The strong comparison of RFC 9110, section 8.8.3.2, for `If-Match`.
    fn matches_strongly(&self, etag: &ETag) -> bool {
        self.matches(etag, |pattern| !pattern.weak)
    }

    /// The weak comparison, for `If-None-Match`.
    fn matches_weakly(&self, etag: &ETag) -> bool {
        self.matches(etag, |_| true)
    }

    fn matches(&self, etag: &ETag, counts: impl Fn(&ETagPattern) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Of(patterns) => {
                let text = etag.to_string();
                patterns.iter().any(|pattern| counts(pattern) && pattern.tag == text)
            }
        }
    }
}

/// The first item of a list that begins with one, and what follows its comma.
fn split_item(list: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = list.find(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let (item, after) = list.split_at(end.unwrap_or(list.len()));
    (item.trim_end(), after)
}

impl ETagPattern {
    fn parse(item: &str) -> Self {
        let (weak, tag) = item.strip_prefix("W/").map_or((false, item), |tag| (true, tag));
        Self { tag: tag.trim_matches('"').to_owned(), weak }
    }
}

impl Conditions {
    /// True if nothing is demanded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Judges a read of an existing object, in the order of RFC 9110 section 13.2.2.
    /// Times compare in whole seconds, since `Last-Modified` shows no more.
    pub fn judge_read(&self, etag: &ETag, modified: Timestamp) -> ReadVerdict {
        let unmodified_since = |limit: &Timestamp| modified.seconds() <= limit.seconds();
        let matched = match (&self.if_match, &self.if_unmodified_since) {
            (Some(list), _) => list.matches_strongly(etag),
            (None, Some(limit)) => unmodified_since(limit),
            (None, None) => true,
        };
        if !matched {
            return ReadVerdict::Failed;
        }
        let fresh = match (&self.if_none_match, &self.if_modified_since) {
            (Some(list), _) => !list.matches_weakly(etag),
            (None, Some(limit)) => !unmodified_since(limit),
            (None, None) => true,
        };
        if fresh { ReadVerdict::Proceed } else { ReadVerdict::NotModified }
    }

    /// False if the client has bytes of another object, so that a range of this one is of no use to it.
    pub fn allow_range(&self, etag: &ETag, modified: Timestamp) -> bool {
        match &self.if_range {
            None => true,
            Some(IfRange::Tag(pattern)) => !pattern.weak && pattern.tag == etag.to_string(),
            Some(IfRange::Date(date)) => modified.seconds() == date.seconds(),
        }
    }

    /// Judges a write over `stored`, the object's ETag and time if there is one: true to go on, false for 412.
    /// What is not there matches no ETag and was not modified since any time.
    pub fn allow_write(&self, stored: Option<(&ETag, Timestamp)>) -> bool {
        match stored {
            Some((etag, modified)) => self.judge_read(etag, modified) == ReadVerdict::Proceed,
            None => self.if_match.is_none() && self.if_modified_since.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Md5;

    const MODIFIED: Timestamp = Timestamp(1_000_500);

    fn read(conditions: Conditions) -> ReadVerdict {
        conditions.judge_read(&ETag::Whole(Md5([0xab; 16])), MODIFIED)
    }

    fn list(text: &str) -> Option<ETagList> {
        Some(ETagList::parse(text))
    }

    fn if_match(header: &str) -> ReadVerdict {
        read(Conditions { if_match: list(header), ..Default::default() })
    }

    fn if_none_match(header: &str) -> ReadVerdict {
        read(Conditions { if_none_match: list(header), ..Default::default() })
    }

    #[test]
    fn etags_match_with_and_without_quotes_among_others_and_any() {
        let tag = "ab".repeat(16);
        for header in [&format!("\"{tag}\""), &tag, &format!("\"x\" ,, \"{tag}\" "), "*", "\"x\", *"] {
            assert_eq!(if_match(header), ReadVerdict::Proceed, "{header}");
            assert_eq!(if_none_match(header), ReadVerdict::NotModified, "{header}");
        }
        for header in ["\"x\"", "", ",", "\"*\"", &format!("\"x,{tag},y\""), &tag.to_uppercase()] {
            assert_eq!(if_match(header), ReadVerdict::Failed, "{header}");
            assert_eq!(if_none_match(header), ReadVerdict::Proceed, "{header}");
        }
    }

    #[test]
    fn a_weak_etag_says_that_nothing_changed_but_not_that_all_is_the_same() {
        let weak = format!("\"x\", W/\"{}\"", "ab".repeat(16));
        assert_eq!(if_match(&weak), ReadVerdict::Failed);
        assert_eq!(if_none_match(&weak), ReadVerdict::NotModified);
    }

    #[test]
    fn times_compare_in_seconds_and_yield_to_etags() {
        let same_second = Some(Timestamp(1_000_000));
        let before = Some(Timestamp(999_000));
        let with = |if_modified_since, if_unmodified_since| Conditions {
            if_modified_since,
            if_unmodified_since,
            ..Default::default()
        };
        assert_eq!(read(with(same_second, None)), ReadVerdict::NotModified);
        assert_eq!(read(with(before, None)), ReadVerdict::Proceed);
        assert_eq!(read(with(None, same_second)), ReadVerdict::Proceed);
        assert_eq!(read(with(None, before)), ReadVerdict::Failed);
        assert_eq!(read(Conditions { if_match: list("*"), ..with(None, before) }), ReadVerdict::Proceed);
        assert_eq!(read(Conditions { if_none_match: list("\"x\""), ..with(same_second, None) }), ReadVerdict::Proceed);
    }

    #[test]
    fn a_range_is_good_only_of_the_very_object_that_the_client_has_part_of() {
        let tag = "ab".repeat(16);
        let allowed = |header: &str| {
            let if_range = Some(IfRange::parse(header));
            Conditions { if_range, ..Default::default() }.allow_range(&ETag::Whole(Md5([0xab; 16])), MODIFIED)
        };
        for same in [&*format!("\"{tag}\""), &tag, "Thu, 01 Jan 1970 00:16:40 GMT"] {
            assert!(allowed(same), "{same}");
        }
        for other in [&*format!("W/\"{tag}\""), "\"x\"", "*", "", "Thu, 01 Jan 1970 00:16:41 GMT"] {
            assert!(!allowed(other), "{other}");
        }
    }

    #[test]
    fn a_write_over_nothing_fails_what_demands_something() {
        let (etags, date) = (|| list("*"), Some(MODIFIED));
        let over_nothing = |conditions: Conditions| conditions.allow_write(None);
        assert!(over_nothing(Conditions { if_none_match: etags(), ..Default::default() }));
        assert!(over_nothing(Conditions { if_unmodified_since: date, ..Default::default() }));
        assert!(!over_nothing(Conditions { if_match: etags(), if_unmodified_since: date, ..Default::default() }));
        assert!(!over_nothing(Conditions { if_modified_since: date, ..Default::default() }));
    }

    #[test]
    fn a_write_is_held_to_what_a_read_is_held_to() {
        let etag = ETag::Whole(Md5([0xab; 16]));
        let over = |conditions: Conditions| conditions.allow_write(Some((&etag, MODIFIED)));
        assert!(over(Conditions { if_match: list("*"), ..Default::default() }));
        assert!(!over(Conditions { if_none_match: list("*"), ..Default::default() }));
        assert!(!over(Conditions { if_modified_since: Some(MODIFIED), ..Default::default() }));
        assert!(over(Conditions { if_unmodified_since: Some(MODIFIED), ..Default::default() }));
    }
}
