//! One AES-256-GCM key with its schedule prepared: the only file that speaks to the cipher.
//!
//! The cipher refuses nothing but lengths past 64 GiB and buffers of unequal length; callers here pass neither, so
//! sealing does not fail.

use crate::{TAG_BYTES, Tampered};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// A key ready for use. `Send` and `Sync`; nonces are the caller's care.
pub(crate) struct Aead(LessSafeKey);

impl Aead {
    /// Prepares the key's schedule: about as dear as sealing a kibibyte, so done once per key.
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        match UnboundKey::new(&AES_256_GCM, key) {
            Ok(key) => Self(LessSafeKey::new(key)),
            Err(_) => unreachable!("a key of 32 bytes is a key of AES-256"),
        }
    }

    /// Encrypts `plain` where it stands and gives the tag.
    pub(crate) fn seal_in_place(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &mut [u8]) -> [u8; TAG_BYTES] {
        let mut tag = [0; TAG_BYTES];
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = self.0.seal_in_place_scatter(nonce, Aad::from(aad), plain, &[], &mut tag);
        assert!(sealed.is_ok(), "sealing {} bytes failed", plain.len());
        tag
    }

    /// Encrypts `plain` into `sealed`, which is [`TAG_BYTES`] longer and ends with the tag.
    pub(crate) fn seal_into(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8], sealed: &mut [u8]) {
        assert_eq!(sealed.len(), plain.len() + TAG_BYTES, "room for the ciphertext and its tag");
        let (cipher, tag) = sealed.split_at_mut(plain.len());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let done = self.0.seal_out_of_place_scatter(nonce, Aad::from(aad), plain, cipher, &[], tag);
        assert!(done.is_ok(), "sealing {} bytes failed", plain.len());
    }

    /// Checks and decrypts `sealed` (ciphertext, then tag) where it stands; its first bytes become the plain ones.
    pub(crate) fn open_in_place<'a>(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], Tampered> {
        self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), sealed).map_err(|_| Tampered)
    }

    /// Checks and decrypts `sealed` (ciphertext, then tag), which stays as it is. The plain bytes are its copy.
    pub(crate) fn open(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        let (cipher, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Tampered)?;
        let mut plain = vec![0; cipher.len()];
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_separate_gather(nonce, Aad::from(aad), cipher, tag, &mut plain);
        opened.map(|()| plain).map_err(|_| Tampered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 14 of the GCM specification: all-zero key, nonce and block.
    #[test]
    fn the_cipher_is_aes_256_gcm() {
        let aead = Aead::new(&[0; KEY_BYTES]);
        let mut block = [0; 16];
        let tag = aead.seal_in_place([0; NONCE_BYTES], &[], &mut block);
        assert_eq!(types::ids::hex(&block), "cea7403d4d606b6e074ec5d3baf39d18");
        assert_eq!(types::ids::hex(&tag), "d0d1c8a799996bf0265b98b5d48ab919");
    }

    #[test]
    fn both_ways_to_seal_and_to_open_give_the_same_bytes() {
        let aead = Aead::new(&[7; KEY_BYTES]);
        for length in [0, 1, 15, 16, 17, 1000] {
            let plain = vec![42; length];
            let mut in_place = plain.clone();
            let tag = aead.seal_in_place([1; NONCE_BYTES], b"aad", &mut in_place);
            in_place.extend_from_slice(&tag);
            let mut apart = vec![0; length + TAG_BYTES];
            aead.seal_into([1; NONCE_BYTES], b"aad", &plain, &mut apart);
            assert_eq!(in_place, apart, "{length}");
            assert_eq!(aead.open([1; NONCE_BYTES], b"aad", &apart).unwrap(), plain);
            assert_eq!(aead.open_in_place([1; NONCE_BYTES], b"aad", &mut apart).unwrap(), plain);
        }
    }
}
