//! Floor of large uploads: MD5, which one stream can compute on one core only.

use crate::body::body;
use crate::outcome::Outcome;
use crate::process_stats::ProcessStats;
use std::time::{Duration, Instant};

const MIB: usize = 1024 * 1024;
/// As much as stays in a cache next to the core, like bytes that just came from the network.
const BLOCK_BYTES: usize = MIB;

/// MiB of MD5 per second of one core's time: on a busy machine, what an undisturbed core would reach.
pub(crate) fn mebibytes_per_second(time: Duration) -> Outcome<f64> {
    let block = body(BLOCK_BYTES);
    let own = ProcessStats::own();
    let mut digest = fast_md5::Md5::new();
    let mut blocks = 0_u32;
    let (started, before) = (Instant::now(), own.cpu_time()?);
    // The time is counted in ticks: there must have been one.
    while started.elapsed() < time || own.cpu_time()? == before {
        digest.update(&block);
        blocks += 1;
    }
    std::hint::black_box(digest.finalize());
    let cpu = own.cpu_time()?.saturating_sub(before);
    Ok(f64::from(blocks) * (BLOCK_BYTES / MIB) as f64 / cpu.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_short_the_time_there_is_a_rate() {
        assert!(mebibytes_per_second(Duration::ZERO).unwrap().is_normal());
    }
}
