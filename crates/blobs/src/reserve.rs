//! The disk's reserve: writes are refused before the disk is full, so that deletes, metadata and compaction go on.
//!
//! Free space is asked for at most once in [`ASK_AGAIN_AFTER`] and corrected in between by what was admitted. That
//! is a little behind the truth in both directions; a disk that is really full says so itself.

use crate::BlobError;
use crate::pool::{lock, on_pool};
use environment::{Clock, Disk};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer of the disk is believed.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

pub(crate) struct Reserve {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    reserve_bytes: u64,
    known: Mutex<Known>,
    refusals: AtomicU64,
}

struct Known {
    /// What the disk answered, less what was admitted since.
    free_bytes: u64,
    /// When it was asked, on the monotonic clock; `None` if it must be asked before `free_bytes` says anything.
    asked: Option<Duration>,
}

impl Reserve {
    pub(crate) fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, reserve_bytes: u64) -> Self {
        Self {
            disk,
            clock,
            reserve_bytes,
            known: Mutex::new(Known { free_bytes: 0, asked: None }),
            refusals: AtomicU64::new(0),
        }
    }

    /// Admits a write of `bytes`, or refuses it with [`BlobError::Full`].
    pub(crate) async fn admit(&self, bytes: u64) -> Result<(), BlobError> {
        if self.must_ask() {
            self.ask().await?;
        }
        let mut known = lock(&self.known);
        if known.free_bytes < self.reserve_bytes.saturating_add(bytes) {
            let free_bytes = known.free_bytes;
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return Err(BlobError::Full { wanted_bytes: bytes, free_bytes, reserve_bytes: self.reserve_bytes });
        }
        known.free_bytes -= bytes;
        Ok(())
    }

    /// Writes refused so far.
    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// The disk turned out fuller than was believed: ask before the next write.
    pub(crate) fn forget(&self) {
        lock(&self.known).asked = None;
    }

    /// True for whoever is to ask. An old answer is good enough for all others until the new one is there.
    fn must_ask(&self) -> bool {
        let now = self.clock.monotonic();
        let mut known = lock(&self.known);
        match known.asked {
            None => true,
            Some(asked) if now.saturating_sub(asked) >= ASK_AGAIN_AFTER => {
                known.asked = Some(now);
                true
            }
            Some(_) => false,
        }
    }

    async fn ask(&self) -> Result<(), BlobError> {
        let disk = Arc::clone(&self.disk);
        let free_bytes =
            on_pool(move || disk.free_bytes().map_err(|e| BlobError::disk("ask the free space of", "", e))).await?;
        let asked = Some(self.clock.monotonic());
        *lock(&self.known) = Known { free_bytes, asked };
        Ok(())
    }
}
