//! The jobs that digest uploads into files, on blocking threads, units of several uploads at once.
//!
//! MD5 cannot be split, so the speed of one upload is that of its digests: a free job takes it up at once, alone.
//! When there are more uploads than jobs, those that wait are taken together: MD5 of eight streams costs little more
//! than that of two (`md5.rs`). So the more there is to do, the less each costs.
//!
//! ```text
//! push -> its stream is at rest -> ready -> a job takes its share -> more units? ready : at rest
//! ```
//! A stream is in one place at a time, and so digested by one job at a time, in order.

use crate::digest::Digester;
use crate::lane::Unit;
use crate::md5::STREAMS_MAX;
use crate::pool::lock;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// Units after which a job gives its thread to others: some milliseconds.
const TURN_UNITS: usize = 64;

/// The jobs of one store.
pub(crate) struct DigestPool {
    state: Mutex<PoolState>,
    jobs_max: usize,
}

#[derive(Default)]
struct PoolState {
    ready: VecDeque<Ready>,
    /// Running, or about to.
    jobs: usize,
}

/// A stream away from its place, with its next unit.
struct Ready {
    stream: Arc<Mutex<StreamState>>,
    digester: Digester,
    unit: Arc<Unit>,
}

/// The digests of one upload.
pub(crate) struct DigestStream {
    pool: Arc<DigestPool>,
    state: Arc<Mutex<StreamState>>,
}

struct StreamState {
    units: VecDeque<Arc<Unit>>,
    /// At rest here; away while a unit is ready or in work.
    digester: Option<Digester>,
    /// Who waits for the end.
    end: Option<oneshot::Sender<Digester>>,
    /// The upload is gone, a panic took the digester, or the threads were stopped: whatever there is, is dropped.
    lost: bool,
}

impl DigestPool {
    /// With a job for each core.
    pub(crate) fn new() -> Arc<Self> {
        let jobs_max = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Arc::new(Self { state: Mutex::default(), jobs_max })
    }

    /// Digests with `digester`, to which nothing was added.
    pub(crate) fn stream(self: &Arc<Self>, digester: Digester) -> DigestStream {
        let state = StreamState { units: VecDeque::new(), digester: Some(digester), end: None, lost: false };
        DigestStream { pool: Arc::clone(self), state: Arc::new(Mutex::new(state)) }
    }

    fn add(self: &Arc<Self>, ready: Ready) {
        let starts = {
            let mut state = lock(&self.state);
            state.ready.push_back(ready);
            self.may_start(&mut state)
        };
        self.start_if(starts);
    }

    /// Whether there may be one more job, which is counted then.
    fn may_start(&self, state: &mut PoolState) -> bool {
        let may = state.jobs < self.jobs_max;
        state.jobs += usize::from(may);
        may
    }

    /// Not under the lock: a runtime that stops drops the job at once.
    fn start_if(self: &Arc<Self>, starts: bool) {
        if starts {
            Job { pool: Arc::clone(self), batch: Vec::new(), ended: false }.start();
        }
    }

    /// Adds to what a job has in work its share of what is ready, if other cores take theirs. If there is nothing at
    /// all to do, the job is counted off.
    fn share(self: &Arc<Self>, batch: &mut Vec<Ready>) {
        let starts = {
            let mut state = lock(&self.state);
            if state.ready.is_empty() {
                state.jobs -= usize::from(batch.is_empty());
                return;
            }
            let takers = self.jobs_max - state.jobs + 1;
            let count = state.ready.len().div_ceil(takers).min(STREAMS_MAX - batch.len());
            batch.extend(state.ready.drain(..count));
            !state.ready.is_empty() && self.may_start(&mut state)
        };
        self.start_if(starts);
    }
}

impl DigestStream {
    /// Adds a unit.
    pub(crate) fn push(&self, unit: Arc<Unit>) {
        let mut state = lock(&self.state);
        if state.lost {
            return;
        }
        let Some(digester) = state.digester.take() else {
            state.units.push_back(unit);
            return;
        };
        drop(state);
        self.pool.add(Ready { stream: Arc::clone(&self.state), digester, unit });
    }

    /// The digester, once all units are added; `None` if the threads were stopped or a job panicked.
    pub(crate) async fn end(self) -> Option<Digester> {
        let waiting = {
            let mut state = lock(&self.state);
            if state.lost || state.digester.is_some() {
                return state.digester.take();
            }
            let (sender, waiting) = oneshot::channel();
            state.end = Some(sender);
            waiting
        };
        waiting.await.ok()
    }
}

impl Drop for DigestStream {
    /// Nobody wants the digests of an upload that is gone, and its units must not wait for their turn in memory.
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.lost = true;
        state.units.clear();
    }
}

/// One job, and what it has in work. Dropped before its end, all that it has is lost, and all that it would have taken.
struct Job {
    pool: Arc<DigestPool>,
    batch: Vec<Ready>,
    ended: bool,
}

impl Job {
    fn start(self) {
        tokio::task::spawn_blocking(move || self.take_turn());
    }

    fn take_turn(mut self) {
        let mut units = 0;
        while units < TURN_UNITS {
            self.pool.share(&mut self.batch);
            if self.batch.is_empty() {
                self.ended = true;
                return;
            }
            units += self.batch.len();
            self.batch.retain(Ready::is_wanted);
            Digester::update_together(self.batch.iter_mut().map(|ready| (&mut ready.digester, ready.unit.bytes())));
            // What has begun goes on, so that it ends: many that are half done would only hold memory.
            self.batch = self.batch.drain(..).filter_map(Ready::put_back).collect();
        }
        lock(&self.pool.state).ready.extend(self.batch.drain(..));
        self.start();
    }
}

impl Ready {
    fn is_wanted(&self) -> bool {
        !lock(&self.stream).lost
    }

    /// Back to its place, its unit being done; or ready again, with the next.
    fn put_back(self) -> Option<Self> {
        let Self { stream, digester, unit } = self;
        // The buffer goes home before anybody asks for it.
        drop(unit);
        let mut state = lock(&stream);
        if let Some(unit) = state.units.pop_front() {
            drop(state);
            return Some(Self { stream, digester, unit });
        }
        match state.end.take() {
            // Nobody is there to take it when the upload was dropped.
            Some(sender) => drop(sender.send(digester)),
            None => state.digester = Some(digester),
        }
        None
    }

    fn lose(self) {
        let mut state = lock(&self.stream);
        state.lost = true;
        state.units.clear();
        state.end = None;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let others = {
            let mut state = lock(&self.pool.state);
            state.jobs -= 1;
            std::mem::take(&mut state.ready)
        };
        self.batch.drain(..).chain(others).for_each(Ready::lose);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::{SpareUnits, Units};
    use types::ChecksumAlgorithm;

    async fn push(units: &mut Units, stream: &DigestStream, bytes: &[u8]) {
        let mut buffer = units.take().await;
        buffer.extend_from_slice(bytes);
        stream.push(units.fill(buffer, false));
    }

    /// What each of many uploads sends.
    fn content(upload: usize, unit: usize) -> Vec<u8> {
        (0..1000 + 37 * upload).map(|index| (index ^ (upload * 7) ^ (unit * 13)) as u8).collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_uploads_at_once_get_each_its_own_digests() {
        for (uploads, jobs_max) in [(1, 1), (3, 1), (40, 1), (40, 2), (40, 64)] {
            let pool = Arc::new(DigestPool { state: Mutex::default(), jobs_max });
            let tasks: Vec<_> = (0..uploads)
                .map(|upload| {
                    let pool = Arc::clone(&pool);
                    tokio::spawn(async move {
                        let mut expected = Digester::new(&[ChecksumAlgorithm::Crc32c]);
                        let stream = pool.stream(Digester::new(&[ChecksumAlgorithm::Crc32c]));
                        let mut units = Units::new(SpareUnits::new());
                        for unit in 0..20 + upload {
                            expected.update(&content(upload, unit));
                            push(&mut units, &stream, &content(upload, unit)).await;
                        }
                        assert_eq!(stream.end().await.unwrap().finish(), expected.finish());
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            // The last job may still be about to notice that nothing is left; none is lost.
            assert!(lock(&pool.state).ready.is_empty());
        }
    }

    #[tokio::test]
    async fn nothing_is_digested_to_the_digest_of_nothing() {
        let digester = DigestPool::new().stream(Digester::new(&[])).end().await.unwrap();
        assert_eq!(digester.finish(), Digester::new(&[]).finish());
    }

    #[tokio::test]
    async fn a_job_that_is_dropped_is_heard_of_and_holds_no_buffer() {
        let pool = Arc::new(DigestPool { state: Mutex::default(), jobs_max: 0 });
        let stream = pool.stream(Digester::new(&[]));
        let mut units = Units::new(SpareUnits::new());
        push(&mut units, &stream, b"one").await;
        push(&mut units, &stream, b"two").await;
        lock(&pool.state).jobs = 1;
        drop(Job { pool: Arc::clone(&pool), batch: Vec::new(), ended: false });
        for _ in 0..10 {
            push(&mut units, &stream, b"after").await;
        }
        assert!(stream.end().await.is_none());
    }
}
