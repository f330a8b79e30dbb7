//! An engine that counts what is asked of it: so that a test can say what something costs, and not only what it does.

use bytes::Bytes;
use metadata::engine::{Answer, Commit, Scan, Step, Table, Visitor};
use metadata::{Engine, Outcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was asked of an engine so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Rows read by their keys.
    pub gets: u64,
    /// Ranges looked at.
    pub scans: u64,
    /// Rows shown by them.
    pub visited: u64,
    /// Commits.
    pub commits: u64,
}

impl Asked {
    /// Rows read, and places looked at where there was none.
    pub fn reads(self) -> u64 {
        self.gets + self.scans + self.visited
    }

    /// What was asked since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            gets: self.gets - before.gets,
            scans: self.scans - before.scans,
            visited: self.visited - before.visited,
            commits: self.commits - before.commits,
        }
    }
}

#[derive(Debug, Default)]
struct Counters {
    gets: AtomicU64,
    scans: AtomicU64,
    visited: AtomicU64,
    commits: AtomicU64,
}

/// An engine around another.
#[derive(Debug)]
pub struct CountingEngine<E> {
    inner: E,
    counters: Arc<Counters>,
}

impl<E> CountingEngine<E> {
    /// Counts from now on.
    pub fn new(inner: E) -> Self {
        Self { inner, counters: Arc::default() }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Asked {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Asked {
            gets: of(&counters.gets),
            scans: of(&counters.scans),
            visited: of(&counters.visited),
            commits: of(&counters.commits),
        }
    }
}

struct CountingVisitor {
    inner: Box<dyn Visitor>,
    counters: Arc<Counters>,
}

impl Visitor for CountingVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        self.counters.visited.fetch_add(1, Ordering::Relaxed);
        self.inner.visit(key, value)
    }
}

impl<E: Engine> Engine for CountingEngine<E> {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>> {
        self.counters.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get(table, key)
    }

    fn scan(&self, scan: Scan, visitor: Box<dyn Visitor>) -> Answer<'_, ()> {
        self.counters.scans.fetch_add(1, Ordering::Relaxed);
        self.inner.scan(scan, Box::new(CountingVisitor { inner: visitor, counters: Arc::clone(&self.counters) }))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Outcome> {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.inner.commit(commit)
    }
}
