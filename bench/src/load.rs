//! The closed loop: so many connections, each sending its next request when the last is answered.
//!
//! Every connection does at least one operation, and what has begun when the time is up is finished and counted, so
//! that slow and large operations are measured whole. The measured time ends with the last answer.

use crate::client::Connection;
use crate::latencies::Latencies;
use crate::outcome::{Doing, Outcome};
use crate::process_stats::{self, ProcessStats};
use crate::request::Request;
use crate::server_process::ServerProcess;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Requests in the order in which they are sent.
pub(crate) type Requests = Arc<Vec<Request>>;

/// When a loop ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// No request is begun after this time; the list starts anew when it is used up.
    Passed(Duration),
    /// Each request of the list was sent once.
    Used,
}

/// A load to measure.
pub(crate) struct Load {
    pub(crate) requests: Requests,
    pub(crate) concurrency: usize,
    /// The same load, unmeasured, before. Zero: none, and the list begins at its first request.
    pub(crate) warm_up: Duration,
    pub(crate) until: Until,
}

/// What a load did and cost.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) elapsed: Duration,
    pub(crate) latencies: Latencies,
    /// Bytes of bodies, sent and received.
    pub(crate) bytes: u64,
    pub(crate) server_cpu: Duration,
    pub(crate) client_cpu: Duration,
    /// CPU time of all else on the machine.
    pub(crate) other_cpu: Duration,
    /// Most resident memory of the server meanwhile.
    pub(crate) server_peak_bytes: u64,
}

/// Runs a load against a server.
pub(crate) async fn measure(server: &ServerProcess, load: Load) -> Outcome<Measurement> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = open(server, load.concurrency).await?;
    if !load.warm_up.is_zero() {
        let until = Until::Passed(load.warm_up);
        connections = drive(connections, &load.requests, &next, until).await?.connections;
    }
    server.stats.reset_peak();
    let before = CpuTimes::now(server)?;
    let started = Instant::now();
    let driven = drive(connections, &load.requests, &next, load.until).await?;
    let (elapsed, after) = (started.elapsed(), CpuTimes::now(server)?);
    let (server_cpu, client_cpu) =
        (after.server.saturating_sub(before.server), after.client.saturating_sub(before.client));
    Ok(Measurement {
        elapsed,
        latencies: driven.latencies,
        bytes: driven.bytes,
        server_cpu,
        client_cpu,
        other_cpu: after.machine.saturating_sub(before.machine).saturating_sub(server_cpu + client_cpu),
        server_peak_bytes: server.stats.peak_resident_bytes()?,
    })
}

/// CPU time used so far, by whom.
struct CpuTimes {
    server: Duration,
    client: Duration,
    machine: Duration,
}

impl CpuTimes {
    fn now(server: &ServerProcess) -> Outcome<Self> {
        let (client, machine) = (ProcessStats::own().cpu_time()?, process_stats::machine_cpu_time()?);
        Ok(Self { server: server.stats.cpu_time()?, client, machine })
    }
}

/// Sends each request once, unmeasured: to put there what is measured later.
pub(crate) async fn prepare(server: &ServerProcess, requests: Vec<Request>, concurrency: usize) -> Outcome {
    let connections = open(server, concurrency.min(requests.len())).await?;
    drive(connections, &Arc::new(requests), &Arc::default(), Until::Used).await.map(drop)
}

struct Driven {
    connections: Vec<Connection>,
    latencies: Latencies,
    bytes: u64,
}

async fn open(server: &ServerProcess, count: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(server.address).await?);
    }
    Ok(connections)
}

/// `next` counts the requests begun and goes on through the list from where an earlier loop left it.
async fn drive(
    connections: Vec<Connection>,
    requests: &Requests,
    next: &Arc<AtomicUsize>,
    until: Until,
) -> Outcome<Driven> {
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for connection in connections {
        workers.spawn(work(connection, Arc::clone(requests), Arc::clone(next), until, started));
    }
    let mut all = Driven { connections: Vec::new(), latencies: Latencies::default(), bytes: 0 };
    while let Some(done) = workers.join_next().await {
        let mut done = done.doing("finish a worker")??;
        all.connections.append(&mut done.connections);
        all.latencies.append(done.latencies);
        all.bytes += done.bytes;
    }
    Ok(all)
}

async fn work(
    mut connection: Connection,
    requests: Requests,
    next: Arc<AtomicUsize>,
    until: Until,
    started: Instant,
) -> Outcome<Driven> {
    let mut latencies = Latencies::default();
    let mut bytes = 0;
    loop {
        let index = next.fetch_add(1, Relaxed);
        let request = match until {
            Until::Used if index >= requests.len() => break,
            _ => requests.get(index % requests.len()).ok_or("no requests to send")?,
        };
        let begun = Instant::now();
        let answer = connection.send(request).await?;
        latencies.add(begun.elapsed());
        bytes += request.body.len() as u64 + answer.body_bytes;
        if matches!(until, Until::Passed(time) if started.elapsed() >= time) {
            break;
        }
    }
    Ok(Driven { connections: vec![connection], latencies, bytes })
}
