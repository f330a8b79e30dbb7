//! PUT, GET and HEAD of each size at each concurrency, each beside its floor.

use crate::body::body;
use crate::client::Connection;
use crate::floors::{Floor, md5};
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::Outcome;
use crate::report::{Figure, Row, Target, quotient};
use crate::request::Request;
use crate::scale::bytes_in_words;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;
use std::time::Duration;

const DATA: &str = "objects";
/// Objects that are read are so many that they are at least this much ...
const READ_BYTES: usize = 256 * 1024 * 1024;
/// ... and between these.
const READ_KEYS_MIN: usize = 8;
const READ_KEYS_MAX: usize = 4096;
/// Bodies from this size on are not warmed up with: one already takes its time.
const LARGE_BYTES: usize = 16 * 1024 * 1024;

/// What is done to objects of one size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Put,
    Get,
    Head,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Head => "head",
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy)]
struct Cell {
    verb: Verb,
    bytes: usize,
    concurrency: usize,
}

impl Cell {
    fn name(self) -> String {
        format!("{} {} c{}", self.verb.name(), bytes_in_words(self.bytes), self.concurrency)
    }
}

/// What cells are compared with.
struct Floors {
    http: ServerProcess,
    put: ServerProcess,
    file_per_object: ServerProcess,
    sealed_stream: ServerProcess,
    md5_mebibytes_per_second: f64,
}

pub(super) async fn run(session: &mut Session) -> Outcome {
    let cells = cells(session);
    if cells.is_empty() {
        return Ok(());
    }
    let floors = Floors::start(session)?;
    let server = session.start_with_bucket(DATA).await?;
    for bytes in session.scale.sizes {
        if cells.iter().any(|cell| cell.verb != Verb::Put && cell.bytes == bytes) {
            populate(&server, bytes).await?;
        }
    }
    // What was just written is still in memory. Most reads are of what was not.
    server.stop()?;
    let server = session.start_cairn(DATA)?;
    for cell in cells {
        run_cell(session, &server, &floors, cell).await?;
    }
    session.discard(server, DATA)?;
    add_figures(session);
    Ok(())
}

fn cells(session: &Session) -> Vec<Cell> {
    let mut cells = Vec::new();
    for bytes in session.scale.sizes {
        let verbs: &[Verb] = match bytes {
            _ if bytes == session.scale.sizes[0] => &[Verb::Put, Verb::Get, Verb::Head],
            _ => &[Verb::Put, Verb::Get],
        };
        for &verb in verbs {
            cells.extend(session.scale.concurrencies.iter().map(|&concurrency| Cell { verb, bytes, concurrency }));
        }
    }
    cells.retain(|cell| session.wants(&cell.name()));
    cells
}

impl Floors {
    fn start(session: &mut Session) -> Outcome<Self> {
        let md5_mebibytes_per_second = md5::mebibytes_per_second(session.scale.time.min(Duration::from_secs(1)))?;
        session.add_figure(Figure::new("MD5 on one core", md5_mebibytes_per_second, " MiB/s"));
        Ok(Self {
            http: session.start_floor(Floor::Http)?,
            put: session.start_floor(Floor::Put)?,
            file_per_object: session.start_floor(Floor::FilePerObject)?,
            sealed_stream: session.start_floor(Floor::SealedStream)?,
            md5_mebibytes_per_second,
        })
    }
}

/// The floors of the cell, each with its name, directly before the cell itself: the machine is then the same.
async fn run_cell(session: &mut Session, server: &ServerProcess, floors: &Floors, cell: Cell) -> Outcome {
    let [small, medium, large, _] = session.scale.sizes;
    let floors_of_cell: Vec<(&str, &ServerProcess)> = match cell.verb {
        Verb::Put if cell.bytes == small => {
            vec![("floor-put", &floors.put), ("floor-file-per-object", &floors.file_per_object)]
        }
        Verb::Put if cell.bytes == medium => vec![("floor-put", &floors.put)],
        Verb::Put => vec![],
        Verb::Get if cell.bytes > large => vec![("floor-sealed-stream", &floors.sealed_stream)],
        Verb::Get | Verb::Head => vec![("floor-http", &floors.http)],
    };
    if cell.verb == Verb::Put && cell.bytes >= medium {
        session.warm_page_cache()?;
    }
    let mut floor_rows = Vec::new();
    for (name, floor) in floors_of_cell {
        let row = measure_cell(session, floor, cell, format!("{name} {}", cell.name())).await?;
        session.add(row.clone());
        floor_rows.push(Row { name: name.to_owned(), ..row });
    }
    let mut row = measure_cell(session, server, cell, cell.name()).await?;
    for floor in &floor_rows {
        row = row.beside(floor);
    }
    if cell.verb == Verb::Put && cell.bytes >= large {
        row = row.beside_core("MD5 on one core", floors.md5_mebibytes_per_second);
    }
    session.add(row);
    Ok(())
}

async fn measure_cell(session: &Session, server: &ServerProcess, cell: Cell, name: String) -> Outcome<Row> {
    let requests = match cell.verb {
        Verb::Put => {
            let count = session.scale.prepared(cell.bytes);
            let key = |index| format!("put/{}/{}/{index:06}", cell.bytes, cell.concurrency);
            requests(server, Method::PUT, count, key, &body(cell.bytes))?
        }
        Verb::Get => requests(server, Method::GET, read_keys(cell.bytes), read_key(cell.bytes), &Bytes::new())?,
        Verb::Head => requests(server, Method::HEAD, read_keys(cell.bytes), read_key(cell.bytes), &Bytes::new())?,
    };
    if cell.verb == Verb::Get && cell.bytes >= LARGE_BYTES {
        // Too large to warm up by time: each once, so that what is measured is in the page cache.
        prepare(server, requests.clone(), 1).await?;
    }
    let load = Load {
        requests: Arc::new(requests),
        concurrency: cell.concurrency,
        warm_up: if cell.bytes < LARGE_BYTES { session.scale.warm_up } else { Duration::ZERO },
        until: Until::Passed(session.scale.time),
    };
    Ok(Row::new(name, measure(server, load).await?))
}

fn requests(
    server: &ServerProcess,
    method: Method,
    count: usize,
    key: impl Fn(usize) -> String,
    body: &Bytes,
) -> Outcome<Vec<Request>> {
    let request = |index| server.signer.request(method.clone(), &format!("/{BUCKET}/{}", key(index)), body.clone());
    (0..count).map(request).collect()
}

/// The floors read the size from the key.
fn read_key(bytes: usize) -> impl Fn(usize) -> String {
    move |index| format!("get/{bytes}/{index:06}")
}

fn read_keys(bytes: usize) -> usize {
    (READ_BYTES / bytes.max(1)).clamp(READ_KEYS_MIN, READ_KEYS_MAX)
}

/// Puts the objects that are read later, and reads one back to see that it is what was put.
async fn populate(server: &ServerProcess, bytes: usize) -> Outcome {
    let puts = requests(server, Method::PUT, read_keys(bytes), read_key(bytes), &body(bytes))?;
    prepare(server, puts, 16).await?;
    let get = server.signer.request(Method::GET, &format!("/{BUCKET}/{}", read_key(bytes)(0)), Bytes::new())?;
    let read = Connection::open(server.address).await?.fetch(&get).await?;
    if read == body(bytes) { Ok(()) } else { Err(format!("an object of {bytes} bytes is not what was put")) }
}

/// The targets, where the measurements for them were asked for.
fn add_figures(session: &mut Session) {
    let [small, _, _, huge] = session.scale.sizes;
    let most = session.scale.most();
    let name = |verb, bytes, concurrency| Cell { verb, bytes, concurrency }.name();
    for verb in [Verb::Get, Verb::Head] {
        add_ratio(session, &name(verb, small, most), "floor-http", Some(Target::AtLeast(0.7)), Side::PerCpu);
    }
    let put = name(Verb::Put, small, most);
    for side in [Side::PerCpu, Side::Throughput] {
        add_ratio(session, &put, "floor-put", Some(Target::AtLeast(0.5)), side);
        add_ratio(session, &put, "floor-file-per-object", Some(Target::AtLeast(5.0)), side);
    }
    compare_floors_of_put(session, &put);
    for concurrency in session.scale.concurrencies.clone() {
        let (put, get) = (name(Verb::Put, huge, concurrency), name(Verb::Get, huge, concurrency));
        add_ratio(session, &put, "MD5 on one core", Some(Target::AtLeast(0.85)), Side::Throughput);
        add_ratio(session, &put, "MD5 on one core", None, Side::PerCpu);
        add_ratio(session, &get, "floor-sealed-stream", Some(Target::AtLeast(0.6)), Side::Throughput);
        add_ratio(session, &get, "floor-sealed-stream", None, Side::PerCpu);
    }
}

/// How far apart the two floors of small writes are: both targets cannot be met on a disk whose syncs are cheap.
fn compare_floors_of_put(session: &mut Session, put: &str) {
    let throughput = |floor| session.row(&format!("{floor} {put}")).map(|row| row.operations_per_second);
    let (Some(append), Some(files)) = (throughput("floor-put"), throughput("floor-file-per-object")) else { return };
    let unit = " of floor-file-per-object in throughput";
    session.add_figure(Figure::new(format!("floor-put {put}"), quotient(append, files), unit));
}

/// Which of a ratio's two numbers.
#[derive(Clone, Copy)]
enum Side {
    Throughput,
    PerCpu,
}

fn add_ratio(session: &mut Session, row: &str, floor: &str, target: Option<Target>, side: Side) {
    let ratio = session.row(row).and_then(|row| row.ratios.iter().find(|ratio| ratio.floor == floor));
    let Some(ratio) = ratio else { return };
    let (value, unit) = match side {
        Side::Throughput => (ratio.throughput, format!(" of {floor} in throughput")),
        Side::PerCpu => (ratio.per_cpu, format!(" of {floor} per CPU second")),
    };
    let figure = Figure { target, ..Figure::new(row, value, unit) };
    session.add_figure(figure);
}
