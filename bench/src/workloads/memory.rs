//! Peak memory under many large transfers at once: uploads, downloads, and readers that hardly read.

use crate::body::body;
use crate::client::Connection;
use crate::load::{Load, Requests, Until, measure};
use crate::outcome::{Doing, Outcome};
use crate::report::{Figure, Row, Target};
use crate::request::Request;
use crate::scale::bytes_in_words;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const DATA: &str = "memory";
const PEAK_MEBIBYTES_MAX: f64 = 256.0;
/// A slow reader takes so much ...
const SLOW_READ_BYTES: usize = 16 * 1024;
/// ... then waits so long.
const SLOW_READ_PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn run(session: &mut Session) -> Outcome {
    if !session.wants(DATA) {
        return Ok(());
    }
    let (streams, bytes) = (session.scale.memory_streams, session.scale.memory_bytes);
    let what = format!("{streams} x {}", bytes_in_words(bytes));
    let server = session.start_with_bucket(DATA).await?;
    let target = |index: usize| format!("/{BUCKET}/memory/{index}");
    let put = |index| server.signer.request(Method::PUT, &target(index), body(bytes));
    let get = |index| server.signer.request(Method::GET, &target(index), Bytes::new());
    let puts: Outcome<Vec<Request>> = (0..streams).map(put).collect();
    let gets: Outcome<Vec<Request>> = (0..streams).map(get).collect();
    let gets = Arc::new(gets?);
    for (kind, requests) in [("uploads", Arc::new(puts?)), ("downloads", Arc::clone(&gets))] {
        let load = Load { requests, concurrency: streams, warm_up: Duration::ZERO, until: Until::Used };
        let row = Row::new(format!("memory {what} {kind}"), measure(&server, load).await?);
        add_peak(session, &row.name, row.peak_resident_mebibytes);
        session.add(row);
    }
    let peak = read_slowly(&server, gets, session.scale.time).await?;
    add_peak(session, &format!("memory {what} slow readers"), peak);
    session.discard(server, DATA)
}

fn add_peak(session: &mut Session, subject: &str, mebibytes: f64) {
    let target = Target::AtMost(PEAK_MEBIBYTES_MAX);
    session.add_figure(Figure::new(subject, mebibytes, " MiB at most").target(target));
}

/// Asks for all at once, reads a little of each for a while, and goes away in the middle. The peak, in MiB.
async fn read_slowly(server: &ServerProcess, gets: Requests, time: Duration) -> Outcome<f64> {
    server.stats.reset_peak();
    let mut readers = JoinSet::new();
    for index in 0..gets.len() {
        readers.spawn(slow_reader(server.address, Arc::clone(&gets), index, time));
    }
    while let Some(done) = readers.join_next().await {
        done.doing("finish a slow reader")??;
    }
    Ok(server.stats.peak_resident_bytes()? as f64 / 1024.0 / 1024.0)
}

async fn slow_reader(address: std::net::SocketAddr, gets: Requests, index: usize, time: Duration) -> Outcome {
    let mut connection = Connection::open(address).await?;
    connection.write(&gets[index]).await?;
    let started = Instant::now();
    while started.elapsed() < time && connection.read_some(SLOW_READ_BYTES).await? > 0 {
        tokio::time::sleep(SLOW_READ_PAUSE).await;
    }
    Ok(())
}
