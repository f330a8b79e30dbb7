//! Random clients on a random machine that fails at random: seeds of histories, each judged step by step.
//!
//! `CAIRN_SEED` begins with that seed and runs it alone unless `CAIRN_RUNS` says how many are to follow;
//! `CAIRN_RUNS` alone runs that many from an arbitrary seed. Without either, the same seeds run every time, and must
//! among them reach every rare path that is counted; as not all of a history repeats, more seeds follow while one is
//! missed, up to a bound. A failure prints `SEED=`; see `lib.rs` for what repeats.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "test code")]

use environment::{Entropy, SystemEntropy};
use simulator::audit::{audit, clean, collect_all};
use simulator::machine::settle;
use simulator::observe::observe;
use simulator::operation::code_of;
use simulator::{Fault, Machine, Model, Operation, Outcome, Process, Random, State, UploadName, Workload, run};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use types::ErrorCode;

/// Histories of a plain test run: about twenty seconds.
const RUNS: u64 = 600;

/// Histories at most, if the first ones miss a path that they must reach.
const RUNS_MAX: u64 = 2 * RUNS;

/// Paths that a plain test run must reach.
const RARE_PATHS: [&str; 35] = [
    "several parts became an object",
    "Stop during put",
    "Stop during copy",
    "Stop during delete",
    "Stop during delete many",
    "Stop during lock",
    "Stop during upload part",
    "Stop during complete",
    "Stop during collect",
    "Stop during sweep",
    "Stop during compact",
    "Stop during start",
    "Torn during put",
    "Torn during upload part",
    "Torn during complete",
    "Torn during compact",
    "Full during put",
    "Full during upload part",
    "Full during collect",
    "Error during put",
    "Error during collect",
    "Error during sweep",
    "Error during get",
    "two operations at once",
    "a lock beside another operation",
    "a lock refused an operation",
    "a lock refused one of two operations at once",
    "two operations at once, one of which failed",
    "an operation was given up",
    "the client went away",
    "the disk was full",
    "an unacknowledged change survived",
    "an unacknowledged change did not happen",
    "commits went on after a full disk",
    "the log was compacted",
];

/// How often each path was reached.
type Coverage = BTreeMap<String, u64>;

/// Says which history it was when it ends in a panic.
struct Tell(u64);

impl Drop for Tell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SEED={} (cargo xtask sim --seed {})", self.0, self.0);
        }
    }
}

struct World {
    machine: Machine,
    random: Random,
    workload: Workload,
    model: Model,
    coverage: Coverage,
    /// Whether a failed write may come to light after a crash.
    in_doubt: bool,
    /// Whether each step is told: for one history, run again to be understood.
    told: bool,
}

#[test]
fn random_histories_keep_every_promise() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (first, runs) = match (number("CAIRN_SEED"), number("CAIRN_RUNS")) {
        (Some(seed), runs) => (seed, runs.unwrap_or(1)),
        (None, Some(runs)) => (u64::from(u32::from_le_bytes((&SystemEntropy::new() as &dyn Entropy).bytes())), runs),
        (None, None) => (1, RUNS),
    };
    let missed =
        |coverage: &Coverage| RARE_PATHS.into_iter().filter(|path| !coverage.contains_key(*path)).collect::<Vec<_>>();
    let (mut coverage, mut lived) = (Coverage::new(), 0);
    while lived < runs || ((RUNS..RUNS_MAX).contains(&lived) && !missed(&coverage).is_empty()) {
        let seed = first + lived;
        let _tell = Tell(seed);
        for (path, times) in run(Box::pin(World::new(seed, runs == 1).live())) {
            *coverage.entry(path).or_default() += times;
        }
        lived += 1;
    }
    eprintln!("{lived} histories from seed {first}: {coverage:#?}");
    if lived >= RUNS {
        let missed = missed(&coverage);
        assert!(missed.is_empty(), "these paths were never reached: {missed:?}");
    }
}

/// Polls a future so often, then drops it.
async fn give_up_after<T>(mut polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

impl World {
    fn new(seed: u64, told: bool) -> Self {
        let mut random = Random::new(seed);
        let mut machine = Machine::new(random.number());
        machine.settings.compact_at_bytes = [2_000, 100_000, 1_000_000, u64::MAX][random.below(4)];
        let (workload, model) = (Workload::new(random.number()), Model::of(State::default()));
        Self { machine, random, workload, model, coverage: Coverage::new(), in_doubt: false, told }
    }

    fn count(&mut self, path: impl Into<String>) {
        *self.coverage.entry(path.into()).or_default() += 1;
    }

    /// Lives several lives, each ended by a crash, and in the end removes everything.
    async fn live(mut self) -> Coverage {
        for _ in 0..2 + self.random.below(4) {
            if let Some(process) = self.start().await {
                for _ in 0..self.random.below(30) {
                    let alive = self.step(&process).await;
                    if !alive || self.model.candidates().len() > 32 {
                        break;
                    }
                }
                if process.engine.compactions() > 0 {
                    self.count("the log was compacted");
                }
            }
            self.crash().await;
        }
        self.remove_everything().await;
        self.coverage
    }

    /// Starts a process, if the disk lets it.
    async fn start(&mut self) -> Option<Process> {
        let capacity = if self.random.chance(1, 4) { 3_000_000 } else { u64::MAX };
        self.machine.disk.set_capacity(capacity);
        if self.random.chance(1, 4) {
            self.plan_fault(14);
        }
        let process = self.machine.start().await.ok();
        self.count_fault("start");
        self.machine.disk.heal();
        process
    }

    fn plan_fault(&mut self, calls: usize) {
        let fault = Fault::ALL[self.random.below(Fault::ALL.len())];
        self.machine.disk.fail_at_call(self.random.below(calls) as u64, fault);
    }

    /// Counts the fault that fired, if one did.
    fn count_fault(&mut self, during: &str) -> bool {
        let fired = self.machine.disk.fault_fired();
        if let Some((call, fault)) = fired {
            self.tell(|| format!("{fault:?} of {call} during {during}"));
            self.count(format!("{fault:?} during {during}"));
        }
        fired.is_some()
    }

    /// One step of the clients. False: the machine has stopped.
    async fn step(&mut self, process: &Process) -> bool {
        let faulty = self.random.chance(1, 6);
        if faulty {
            // Most operations make two calls, an upload into a file a dozen.
            let calls = [3, 13][self.random.below(2)];
            self.plan_fault(calls);
        }
        match self.random.below(12) {
            0 | 1 => self.ask_two(process).await,
            2 => self.ask_and_give_up(process).await,
            _ => self.ask_one(process).await,
        }
        self.machine.disk.heal();
        self.machine.clock.advance(Duration::from_millis([0, 0, 1, 2000][self.random.below(4)]));
        if self.machine.disk.has_stopped() {
            return false;
        }
        let doubt_ended = std::mem::replace(&mut self.in_doubt, process.engine.in_doubt()) && !self.in_doubt;
        if doubt_ended || self.random.chance(1, 6) {
            let seen = observe(process).await.unwrap();
            self.model.check(&seen, "in the same process");
            if doubt_ended {
                self.count("commits went on after a full disk");
                self.model = Model::of(seen);
            }
        }
        true
    }

    async fn ask_one(&mut self, process: &Process) {
        let operation = self.workload.next(&self.model.candidates()[0]);
        let outcome = operation.run(process).await;
        self.count_fault(operation.kind());
        self.note(&operation, &outcome);
        self.model.set_in_doubt(process.engine.in_doubt());
        self.model.record(&operation, &outcome);
    }

    async fn ask_two(&mut self, process: &Process) {
        let [one, other] = self.workload.pair(&self.model.candidates()[0]);
        let both = tokio::join!(Box::pin(one.ask(process)), Box::pin(other.ask(process)));
        settle().await;
        let (first, second) = ((one, code_of(both.0)), (other, code_of(both.1)));
        self.count("two operations at once");
        if self.count_fault("two operations") {
            self.count("two operations at once, one of which failed");
        }
        let pair = [&first, &second];
        if pair.iter().any(|(operation, _)| matches!(operation, Operation::Lock(..))) {
            self.count("a lock beside another operation");
            if pair.iter().any(|(_, outcome)| *outcome == Err(ErrorCode::ObjectLockedByBucketPolicy)) {
                self.count("a lock refused one of two operations at once");
            }
        }
        for (operation, outcome) in pair {
            self.note(operation, outcome);
        }
        self.model.set_in_doubt(process.engine.in_doubt());
        self.model.record_pair([&first, &second]);
    }

    async fn ask_and_give_up(&mut self, process: &Process) {
        let operation = self.workload.next(&self.model.candidates()[0]);
        let answer = give_up_after(1 + self.random.below(6), Box::pin(operation.ask(process))).await;
        settle().await;
        if answer.is_none() {
            self.count("an operation was given up");
        }
        self.count_fault("an operation that may be given up");
        // Nobody heard an answer: as good as one that says nothing.
        let outcome = answer.map_or(Err(ErrorCode::ServiceUnavailable), code_of);
        self.note(&operation, &outcome);
        self.model.set_in_doubt(process.engine.in_doubt());
        self.model.record(&operation, &outcome);
    }

    fn tell(&self, step: impl FnOnce() -> String) {
        if self.told {
            eprintln!("{}", step());
        }
    }

    fn note(&mut self, operation: &Operation, outcome: &Outcome) {
        self.tell(|| format!("{operation:?} -> {outcome:?}"));
        if matches!(operation, Operation::Complete(_, parts) if parts.len() > 1) && outcome.is_ok() {
            self.count("several parts became an object");
        }
        match outcome {
            Err(ErrorCode::StorageFull) => self.count("the disk was full"),
            Err(ErrorCode::ClientDisconnect) => self.count("the client went away"),
            Err(ErrorCode::ObjectLockedByBucketPolicy) => self.count("a lock refused an operation"),
            Ok(_) | Err(_) => {}
        }
        self.workload.learn(operation, outcome);
    }

    /// The process or the power goes; what is found must be allowed, and no more is there than it needs.
    async fn crash(&mut self) {
        let seed = self.random.number();
        let killed = self.random.chance(1, 3);
        self.tell(|| if killed { "kill".to_owned() } else { format!("power loss {}", seed % 5) });
        self.machine = if killed { self.machine.after_kill() } else { self.machine.after_power_loss(seed) };
        self.machine.disk.set_capacity(u64::MAX);
        let process = self.machine.start().await.unwrap();
        let seen = observe(&process).await.unwrap();
        self.model.check(&seen, "after a crash");
        if self.model.candidates().len() > 1 {
            let nothing_happened = self.model.candidates()[0] == seen;
            self.count(if nothing_happened {
                "an unacknowledged change did not happen"
            } else {
                "an unacknowledged change survived"
            });
        }
        self.model = Model::of(seen.clone());
        self.in_doubt = false;
        if self.random.chance(2, 3) {
            clean(&process).await.unwrap();
            audit(&process, "after a crash").await.unwrap();
            self.model.check(&observe(&process).await.unwrap(), "after cleaning");
        }
        // The power goes again, with what recovery did.
        self.machine = self.machine.after_power_loss(seed);
    }

    async fn remove_everything(&mut self) {
        self.machine.disk.set_capacity(u64::MAX);
        let process = self.machine.start().await.unwrap();
        let seen = observe(&process).await.unwrap();
        self.model.check(&seen, "at the end");
        for operation in removal_of(&seen) {
            operation.run(&process).await.unwrap();
        }
        clean(&process).await.unwrap();
        collect_all(&process).await.unwrap();
        audit(&process, "when all is removed").await.unwrap();
        assert_eq!(self.machine.disk.files_below("blobs/"), [], "no object, no file");
        assert_eq!(process.engine.keys(metadata::engine::Table::Payloads), Vec::<Vec<u8>>::new());
    }
}

/// What removes all that is seen.
fn removal_of(seen: &State) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (name, bucket) in &seen.buckets {
        let keys: Vec<_> = bucket.objects.keys().cloned().collect();
        operations.push(Operation::Lock(name.clone(), false));
        operations.push(Operation::DeleteMany(name.clone(), keys));
        for (id, upload) in &bucket.uploads {
            let at = simulator::ObjectName::new(name, &upload.key);
            operations.push(Operation::Abort(UploadName { at, id: *id }));
        }
        operations.push(Operation::DeleteBucket(name.clone()));
    }
    operations
}
