//! A blob's own key: seals its chunks, and nothing else ever.
//!
//! Nonce: the chunk's index. A key belongs to one blob and a blob never changes, so an index is sealed once. Besides
//! its bytes a chunk authenticates `blob id || index || last`, so that chunks swapped, cut off, appended, or brought
//! from another blob fail to open. The layout is frozen.

use crate::aead::{Aead, KEY_BYTES, NONCE_BYTES};
use crate::root_key::hkdf_sha256;
use crate::{TAG_BYTES, Tampered};
use environment::Entropy;
use std::sync::Arc;
use types::BlobId;
use zeroize::Zeroizing;

/// Frozen, as every purpose.
const PART_PURPOSE: &[u8] = b"cairn part key 1";

/// 32 secret bytes and their schedule. Cheap to clone; has no `Debug`; wiped when the last clone is dropped.
#[derive(Clone)]
pub struct DataKey(Arc<Inner>);

struct Inner {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    aead: Aead,
}

/// Which chunk of which blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPosition {
    /// The blob.
    pub blob: BlobId,
    /// Number of the chunk within the blob, from 0.
    pub index: u64,
    /// Whether the blob ends with it.
    pub last: bool,
}

impl ChunkPosition {
    fn nonce(self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce[4..].copy_from_slice(&self.index.to_be_bytes());
        nonce
    }

    fn authenticated(self) -> [u8; 25] {
        let mut bytes = [0; 25];
        bytes[..16].copy_from_slice(&self.blob.0);
        bytes[16..24].copy_from_slice(&self.index.to_be_bytes());
        bytes[24] = u8::from(self.last);
        bytes
    }
}

impl DataKey {
    /// A key for a new blob. Never for a second one: see the file's doc.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_bytes(Zeroizing::new(entropy.bytes()))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let aead = Aead::new(&bytes);
        Self(Arc::new(Inner { bytes, aead }))
    }

    /// The key of one part of a multipart object, drawn from the object's key by HKDF-SHA256 and the part's `salt`,
    /// which must be new: so a manifest keeps no wrapped keys, and a copy re-wraps one key however many the parts.
    #[must_use]
    pub fn for_part(&self, salt: &[u8; 16]) -> Self {
        Self::from_bytes(Zeroizing::new(hkdf_sha256(self.bytes(), &[PART_PURPOSE, salt].concat())))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0.bytes
    }

    /// Encrypts a chunk where it stands; the tag is to be kept behind it.
    pub fn seal_chunk(&self, position: ChunkPosition, chunk: &mut [u8]) -> [u8; TAG_BYTES] {
        self.0.aead.seal_in_place(position.nonce(), &position.authenticated(), chunk)
    }

    /// Encrypts `plain` into `sealed`, which must be [`TAG_BYTES`] longer: for a chunk that others still read.
    pub fn seal_chunk_into(&self, position: ChunkPosition, plain: &[u8], sealed: &mut [u8]) {
        self.0.aead.seal_into(position.nonce(), &position.authenticated(), plain, sealed);
    }

    /// Checks and decrypts a chunk (ciphertext, then tag) where it stands: its first `sealed.len() - TAG_BYTES`
    /// bytes become the plain ones. On `Tampered` the bytes are of no use.
    pub fn open_chunk<'a>(&self, position: ChunkPosition, sealed: &'a mut [u8]) -> Result<&'a mut [u8], Tampered> {
        self.0.aead.open_in_place(position.nonce(), &position.authenticated(), sealed)
    }

    /// As [`DataKey::open_chunk`], for a chunk that others still read: the plain bytes are a copy.
    ///
    /// # Errors
    /// `Tampered`.
    pub fn open_chunk_copy(&self, position: ChunkPosition, sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        self.0.aead.open(position.nonce(), &position.authenticated(), sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;

    const POSITION: ChunkPosition = ChunkPosition { blob: BlobId([0x33; 16]), index: 5, last: false };

    fn sealed(key: &DataKey, position: ChunkPosition, plain: &[u8]) -> Vec<u8> {
        let mut chunk = plain.to_vec();
        let tag = key.seal_chunk(position, &mut chunk);
        chunk.extend_from_slice(&tag);
        chunk
    }

    #[test]
    fn a_chunk_opens_at_its_own_position_only() {
        let key = DataKey::generate(&SystemEntropy::new());
        let chunk = sealed(&key, POSITION, b"bytes");
        assert_eq!(key.open_chunk(POSITION, &mut chunk.clone()).unwrap(), b"bytes");
        assert_eq!(key.open_chunk_copy(POSITION, &chunk).unwrap(), b"bytes");
        let elsewhere = [
            ChunkPosition { blob: BlobId([0x34; 16]), ..POSITION },
            ChunkPosition { index: 6, ..POSITION },
            ChunkPosition { last: true, ..POSITION },
        ];
        for position in elsewhere {
            assert_eq!(key.open_chunk(position, &mut chunk.clone()), Err(Tampered), "{position:?}");
        }
    }

    #[test]
    fn a_chunk_with_any_byte_changed_or_missing_is_tampered() {
        let key = DataKey::generate(&SystemEntropy::new());
        for plain in [&b""[..], b"some bytes"] {
            let chunk = sealed(&key, POSITION, plain);
            for position in 0..chunk.len() {
                let mut changed = chunk.clone();
                changed[position] ^= 0x80;
                assert_eq!(key.open_chunk_copy(POSITION, &changed), Err(Tampered), "byte {position}");
                assert_eq!(key.open_chunk(POSITION, &mut changed), Err(Tampered), "byte {position}");
                assert_eq!(
                    key.open_chunk(POSITION, &mut chunk[..position].to_vec()),
                    Err(Tampered),
                    "cut at {position}"
                );
            }
        }
    }

    #[test]
    fn sealing_into_another_buffer_gives_the_same_chunk() {
        let key = DataKey::generate(&SystemEntropy::new());
        let mut apart = vec![0; 5 + TAG_BYTES];
        key.seal_chunk_into(POSITION, b"bytes", &mut apart);
        assert_eq!(apart, sealed(&key, POSITION, b"bytes"));
    }

    /// Made with another implementation (python-cryptography): the stored layout is frozen.
    #[test]
    fn the_chunk_layout_is_frozen() {
        let key = DataKey::from_bytes(Zeroizing::new([0x44; 32]));
        let last = ChunkPosition { last: true, ..POSITION };
        assert_eq!(types::ids::hex(&sealed(&key, POSITION, b"cairn")), "a6c022585fea5aca444d8f7458dce92627e6eb7f32");
        assert_eq!(types::ids::hex(&sealed(&key, last, b"cairn")), "a6c022585fa8f13f33baa092c98c38d2dbba551f45");
    }

    /// Made with another implementation (python-cryptography): stored parts depend on it.
    #[test]
    fn part_keys_differ_by_salt_and_their_derivation_is_frozen() {
        let object = DataKey::from_bytes(Zeroizing::new([0x44; 32]));
        let expected = "bf00d4e4e05a4caab92a9c6f31aae1868d233ddd44d56782978474a73b88e057";
        assert_eq!(types::ids::hex(object.for_part(&[0x55; 16]).bytes()), expected);
        assert_ne!(object.for_part(&[0x55; 16]).bytes(), object.for_part(&[0x56; 16]).bytes());
        assert_ne!(object.for_part(&[0x55; 16]).bytes(), object.bytes());
    }
}
