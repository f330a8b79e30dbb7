//! Pages of 1000 among ever more keys, flat and with a delimiter; then a start after `kill -9` with all of them.
//!
//! Ten keys to a directory, directories scattered over the key space, so that the store grows everywhere at once.
//! Before it is measured, every listing is walked to its end: it must show each key once.
//!
//! Ten thousand keys just put are still in memory, most of a million are not. Pages of common prefixes pass over ten
//! rows for each entry, and so are also measured after a start of the server, when all rows lie in table files.

use crate::body::body;
use crate::client::Connection;
use crate::floors::{Floor, scan};
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::Outcome;
use crate::report::{Figure, Row, Target, quotient};
use crate::request::Request;
use crate::scale::count_in_words;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use crate::workloads::start::first_answer;
use bytes::Bytes;
use http::Method;
use s3_protocol::percent::{self, Part};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DATA: &str = "list";
const KEYS_PER_DIRECTORY: usize = 10;
const OBJECT_BYTES: usize = 16;
/// Signed and sent together while populating.
const PUTS_AT_ONCE: usize = 20_000;
/// Of a long listing, so many pages are measured, evenly spaced.
const PAGES_MAX: usize = 100;
/// Rows of the raw scan.
const SCANNED_ROWS: usize = 100_000;

/// The kinds of listing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The first page only.
    First,
    /// Pages from all over the listing.
    Flat,
    /// Pages of common prefixes.
    Delimited,
    /// The same, after a start of the server.
    Restarted,
}

impl Kind {
    const ALL: [Self; 4] = [Self::First, Self::Flat, Self::Delimited, Self::Restarted];

    fn row_name(self, keys: usize) -> String {
        let kind = match self {
            Self::First => "first page",
            Self::Flat => "flat",
            Self::Delimited => "delimiter",
            Self::Restarted => "delimiter, restarted",
        };
        format!("list 1000 of {} {kind}", count_in_words(keys))
    }

    fn query(self) -> &'static str {
        match self {
            Self::First | Self::Flat => "list-type=2",
            Self::Delimited | Self::Restarted => "list-type=2&delimiter=%2F",
        }
    }

    /// What each entry of the listing begins with, and how many there are.
    fn entries(self, keys: usize) -> (&'static str, usize) {
        match self {
            Self::First | Self::Flat => ("<Contents>", keys),
            Self::Delimited | Self::Restarted => ("<CommonPrefixes>", keys / KEYS_PER_DIRECTORY),
        }
    }
}

pub(super) async fn run(session: &mut Session) -> Outcome {
    let counts = session.scale.list_keys.clone();
    let is_wanted = |keys: &usize| Kind::ALL.iter().any(|kind| session.wants(&kind.row_name(*keys)));
    if !counts.iter().any(is_wanted) {
        return Ok(());
    }
    let page = measure_floor(session).await?;
    let mut server = session.start_with_bucket(DATA).await?;
    let mut populated = 0;
    let mut put_time = Duration::ZERO;
    for keys in counts {
        let expected = put_time.mul_f64(quotient((keys - populated) as f64, populated as f64));
        if expected > session.scale.populate_time_max {
            let seconds = expected.as_secs();
            session.add_note(format!("{} keys would take {seconds} s to put: use --large", count_in_words(keys)));
            break;
        }
        put_time += populate(&server, populated..keys, session.scale.most()).await?;
        populated = keys;
        for kind in Kind::ALL {
            if kind == Kind::Restarted && session.wants(&kind.row_name(keys)) {
                server.stop()?;
                server = session.start_cairn(DATA)?;
            }
            run_kind(session, &server, kind, keys, &page).await?;
        }
    }
    add_figures(session, populated).await?;
    restart_killed(session, server, populated).await
}

/// A page from memory.
async fn measure_floor(session: &mut Session) -> Outcome<Row> {
    let floor = session.start_floor(Floor::Http)?;
    let request = floor.signer.request(Method::GET, &format!("/{BUCKET}?list-type=2"), Bytes::new())?;
    let row = Row::new("floor-http list page", measure(&floor, load(session, vec![request])).await?);
    session.add(row.clone());
    Ok(row)
}

async fn populate(server: &ServerProcess, keys: std::ops::Range<usize>, concurrency: usize) -> Outcome<Duration> {
    let started = Instant::now();
    let put = |index| server.signer.request(Method::PUT, &format!("/{BUCKET}/{}", key(index)), body(OBJECT_BYTES));
    for first in keys.clone().step_by(PUTS_AT_ONCE) {
        let requests: Outcome<Vec<Request>> = (first..keys.end.min(first + PUTS_AT_ONCE)).map(put).collect();
        prepare(server, requests?, concurrency).await?;
    }
    Ok(started.elapsed())
}

/// An odd factor scatters directories and keeps them apart.
fn key(index: usize) -> String {
    let directory = ((index / KEYS_PER_DIRECTORY) as u32).wrapping_mul(0x9e37_79b1);
    format!("{directory:08x}/{:02}", index % KEYS_PER_DIRECTORY)
}

async fn run_kind(session: &mut Session, server: &ServerProcess, kind: Kind, keys: usize, page: &Row) -> Outcome {
    let name = kind.row_name(keys);
    if !session.wants(&name) {
        return Ok(());
    }
    let pages = if kind == Kind::First {
        vec![request(server, kind, None)?]
    } else {
        sampled(&walk(server, kind, keys).await?)
    };
    let row = Row::new(name, measure(server, load(session, pages)).await?);
    session.add(row.beside(page));
    Ok(())
}

fn load(session: &Session, requests: Vec<Request>) -> Load {
    Load {
        requests: Arc::new(requests),
        concurrency: 1,
        warm_up: session.scale.warm_up,
        until: Until::Passed(session.scale.time),
    }
}

fn request(server: &ServerProcess, kind: Kind, token: Option<&str>) -> Outcome<Request> {
    let token = token.map(|token| format!("&continuation-token={}", percent::encode(token, Part::Query)));
    let target = format!("/{BUCKET}?{}{}", kind.query(), token.unwrap_or_default());
    server.signer.request(Method::GET, &target, Bytes::new())
}

/// Follows the listing to its end and returns the requests of its pages. Every entry must be seen, none twice.
async fn walk(server: &ServerProcess, kind: Kind, keys: usize) -> Outcome<Vec<Request>> {
    let mut connection = Connection::open(server.address).await?;
    let (entry, expected) = kind.entries(keys);
    let (mut pages, mut seen, mut token) = (Vec::new(), 0, None);
    loop {
        let request = request(server, kind, token.as_deref())?;
        let page = connection.fetch(&request).await?;
        let page = String::from_utf8_lossy(&page);
        pages.push(request);
        seen += page.matches(entry).count();
        token = next_token(&page);
        if token.is_none() || seen > expected {
            break;
        }
    }
    if seen == expected { Ok(pages) } else { Err(format!("a listing of {expected} entries showed {seen}")) }
}

fn next_token(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<NextContinuationToken>")?;
    let (token, _) = rest.split_once('<')?;
    Some(token.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// At most `PAGES_MAX` of them, evenly spaced. The last one is left out: it may be short.
fn sampled(pages: &[Request]) -> Vec<Request> {
    let full = if pages.len() > 1 { &pages[..pages.len() - 1] } else { pages };
    full.iter().step_by(full.len().div_ceil(PAGES_MAX).max(1)).cloned().collect()
}

/// How the cost of a page grows, and how it compares with rows alone.
async fn add_figures(session: &mut Session, most: usize) -> Outcome {
    let least = session.scale.list_keys.first().copied().unwrap_or_default();
    for kind in Kind::ALL {
        let cost = |keys| session.row(&kind.row_name(keys)).map(|row| row.cpu_microseconds_per_operation);
        let (Some(few), Some(many)) = (cost(least), cost(most)) else { continue };
        let unit = format!(" of the CPU of a page among {}", count_in_words(least));
        let figure = Figure::new(kind.row_name(most), quotient(many, few), unit).target(Target::AtMost(1.3));
        session.add_figure(figure);
    }
    let rows = SCANNED_ROWS.min(most);
    let scan = scan::page_time(&session.data("floor-scan"), rows, session.scale.time).await?.as_secs_f64() * 1e6;
    session.add_figure(Figure::new("raw scan of 1000 rows", scan / 1000.0, " ms"));
    let name = Kind::Flat.row_name(most);
    if let Some(row) = session.row(&name) {
        let figure = Figure::new(name, quotient(row.p50_microseconds, scan), " raw scans of 1000 rows, in time");
        session.add_figure(figure);
    }
    Ok(())
}

/// Kills the server in the middle of its work, so that there is something to recover, and starts it again.
async fn restart_killed(session: &mut Session, server: ServerProcess, keys: usize) -> Outcome {
    populate(&server, 0..keys.min(PUTS_AT_ONCE), session.scale.most()).await?;
    server.kill()?;
    let server = session.start_cairn(DATA)?;
    let time = first_answer(&server).await?.as_secs_f64() * 1000.0;
    let subject = format!("start to first answer, {} objects, after SIGKILL", count_in_words(keys));
    session.add_figure(Figure::new(subject, time, " ms").target(Target::AtMost(1000.0)));
    session.discard(server, DATA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_distinct_and_ten_to_a_directory() {
        let keys: HashSet<String> = (0..5000).map(key).collect();
        let directories: HashSet<&str> = keys.iter().filter_map(|key| key.split('/').next()).collect();
        assert_eq!((keys.len(), directories.len()), (5000, 500));
    }

    #[test]
    fn the_token_of_a_page_is_read() {
        let page = "<A><NextContinuationToken>a&amp;b</NextContinuationToken></A>";
        assert_eq!(next_token(page), Some("a&b".to_owned()));
        assert_eq!(next_token("<A></A>"), None);
    }
}
