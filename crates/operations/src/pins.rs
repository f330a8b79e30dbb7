//! Multipart bodies being read: the collector leaves them alone, so that a download that began ends, even if
//! its object is replaced meanwhile. (A single blob needs none: its file stays open.)

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use types::BlobId;

/// The bodies being read.
#[derive(Clone, Default)]
pub(crate) struct Pins(Arc<Mutex<HashMap<BlobId, usize>>>);

/// Holds a body for as long as it lives.
pub(crate) struct Pin {
    pins: Pins,
    id: BlobId,
}

impl Pins {
    /// Holds `id`. Whoever pins must look at the object again after: only a body that was still referenced when
    /// it was pinned is safe.
    pub(crate) fn pin(&self, id: BlobId) -> Pin {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(0) += 1;
        Pin { pins: self.clone(), id }
    }

    /// True while somebody reads it.
    pub(crate) fn is_pinned(&self, id: BlobId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }
}

impl Pin {
    /// Another one of the same body.
    pub(crate) fn again(&self) -> Self {
        self.pins.pin(self.id)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.pins.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = pins.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.id);
            }
        }
    }
}
