//! Finding the row of a request in the table of routes, and the values of its path's variable parts.

use crate::error::{Domain, RestError};
use crate::request::{Answering, Call, CallBody};
use crate::routes::ROUTES;
use http::Method;
use operations::Action;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What every path of the API begins with.
pub const PREFIX: &str = "/client/v4";

/// Answers a call.
pub(crate) type Handler = for<'a> fn(Call<'a>, CallBody<'a>) -> Answering<'a>;

/// Who may make a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    /// Everybody, without a token.
    Open,
    /// Whoever bears a token that holds.
    AnyToken,
    /// Whose token gives this: the operation asks the permission matrix for it.
    Needs(&'static [Action]),
}

/// What a call's body is, for its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    None,
    Json,
    Bytes,
}

/// A row of the table of routes.
pub(crate) struct Route {
    /// HTTP method.
    pub(crate) method: &'static str,
    /// Path below [`PREFIX`]. `{name}` is one segment, `{name...}` all that is left.
    pub(crate) pattern: &'static str,
    /// Which part of the API it belongs to.
    pub(crate) domain: Domain,
    /// Who may make it.
    pub(crate) access: Access,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
    /// The query parameters it knows.
    pub(crate) query: &'static [&'static str],
    /// Those of them that it cannot do without.
    pub(crate) required: &'static [&'static str],
    /// The headers it goes by, apart from those of every call.
    pub(crate) headers: &'static [&'static str],
    /// What its body is.
    pub(crate) body: BodyKind,
    /// The function.
    pub(crate) handler: Handler,
}

impl Route {
    /// The same row with query parameters.
    pub(crate) const fn query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    /// The same row with query parameters that it cannot do without; they are also among [`Route::query`].
    pub(crate) const fn required(mut self, names: &'static [&'static str]) -> Self {
        self.required = names;
        self
    }

    /// The same row with headers.
    pub(crate) const fn headers(mut self, names: &'static [&'static str]) -> Self {
        self.headers = names;
        self
    }

    /// The same row with a JSON body.
    pub(crate) const fn json(mut self) -> Self {
        self.body = BodyKind::Json;
        self
    }

    /// The same row with a body of any bytes.
    pub(crate) const fn bytes(mut self) -> Self {
        self.body = BodyKind::Bytes;
        self
    }
}

/// The variable parts of a path.
#[derive(Debug, Default)]
pub(crate) struct PathValues<'a> {
    path: &'a str,
    values: Vec<(&'static str, &'a str)>,
}

impl PathValues<'_> {
    /// A part that the route has, without its escapes.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Cow<'_, str>, RestError> {
        let raw = self.raw(name).unwrap_or_default();
        percent_decode_str(raw).decode_utf8().map_err(|_| RestError::unreadable_route(self.path))
    }

    /// A part as it was sent, if the route has it.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Finds the row for a method and a path below [`PREFIX`].
///
/// # Errors
/// 7003 if no row has the path; 405 if rows have it with other methods only.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Result<(&'static Route, PathValues<'a>), RestError> {
    let mut known = None;
    for route in ROUTES {
        let Some(values) = matches(route.pattern, path) else { continue };
        if method.as_str() == route.method {
            return Ok((route, PathValues { path, values }));
        }
        known = Some(route.domain);
    }
    Err(match known {
        Some(Domain::Product) => RestError::new(405, 10405, "Method not allowed for this resource."),
        Some(_) => RestError::new(405, 7001, format!("Method {method} not available for that URI.")),
        None if lacks_bucket(path) => RestError::new(400, 10015, "The name of a bucket is missing in the path."),
        None => RestError::no_route(&format!("{PREFIX}{path}")),
    })
}

/// Whether a path would be one of the calls about a bucket if it named one.
fn lacks_bucket(path: &str) -> bool {
    let mut segments = path.split('/');
    let before = [segments.next(), segments.next(), segments.nth(1), segments.next()];
    before == [Some(""), Some("accounts"), Some("r2"), Some("buckets")] && segments.next() == Some("")
}

/// The values of a pattern's variable parts if the path is of that pattern. No variable part is empty.
fn matches<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (mut pattern, mut path) = (pattern.strip_prefix('/')?, path.strip_prefix('/')?);
    let mut values = Vec::new();
    loop {
        let (expected, more_expected) = split(pattern);
        if let Some(name) = expected.strip_prefix('{').and_then(|rest| rest.strip_suffix("...}")) {
            values.push((name, path));
            return (!path.is_empty()).then_some(values);
        }
        let (segment, more) = split(path);
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => values.push((name, segment)),
            None if expected != segment => return None,
            None => {}
        }
        match (more_expected, more) {
            (Some(rest), Some(path_rest)) => (pattern, path) = (rest, path_rest),
            (None, None) => return Some(values),
            _ => return None,
        }
    }
}

/// The first segment, and what is behind its slash.
fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

#[cfg(test)]
mod tests;
