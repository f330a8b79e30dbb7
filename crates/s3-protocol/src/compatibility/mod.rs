//! Every operation, header and parameter of S3 and what becomes of it here, in the order of R2's page "S3 API
//! compatibility". The router takes the names of what it refuses from it, a test writes docs/s3.md from it, and tests
//! send each line to the router and to a whole server, so that neither the page nor the table can say what is not so.

mod buckets;
mod features;
mod objects;
mod others;
#[cfg(test)]
mod tests;

pub use buckets::{BUCKETS, BUCKETS_UNIMPLEMENTED};
pub use features::EVERYWHERE;
pub use objects::{OBJECTS, OBJECTS_UNIMPLEMENTED};
pub use others::OTHERS;

use crate::request::RequestHead;

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The account.
    Account,
    /// A bucket.
    Bucket,
    /// An object.
    Object,
}

/// What becomes of an operation, a header or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does what S3 says.
    Implemented,
    /// It answers what a bucket answers that S3 has just made, always.
    Dummy,
    /// It is accepted and changes nothing.
    Ignored,
    /// 501 `NotImplemented`, and nothing happens.
    NotImplemented,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct OperationEntry {
    /// S3's name.
    pub name: &'static str,
    /// What it is about.
    pub level: Level,
    /// Its method.
    pub method: &'static str,
    /// The parameters that select it, with values where it needs them; empty if none does.
    pub query: &'static str,
    /// The headers that select it.
    pub headers: &'static [(&'static str, &'static str)],
    /// What becomes of it.
    pub state: State,
    /// Whether R2's page says that it has it.
    pub in_r2: bool,
    /// Its headers and parameters beside those of [`EVERYWHERE`].
    pub features: &'static [&'static [Feature]],
}

/// Where a feature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header.
    Header,
    /// In the query.
    Parameter,
}

/// A header or parameter of an operation, with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Where it stands.
    pub place: Place,
    /// Its name, in lower case for a header.
    pub name: &'static str,
    /// A value of the kind meant.
    pub value: &'static str,
    /// What becomes of it.
    pub state: State,
    /// Whether R2's page says that it has it.
    pub in_r2: bool,
    /// Whether its state is that of this value only, which then belongs to the name.
    pub of_value: bool,
}

impl OperationEntry {
    /// All its headers and parameters.
    pub fn all_features(&self) -> impl Iterator<Item = &'static Feature> {
        self.features.iter().copied().flatten()
    }

    /// The names of the parameters that select it.
    fn selectors(&self) -> impl Iterator<Item = &'static str> {
        self.query
            .split('&')
            .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
            .filter(|name| !name.is_empty())
    }
}

/// Every operation.
pub fn operations() -> impl Iterator<Item = &'static OperationEntry> {
    BUCKETS.iter().chain(BUCKETS_UNIMPLEMENTED).chain(OBJECTS).chain(OBJECTS_UNIMPLEMENTED).chain(OTHERS)
}

/// The operation of S3, not implemented here, that a parameter of a request selects: of several the one that needs the
/// most of the request's parameters.
pub(crate) fn refused(level: Level, head: &RequestHead<'_>, parameter: &str) -> Option<&'static OperationEntry> {
    let refused = operations().filter(|entry| {
        entry.state == State::NotImplemented
            && entry.level == level
            && entry.method == head.method.as_str()
            && entry.selectors().any(|name| name == parameter)
            && entry.selectors().all(|name| head.query().has(name))
    });
    refused.max_by_key(|entry| entry.selectors().count())
}

/// An operation that R2 has.
const fn implemented(
    name: &'static str,
    level: Level,
    (method, query): (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    OperationEntry { name, level, method, query, headers: &[], state: State::Implemented, in_r2: true, features }
}

/// An operation that R2 has not.
const fn unimplemented(
    name: &'static str,
    level: Level,
    (method, query): (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    let entry = implemented(name, level, (method, query), features);
    OperationEntry { state: State::NotImplemented, in_r2: false, ..entry }
}
