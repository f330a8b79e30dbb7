//! The root key: the one secret a data directory cannot be read without.
//!
//! It seals nothing itself. Every use draws its own key from it by HKDF-SHA256 (RFC 5869) with the purpose as `info`,
//! so that no two uses can ever share a nonce. The purposes are frozen: a change makes stored bytes unreadable.

use crate::aead::{Aead, KEY_BYTES};
use crate::{BucketKey, Tampered, WrappedKey, wrapped_key};
use aws_lc_rs::hkdf;
use environment::Entropy;
use types::BucketId;
use zeroize::Zeroizing;

const WRAP_PURPOSE: &str = "cairn wrap bucket keys 1";

/// 32 secret bytes. Has no `Debug`; wiped when dropped.
pub struct RootKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    wrapping: Aead,
}

impl RootKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_zeroizing(Zeroizing::new(entropy.bytes()))
    }

    /// From where it is kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::from_zeroizing(Zeroizing::new(bytes))
    }

    fn from_zeroizing(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let wrapping = Aead::new(&Zeroizing::new(hkdf_sha256(&*bytes, WRAP_PURPOSE.as_bytes())));
        Self { bytes, wrapping }
    }

    /// For where it is kept. Whoever reads this reads everything.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.bytes.clone()
    }

    /// A key for `purpose`, independent of every other purpose's. The same root key always gives the same.
    pub fn derive(&self, purpose: &'static str) -> [u8; 32] {
        hkdf_sha256(&*self.bytes, purpose.as_bytes())
    }

    /// Seals a bucket's key for its row. Opens only for the same bucket.
    pub fn wrap_bucket_key(&self, bucket: BucketId, key: &BucketKey, entropy: &dyn Entropy) -> WrappedKey {
        wrapped_key::wrap(&self.wrapping, &belongs_to(bucket), key.bytes(), entropy)
    }

    /// Opens a bucket's key from its row.
    pub fn unwrap_bucket_key(&self, bucket: BucketId, wrapped: &WrappedKey) -> Result<BucketKey, Tampered> {
        wrapped_key::unwrap(&self.wrapping, &belongs_to(bucket), wrapped).map(BucketKey::from_bytes)
    }
}

fn belongs_to(bucket: BucketId) -> [u8; 8] {
    bucket.0.to_be_bytes()
}

/// HKDF-SHA256 without salt: the secret is uniformly random already.
pub(crate) fn hkdf_sha256(secret: &[u8], info: &[u8]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
    let filled = extracted.expand(&[info], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
    assert!(filled.is_ok(), "HKDF-SHA256 gives 32 bytes for any secret");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;

    const BUCKET: BucketId = BucketId(7);

    #[test]
    fn derivation_is_rfc_5869() {
        // Test case 3 of RFC 5869: no salt, no info; its first 32 bytes.
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
        assert_eq!(types::ids::hex(&hkdf_sha256(&[0x0b; 22], b"")), expected);
    }

    #[test]
    fn purposes_give_different_keys_and_the_same_one_repeats() {
        let root = RootKey::from_bytes([1; 32]);
        assert_eq!(root.derive("rows"), RootKey::from_bytes([1; 32]).derive("rows"));
        assert_ne!(root.derive("rows"), root.derive("tokens"));
        assert_ne!(root.derive("rows"), RootKey::from_bytes([2; 32]).derive("rows"));
    }

    #[test]
    fn a_bucket_key_comes_back_under_its_own_bucket_and_root_only() {
        let entropy = SystemEntropy::new();
        let root = RootKey::generate(&entropy);
        let key = BucketKey::generate(&entropy);
        let wrapped = root.wrap_bucket_key(BUCKET, &key, &entropy);
        assert_eq!(root.unwrap_bucket_key(BUCKET, &wrapped).ok().unwrap().bytes(), key.bytes());
        let reloaded = RootKey::from_bytes(*root.to_bytes());
        assert!(reloaded.unwrap_bucket_key(BUCKET, &wrapped).is_ok());
        assert!(root.unwrap_bucket_key(BucketId(8), &wrapped).is_err());
        assert!(RootKey::generate(&entropy).unwrap_bucket_key(BUCKET, &wrapped).is_err());
    }

    #[test]
    fn a_wrapped_key_with_any_byte_changed_is_tampered() {
        let entropy = SystemEntropy::new();
        let root = RootKey::generate(&entropy);
        let wrapped = root.wrap_bucket_key(BUCKET, &BucketKey::generate(&entropy), &entropy);
        for position in 0..WrappedKey::BYTES {
            let mut changed = wrapped;
            changed.0[position] ^= 1;
            assert_eq!(root.unwrap_bucket_key(BUCKET, &changed).err(), Some(Tampered), "byte {position}");
        }
    }

    #[test]
    fn two_wraps_of_one_key_differ() {
        let entropy = SystemEntropy::new();
        let (root, key) = (RootKey::generate(&entropy), BucketKey::generate(&entropy));
        assert_ne!(root.wrap_bucket_key(BUCKET, &key, &entropy), root.wrap_bucket_key(BUCKET, &key, &entropy));
    }
}
