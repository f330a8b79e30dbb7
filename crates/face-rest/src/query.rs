//! Queries, as forms encode them: `+` is a space.

use crate::error::RestError;
use percent_encoding::percent_decode;
use std::str::FromStr;

/// The parameters of a query in their order. A name may stand several times.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub(crate) fn parse(text: &str) -> Result<Self, RestError> {
        let parameters = text.split('&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Some((decode(name)?, decode(value)?))
        });
        let parameters: Option<_> = parameters.collect();
        parameters.map(Self).ok_or_else(|| RestError::argument("The query is not UTF-8."))
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub(crate) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that is a number, or the like.
    ///
    /// # Errors
    /// If it is something else.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, RestError> {
        let parse = |text: &str| text.parse().map_err(|_| RestError::argument(format!("{name} is not valid.")));
        self.get(name).map(parse).transpose()
    }

    /// Whether the order is turned round: `direction` is `asc` or `desc`.
    ///
    /// # Errors
    /// If it is something else.
    pub(crate) fn descending(&self) -> Result<bool, RestError> {
        match self.get("direction") {
            None | Some("asc" | "") => Ok(false),
            Some("desc") => Ok(true),
            Some(_) => Err(RestError::argument("direction is asc or desc.")),
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_keep_their_order() {
        let query = Query::parse("a=1&a=2&&name=x+y%2Bz%C3%A9&flag").unwrap();
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((query.get("name"), query.get("flag"), query.get("b")), (Some("x y+zé"), Some(""), None));
        assert_eq!(query.parsed::<u32>("a").unwrap(), Some(1));
        assert!(query.parsed::<u32>("name").is_err());
        assert!(Query::parse("a=%FF").is_err());
    }

    #[test]
    fn a_direction_is_one_of_two() {
        let descending = |text: &str| Query::parse(text).unwrap().descending().ok();
        assert_eq!((descending(""), descending("direction=asc")), (Some(false), Some(false)));
        assert_eq!((descending("direction=desc"), descending("direction=up")), (Some(true), None));
    }
}
