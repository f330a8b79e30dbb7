//! A bucket's key: wraps the data keys of its blobs. Used by every request that touches bytes, so its schedule is
//! prepared once and the key is worth caching.

use crate::aead::{Aead, KEY_BYTES};
use crate::{DataKey, Tampered, WrappedKey, wrapped_key};
use environment::Entropy;
use types::BlobId;
use zeroize::Zeroizing;

/// 32 secret bytes and their schedule. Has no `Debug`; wiped when dropped.
pub struct BucketKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    wrapping: Aead,
}

impl BucketKey {
    /// A key for a new bucket.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_bytes(Zeroizing::new(entropy.bytes()))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let wrapping = Aead::new(&bytes);
        Self { bytes, wrapping }
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Seals a blob's key. Opens only for the same blob.
    pub(crate) fn wrap(&self, blob: BlobId, key: &DataKey, entropy: &dyn Entropy) -> WrappedKey {
        wrapped_key::wrap(&self.wrapping, &blob.0, key.bytes(), entropy)
    }

    /// Opens a blob's key.
    pub(crate) fn unwrap(&self, blob: BlobId, wrapped: &WrappedKey) -> Result<DataKey, Tampered> {
        wrapped_key::unwrap(&self.wrapping, &blob.0, wrapped).map(DataKey::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;

    #[test]
    fn a_data_key_comes_back_under_its_own_blob_and_bucket_only() {
        let entropy = SystemEntropy::new();
        let bucket = BucketKey::generate(&entropy);
        let key = DataKey::generate(&entropy);
        let blob = BlobId::new(1, 2, [3; 4]);
        let wrapped = bucket.wrap(blob, &key, &entropy);
        assert_eq!(bucket.unwrap(blob, &wrapped).ok().unwrap().bytes(), key.bytes());
        assert_eq!(bucket.unwrap(BlobId::new(1, 3, [3; 4]), &wrapped).err(), Some(Tampered));
        assert_eq!(BucketKey::generate(&entropy).unwrap(blob, &wrapped).err(), Some(Tampered));
    }

    /// Made with another implementation (python-cryptography): the stored layout is frozen.
    #[test]
    fn the_wrapped_layout_is_frozen() {
        let bucket = BucketKey::from_bytes(Zeroizing::new([0x11; 32]));
        let text = "22222222222222222222222253b3430d848bdb1ba17b9a780ce2ad915bd789a62ec5e80f160b4eac4da52147ab9346cdb3770162573cf9a219ce43a7";
        let wrapped = WrappedKey(types::ids::parse_hex(text).unwrap());
        let key = bucket.unwrap(BlobId([0x33; 16]), &wrapped).ok().unwrap();
        assert_eq!(key.bytes(), &[0x44; 32]);
    }
}
