//! A metadata engine on a simulated disk: the stand-in for the embedded engine, whose own disk calls cannot be
//! reached from outside. It keeps the same contract (`metadata::suite`), and the same promises to its callers:
//!
//! - commits that wait together are written and synced as one group, each whole or absent after a crash;
//! - after a failed write it refuses further commits until it is reopened;
//! - after a write for which the disk had no room it goes on once there is room, with a new log.
//!
//! A commit is written by whichever task came first after the last group: it gives the others one turn of the
//! runtime to join, then writes on its own thread. So the order of disk calls does not depend on threads.

mod log;
mod record;
mod tables;

use bytes::Bytes;
use environment::Disk;
use log::Log;
use metadata::engine::{Answer, Commit, Engine, EngineError, Outcome, Scan, Table, Visitor, Write};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tables::Tables;
use tokio::sync::oneshot;

type Verdict = Result<Outcome, EngineError>;

/// An engine that keeps its rows in memory and a log of them on a disk.
pub struct LogEngine {
    disk: Arc<dyn Disk>,
    /// A log longer than this is begun anew.
    compact_at_bytes: u64,
    waiting: Mutex<Waiting>,
    store: Mutex<Stored>,
}

#[derive(Default)]
struct Waiting {
    commits: Vec<(Commit, oneshot::Sender<Verdict>)>,
    /// Somebody will write them.
    led: bool,
}

struct Stored {
    tables: Tables,
    log: Writing,
    compactions: u64,
}

/// Where commits go.
enum Writing {
    To(Log),
    /// To a new log, once the disk has room.
    Anew,
    /// Nowhere, since a write failed.
    Refused(EngineError),
}

/// Writes the group that waits, at the latest when its task goes away.
struct Leader<'a>(Option<&'a LogEngine>);

impl Leader<'_> {
    fn write(&mut self) {
        if let Some(engine) = self.0.take() {
            engine.write_group();
        }
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.write();
    }
}

impl LogEngine {
    /// Reads what survived on `disk`, and writes it anew before anyone sees it: what was read may not be durable.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(disk: Arc<dyn Disk>, compact_at_bytes: u64) -> Result<Self, EngineError> {
        let failed = |error: io::Error| failure("opening the log", &error);
        let tables = log::recover(&*disk).map_err(failed)?;
        let log = Writing::To(log::begin(&*disk, &tables).map_err(failed)?);
        let store = Mutex::new(Stored { tables, log, compactions: 0 });
        Ok(Self { disk, compact_at_bytes, waiting: Mutex::default(), store })
    }

    /// How often the log was begun anew since the start.
    pub fn compactions(&self) -> u64 {
        lock(&self.store).compactions
    }

    /// True from a failed write until commits go on: readers do not see what it wrote, a restart may.
    pub fn in_doubt(&self) -> bool {
        !matches!(lock(&self.store).log, Writing::To(_))
    }

    /// Begins the log anew.
    ///
    /// # Errors
    /// What the disk says. Commits may then be refused until the engine is reopened.
    pub fn compact(&self) -> Result<(), EngineError> {
        self.begin_anew(&mut lock(&self.store))
    }

    /// All keys of a table.
    pub fn keys(&self, table: Table) -> Vec<Vec<u8>> {
        let tables = lock(&self.store).tables.clone();
        let keys = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&keys);
        let mut collect = move |key: &[u8], _: &[u8]| {
            lock(&seen).push(key.to_vec());
            metadata::engine::Step::Next
        };
        tables.visit(&Scan { table, start: Vec::new(), end: None, backwards: false }, &mut collect);
        std::mem::take(&mut *lock(&keys))
    }

    fn write_group(&self) {
        let mut store = lock(&self.store);
        let (commits, answers): (Vec<_>, Vec<_>) = {
            let mut waiting = lock(&self.waiting);
            waiting.led = false;
            std::mem::take(&mut waiting.commits).into_iter().unzip()
        };
        let verdicts = match self.commit_group(&mut store, commits) {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); answers.len()],
        };
        for (answer, verdict) in answers.into_iter().zip(verdicts) {
            // Nobody listens any more when the caller has gone; the commit stands all the same.
            let _ = answer.send(verdict);
        }
    }

    fn commit_group(&self, store: &mut Stored, commits: Vec<Commit>) -> Result<Vec<Outcome>, EngineError> {
        if let Writing::Refused(error) = &store.log {
            return Err(error.clone());
        }
        if matches!(store.log, Writing::Anew) {
            self.begin_anew(store)?;
        }
        let mut after = store.tables.clone();
        let (mut outcomes, mut accepted) = (Vec::new(), Vec::new());
        for commit in commits {
            let holds = after.hold(&commit);
            outcomes.push(if holds { Outcome::Committed } else { Outcome::Conflict });
            if holds && !commit.writes.is_empty() {
                commit.writes.iter().cloned().for_each(|write| after.apply(write));
                accepted.push(commit.writes);
            }
        }
        if !accepted.is_empty() {
            store.append(&accepted.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            store.tables = after;
            self.compact_if_long(store);
        }
        Ok(outcomes)
    }

    /// A failure is for the next commit to hear of: those before it are durable.
    fn compact_if_long(&self, store: &mut Stored) {
        if matches!(&store.log, Writing::To(log) if log.length() > self.compact_at_bytes) {
            let _ = self.begin_anew(store);
        }
    }

    fn begin_anew(&self, store: &mut Stored) -> Result<(), EngineError> {
        if let Writing::Refused(error) = &store.log {
            return Err(error.clone());
        }
        match log::begin(&*self.disk, &store.tables) {
            Ok(log) => {
                store.log = Writing::To(log);
                store.compactions += 1;
                Ok(())
            }
            // The new log may count already, so the old one must not grow any more.
            Err(error) => Err(store.note("beginning a log", &error)),
        }
    }
}

impl Stored {
    fn append(&mut self, commits: &[&[Write]]) -> Result<(), EngineError> {
        let Writing::To(log) = &mut self.log else { return Err(EngineError::Closed) };
        log.append(commits).map_err(|error| self.note("appending to the log", &error))
    }

    fn note(&mut self, doing: &'static str, error: &io::Error) -> EngineError {
        let error = failure(doing, error);
        self.log = match &error {
            EngineError::Full { .. } => Writing::Anew,
            _ => Writing::Refused(error.clone()),
        };
        error
    }
}

fn failure(doing: &'static str, error: &io::Error) -> EngineError {
    let cause = error.to_string().into();
    if error.kind() == io::ErrorKind::StorageFull {
        return EngineError::Full { cause };
    }
    EngineError::Disk { doing, cause }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for LogEngine {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move { Ok(lock(&self.store).tables.get(table, key)) })
    }

    fn scan(&self, scan: Scan, mut visitor: Box<dyn Visitor>) -> Answer<'_, ()> {
        Box::pin(async move {
            let tables = lock(&self.store).tables.clone();
            tables.visit(&scan, visitor.as_mut());
            Ok(())
        })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Outcome> {
        Box::pin(async move {
            let (answer, verdict) = oneshot::channel();
            let leads = {
                let mut waiting = lock(&self.waiting);
                waiting.commits.push((commit, answer));
                !std::mem::replace(&mut waiting.led, true)
            };
            let mut leader = Leader(leads.then_some(self));
            if leads {
                tokio::task::yield_now().await;
                leader.write();
            }
            verdict.await.unwrap_or(Err(EngineError::Closed))
        })
    }
}
