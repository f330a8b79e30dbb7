//! Pages by number: `page` and `per_page`, and what `result_info` says of them.

use crate::error::RestError;
use crate::query::Query;
use serde::Serialize;

/// Entries of a page, unless the client says otherwise.
const PER_PAGE_DEFAULT: usize = 20;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    number: usize,
    per_page: usize,
}

/// Where a page stands among the others.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct PageInfo {
    page: usize,
    per_page: usize,
    count: usize,
    total_count: usize,
    total_pages: usize,
}

impl Page {
    /// Reads `page` and `per_page`; more than `per_page_max` is as if that were asked for.
    ///
    /// # Errors
    /// If one is not a number from 1 on.
    pub(crate) fn parse(query: &Query, per_page_max: usize) -> Result<Self, RestError> {
        Self::parse_or(query, PER_PAGE_DEFAULT, per_page_max)
    }

    /// As [`Page::parse`], with so many entries unless the client says otherwise.
    ///
    /// # Errors
    /// As [`Page::parse`].
    pub(crate) fn parse_or(query: &Query, per_page_default: usize, per_page_max: usize) -> Result<Self, RestError> {
        let from_one = |name: &str, default| match query.parsed(name)? {
            Some(0) => Err(RestError::argument(format!("{name} is at least 1."))),
            number => Ok(number.unwrap_or(default)),
        };
        let per_page = from_one("per_page", per_page_default)?.min(per_page_max);
        Ok(Self { number: from_one("page", 1)?, per_page })
    }

    /// Which it is, from 1 on.
    pub(crate) fn number(self) -> usize {
        self.number
    }

    /// Entries before it.
    pub(crate) fn offset(self) -> usize {
        (self.number - 1).saturating_mul(self.per_page)
    }

    /// Most entries on it.
    pub(crate) fn limit(self) -> usize {
        self.per_page
    }

    /// The page of a list that is at hand.
    pub(crate) fn of<T>(self, entries: Vec<T>) -> (Vec<T>, PageInfo) {
        let total = entries.len();
        let entries: Vec<T> = entries.into_iter().skip(self.offset()).take(self.per_page).collect();
        let info = self.info(entries.len(), total);
        (entries, info)
    }

    /// What to say of it, with `count` entries of `total`.
    pub(crate) fn info(self, count: usize, total: usize) -> PageInfo {
        let total_pages = total.div_ceil(self.per_page);
        PageInfo { page: self.number, per_page: self.per_page, count, total_count: total, total_pages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Option<Page> {
        Page::parse(&Query::parse(query).unwrap(), 50).ok()
    }

    #[test]
    fn pages_are_numbered_from_one_and_bounded() {
        assert_eq!(page(""), Some(Page { number: 1, per_page: 20 }));
        assert_eq!(page("page=3&per_page=7").map(Page::offset), Some(14));
        assert_eq!(page("per_page=1000").map(Page::limit), Some(50));
        for bad in ["page=0", "per_page=0", "page=-1", "per_page=x", "page="] {
            assert_eq!(page(bad), None, "{bad}");
        }
        assert!(page(&format!("page={}", usize::MAX)).unwrap().offset() > 1_000_000);
    }

    #[test]
    fn a_page_says_where_it_stands() {
        let (entries, info) = page("page=2&per_page=5").unwrap().of((0..12).collect());
        assert_eq!(entries, [5, 6, 7, 8, 9]);
        assert_eq!(info, PageInfo { page: 2, per_page: 5, count: 5, total_count: 12, total_pages: 3 });
    }
}
