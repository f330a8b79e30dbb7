//! Floor of large uploads: MD5, which one stream can compute on one core only.

use crate::body::body;
use std::time::{Duration, Instant};

const MIB: usize = 1024 * 1024;
/// As much as stays in a cache next to the core, like bytes that just came from the network.
const BLOCK_BYTES: usize = MIB;

/// MiB of MD5 per second on one core.
pub(crate) fn mebibytes_per_second(time: Duration) -> f64 {
    let block = body(BLOCK_BYTES);
    let mut digest = fast_md5::Md5::new();
    let mut blocks = 0_u32;
    let started = Instant::now();
    while blocks == 0 || started.elapsed() < time {
        digest.update(&block);
        blocks += 1;
    }
    std::hint::black_box(digest.finalize());
    f64::from(blocks) * (BLOCK_BYTES / MIB) as f64 / started.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_one_block_is_digested() {
        assert!(mebibytes_per_second(Duration::ZERO) > 0.0);
    }
}
