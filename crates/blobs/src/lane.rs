//! A lane: one worker that takes an upload's units in order, on blocking threads, beside the digests.
//!
//! It must never wait for anyone to be woken. Hence a queue, drained by one job as long as there are units. When the
//! client is slower than the lane the job ends, so that a slow client holds no thread; after [`TURN_UNITS`] it queues
//! behind other jobs, so that a fast one does not hold a thread either.

use crate::pool::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use types::limits::TRANSFER_BYTES;

/// Units after which a job gives its thread to others: two writes of a large upload, each as long as the disk takes.
const TURN_UNITS: usize = 4;
/// Jobs at once, over all uploads: half of the threads that may wait, so that reads and digests find others.
const JOBS_MAX: usize = 32;
/// Units that every upload has: one being filled, one in work, one between.
const UPLOAD_UNITS: usize = 3;
/// Units of one upload, if others leave them: when the disk takes its time, the digest goes on.
const UPLOAD_UNITS_MAX: usize = 16;
/// Units beyond those that every upload has, over all uploads: 12 MiB.
const SPARE_UNITS: usize = 48;

/// What a lane does. Called on blocking threads, by one at a time.
pub(crate) trait Work: Send + 'static {
    /// Prepares, beside the arrival of the first unit.
    fn begin(&mut self) {}

    /// Takes the next unit.
    fn run(&mut self, unit: &Unit);

    /// Finishes, behind the last unit.
    fn end(&mut self) {}
}

/// Bytes of an upload, shared by its lanes. The last to let go sends the buffer home.
pub(crate) struct Unit {
    bytes: Vec<u8>,
    is_last: bool,
    home: mpsc::UnboundedSender<Vec<u8>>,
    /// Held, not read: what an upload that is gone left in the lanes still counts.
    _permits: Arc<Mutex<Vec<OwnedSemaphorePermit>>>,
}

impl Unit {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True if the upload ends with it.
    pub(crate) fn is_last(&self) -> bool {
        self.is_last
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // Nobody is home when the upload ended early.
        let _ = self.home.send(std::mem::take(&mut self.bytes));
    }
}

/// Units that uploads may have beyond their own, as long as there are any.
#[derive(Clone)]
pub(crate) struct SpareUnits(Arc<Semaphore>);

impl SpareUnits {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(SPARE_UNITS)))
    }
}

/// The jobs of all lanes, so many at once.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Semaphore>);

impl Jobs {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(JOBS_MAX)))
    }

    /// Runs `job` on a thread that may wait, now or in its turn.
    fn run(&self, job: impl FnOnce() + Send + 'static) {
        let with = |permit: OwnedSemaphorePermit| {
            tokio::task::spawn_blocking(move || {
                job();
                drop(permit);
            })
        };
        match Arc::clone(&self.0).try_acquire_owned() {
            Ok(permit) => drop(with(permit)),
            Err(_) => {
                let turn = Arc::clone(&self.0).acquire_owned();
                // The semaphore is never closed.
                tokio::spawn(async move { turn.await.map(with) });
            }
        }
    }
}

/// The buffers of one upload. Back-pressure: with all of them in the lanes, the next [`Units::take`] waits.
pub(crate) struct Units {
    home: mpsc::UnboundedSender<Vec<u8>>,
    returned: mpsc::UnboundedReceiver<Vec<u8>>,
    made: usize,
    spare: SpareUnits,
    /// For those beyond the upload's own, until it and all its units are gone.
    permits: Arc<Mutex<Vec<OwnedSemaphorePermit>>>,
}

impl Units {
    pub(crate) fn new(spare: SpareUnits) -> Self {
        let (home, returned) = mpsc::unbounded_channel();
        Self { home, returned, made: 0, spare, permits: Arc::default() }
    }

    /// Whether there may be one more, which is counted then.
    fn may_make(&mut self) -> bool {
        if self.made >= UPLOAD_UNITS {
            if self.made >= UPLOAD_UNITS_MAX {
                return false;
            }
            let Ok(permit) = Arc::clone(&self.spare.0).try_acquire_owned() else { return false };
            lock(&self.permits).push(permit);
        }
        self.made += 1;
        true
    }

    /// An empty buffer for [`TRANSFER_BYTES`]. Cancel safe.
    pub(crate) async fn take(&mut self) -> Vec<u8> {
        if let Ok(buffer) = self.returned.try_recv() {
            return emptied(buffer);
        }
        if self.may_make() {
            return Vec::with_capacity(TRANSFER_BYTES);
        }
        // The channel cannot close: `self` holds a sender.
        emptied(self.returned.recv().await.unwrap_or_default())
    }

    /// Makes a filled buffer into a unit for the lanes; `is_last` if the upload ends with it.
    pub(crate) fn fill(&self, bytes: Vec<u8>, is_last: bool) -> Arc<Unit> {
        Arc::new(Unit { bytes, is_last, home: self.home.clone(), _permits: Arc::clone(&self.permits) })
    }
}

fn emptied(mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    buffer
}

/// A worker and its queue.
pub(crate) struct Lane<W> {
    jobs: Jobs,
    state: Mutex<State<W>>,
}

struct State<W> {
    queue: VecDeque<Item<W>>,
    /// At rest here; away while a job runs.
    worker: Option<W>,
    /// A panic took the worker: whatever is queued is dropped, so that buffers go home and waiters hear of it.
    lost: bool,
}

enum Item<W> {
    Begin,
    Unit(Arc<Unit>),
    /// The lane ends: the worker goes to whoever asked.
    End(oneshot::Sender<W>),
}

impl<W: Work> Lane<W> {
    pub(crate) fn new(worker: W, jobs: Jobs) -> Arc<Self> {
        let state = Mutex::new(State { queue: VecDeque::new(), worker: Some(worker), lost: false });
        Arc::new(Self { jobs, state })
    }

    /// Queues the preparation.
    pub(crate) fn begin(self: &Arc<Self>) {
        self.queue(Item::Begin);
    }

    /// Queues a unit.
    pub(crate) fn push(self: &Arc<Self>, unit: Arc<Unit>) {
        self.queue(Item::Unit(unit));
    }

    /// The worker, once it has taken all units queued and finished; `None` if the pool stopped or the worker panicked.
    pub(crate) async fn end(self: Arc<Self>) -> Option<W> {
        let (sender, worker) = oneshot::channel();
        self.queue(Item::End(sender));
        // With only the running job keeping the lane, a stopped pool closes the channel: nobody waits forever.
        drop(self);
        worker.await.ok()
    }

    fn queue(self: &Arc<Self>, item: Item<W>) {
        let mut state = lock(&self.state);
        if state.lost {
            return;
        }
        state.queue.push_back(item);
        if let Some(worker) = state.worker.take() {
            drop(state);
            self.start(worker);
        }
    }

    fn start(self: &Arc<Self>, worker: W) {
        let lane = Arc::clone(self);
        self.jobs.run(move || lane.take_turn(worker));
    }

    fn take_turn(self: Arc<Self>, mut worker: W) {
        let _noticed = NoticePanic(&self);
        for _ in 0..TURN_UNITS {
            let mut state = lock(&self.state);
            match state.queue.pop_front() {
                None => {
                    state.worker = Some(worker);
                    return;
                }
                Some(Item::Begin) => {
                    drop(state);
                    worker.begin();
                }
                Some(Item::End(sender)) => {
                    drop(state);
                    worker.end();
                    // Nobody is there to take it when the upload was dropped.
                    let _ = sender.send(worker);
                    return;
                }
                Some(Item::Unit(unit)) => {
                    drop(state);
                    worker.run(&unit);
                }
            }
        }
        self.start(worker);
    }
}

/// Declares the lane lost if the worker panics.
struct NoticePanic<'a, W>(&'a Lane<W>);

impl<W> Drop for NoticePanic<'_, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = lock(&self.0.state);
            state.lost = true;
            state.queue.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum(Vec<u8>);

    impl Work for Sum {
        fn run(&mut self, unit: &Unit) {
            assert_ne!(unit.bytes(), b"panic", "as asked");
            self.0.extend_from_slice(unit.bytes());
        }
    }

    async fn send(units: &mut Units, lanes: &[&Arc<Lane<Sum>>], bytes: &[u8]) {
        let mut buffer = units.take().await;
        buffer.extend_from_slice(bytes);
        let unit = units.fill(buffer, false);
        for lane in lanes {
            lane.push(Arc::clone(&unit));
        }
    }

    #[tokio::test]
    async fn every_lane_takes_every_unit_in_order_over_many_turns() {
        let (first, second) = (Lane::new(Sum(Vec::new()), Jobs::new()), Lane::new(Sum(Vec::new()), Jobs::new()));
        let mut units = Units::new(SpareUnits::new());
        let sent: Vec<u8> = (0..=255).collect();
        for byte in &sent {
            send(&mut units, &[&first, &second], &[*byte]).await;
        }
        assert!(units.made <= UPLOAD_UNITS_MAX, "{}", units.made);
        assert_eq!(first.end().await.unwrap().0, sent);
        assert_eq!(second.end().await.unwrap().0, sent);
    }

    #[test]
    fn an_upload_has_its_own_units_and_spare_ones_as_long_as_there_are_any() {
        let spare = SpareUnits::new();
        let made = |units: &mut Units| std::iter::repeat_with(|| units.may_make()).take_while(|made| *made).count();
        let mut uploads: Vec<_> = std::iter::repeat_with(|| Units::new(spare.clone())).take(64).collect();
        let all: Vec<_> = uploads.iter_mut().map(made).collect();
        assert_eq!((all[0], all[63]), (UPLOAD_UNITS_MAX, UPLOAD_UNITS));
        assert_eq!(all.iter().sum::<usize>(), 64 * UPLOAD_UNITS + SPARE_UNITS);
        let left_in_a_lane = uploads[0].fill(Vec::new(), false);
        drop(uploads);
        let others = SPARE_UNITS - (UPLOAD_UNITS_MAX - UPLOAD_UNITS);
        assert_eq!(spare.0.available_permits(), others, "what is left in a lane counts");
        drop(left_in_a_lane);
        assert_eq!(spare.0.available_permits(), SPARE_UNITS);
    }

    #[tokio::test]
    async fn more_lanes_than_jobs_take_turns() {
        let jobs = Jobs(Arc::new(Semaphore::new(1)));
        let lanes: Vec<_> = std::iter::repeat_with(|| Lane::new(Sum(Vec::new()), jobs.clone())).take(5).collect();
        let mut units = Units::new(SpareUnits::new());
        let sent: Vec<u8> = (0..50).collect();
        for byte in &sent {
            send(&mut units, &lanes.iter().collect::<Vec<_>>(), &[*byte]).await;
        }
        for lane in lanes {
            assert_eq!(lane.end().await.unwrap().0, sent);
        }
        jobs.0.acquire().await.unwrap().forget();
    }

    #[tokio::test]
    async fn a_panic_of_the_worker_is_heard_of_and_holds_no_buffer() {
        let lane = Lane::new(Sum(Vec::new()), Jobs::new());
        let mut units = Units::new(SpareUnits::new());
        send(&mut units, &[&lane], b"panic").await;
        for _ in 0..10 {
            send(&mut units, &[&lane], b"after").await;
        }
        assert!(lane.end().await.is_none());
    }
}
