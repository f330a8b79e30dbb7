//! What is measured, one file per subject. Each starts the servers it needs on fresh data and stops them.

mod delete;
mod lifecycle;
mod listing;
mod memory;
mod mixed;
mod multipart;
mod names;
mod objects;
mod public;
mod scaling;
mod stalls;
mod start;

use crate::outcome::Outcome;
use crate::session::Session;

/// Runs all workloads that were asked for. One that fails is noted and does not end the others; the answer is whether
/// all passed.
pub(crate) async fn run(session: &mut Session) -> bool {
    let mut passed = true;
    passed &= noted(start::run(session).await, session, "start");
    passed &= noted(objects::run(session).await, session, "objects");
    passed &= noted(public::run(session).await, session, "public");
    passed &= noted(listing::run(session).await, session, "list");
    passed &= noted(names::run(session).await, session, "names");
    passed &= noted(multipart::run(session).await, session, "multipart");
    passed &= noted(mixed::run(session).await, session, "mixed");
    passed &= noted(delete::run(session).await, session, "delete");
    passed &= noted(lifecycle::run(session).await, session, "lifecycle");
    passed &= noted(scaling::run(session).await, session, "scaling");
    passed &= noted(stalls::run(session).await, session, "stalls");
    passed &= noted(memory::run(session).await, session, "memory");
    passed
}

fn noted(outcome: Outcome, session: &mut Session, name: &str) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) => {
            session.add_note(format!("the workload `{name}` FAILED: {error}"));
            false
        }
    }
}
