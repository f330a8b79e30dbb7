//! From starting the process to its first answer, and what it takes while nobody asks.

use crate::client::Connection;
use crate::outcome::Outcome;
use crate::report::{Figure, Target};
use crate::server_process::ServerProcess;
use crate::session::Session;
use bytes::Bytes;
use http::Method;
use std::time::Duration;

const NAME: &str = "start";
/// Starts on empty directories; the median counts.
const STARTS: usize = 5;
/// How long a server is left alone before its memory is looked at.
const IDLE: Duration = Duration::from_secs(1);

pub(super) async fn run(session: &mut Session) -> Outcome {
    if !session.wants(NAME) {
        return Ok(());
    }
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = session.start_cairn(NAME)?;
        times.push(first_answer(&server).await?);
        if times.len() == STARTS {
            tokio::time::sleep(IDLE).await;
            let idle = server.stats.resident_bytes()? as f64 / 1024.0 / 1024.0;
            session.add_figure(Figure::new("idle memory", idle, " MiB").target(Target::AtMost(40.0)));
        }
        session.discard(server, NAME)?;
    }
    times.sort_unstable();
    let median = times[STARTS / 2].as_secs_f64() * 1000.0;
    let figure = Figure::new("start to first answer, empty store", median, " ms").target(Target::AtMost(100.0));
    session.add_figure(figure);
    Ok(())
}

/// Time from the start of the process to its first answer to a signed request.
pub(super) async fn first_answer(server: &ServerProcess) -> Outcome<Duration> {
    let request = server.signer.request(Method::GET, "/", Bytes::new())?;
    Connection::open(server.address).await?.send(&request).await?;
    Ok(server.started.elapsed())
}
