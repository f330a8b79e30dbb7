//! Group commit: one thread that turns all commits waiting into one synced write.
//!
//! While the disk syncs one group, the next gathers in the queue; so the more commits run at once, the fewer syncs
//! each of them costs. The queue is bounded: past it, callers wait.
//!
//! Invariants: only this thread writes to the database, so what a group was judged against still holds when it is
//! written; nothing is answered before the write that decides it; after a failed write nothing is written again, but
//! see `Worker::note` for a full disk.

use super::database::{Database, Written};
use super::group::{Group, weight};
use crate::engine::{Commit, EngineError, Outcome};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Commits that wait for the thread. With the largest payloads they hold 16 MiB.
const QUEUE_COMMITS_MAX: usize = 256;
/// Commits of one group.
const GROUP_COMMITS_MAX: usize = 512;
/// Bytes of one group, but for its last commit: bounds the time to its sync.
pub(super) const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

type Verdict = Result<Outcome, EngineError>;

/// The way to the thread.
pub(super) struct Committer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Commit(Request),
    Stop,
}

struct Request {
    commit: Commit,
    answer: oneshot::Sender<Verdict>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(database: Arc<Database>) -> Result<Self, EngineError> {
        let (queue, waiting) = mpsc::channel(QUEUE_COMMITS_MAX);
        let worker = Worker { database, waiting, group: Vec::new(), refusal: None };
        let thread = std::thread::Builder::new().name("metadata-commit".into()).spawn(|| worker.run());
        let thread = thread.map_err(|error| EngineError::Disk {
            doing: "starting the commit thread",
            cause: error.to_string().into(),
        })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Waits for a place in the queue, then for the verdict.
    pub(super) async fn commit(&self, commit: Commit) -> Verdict {
        let (answer, verdict) = oneshot::channel();
        let sent = self.queue.send(Message::Commit(Request { commit, answer })).await;
        sent.map_err(|_| EngineError::Closed)?;
        verdict.await.map_err(|_| EngineError::Closed)?
    }

    /// Lets the thread finish what waits and end.
    pub(super) async fn stop(&self) {
        // An error means that it has ended already.
        let _ = self.queue.send(Message::Stop).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Waiting for a thread blocks; an error means that the runtime is going down.
            let _ = tokio::task::spawn_blocking(|| join(thread)).await;
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        // Without a sender the thread finishes what waits and ends.
        self.queue = mpsc::channel(1).0;
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            join(thread);
        }
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("the metadata commit thread ended by a panic");
    }
}

struct Worker {
    database: Arc<Database>,
    waiting: mpsc::Receiver<Message>,
    /// The group being gathered or committed; empty in between.
    group: Vec<Request>,
    /// Why nothing is written any more.
    refusal: Option<EngineError>,
}

impl Worker {
    fn run(mut self) {
        while self.gather() {
            let verdicts = self.verdicts();
            for (request, verdict) in self.group.drain(..).zip(verdicts) {
                // Nobody listens any more when the caller has gone; the commit stands all the same.
                let _ = request.answer.send(verdict);
            }
        }
    }

    /// Waits for commits and takes all there are, up to the bounds. False: there will be none.
    fn gather(&mut self) -> bool {
        let mut bytes = 0;
        let mut next = self.waiting.blocking_recv();
        while let Some(message) = next {
            match message {
                Message::Stop => self.waiting.close(),
                Message::Commit(request) => {
                    bytes += weight(&request.commit);
                    self.group.push(request);
                }
            }
            let full = self.group.len() >= GROUP_COMMITS_MAX || bytes >= GROUP_BYTES_MAX;
            next = if full {
                None
            } else if self.group.is_empty() {
                self.waiting.blocking_recv()
            } else {
                self.waiting.try_recv().ok()
            };
        }
        !self.group.is_empty()
    }

    fn verdicts(&mut self) -> Vec<Verdict> {
        if let Some(refusal) = &self.refusal {
            return vec![Err(refusal.clone()); self.group.len()];
        }
        match commit_group(&self.database, &self.group) {
            Ok(verdicts) => verdicts,
            Err(error) => {
                self.note(&error);
                vec![Err(error); self.group.len()]
            }
        }
    }

    /// Keeps a write's failure in mind, unless the disk was full: RocksDB then refuses by itself until there is room
    /// again and it has moved what memory holds to table files and begun a new log, past the one that broke off.
    fn note(&mut self, error: &EngineError) {
        if matches!(error, EngineError::Full { .. }) {
            tracing::error!(%error, "a metadata write failed: commits go on once the disk has room");
        } else {
            tracing::error!(%error, "a metadata write failed: no further commit until the store is reopened");
            self.refusal = Some(error.clone());
        }
    }
}

/// Judges a group and writes what it changes. The outer error is that of the write.
fn commit_group(database: &Database, requests: &[Request]) -> Result<Vec<Verdict>, EngineError> {
    let bytes = requests.iter().map(|request| weight(&request.commit)).sum();
    loop {
        let mut group = Group::new(database, bytes)?;
        let verdicts = requests.iter().map(|request| group.add(&request.commit)).collect::<Vec<_>>();
        // The group is judged anew after a stall, to the same end: nobody else writes.
        match group.write()? {
            Written::Durable => return Ok(verdicts),
            Written::Stalled => database.wait_out_stall()?,
        }
    }
}
