//! Latencies of one measurement: every one is kept, so that percentiles are exact.

use std::time::Duration;

/// How long operations took, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The latency that `percent` of the operations did not exceed (nearest rank); zero of none.
    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        let Some(last) = self.0.len().checked_sub(1) else { return Duration::ZERO };
        *self.0.select_nth_unstable((rank - 1).min(last)).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut latencies = Latencies::default();
        (1..=200).rev().for_each(|milliseconds| latencies.add(Duration::from_millis(milliseconds)));
        let percentiles = [1, 50, 99, 100].map(|percent| latencies.percentile(percent).as_millis());
        assert_eq!(percentiles, [2, 100, 198, 200]);
    }

    #[test]
    fn few_latencies_have_percentiles_too() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(99), Duration::ZERO);
        latencies.add(Duration::from_millis(7));
        assert_eq!(latencies.percentile(50), Duration::from_millis(7));
    }
}
