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
}

/// The ETags of one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETagList {
    /// `*`: any object at all.
    Any,
    /// One or more.
    Of(Vec<ETagPattern>),
}

/// One ETag of a header, weak or strong; R2 compares both by their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETagPattern(pub String);

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
    /// Reads a header: `*`, or ETags separated by commas, with or without quotes and `W/`.
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let clean = |item: &str| {
            let item = item.trim();
            let item = item.strip_prefix("W/").unwrap_or(item);
            ETagPattern(item.trim_matches('"').to_ascii_lowercase())
        };
        Self::Of(header.split(',').map(clean).filter(|pattern| !pattern.0.is_empty()).collect())
    }

    fn matches(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::Of(patterns) => {
                let text = etag.to_string();
                patterns.iter().any(|pattern| pattern.0 == text || pattern.0 == "*")
            }
        }
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
            (Some(list), _) => list.matches(etag),
            (None, Some(limit)) => unmodified_since(limit),
            (None, None) => true,
        };
        if !matched {
            return ReadVerdict::Failed;
        }
        let fresh = match (&self.if_none_match, &self.if_modified_since) {
            (Some(list), _) => !list.matches(etag),
            (None, Some(limit)) => !unmodified_since(limit),
            (None, None) => true,
        };
        if fresh { ReadVerdict::Proceed } else { ReadVerdict::NotModified }
    }

    /// Judges a write over `stored`, the object's ETag and time if there is one: true to go on, false for 412.
    pub fn allow_write(&self, stored: Option<(&ETag, Timestamp)>) -> bool {
        match stored {
            Some((etag, modified)) => self.judge_read(etag, modified) == ReadVerdict::Proceed,
            None => self.if_match.is_none(),
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

    #[test]
    fn etags_match_quoted_weak_several_and_any() {
        let tag = "ab".repeat(16);
        for header in
            [format!("\"{tag}\""), tag.clone(), format!("W/\"{tag}\""), format!("\"x\", \"{tag}\""), "*".into()]
        {
            assert_eq!(read(Conditions { if_match: list(&header), ..Default::default() }), ReadVerdict::Proceed);
            assert_eq!(
                read(Conditions { if_none_match: list(&header), ..Default::default() }),
                ReadVerdict::NotModified
            );
        }
        assert_eq!(read(Conditions { if_match: list("\"x\""), ..Default::default() }), ReadVerdict::Failed);
        assert_eq!(read(Conditions { if_none_match: list("\"x\""), ..Default::default() }), ReadVerdict::Proceed);
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
    fn a_write_over_nothing_fails_only_if_match() {
        assert!(Conditions { if_none_match: list("*"), ..Default::default() }.allow_write(None));
        assert!(!Conditions { if_match: list("*"), ..Default::default() }.allow_write(None));
    }
}
