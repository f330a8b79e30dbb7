//! Randomness from a seed: keys, nonces and ids are the same in every run of a seed.

use crate::random::Random;
use environment::Entropy;
use std::sync::{Mutex, PoisonError};

/// Randomness that repeats. It goes on over restarts of a process, so that no nonce is used twice.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<Random>);

impl SeededEntropy {
    /// The randomness of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Random::new(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&random.number().to_le_bytes()[..chunk.len()]);
        }
    }
}
