//! Small requests one after another on one connection, head and body in two segments: without TCP_NODELAY at the
//! server, Nagle's algorithm and delayed acknowledgements would make each take 40 ms.

use crate::body::body;
use crate::client::Connection;
use crate::latencies::Latencies;
use crate::outcome::Outcome;
use crate::report::{Figure, Target};
use crate::session::{BUCKET, Session};
use bytes::Bytes;
use http::Method;
use std::time::Instant;

const DATA: &str = "stalls";
/// What a delayed acknowledgement costs on Linux.
const STALL_MILLISECONDS: f64 = 40.0;

pub(super) async fn run(session: &mut Session) -> Outcome {
    if !session.wants(DATA) {
        return Ok(());
    }
    let server = session.start_with_bucket(DATA).await?;
    let mut connection = Connection::open(server.address).await?;
    for bytes in [1, 4096] {
        let target = format!("/{BUCKET}/stalls/{bytes}");
        for method in [Method::PUT, Method::GET, Method::HEAD] {
            let sent = if method == Method::PUT { body(bytes) } else { Bytes::new() };
            let request = server.signer.request(method.clone(), &target, sent)?;
            let mut latencies = Latencies::default();
            for _ in 0..session.scale.stall_requests {
                let begun = Instant::now();
                connection.send_in_two(&request).await?;
                latencies.add(begun.elapsed());
            }
            let p99 = latencies.percentile(99).as_secs_f64() * 1000.0;
            let subject = format!("stalls: {method} {bytes} B on one connection, p99");
            session.add_figure(Figure::new(subject, p99, " ms").target(Target::AtMost(STALL_MILLISECONDS)));
        }
    }
    session.discard(server, DATA)
}
