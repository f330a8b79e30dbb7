//! The one thing a metadata engine must provide: ordered rows with conditional atomic commits.
//!
//! No transaction stays open across this boundary. Everything R2-shaped is written once above it. The contract
//! is `suite` (feature `suite`), run against every engine.

use crate::record::Record;
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// An answer that arrives later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// Spaces of keys that an engine may keep apart. A key in one has nothing to do with the same key in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Rows: small values, scanned in order.
    Rows,
    /// Sealed bytes of small objects: up to 64 KiB and a little, read one by one, never scanned on a request.
    Payloads,
    /// Sums that commits add to: eight-byte little-endian two's complement integers, one after another.
    Counters,
}

/// An ordered store of bytes. Keys compare bytewise. All methods may be called from any task at any time.
pub trait Engine: Send + Sync + 'static {
    /// The value of a key, as of the last commit answered before the call or a later one.
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>>;

    /// As [`Engine::get`], if the engine keeps the row in memory; `None` tells nothing.
    fn recall(&self, table: Table, key: &[u8]) -> Option<Arc<Record>> {
        let _an_engine_may_keep_nothing = (table, key);
        None
    }

    /// Shows `visitor` the rows of `scan.start..scan.end` in the order of their keys, or against it, all as of one
    /// moment, until it stops.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the visitor in the middle of its work; nothing else happens.
    fn scan(&self, scan: Scan, visitor: Box<dyn Visitor>) -> Answer<'_, ()>;

    /// Applies all writes if every condition holds at that moment, or none. Answers [`Outcome::Committed`] only
    /// once the writes survive `kill -9` and power loss.
    ///
    /// # Cancel safety
    /// Once polled, the commit happens or not whether or not the future lives on.
    fn commit(&self, commit: Commit) -> Answer<'_, Outcome>;

    /// Adds up the rows of `start..end` of [`Table::Counters`], integer by integer, all as of one moment of the call;
    /// `None`: to the end of the table. An engine may keep the sums of ranges that are asked for again and again.
    fn sum(&self, start: Vec<u8>, end: Option<Vec<u8>>) -> Answer<'_, Vec<i64>> {
        let sums = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sums);
        let visitor = move |_: &[u8], value: &[u8]| {
            add_counters(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), &decode_counters(value));
            Step::Next
        };
        let scan = self.scan(Scan { table: Table::Counters, start, end, backwards: false }, Box::new(visitor));
        Box::pin(async move {
            scan.await?;
            Ok(std::mem::take(&mut *sums.lock().unwrap_or_else(PoisonError::into_inner)))
        })
    }

    /// Gives the space of removed values back to the disk at once, where that takes work of its own and else comes
    /// in time. Reads and commits go on beside it.
    fn reclaim(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// A range of rows to visit.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Where.
    pub table: Table,
    /// First key of the range.
    pub start: Vec<u8>,
    /// First key after the range; `None`: to the end of the table.
    pub end: Option<Vec<u8>>,
    /// From the last row of the range to the first.
    pub backwards: bool,
}

/// Sees the rows of a scan.
pub trait Visitor: Send + 'static {
    /// Takes one row and says how to go on.
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step;
}

impl<F: FnMut(&[u8], &[u8]) -> Step + Send + 'static> Visitor for F {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        self(key, value)
    }
}

/// How a scan goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the next row.
    Next,
    /// To the first row at or after this key, which lies after the row just seen; of a scan backwards, to the last
    /// row at or before this key, which lies before the row just seen. Costs one seek, however many rows lie between.
    Seek(Vec<u8>),
    /// Enough.
    Stop,
}

/// What must hold, and what then changes.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Applied in order; of two writes to one key the later wins, and sums add up.
    pub writes: Vec<Write>,
}

/// Something that must hold when a commit is applied.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The key has exactly this value (rows are sealed with fresh nonces, so equal bytes are the same version).
    Equals {
        /// Where.
        table: Table,
        /// Which row.
        key: Vec<u8>,
        /// Its value when it was read.
        value: Bytes,
    },
    /// The key has no value.
    Absent {
        /// Where.
        table: Table,
        /// Which row.
        key: Vec<u8>,
    },
    /// No key of `start..end` has a value.
    Empty {
        /// Where.
        table: Table,
        /// First key of the range.
        start: Vec<u8>,
        /// First key after the range.
        end: Vec<u8>,
    },
}

/// One change.
#[derive(Clone, Debug)]
pub enum Write {
    /// Sets a value.
    Put {
        /// Where; not [`Table::Counters`].
        table: Table,
        /// Which row.
        key: Vec<u8>,
        /// Its new value.
        value: Bytes,
    },
    /// Removes a value, if there is one.
    Delete {
        /// Where.
        table: Table,
        /// Which row.
        key: Vec<u8>,
    },
    /// Adds to each of the integers in a row of [`Table::Counters`]; a missing row or integer counts as 0, and
    /// sums wrap. Never a reason for a conflict.
    Add {
        /// Which row.
        key: Vec<u8>,
        /// What to add, integer by integer.
        deltas: Vec<i64>,
    },
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// All writes are applied and durable.
    Committed,
    /// A condition did not hold; nothing happened.
    Conflict,
}

/// Why an engine could not answer.
///
/// A commit that failed may or may not be there after a restart. After any failed write but for want of room an
/// engine refuses further commits until it is reopened: what the disk holds is then unknown, and wrong bytes are
/// worse than no bytes. Reads go on.
#[derive(Clone, Debug)]
pub enum EngineError {
    /// The disk failed, or refuses since an earlier failure.
    Disk {
        /// What was being done.
        doing: &'static str,
        /// What the engine said.
        cause: Arc<str>,
    },
    /// The disk has no room left. Nothing answered is lost. Commits go on by themselves once there is room again: the
    /// embedded engine looks every 5 seconds and wants room for its write buffer, 32 MiB by default.
    Full {
        /// What the engine said.
        cause: Arc<str>,
    },
    /// What is stored cannot be what was written.
    Corrupt {
        /// What is wrong, and where.
        what: Arc<str>,
    },
    /// The engine is shutting down.
    Closed,
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { doing, cause } => write!(f, "metadata engine: {doing}: {cause}"),
            Self::Full { cause } => write!(f, "metadata engine: disk full: {cause}"),
            Self::Corrupt { what } => write!(f, "metadata engine: corrupt: {what}"),
            Self::Closed => f.write_str("metadata engine: closed"),
        }
    }
}

impl std::error::Error for EngineError {}

/// Reads a row of [`Table::Counters`].
pub fn decode_counters(value: &[u8]) -> Vec<i64> {
    let integer = |bytes: &[u8]| i64::from_le_bytes(std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0)));
    value.chunks(8).map(integer).collect()
}

/// Writes a row of [`Table::Counters`].
pub fn encode_counters(sums: &[i64]) -> Vec<u8> {
    sums.iter().flat_map(|sum| sum.to_le_bytes()).collect()
}

/// Adds `deltas` to `sums`, integer by integer.
pub fn add_counters(sums: &mut Vec<i64>, deltas: &[i64]) {
    sums.resize(sums.len().max(deltas.len()), 0);
    sums.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum = sum.wrapping_add(*delta));
}

/// Runs a scan with a visitor of the caller's own type and gives the visitor back.
pub async fn scan_with<V: Visitor>(engine: &dyn Engine, scan: Scan, visitor: V) -> Result<V, EngineError> {
    let shared = Arc::new(Mutex::new(Some(visitor)));
    let inner = Arc::clone(&shared);
    let relay = move |key: &[u8], value: &[u8]| {
        let mut visitor = inner.lock().unwrap_or_else(PoisonError::into_inner);
        visitor.as_mut().map_or(Step::Stop, |visitor| visitor.visit(key, value))
    };
    engine.scan(scan, Box::new(relay)).await?;
    let visitor = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    visitor.ok_or(EngineError::Closed)
}
