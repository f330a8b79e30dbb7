//! What a busy bucket sees: 70 % GET, 20 % PUT, 5 % LIST, 5 % DELETE, of objects of several small sizes at once.
//!
//! GET reads objects that stay, PUT writes new ones, LIST shows a directory of a hundred, DELETE removes objects that
//! were put for it.

use crate::body::body;
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::Outcome;
use crate::report::Row;
use crate::request::Request;
use crate::scale::bytes_in_words;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;

const DATA: &str = "mixed";
/// Objects that stay, and their directories.
const READ_KEYS: usize = 2000;
const DIRECTORY_KEYS: usize = 100;
/// The sizes of objects lie between these two of the table: 4 KiB and 64 KiB.
const SIZES: usize = 5;

pub(super) async fn run(session: &mut Session) -> Outcome {
    let [small, medium, ..] = session.scale.sizes;
    let concurrency = session.scale.most();
    let range = format!("{}-{}", bytes_in_words(small), bytes_in_words(medium));
    let name = format!("mixed 70/20/5/5 {range} c{concurrency}");
    if !session.wants(&name) {
        return Ok(());
    }
    let sizes: [usize; SIZES] = std::array::from_fn(|step| small + (medium - small) * step / (SIZES - 1));
    let count = session.scale.prepared_max;
    let server = session.start_with_bucket(DATA).await?;
    prepare(&server, stored(&server, count, &sizes)?, concurrency).await?;
    let load = Load {
        requests: Arc::new(operations(&server, count, &sizes)?),
        concurrency,
        warm_up: session.scale.warm_up,
        until: Until::Passed(session.scale.time),
    };
    session.add(Row::new(name, measure(&server, load).await?));
    session.discard(server, DATA)
}

/// Puts what `count` operations read and delete.
fn stored(server: &ServerProcess, count: usize, sizes: &[usize; SIZES]) -> Outcome<Vec<Request>> {
    let doomed = (0..count).filter(|index| kind(*index) == Kind::Delete);
    (0..READ_KEYS)
        .map(|index| put(server, &read_key(index), sizes[index % SIZES]))
        .chain(doomed.map(|index| put(server, &format!("doomed/{index}"), sizes[0])))
        .collect()
}

fn operations(server: &ServerProcess, count: usize, sizes: &[usize; SIZES]) -> Outcome<Vec<Request>> {
    let operation = |index| match kind(index) {
        Kind::Get => server.signer.request(Method::GET, &target(&read_key(index)), Bytes::new()),
        Kind::Put => put(server, &format!("new/{index}"), sizes[index % SIZES]),
        Kind::List => {
            let directory = index % (READ_KEYS / DIRECTORY_KEYS);
            let list = format!("/{BUCKET}?list-type=2&prefix=read%2F{directory:02}%2F");
            server.signer.request(Method::GET, &list, Bytes::new())
        }
        Kind::Delete => server.signer.request(Method::DELETE, &target(&format!("doomed/{index}")), Bytes::new()),
    };
    (0..count).map(operation).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Get,
    Put,
    List,
    Delete,
}

/// Spread evenly: of each twenty operations in succession fourteen, four, one and one.
fn kind(index: usize) -> Kind {
    // 7 and 20 have no common factor, so that each position is met once in twenty.
    match index * 7 % 20 {
        0..=13 => Kind::Get,
        14..=17 => Kind::Put,
        18 => Kind::List,
        _ => Kind::Delete,
    }
}

fn read_key(index: usize) -> String {
    let index = index % READ_KEYS;
    format!("read/{:02}/{:02}", index / DIRECTORY_KEYS, index % DIRECTORY_KEYS)
}

fn target(key: &str) -> String {
    format!("/{BUCKET}/{key}")
}

fn put(server: &ServerProcess, key: &str, bytes: usize) -> Outcome<Request> {
    server.signer.request(Method::PUT, &target(key), body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_operations_seventy_twenty_five_and_five() {
        let count = |wanted| (0..100).filter(|index| kind(*index) == wanted).count();
        assert_eq!([Kind::Get, Kind::Put, Kind::List, Kind::Delete].map(count), [70, 20, 5, 5]);
    }
}
