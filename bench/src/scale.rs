//! How large the workloads are: the sizes of the published table, or tiny ones that only prove that all works.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Sizes, counts and times of every workload.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Object sizes in bytes: small, medium, large, huge.
    pub(crate) sizes: [usize; 4],
    pub(crate) concurrencies: Vec<usize>,
    /// Time of one measurement; what has begun by then is finished.
    pub(crate) time: Duration,
    pub(crate) warm_up: Duration,
    /// Numbers of keys that listings are measured among, growing.
    pub(crate) list_keys: Vec<usize>,
    /// Buckets and tokens among which pages of them are measured.
    pub(crate) buckets: usize,
    pub(crate) tokens: usize,
    /// Populating by PUT may take so long for each of them; larger ones are left out and said so.
    pub(crate) populate_time_max: Duration,
    pub(crate) part_bytes: usize,
    pub(crate) parts: usize,
    pub(crate) deleted_keys: usize,
    /// Uploads, then downloads, at once.
    pub(crate) memory_streams: usize,
    pub(crate) memory_bytes: usize,
    /// Small requests, one after another, among which a stall would show.
    pub(crate) stall_requests: usize,
    /// Prepared requests of one list are at most so many.
    pub(crate) prepared_max: usize,
    /// What is written and removed before large writes are measured.
    pub(crate) page_cache_bytes: usize,
    /// Whether figures mean enough to be held against targets.
    pub(crate) has_targets: bool,
}

impl Scale {
    /// The published table.
    pub(crate) fn full(time: Duration, large: bool) -> Self {
        Self {
            sizes: [4 * KIB, 64 * KIB, MIB, 64 * MIB],
            concurrencies: vec![1, 16, 64],
            time,
            warm_up: time.mul_f64(0.2),
            list_keys: vec![10_000, 100_000, 1_000_000],
            buckets: 100_000,
            tokens: 10_000,
            populate_time_max: Duration::from_secs(if large { 3600 } else { 150 }),
            part_bytes: 16 * MIB,
            parts: 64,
            deleted_keys: 20_000,
            memory_streams: 64,
            memory_bytes: 64 * MIB,
            stall_requests: 500,
            prepared_max: 65_536,
            page_cache_bytes: 2048 * MIB,
            has_targets: true,
        }
    }

    /// Seconds in all, on a busy machine and an unoptimised build. The figures mean nothing.
    pub(crate) fn smoke() -> Self {
        Self {
            sizes: [4 * KIB, 64 * KIB, 256 * KIB, MIB],
            concurrencies: vec![1, 4],
            time: Duration::from_millis(50),
            warm_up: Duration::from_millis(10),
            list_keys: vec![1_100, 2_200],
            buckets: 60,
            tokens: 60,
            populate_time_max: Duration::from_secs(60),
            part_bytes: 5 * MIB,
            parts: 2,
            deleted_keys: 1_200,
            memory_streams: 4,
            memory_bytes: MIB,
            stall_requests: 20,
            prepared_max: 512,
            page_cache_bytes: MIB,
            has_targets: false,
        }
    }

    /// The most connections of any measurement.
    pub(crate) fn most(&self) -> usize {
        self.concurrencies.iter().copied().max().unwrap_or(1)
    }

    /// How many requests to prepare with bodies of this size: enough for the time, not for the memory.
    pub(crate) fn prepared(&self, body_bytes: usize) -> usize {
        let of_a_gibibyte = 1024 * MIB / body_bytes.max(1);
        of_a_gibibyte.clamp(self.most(), self.prepared_max)
    }
}

/// `4 KiB`, `64 MiB`.
pub(crate) fn bytes_in_words(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1024 * MIB && bytes.is_multiple_of(1024 * MIB) => format!("{} GiB", bytes / (1024 * MIB)),
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} B"),
    }
}

/// `10 k`, `1 M`.
pub(crate) fn count_in_words(count: usize) -> String {
    match count {
        _ if count >= 1_000_000 && count.is_multiple_of(1_000_000) => format!("{} M", count / 1_000_000),
        _ if count >= 1_000 && count.is_multiple_of(1_000) => format!("{} k", count / 1_000),
        _ => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_are_said_in_round_words() {
        assert_eq!([4096, MIB, 1024 * MIB, 5000].map(bytes_in_words), ["4 KiB", "1 MiB", "1 GiB", "5000 B"]);
        assert_eq!([10_000, 1_000_000, 1_100].map(count_in_words), ["10 k", "1 M", "1100"]);
    }

    #[test]
    fn every_connection_has_a_request_of_its_own() {
        let scale = Scale::full(Duration::from_secs(3), false);
        assert_eq!(scale.prepared(64 * MIB), 64);
        assert_eq!(scale.prepared(0), 65_536);
    }
}
