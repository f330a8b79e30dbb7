//! Where corruption is noticed: counted and logged, once per finding, before anyone else hears of it.

use crate::BlobError;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Corruptions(AtomicU64);

impl Corruptions {
    /// Findings since the start.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts and logs a finding, and gives the error for whoever reads.
    pub(crate) fn report(&self, place: PathBuf, offset: u64, reason: &'static str) -> BlobError {
        self.0.fetch_add(1, Ordering::Relaxed);
        tracing::error!(place = %place.display(), offset, reason, "a stored blob is corrupt; it was not served");
        BlobError::Corrupt { place, offset, reason }
    }
}
