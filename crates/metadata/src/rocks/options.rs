//! How RocksDB is set up: every choice with its reason, in one place.
//!
//! Invariants: values are sealed before they come here, so nothing is ever compressed; memory, open files and
//! log files are bounded whatever the store's size.

use crate::engine::{Table, add_counters, decode_counters, encode_counters};
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    DataBlockIndexType, LogLevel, MergeOperands, Options,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Payloads from this size on live in blob files; smaller ones are cheaper beside their keys.
const BLOB_BYTES_MIN: u64 = KIB as u64;
/// A blob file's space comes back as a whole, so files are small.
const BLOB_FILE_BYTES: u64 = 64 * MIB as u64;
/// Compaction moves the live payloads out of this oldest share of the blob files. Each compaction rewrites those
/// it meets there, dead neighbours or not: a larger share frees space sooner and writes more.
pub(super) const BLOB_GC_AGE_CUTOFF: &str = "0.1";
/// With this share of the oldest blob files dead, RocksDB compacts for their sake alone.
const BLOB_GC_FORCE_THRESHOLD: f64 = 0.5;
/// Write-ahead log to replay after `kill -9`. Also flushes `Counters`, whose own buffer hardly ever fills.
const WAL_BYTES_MAX: u64 = 64 * MIB as u64;
/// Open table and blob files.
const OPEN_FILES_MAX: i32 = 512;
/// Write buffer of the table nobody writes to. After a full disk RocksDB waits for room for the largest write buffer
/// there is before it writes again, so this must not be the 64 MiB that it would be by itself.
const UNUSED_BUFFER_BYTES: usize = 64 * KIB;
/// Additions to one counter that may pile up in memory before RocksDB sums them: a hot counter stays cheap to read.
const SUCCESSIVE_ADDS_MAX: usize = 32;
/// Of so many rows in succession ...
const DELETES_WINDOW: usize = 1024;
/// ... so many deletes make a table file worth compacting, so that listings do not wade through them.
const DELETES_IN_WINDOW_MAX: usize = 256;
/// Deletes in a whole file with the same effect.
const DELETES_RATIO_MAX: f64 = 0.5;

/// What an operator may tune.
#[derive(Clone, Copy, Debug)]
pub struct RocksSettings {
    /// Bytes of rows, indexes and filters kept in memory: four fifths of them as blocks of table files, the others as
    /// rows. Default 40 MiB.
    pub cache_bytes: usize,
    /// Bytes written to one table before they go from memory to a table file. Default 32 MiB.
    pub write_buffer_bytes: usize,
}

impl Default for RocksSettings {
    fn default() -> Self {
        Self { cache_bytes: 40 * MIB, write_buffer_bytes: 32 * MIB }
    }
}

/// The column family of a table.
pub(super) fn name(table: Table) -> &'static str {
    match table {
        Table::Rows => "rows",
        Table::Payloads => "payloads",
        Table::Counters => "counters",
    }
}

/// Bytes of whole rows in memory.
pub(super) fn rows_bytes(settings: &RocksSettings) -> usize {
    settings.cache_bytes / 5
}

/// Options of the whole database.
pub(super) fn database(settings: &RocksSettings, recovery_mode: DBRecoveryMode) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    recovery(&mut options, recovery_mode);
    memory_and_files(&mut options, settings);
    // Only the committer writes, one batch at a time: nothing to share a memtable insert with. In-memory summing
    // of counters (`max_successive_merges`) also asks for this.
    options.set_allow_concurrent_memtable_write(false);
    // One flush and one compaction at a time leave cores for requests. No rate limiter: a limit low enough to
    // matter would also cap the small uploads that flushes must keep up with.
    options.set_max_background_jobs(2);
    options.set_max_subcompactions(1);
    // Hands dirty pages to the disk as they come, so that the sync of a commit never waits behind a whole file.
    options.set_bytes_per_sync(MIB as u64);
    options
}

/// What a restart does with the write-ahead log. `torn_log` chooses the mode after reading it: no mode of RocksDB
/// tells a torn last write from damage to answered commits.
///
/// Closed logs are listed with their sizes in the manifest: one missing or cut short is an error. `atomic_flush` is
/// not needed: with the log never off, a commit that touches several tables is one record, replayed into each table
/// that had not flushed it.
fn recovery(options: &mut Options, mode: DBRecoveryMode) {
    options.set_wal_recovery_mode(mode);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
}

fn memory_and_files(options: &mut Options, settings: &RocksSettings) {
    // Over all tables: the largest flushes early when two fill at once.
    options.set_db_write_buffer_size(settings.write_buffer_bytes.saturating_mul(2));
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_table_cache_num_shard_bits(4);
    options.set_max_file_opening_threads(2);
    options.set_max_manifest_file_size(16 * MIB);
    // RocksDB's own LOG: at most 4 MiB, whatever happens.
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(MIB);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_skip_stats_update_on_db_open(true);
}

/// The three tables, and the one that RocksDB always has. Their blocks share one cache and so one bound.
pub(super) fn column_families(settings: &RocksSettings) -> Vec<ColumnFamilyDescriptor> {
    // 0: the cache adapts to entries of all sizes.
    let cache = Cache::new_hyper_clock_cache(settings.cache_bytes / 5 * 4, 0);
    [
        (Table::Rows, rows(settings, &cache)),
        (Table::Payloads, payloads(settings, &cache)),
        (Table::Counters, counters(&cache)),
    ]
    .into_iter()
    .map(|(table, options)| ColumnFamilyDescriptor::new(name(table), options))
    .chain([ColumnFamilyDescriptor::new(rocksdb::DEFAULT_COLUMN_FAMILY_NAME, table(UNUSED_BUFFER_BYTES, &cache))])
    .collect()
}

fn rows(settings: &RocksSettings, cache: &Cache) -> Options {
    let mut options = table(settings.write_buffer_bytes, cache);
    // A filter over the memtable spares a lookup of an older row the walk through it.
    options.set_memtable_prefix_bloom_ratio(0.02);
    options.set_memtable_whole_key_filtering(true);
    options.set_target_file_size_base(32 * MIB as u64);
    options.set_max_bytes_for_level_base(128 * MIB as u64);
    options.add_compact_on_deletion_collector_factory(DELETES_WINDOW, DELETES_IN_WINDOW_MAX, DELETES_RATIO_MAX);
    options
}

fn payloads(settings: &RocksSettings, cache: &Cache) -> Options {
    let mut options = table(settings.write_buffer_bytes, cache);
    options.set_enable_blob_files(true);
    options.set_min_blob_size(BLOB_BYTES_MIN);
    options.set_blob_file_size(BLOB_FILE_BYTES);
    options.set_blob_compression_type(DBCompressionType::None);
    options.set_enable_blob_gc(true);
    options.set_blob_gc_age_cutoff(BLOB_GC_AGE_CUTOFF.parse().unwrap_or(0.1));
    options.set_blob_gc_force_threshold(BLOB_GC_FORCE_THRESHOLD);
    // Tables hold keys and places only. Were the first level as large as usual, most stores would have one level,
    // and each compaction would meet every key and so move a share of all payloads.
    options.set_target_file_size_base(4 * MIB as u64);
    options.set_max_bytes_for_level_base(16 * MIB as u64);
    options.add_compact_on_deletion_collector_factory(DELETES_WINDOW, DELETES_IN_WINDOW_MAX, DELETES_RATIO_MAX);
    options
}

fn counters(cache: &Cache) -> Options {
    let mut options = table(2 * MIB, cache);
    options.set_merge_operator_associative("cairn.add", add);
    options.set_max_successive_merges(SUCCESSIVE_ADDS_MAX);
    options
}

/// What all tables have in common.
fn table(write_buffer_bytes: usize, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_compression_type(DBCompressionType::None);
    options.set_bottommost_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(write_buffer_bytes);
    options.set_max_write_buffer_number(2);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_block_based_table_factory(&blocks(cache));
    options
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_format_version(6);
    blocks.set_block_cache(cache);
    blocks.set_block_size(4 * KIB);
    // A hash of its keys in each block leads a read of one row to within four rows of it.
    blocks.set_block_restart_interval(4);
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_whole_key_filtering(true);
    blocks.set_optimize_filters_for_memory(true);
    // Indexes and filters count against the cache, in small pieces: with tens of millions of rows they outgrow
    // it, and then only the pieces in use stay.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_cache_index_and_filter_blocks_with_high_priority(true);
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_metadata_block_size(16 * KIB);
    blocks.set_pin_top_level_index_and_filter(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks
}

/// Sums rows of [`Table::Counters`]. Never refuses: a row cut short counts as if zeros followed, since a refusal
/// would make the row unreadable and stop all compaction of its table.
fn add(_key: &[u8], stored: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let mut sums = stored.map(decode_counters).unwrap_or_default();
    operands.iter().for_each(|operand| add_counters(&mut sums, &decode_counters(operand)));
    Some(encode_counters(&sums))
}
