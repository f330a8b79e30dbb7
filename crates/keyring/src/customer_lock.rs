//! Data keys that only a customer's key opens (R2 "Use SSE-C").
//!
//! The data key is wrapped under a key drawn by HKDF-SHA256 from the bucket's key and the customer's together, so that
//! neither opens it alone: not the customer's key without the store, and not `root.key` without the customer. What a
//! row keeps of the customer's key is a salt, a check value drawn beside the wrapping key, and the MD5 that R2 shows.
//! Whoever has no bucket key cannot test a guess with the first two. The derivation and the layout are frozen.

use crate::aead::{Aead, KEY_BYTES};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hkdf;
use environment::Entropy;
use std::fmt;
use types::{CustomerKey, Md5};
use zeroize::Zeroizing;

/// Frozen, as every purpose.
const WRAP_PURPOSE: &[u8] = b"cairn customer wrap 1";
/// Frozen.
const CHECK_PURPOSE: &[u8] = b"cairn customer check 1";

/// What a row keeps of a customer's key. Safe to store and to print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CustomerLock {
    /// New with every lock.
    pub salt: [u8; 16],
    /// Tells the right key from a wrong one.
    pub check: [u8; KEY_BYTES],
    /// MD5 of the customer's key: for showing which key is needed, never for deciding.
    pub key_md5: Md5,
}

impl fmt::Debug for CustomerLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        types::ids::write_hex(&self.salt, f)
    }
}

impl CustomerLock {
    /// A new lock of `customer`'s, and the key that wraps under it.
    pub(crate) fn new(bucket: &[u8; KEY_BYTES], customer: &CustomerKey, entropy: &dyn Entropy) -> (Self, Aead) {
        let salt = entropy.bytes();
        let drawn = Drawn::new(bucket, customer, &salt);
        let check = *drawn.key(CHECK_PURPOSE);
        (Self { salt, check, key_md5: customer.md5() }, Aead::new(&drawn.key(WRAP_PURPOSE)))
    }

    /// The key that wraps under this lock, if it is `customer`'s. Takes the same time for every wrong key.
    pub(crate) fn open(&self, bucket: &[u8; KEY_BYTES], customer: &CustomerKey) -> Option<Aead> {
        let drawn = Drawn::new(bucket, customer, &self.salt);
        verify_slices_are_equal(&*drawn.key(CHECK_PURPOSE), &self.check).ok()?;
        Some(Aead::new(&drawn.key(WRAP_PURPOSE)))
    }
}

/// What is drawn from both keys and a salt.
struct Drawn(hkdf::Prk);

impl Drawn {
    fn new(bucket: &[u8; KEY_BYTES], customer: &CustomerKey, salt: &[u8; 16]) -> Self {
        let mut secret = Zeroizing::new([0; 2 * KEY_BYTES]);
        secret[..KEY_BYTES].copy_from_slice(bucket);
        secret[KEY_BYTES..].copy_from_slice(customer.secret());
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&*secret))
    }

    fn key(&self, purpose: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let filled = self.0.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
        assert!(filled.is_ok(), "HKDF-SHA256 gives 32 bytes for any secret");
        key
    }
}
