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

/// As many bytes from another place: who answers from memory has each object in a place of its own, and so not all of
/// them in the processor's caches.
pub(crate) fn stored_body(object: usize, bytes: usize) -> Bytes {
    let bytes = bytes.min(BYTES_MAX);
    let start = object.wrapping_mul(bytes) % (BYTES_MAX - bytes + 1);
    NOISE.slice(start..start + bytes)
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

    #[test]
    fn each_stored_object_is_somewhere_else_and_none_is_cut_off() {
        assert_eq!(stored_body(0, 4096), body(4096));
        assert_eq!(stored_body(1, 4096), body(8192).slice(4096..));
        for (object, bytes) in [(16_384, 4096), (usize::MAX, 100_000), (7, BYTES_MAX)] {
            assert_eq!(stored_body(object, bytes).len(), bytes);
        }
    }
}
