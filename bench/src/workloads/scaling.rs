//! Ever more clients: throughput must not fall when they come.

use crate::body::body;
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::Outcome;
use crate::report::{Figure, Row, quotient};
use crate::request::Request;
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;

const DATA: &str = "scaling";
const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const OBJECT_BYTES: usize = 4096;
const KEYS: usize = 1000;

pub(super) async fn run(session: &mut Session) -> Outcome {
    if !session.wants(DATA) {
        return Ok(());
    }
    let server = session.start_with_bucket(DATA).await?;
    let target = |index: usize| format!("/{BUCKET}/scaling/{index}");
    let put = |index| server.signer.request(Method::PUT, &target(index), body(OBJECT_BYTES));
    let get = |index| server.signer.request(Method::GET, &target(index), Bytes::new());
    let puts: Outcome<Vec<Request>> = (0..KEYS).map(put).collect();
    let gets: Outcome<Vec<Request>> = (0..KEYS).map(get).collect();
    let (puts, gets) = (puts?, gets?);
    prepare(&server, puts.clone(), 16).await?;
    for (verb, requests) in [("get", Arc::new(gets)), ("put", Arc::new(puts))] {
        let mut rates = Vec::new();
        for concurrency in CLIENTS {
            let load = Load {
                requests: Arc::clone(&requests),
                concurrency,
                warm_up: session.scale.warm_up / 2,
                until: Until::Passed(session.scale.time / 3),
            };
            let row = Row::new(format!("scaling {verb} 4 KiB c{concurrency}"), measure(&server, load).await?);
            rates.push(row.operations_per_second);
            session.add(row);
        }
        let best = rates.iter().copied().fold(0.0, f64::max);
        let last = rates.last().copied().unwrap_or_default();
        let subject = format!("{verb} 4 KiB with 64 clients");
        session.add_figure(Figure::new(subject, quotient(last, best), " of the best throughput with 1 to 64"));
    }
    session.discard(server, DATA)
}
