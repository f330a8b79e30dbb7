//! Request ids: on every answer and every log line, unique without asking anybody.

use environment::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};
use types::RequestId;

/// Gives out request ids: four random bytes of this process, then a count.
#[derive(Debug)]
pub struct RequestIds {
    process: [u8; 4],
    next: AtomicU64,
}

impl RequestIds {
    /// A source for one process.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self { process: entropy.bytes(), next: AtomicU64::new(1) }
    }

    /// The next id.
    pub fn next(&self) -> RequestId {
        let mut id = [0; 12];
        id[..4].copy_from_slice(&self.process);
        id[4..].copy_from_slice(&self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        RequestId(id)
    }
}
