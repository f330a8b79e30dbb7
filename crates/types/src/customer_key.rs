//! The key of a customer who encrypts objects with a key of their own: it comes with each request that touches their
//! bytes and is kept nowhere. Source: R2 "Use SSE-C".

use crate::Md5;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// 32 secret bytes and their MD5, which may be known. Clones share the one place where the secret lies; it is wiped
/// when the last of them is dropped. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey {
    secret: Arc<Zeroizing<[u8; Self::BYTES]>>,
    md5: Md5,
}

impl CustomerKey {
    /// Bytes of a key of AES-256.
    pub const BYTES: usize = 32;

    /// Letters and padding of [`Self::BYTES`] bytes in base64.
    const BASE64_LETTERS: usize = 44;

    /// From its bytes; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        let mut secret = Arc::new(Zeroizing::new([0; Self::BYTES]));
        Arc::get_mut(&mut secret)?.copy_from_slice(bytes);
        let mut digest = fast_md5::Md5::new();
        digest.update(bytes);
        Some(Self { secret, md5: Md5(digest.finalize()) })
    }

    /// From the base64 text of a header; `None` unless it is that of 32 bytes.
    pub fn parse_base64(text: &str) -> Option<Self> {
        if text.len() != Self::BASE64_LETTERS {
            return None;
        }
        // The decoder wants room for whole groups of three.
        let mut bytes = Zeroizing::new([0; Self::BASE64_LETTERS / 4 * 3]);
        let length = BASE64_STANDARD.decode_slice(text, &mut *bytes).ok()?;
        Self::from_bytes(bytes.get(..length)?)
    }

    /// The secret. Never to be written or logged.
    pub fn secret(&self) -> &[u8; Self::BYTES] {
        &self.secret
    }

    /// What tells keys apart without knowing them: answers and the Workers binding show it.
    pub fn md5(&self) -> Md5 {
        self.md5
    }

    /// The MD5 as the S3 API writes it.
    pub fn md5_base64(&self) -> String {
        BASE64_STANDARD.encode(self.md5.0)
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of Ceph's S3 gateway.
    const KEY: &str = "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=";
    const MD5: &str = "DWygnHRtgiJ77HCm+1rvHw==";

    #[test]
    fn the_md5_is_that_of_the_bytes_and_not_of_their_text() {
        let key = CustomerKey::parse_base64(KEY).unwrap();
        assert_eq!(key.md5_base64(), MD5);
        assert_eq!(CustomerKey::from_bytes(key.secret()), Some(key));
    }

    #[test]
    fn what_is_not_32_bytes_in_base64_is_no_key() {
        let bytes = |count: usize| BASE64_STANDARD.encode(vec![7; count]);
        assert!(CustomerKey::parse_base64(&bytes(32)).is_some());
        for bad in
            [bytes(0), bytes(16), bytes(31), bytes(33), KEY.replace('=', ""), KEY.replace('/', "_"), "k".repeat(32)]
        {
            assert_eq!(CustomerKey::parse_base64(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = CustomerKey::from_bytes(&[b'k'; 32]).unwrap();
        let shown = format!("{key:?} {:#?}", Some(key.clone()));
        assert!(!shown.contains("kkkk") && !shown.contains("107") && !shown.contains("6b6b"), "{shown}");
    }
}
