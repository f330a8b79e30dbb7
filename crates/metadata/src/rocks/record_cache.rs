//! Whole rows in memory, in front of RocksDB.
//!
//! RocksDB finds a row in its block cache by way of filter, index and block of each level: microseconds, and
//! kilobytes of code and data through the processor's caches. Most reads are of the same few rows (the credential, the
//! bucket, popular objects), so those are kept here as they are, found by one hash and handed out without a copy, and
//! with what their readers made of them.
//!
//! Invariant: a row that is found here is the row that RocksDB has. The one writer takes the rows it is about to change
//! out before it writes ([`RecordCache::change`]) and lets nobody put them back until RocksDB has the new ones. A
//! reader puts in what it read only if no change of its shard ended since it looked ([`Ticket`]): otherwise what it
//! read may be older than the change.

use crate::record::Record;
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks, each with its share of the rows.
const SHARDS: usize = 16;
/// What a kept row costs besides key and value: its slot, its place in the map, the headers of its allocations, and
/// what is made of it, opened and ready to be shown, as far as that does not grow with its bytes.
const OVERHEAD_BYTES: usize = 1280;
/// What is made of a row grows with its bytes by so much: the texts in it are there once more, and once as headers.
const OPENED_TIMES: usize = 2;

/// Rows of one table.
pub(super) struct RecordCache {
    /// Seeded at random: whoever chooses keys cannot make them collide.
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

/// What the cache has of a row.
pub(super) enum Lookup {
    /// Its value.
    Found(Arc<Record>),
    /// Nothing. What is then read may be kept with this.
    Missing(Ticket),
}

/// When a reader looked for a row.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    hash: u64,
    changes: u64,
}

/// Rows being changed. They are out of the cache until this is dropped, which must not be before RocksDB has them.
pub(super) struct Change<'a> {
    cache: &'a RecordCache,
    touched: [bool; SHARDS],
}

impl RecordCache {
    /// An empty cache that holds up to `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        let shard = || Mutex::new(Shard { bytes_max: bytes_max / SHARDS, ..Shard::default() });
        Self { hasher: RandomState::new(), shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    /// Looks for a row.
    pub(super) fn look_up(&self, key: &[u8]) -> Lookup {
        let hash = self.hasher.hash_one(key);
        let Some(mut shard) = self.shard(hash) else { return Lookup::Missing(Ticket { hash, changes: 0 }) };
        match shard.find(hash, key) {
            Some(record) => Lookup::Found(record),
            None => Lookup::Missing(Ticket { hash, changes: shard.changes }),
        }
    }

    /// Keeps what was read after `ticket` was given, unless it may be outdated or is too large.
    pub(super) fn keep(&self, key: &[u8], value: &Bytes, ticket: Ticket) {
        let Some(mut shard) = self.shard(ticket.hash) else { return };
        if shard.changes == ticket.changes && !shard.changing.contains(&ticket.hash) {
            shard.insert(ticket.hash, key, value);
        }
    }

    /// Takes rows out and keeps them out while they change. One change at a time.
    pub(super) fn change<'a, 'k>(&'a self, keys: impl Iterator<Item = &'k [u8]>) -> Change<'a> {
        let mut touched = [false; SHARDS];
        for key in keys {
            let hash = self.hasher.hash_one(key);
            if let Some(mut shard) = self.shard(hash) {
                shard.remove(hash);
                shard.changing.push(hash);
            }
            if let Some(touched) = touched.get_mut(shard_number(hash)) {
                *touched = true;
            }
        }
        Change { cache: self, touched }
    }

    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(shard_number(hash))?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        for (shard, _) in self.cache.shards.iter().zip(self.touched).filter(|(_, touched)| *touched) {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.changing.clear();
            shard.changes += 1;
        }
    }
}

/// By the middle bits: the map of a shard goes by the lowest and the highest.
fn shard_number(hash: u64) -> usize {
    ((hash >> 32) % SHARDS as u64) as usize
}

/// A share of the rows, with the clock algorithm to choose which go: a hand passes over them and takes out those that
/// nobody asked for since it came by last.
#[derive(Default)]
struct Shard {
    /// Where the rows are, by the hash of their keys. Of two keys with one hash the later has the place.
    places: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
    slots: Vec<Option<Slot>>,
    vacant: Vec<usize>,
    hand: usize,
    bytes: usize,
    bytes_max: usize,
    /// Changes that have ended.
    changes: u64,
    /// Hashes of the keys being changed.
    changing: Vec<u64>,
}

/// The hash of what is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

struct Slot {
    hash: u64,
    key: Box<[u8]>,
    record: Arc<Record>,
    asked_for: bool,
}

impl Slot {
    fn bytes(&self) -> usize {
        self.key.len() + self.record.value().len() * (1 + OPENED_TIMES) + OVERHEAD_BYTES
    }
}

impl Shard {
    fn find(&mut self, hash: u64, key: &[u8]) -> Option<Arc<Record>> {
        let slot = self.slots.get_mut(*self.places.get(&hash)?)?.as_mut()?;
        if *slot.key != *key {
            return None;
        }
        slot.asked_for = true;
        Some(Arc::clone(&slot.record))
    }

    fn insert(&mut self, hash: u64, key: &[u8], value: &Bytes) {
        let record = Arc::new(Record::new(value.clone()));
        let slot = Slot { hash, key: key.into(), record, asked_for: false };
        // A single row may not turn out most others.
        if slot.bytes() > self.bytes_max / 2 {
            return;
        }
        self.remove(hash);
        self.bytes += slot.bytes();
        while self.bytes > self.bytes_max && !self.places.is_empty() {
            self.advance();
        }
        let place = self.vacant.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(place) {
            Some(vacant) => *vacant = Some(slot),
            None => self.slots.push(Some(slot)),
        }
        self.places.insert(hash, place);
    }

    fn remove(&mut self, hash: u64) {
        let Some(place) = self.places.remove(&hash) else { return };
        if let Some(slot) = self.slots.get_mut(place).and_then(Option::take) {
            self.bytes -= slot.bytes();
            self.vacant.push(place);
        }
    }

    /// Moves the hand on by one slot.
    fn advance(&mut self) {
        self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
        let Some(Some(slot)) = self.slots.get_mut(self.hand) else { return };
        if std::mem::take(&mut slot.asked_for) {
            return;
        }
        let hash = slot.hash;
        self.remove(hash);
    }
}

#[cfg(test)]
mod tests;
