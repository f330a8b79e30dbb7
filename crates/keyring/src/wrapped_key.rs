//! A key sealed under another key, as rows keep it: `nonce (12) || sealed key (32) || tag (16)`. The layout is frozen.
//!
//! The nonce is random, so one wrapping key should wrap fewer than 2^32 keys (NIST SP 800-38D, section 8.3).

use crate::Tampered;
use crate::aead::{Aead, KEY_BYTES, NONCE_BYTES};
use environment::Entropy;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

const TAG_START: usize = NONCE_BYTES + KEY_BYTES;

/// A wrapped key. Safe to store and to print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WrappedKey(pub [u8; Self::BYTES]);

impl WrappedKey {
    /// Bytes of a wrapped key.
    pub const BYTES: usize = 60;
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        types::ids::write_hex(&self.0, f)
    }
}

/// Seals `key` under `wrapping`, bound to `belongs_to`.
pub(crate) fn wrap(wrapping: &Aead, belongs_to: &[u8], key: &[u8; KEY_BYTES], entropy: &dyn Entropy) -> WrappedKey {
    let nonce: [u8; NONCE_BYTES] = entropy.bytes();
    let mut bytes = [0; WrappedKey::BYTES];
    bytes[..NONCE_BYTES].copy_from_slice(&nonce);
    bytes[NONCE_BYTES..TAG_START].copy_from_slice(key);
    let tag = wrapping.seal_in_place(nonce, belongs_to, &mut bytes[NONCE_BYTES..TAG_START]);
    bytes[TAG_START..].copy_from_slice(&tag);
    WrappedKey(bytes)
}

/// Opens what [`wrap`] made with the same `wrapping` and `belongs_to`.
pub(crate) fn unwrap(
    wrapping: &Aead,
    belongs_to: &[u8],
    wrapped: &WrappedKey,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, Tampered> {
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&wrapped.0[..NONCE_BYTES]);
    let mut sealed = [0; WrappedKey::BYTES - NONCE_BYTES];
    sealed.copy_from_slice(&wrapped.0[NONCE_BYTES..]);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    key.copy_from_slice(wrapping.open_in_place(nonce, belongs_to, &mut sealed)?);
    sealed.zeroize();
    Ok(key)
}
