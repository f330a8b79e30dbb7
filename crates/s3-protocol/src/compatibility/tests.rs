//! The table against the router, and the page that is written from it.

use super::*;
use crate::operation::Operation;
use crate::request::RequestHead;
use crate::route::{HostRules, route};
use http::{HeaderName, HeaderValue, Request};
use std::fmt::Write;
use types::{ErrorCode, OperationError};

/// Sends an operation to the router, perhaps with one more header or parameter.
fn routed(entry: &OperationEntry, feature: Option<&Feature>) -> Result<Operation, OperationError> {
    let path = match entry.level {
        Level::Account => "/",
        Level::Bucket => "/compatible",
        Level::Object => "/compatible/a",
    };
    let parameter = feature.filter(|feature| feature.place == Place::Parameter);
    let parameter = parameter.map(|feature| format!("{}={}", feature.name, feature.value));
    let query: Vec<_> =
        [entry.query, parameter.as_deref().unwrap_or("")].into_iter().filter(|q| !q.is_empty()).collect();
    let mut request =
        Request::builder().method(entry.method).uri(format!("{path}?{}", query.join("&"))).body(()).unwrap();
    let header = feature.filter(|feature| feature.place == Place::Header).map(|feature| (feature.name, feature.value));
    for (name, value) in entry.headers.iter().copied().chain(header) {
        request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let (parts, ()) = request.into_parts();
    route(&RequestHead::new(&parts), &HostRules::default()).map(|route| route.operation)
}

#[test]
fn the_router_knows_each_operation_as_the_table_does() {
    for entry in operations() {
        match (entry.state, routed(entry, None)) {
            (State::NotImplemented, Err(error)) => {
                assert_eq!(error.code, ErrorCode::NotImplemented, "{}", entry.name);
                assert!(error.message().starts_with(entry.name), "{}: {error}", entry.name);
            }
            (State::Implemented | State::Dummy, Ok(operation)) => assert_eq!(operation.name(), entry.name),
            (state, routed) => panic!("{} is {state:?} in the table: {routed:?}", entry.name),
        }
    }
}

#[test]
fn no_operation_stands_twice_in_the_table() {
    let mut names: Vec<_> = operations().map(|entry| entry.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Headers whose values are refused where they are decoded are left to the test of the whole server.
#[test]
fn the_router_lets_through_what_the_table_calls_implemented_or_ignored() {
    for entry in operations().filter(|entry| entry.state != State::NotImplemented) {
        for feature in entry.all_features().chain(EVERYWHERE) {
            let refused = routed(entry, Some(feature)).is_err_and(|error| error.code == ErrorCode::NotImplemented);
            let known = feature.state != State::NotImplemented;
            assert!(!(known && refused), "{} with {feature:?}", entry.name);
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test writes the page it checks")]
fn the_page_of_the_s3_api_lists_every_line() {
    let mut page = String::from(INTRODUCTION);
    for (title, entries) in [
        ("Operations on buckets", BUCKETS),
        ("Operations on buckets that R2 calls unimplemented", BUCKETS_UNIMPLEMENTED),
        ("Operations on objects", OBJECTS),
        ("Operations on objects that R2 calls unimplemented", OBJECTS_UNIMPLEMENTED),
        ("Other operations of S3", OTHERS),
    ] {
        write!(page, "\n## {title}\n\n{HEADING}").unwrap();
        entries.iter().for_each(|entry| page += &line(entry));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/s3.md");
    if std::fs::read_to_string(path).ok().as_ref() != Some(&page) {
        std::fs::write(path, &page).unwrap();
        panic!("docs/s3.md was not the table; it is now");
    }
}

const INTRODUCTION: &str = "# The S3 API\n\n<!-- Written by a test of `crates/s3-protocol/src/compatibility`. -->\n
Every operation of S3, with its headers and parameters, in the order of R2's page \"S3 API compatibility\". Tests send
each line of this page to a server.

- **implemented**: it does what S3 and R2 say.
- **dummy**: it always answers what a bucket answers that S3 has just made.
- **ignored**: it is accepted and changes nothing.
- **501**: it is refused with `NotImplemented`, and nothing happens. So is every query parameter that is not listed.

A star marks what R2's page says it has not, or does not name, and what is here all the same. With every operation the
parameters `x-id` and `x-purpose` are ignored; so is every header that has no meaning in S3.

GetBucketLifecycle, PutBucketLifecycle, GetBucketNotification and PutBucketNotification are older names for the requests
that are listed with `Configuration` at their end.
";

const HEADING: &str =
    "| operation | request | state | implemented | ignored | 501 |\n| --- | --- | --- | --- | --- | --- |\n";

fn line(entry: &OperationEntry) -> String {
    let path = match entry.level {
        Level::Account => "/",
        Level::Bucket => "/bucket",
        Level::Object => "/bucket/key",
    };
    let pairs: Vec<_> = entry.query.split('&').filter(|pair| !pair.is_empty()).map(shown_pair).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let headers: String = entry.headers.iter().map(|(name, _)| format!(", `{name}`")).collect();
    let star = if entry.in_r2 || entry.state == State::NotImplemented { "" } else { "*" };
    let state = match entry.state {
        State::Implemented => "implemented",
        State::Dummy => "dummy",
        State::Ignored => "ignored",
        State::NotImplemented => "501",
    };
    format!(
        "| {}{} | `{} {path}{query}`{headers} | {state} | {} | {} | {} |\n",
        entry.name,
        star.replace('*', "\\*"),
        entry.method,
        features(entry, State::Implemented),
        features(entry, State::Ignored),
        features(entry, State::NotImplemented),
    )
}

/// A parameter of the request line; values that only stand for any are left out.
fn shown_pair(pair: &str) -> &str {
    match pair.split_once('=') {
        Some((name, _)) if !matches!(name, "list-type" | "select-type") => name,
        _ => pair,
    }
}

fn features(entry: &OperationEntry, state: State) -> String {
    let shown = entry.all_features().filter(|feature| feature.state == state).map(|feature| {
        let star = if feature.in_r2 || state == State::NotImplemented { "" } else { "\\*" };
        let value = if feature.of_value { format!(": {}", feature.value) } else { String::new() };
        format!("`{}{value}`{star}", feature.name)
    });
    shown.collect::<Vec<_>>().join(", ")
}
