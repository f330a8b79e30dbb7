//! What is kept of answers before custom domains, in memory and on disk, each bounded. Sources: R2 "Public buckets",
//! Caching; "Consistency model", Caching.
//!
//! Small objects are kept in memory. Larger ones stay on disk where they are: their blobs are encrypted and never
//! change, so the cache holds them open instead of copying them, also once the object was replaced or deleted. Neither
//! outlives the process, so a purge needs no trace on disk and nothing old comes back after a crash.

pub(crate) mod eligible;
pub(crate) mod flights;
pub(crate) mod freshness;
pub(crate) mod key;

use crate::object_headers::ObjectHeaders;
use flights::Flights;
use key::CacheKey;
use operations::hold_object::HeldObject;
use operations::purge_cache::{PublicCopies, Purge, Zone};
use operations::{DomainRow, ObjectRow};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::hash::RandomState;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// What an operator may set of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Memory for small objects, bytes; 0: nothing is cached at all.
    pub memory_bytes: u64,
    /// Bytes on disk that large objects may keep occupied, also once replaced or deleted; 0: none are cached.
    pub disk_bytes: u64,
    /// Custom domains, in lower case, that cache every object, whatever its extension; `*` for all.
    pub everything: Vec<String>,
}

/// The cache before all custom domains of a server.
pub struct PublicCache {
    settings: CacheSettings,
    memory: Shelf,
    disk: Shelf,
    pub(crate) flights: Flights,
    /// How often something was purged. Kept locked for reading while something is put on a shelf.
    purges: RwLock<u64>,
}

/// Something that can be shown again.
#[derive(Debug)]
pub(crate) struct Kept {
    /// What it is.
    pub(crate) what: What,
    /// The domain it was asked at.
    pub(crate) domain: Arc<DomainRow>,
    /// When it was read, on the monotonic clock.
    pub(crate) read: Duration,
    /// Until when it may be shown without looking again.
    pub(crate) fresh_until: Duration,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum What {
    /// An object, with its headers ready to be sent.
    Object(HeldObject, Box<ObjectHeaders>),
    /// That there is none.
    Missing,
}

/// Objects up to this size are kept in memory, if the memory holds 32 of them, bytes.
const MEMORY_OBJECT_BYTES_MAX: u64 = 1024 * 1024;

/// The largest object that is cached, bytes. Source: Cloudflare "Cache by status code", Caching limits: 512 MB.
const OBJECT_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Objects on disk that are held at once: each costs a file descriptor.
const HELD_FILES_MAX: u64 = 256;

/// What something kept costs in memory besides bytes and key: rows, headers, map, bookkeeping.
const OVERHEAD_BYTES: u64 = 1536;

type Shelf = Cache<Arc<CacheKey>, Arc<Kept>, Weight, RandomState, DefaultLifecycle<Arc<CacheKey>, Arc<Kept>>>;

/// What something kept takes of its shelf.
#[derive(Clone)]
enum Weight {
    Memory,
    /// No object weighs less than this, so that their number is bounded too.
    Disk {
        least: u64,
    },
}

impl Weighter<Arc<CacheKey>, Arc<Kept>> for Weight {
    fn weight(&self, key: &Arc<CacheKey>, kept: &Arc<Kept>) -> u64 {
        match (self, &kept.what) {
            (Self::Disk { least }, What::Object(object, _)) => object.row.size.max(*least),
            (_, What::Object(object, _)) => {
                // In the row, and once more as they are sent.
                object.memory_bytes() + 2 * headers(&object.row) + key.bytes() + OVERHEAD_BYTES
            }
            (_, What::Missing) => key.bytes() + OVERHEAD_BYTES,
        }
    }
}

/// Bytes of the headers and the metadata that a row holds.
fn headers(row: &ObjectRow) -> u64 {
    let http = &row.http;
    let texts = [
        &http.content_type,
        &http.content_encoding,
        &http.content_disposition,
        &http.content_language,
        &http.cache_control,
        &http.expires,
    ];
    let http: usize = texts.into_iter().flatten().map(String::len).sum();
    (http + row.user.bytes()) as u64
}

impl Kept {
    /// Whether it may be shown without looking again.
    pub(crate) fn is_fresh(&self, now: Duration) -> bool {
        now < self.fresh_until
    }

    fn is_on_disk(&self) -> bool {
        matches!(&self.what, What::Object(object, _) if object.row.size > 0 && object.memory_bytes() == 0)
    }
}

impl PublicCache {
    /// An empty cache.
    pub fn new(settings: CacheSettings) -> Self {
        let least = settings.disk_bytes.div_ceil(HELD_FILES_MAX).max(1);
        // One shard, since a shard must hold the largest object.
        let disk = shelf(settings.disk_bytes, 1, HELD_FILES_MAX, Weight::Disk { least });
        let objects = (settings.memory_bytes / (32 * 1024)).clamp(256, 64 * 1024);
        let memory = shelf(settings.memory_bytes, 8, objects, Weight::Memory);
        Self { settings, memory, disk, flights: Flights::default(), purges: RwLock::new(0) }
    }

    /// Whether what this key names is cached, if nothing speaks against it.
    pub(crate) fn is_eligible(&self, key: &CacheKey) -> bool {
        let listed = |name: &String| name == "*" || name == key.host().as_str();
        self.settings.memory_bytes > 0
            && (eligible::by_default(key.object().identity()) || self.settings.everything.iter().any(listed))
    }

    /// Objects up to this size are kept in memory, bytes.
    pub(crate) fn memory_object_bytes_max(&self) -> u64 {
        MEMORY_OBJECT_BYTES_MAX.min(self.settings.memory_bytes / 32)
    }

    /// The largest object that is cached, bytes.
    pub(crate) fn object_bytes_max(&self) -> u64 {
        // A shelf takes nothing that would fill it alone.
        let disk = OBJECT_BYTES_MAX.min(self.settings.disk_bytes / 10 * 9);
        disk.max(self.memory_object_bytes_max())
    }

    /// What is kept, fresh or not.
    pub(crate) fn get(&self, key: &Arc<CacheKey>) -> Option<Arc<Kept>> {
        self.memory.get(key).or_else(|| self.disk.get(key))
    }

    /// How often something was purged until now: to be asked before something is read that is to be kept.
    pub(crate) fn purges(&self) -> u64 {
        *self.purges.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps something that was read since `purges` was asked, unless something was purged meanwhile.
    pub(crate) fn keep(&self, key: &Arc<CacheKey>, kept: &Arc<Kept>, purges: u64) {
        let now = self.purges.read().unwrap_or_else(PoisonError::into_inner);
        if *now != purges {
            return;
        }
        let (to, from) = if kept.is_on_disk() { (&self.disk, &self.memory) } else { (&self.memory, &self.disk) };
        to.insert(Arc::clone(key), Arc::clone(kept));
        from.remove(key);
    }

    /// Forgets one thing: it turned out to be no longer there to be kept.
    pub(crate) fn forget(&self, key: &Arc<CacheKey>) {
        self.memory.remove(key);
        self.disk.remove(key);
    }

    /// Bytes that are taken: of memory, and of disk as far as bounds count them.
    pub fn bytes(&self) -> (u64, u64) {
        (self.memory.weight(), self.disk.weight())
    }
}

impl PublicCopies for PublicCache {
    fn purge(&self, zone: Zone<'_>, what: &Purge) {
        let mut purges = self.purges.write().unwrap_or_else(PoisonError::into_inner);
        *purges += 1;
        self.flights.begin_anew();
        for shelf in [&self.memory, &self.disk] {
            shelf.retain(|key, kept| !key.is_meant(&kept.domain, zone, what));
        }
    }

    fn give_space_back(&self) {
        self.disk.clear();
    }
}

fn shelf(bytes: u64, shards: usize, objects: u64, weight: Weight) -> Shelf {
    let objects = usize::try_from(objects).unwrap_or(usize::MAX);
    let mut options = OptionsBuilder::new();
    options.shards(shards).estimated_items_capacity(objects).weight_capacity(bytes);
    match options.build() {
        Ok(options) => Cache::with_options(options, weight, RandomState::new(), DefaultLifecycle::default()),
        // Only for options that are left out, of which there are none.
        Err(_) => Cache::with(objects, bytes, weight, RandomState::new(), DefaultLifecycle::default()),
    }
}

#[cfg(test)]
mod tests;
