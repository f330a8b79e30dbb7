//! GET at a custom domain of objects that the cache before it holds, beside the floor that answers from memory.

use crate::body::body;
use crate::client::Connection;
use crate::floors::Floor;
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::Outcome;
use crate::report::{Figure, Row, Target};
use crate::request::Request;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;

const DATA: &str = "public";
const NAME: &str = "public get 100 KB cached c64";
const FLOOR: &str = "floor-http";
const HOST: &str = "bench.example.com";
const BYTES: usize = 100_000;
const KEYS: usize = 64;
const CONNECTIONS: usize = 64;

pub(super) async fn run(session: &mut Session) -> Outcome {
    if !session.wants(NAME) {
        return Ok(());
    }
    let floor = session.start_floor(Floor::Http)?;
    let server = session.start_with_bucket(DATA).await?;
    add_domain(&server).await?;
    let signed = |server: &ServerProcess, method: Method, body: Bytes| -> Outcome<Vec<Request>> {
        let target = |index| format!("/{BUCKET}/get/{BYTES}/{index:06}.png");
        (0..KEYS).map(|index| server.signer.request(method.clone(), &target(index), body.clone())).collect()
    };
    prepare(&server, signed(&server, Method::PUT, body(BYTES))?, 16).await?;
    let gets: Vec<Request> = (0..KEYS).map(public_get).collect();
    // Once each: from here on they are cached.
    prepare(&server, gets.clone(), 1).await?;
    check_cached(&server, &gets).await?;

    let floor_gets = signed(&floor, Method::GET, Bytes::new())?;
    let floor_row = Row::new(format!("{FLOOR} {NAME}"), measure(&floor, load(session, floor_gets)).await?);
    session.add(floor_row.clone());
    let row = Row::new(NAME, measure(&server, load(session, gets)).await?);
    let row = row.beside(&Row { name: FLOOR.to_owned(), ..floor_row });
    if let Some(ratio) = row.ratios.first().cloned() {
        let unit = format!(" of {FLOOR} in throughput");
        let figure = Figure::new(NAME, ratio.throughput, unit).target(Target::AtLeast(0.8));
        session.add_figure(figure);
        session.add_figure(Figure::new(NAME, ratio.per_cpu, format!(" of {FLOOR} per CPU second")));
    }
    session.add(row);
    session.discard(server, DATA)
}

fn load(session: &Session, requests: Vec<Request>) -> Load {
    Load {
        requests: Arc::new(requests),
        concurrency: CONNECTIONS.min(session.scale.most()),
        warm_up: session.scale.warm_up,
        until: Until::Passed(session.scale.time),
    }
}

/// Opens the bucket at its custom domain, over REST.
async fn add_domain(server: &ServerProcess) -> Outcome {
    let bearer = server.bearer.as_ref().ok_or("the server told no API token")?;
    let json = format!("{{\"domain\":\"{HOST}\",\"zoneId\":\"bench\",\"enabled\":true}}");
    let path = format!("/r2/buckets/{BUCKET}/domains/custom");
    let request = bearer.request(&Method::POST, &path, Bytes::from(json));
    Connection::open(server.address).await?.send(&request).await.map(drop)
}

fn public_get(index: usize) -> Request {
    let head = format!("GET /get/{BYTES}/{index:06}.png HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    Request { head: head.into_bytes(), body: Bytes::new(), is_head: false }
}

/// The objects are what was put, whole.
async fn check_cached(server: &ServerProcess, gets: &[Request]) -> Outcome {
    let mut connection = Connection::open(server.address).await?;
    for get in gets {
        if connection.fetch(get).await? != body(BYTES) {
            return Err("a cached object is not what was put".to_owned());
        }
    }
    Ok(())
}
