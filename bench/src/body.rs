//! The bytes of all objects: one block of noise, whose first part is every object of that size.

use bytes::Bytes;
use std::sync::LazyLock;

/// The largest object.
const BYTES_MAX: usize = 64 * 1024 * 1024;

static NOISE: LazyLock<Bytes> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = Vec::with_capacity(BYTES_MAX);
    while noise.len() < BYTES_MAX {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    Bytes::from(noise)
});

/// An object's bytes; at most 64 MiB of them. Costs no copy.
pub(crate) fn body(bytes: usize) -> Bytes {
    NOISE.slice(..bytes.min(BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_noise_and_shorter_ones_are_their_beginning() {
        let (long, short) = (body(1 << 20), body(4096));
        assert_eq!(short, long[..4096]);
        assert_ne!(long[..4096], long[4096..8192]);
    }
}
