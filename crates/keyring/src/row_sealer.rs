//! Seals small values under one derived key: metadata values, continuation tokens.
//!
//! A sealed value is `nonce (12) || ciphertext || tag (16)`. Nonces are consecutive 96-bit numbers; their first 64
//! bits start at random in each process, their last 32 at 0. So none repeats within a process, and the runs of two
//! processes meet only if their random starts lie closer together than either's count of 2^32 seals.

use crate::aead::{Aead, NONCE_BYTES};
use crate::{RootKey, TAG_BYTES, Tampered};
use environment::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};
use zeroize::Zeroizing;

/// Seals and opens values. Shared by threads without a lock. Has no `Debug`.
pub struct RowSealer {
    aead: Aead,
    /// First 64 bits of this process's first nonce.
    start: u64,
    /// Values sealed by this process.
    sealed: AtomicU64,
}

impl RowSealer {
    /// Bytes that sealing adds to a value.
    pub const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

    /// A sealer under `root`'s key for `purpose`. Values open under the same purpose only.
    pub fn new(root: &RootKey, purpose: &'static str, entropy: &dyn Entropy) -> Self {
        let key = Zeroizing::new(root.derive(purpose));
        Self { aead: Aead::new(&key), start: u64::from_be_bytes(entropy.bytes()), sealed: AtomicU64::new(0) }
    }

    /// Seals `plain`, bound to `belongs_to` (for a row: its key). One allocation.
    pub fn seal(&self, belongs_to: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = self.next_nonce();
        let mut sealed = Vec::with_capacity(plain.len() + Self::OVERHEAD_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self.aead.seal_in_place(nonce, belongs_to, &mut sealed[NONCE_BYTES..]);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`RowSealer::seal`] made for the same `belongs_to`. One allocation.
    pub fn open(&self, belongs_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Tampered)?;
        self.aead.open(*nonce, belongs_to, body)
    }

    /// The next of the consecutive numbers. The counter's carry goes into the random half, which is as good as
    /// drawing that half anew and needs no lock.
    fn next_nonce(&self) -> [u8; NONCE_BYTES] {
        let count = self.sealed.fetch_add(1, Ordering::Relaxed);
        let mut nonce = [0; NONCE_BYTES];
        nonce[..8].copy_from_slice(&self.start.wrapping_add(count >> 32).to_be_bytes());
        nonce[8..].copy_from_slice(&count.to_be_bytes()[4..]);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;
    use std::collections::HashSet;

    fn sealer(purpose: &'static str) -> RowSealer {
        RowSealer::new(&RootKey::from_bytes([9; 32]), purpose, &SystemEntropy::new())
    }

    #[test]
    fn a_value_opens_for_its_own_row_and_purpose_only() {
        let rows = sealer("rows");
        for plain in [&b""[..], b"value"] {
            let sealed = rows.seal(b"row", plain);
            assert_eq!(sealed.len(), plain.len() + RowSealer::OVERHEAD_BYTES);
            assert_eq!(rows.open(b"row", &sealed).unwrap(), plain);
            assert_eq!(sealer("rows").open(b"row", &sealed).unwrap(), plain, "after a restart");
            assert_eq!(rows.open(b"other row", &sealed), Err(Tampered));
            assert_eq!(sealer("tokens").open(b"row", &sealed), Err(Tampered));
        }
    }

    #[test]
    fn a_value_with_any_byte_changed_or_missing_is_tampered() {
        let rows = sealer("rows");
        let sealed = rows.seal(b"row", b"value");
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 4;
            assert_eq!(rows.open(b"row", &changed), Err(Tampered), "byte {position}");
            assert_eq!(rows.open(b"row", &sealed[..position]), Err(Tampered), "cut at {position}");
        }
    }

    #[test]
    fn nonces_are_unique_across_threads_and_across_the_counters_wrap() {
        let rows = sealer("rows");
        rows.sealed.store(u64::from(u32::MAX) - 1000, Ordering::Relaxed);
        let draw = || (0..1000).map(|_| rows.next_nonce()).collect::<Vec<_>>();
        let nonces: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 4000);
        let halves: HashSet<_> = nonces.iter().map(|nonce| nonce[..8].to_vec()).collect();
        assert_eq!(halves.len(), 2, "the wrap changes the random half");
    }
}
