//! Pages by cursor: what a page is asked for, and where the next one begins.

use crate::error::RestError;
use crate::query::Query;
use serde::Serialize;
use types::limits::LIST_PAGE_MAX;

/// Entries of a page, unless the client says otherwise.
const PER_PAGE_DEFAULT: usize = 20;

/// How many entries a page may have: 1 to [`LIST_PAGE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSize(pub(crate) usize);

/// Where the next page begins; without a cursor this was the last.
#[derive(Serialize)]
pub(crate) struct CursorInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: usize,
}

impl PageSize {
    /// Reads `per_page`.
    ///
    /// # Errors
    /// If it is not 1 to [`LIST_PAGE_MAX`].
    pub(crate) fn parse(query: &Query) -> Result<Self, RestError> {
        match query.parsed("per_page")? {
            None => Ok(Self(PER_PAGE_DEFAULT)),
            Some(size @ 1..=LIST_PAGE_MAX) => Ok(Self(size)),
            Some(_) => Err(RestError::argument(format!("per_page is 1 to {LIST_PAGE_MAX}."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_to_a_thousand_entries() {
        let size = |query: &str| PageSize::parse(&Query::parse(query).unwrap()).ok().map(|size| size.0);
        assert_eq!((size(""), size("per_page=1"), size("per_page=1000")), (Some(20), Some(1), Some(1000)));
        for bad in ["per_page=0", "per_page=1001", "per_page=-1", "per_page=x", "per_page="] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }
}
