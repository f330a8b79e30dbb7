//! RocksDB's write-ahead log files, as far as it takes to tell whole records from damage.
//!
//! A file is a run of 32 KiB blocks. A record (here always one group of commits) is cut into fragments that never
//! cross a block's end, each with a header: masked CRC-32C of kind and content, length, kind. RocksDB's own reader
//! is laxer than an acknowledged write deserves: it passes over a block whose next header reads as zeros, and takes
//! a length that points past the last block's end for the end of the log, without a word about what follows.

use crc_fast::CrcAlgorithm;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 32 * 1024;
/// Bytes of a fragment's header.
pub(super) const HEADER_BYTES: usize = 7;
/// What a disk writes whole or not at all.
const SECTOR_BYTES: u64 = 512;

/// What is in a log file.
#[derive(Debug)]
pub(super) struct LogFile {
    /// Bytes of whole records, from the file's start.
    pub(super) whole_bytes: u64,
    /// What comes after them.
    pub(super) rest: Rest,
}

/// How a log goes on after its last whole record.
#[derive(Debug)]
pub(super) enum Rest {
    /// Not at all, or with zeros only.
    Nothing,
    /// With a record that the file's end cuts off.
    Cut(Tail),
    /// With something that is no record.
    Damaged {
        /// Where.
        at: u64,
        /// What is wrong there.
        why: &'static str,
        /// What else is there.
        tail: Tail,
    },
}

/// What can be told of the bytes after the last whole record.
#[derive(Debug)]
pub(super) struct Tail {
    /// Bytes up to the last that is not zero.
    pub(super) written_bytes: u64,
    /// Whether a sector that should have been written is all zeros: what a power cut leaves, and decay does not.
    pub(super) has_hole: bool,
    /// Where the next whole record or beginning of one stands, if there is one.
    pub(super) next_record: Option<u64>,
}

/// Reads the log file at `path`, block by block.
pub(super) fn examine(path: &Path) -> io::Result<LogFile> {
    // RocksDB's files are on the machine's disk whatever the rest of the store is on.
    let mut file = File::options().read(true).open(path)?;
    let mut walk = Walk::default();
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let end = loop {
        block.clear();
        file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if let Some(end) = walk.block(&block) {
            break end;
        }
    };
    let whole_bytes = walk.whole_bytes;
    let rest = match end {
        End::Clean => Rest::Nothing,
        End::Cut => Rest::Cut(tail(&mut file, whole_bytes, whole_bytes..whole_bytes)?),
        End::Bad { place, why } => Rest::Damaged { at: place.start, why, tail: tail(&mut file, whole_bytes, place)? },
    };
    Ok(LogFile { whole_bytes, rest: rest.unless_only_zeros() })
}

impl Rest {
    fn unless_only_zeros(self) -> Self {
        match &self {
            Self::Cut(tail) | Self::Damaged { tail, .. } if tail.written_bytes == 0 => Self::Nothing,
            _ => self,
        }
    }
}

/// Where and why a walk through a file ended.
enum End {
    /// At the file's end, between records.
    Clean,
    /// At the file's end, within a record.
    Cut,
    /// At what is no fragment, or none that can come here.
    Bad { place: Range<u64>, why: &'static str },
}

/// A walk from fragment to fragment.
#[derive(Default)]
struct Walk {
    block_start: u64,
    whole_bytes: u64,
    within_record: bool,
}

impl Walk {
    /// Goes through the next block; all but a file's last are full.
    fn block(&mut self, block: &[u8]) -> Option<End> {
        let mut at = 0;
        // What does not hold a header at a block's end is padding.
        while at + HEADER_BYTES <= BLOCK_BYTES {
            let rest = block.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Some(if self.within_record { End::Cut } else { End::Clean });
            }
            let place = self.block_start + at as u64;
            match fragment(rest, BLOCK_BYTES - at) {
                Found::Fragment { kind, bytes } => {
                    at += bytes;
                    let after = self.block_start + at as u64;
                    if let Err(why) = self.fragment(kind, after) {
                        return Some(End::Bad { place: place..after, why });
                    }
                }
                Found::Cut => return Some(End::Cut),
                Found::Bad { bytes, why } => return Some(End::Bad { place: place..place + bytes as u64, why }),
            }
        }
        self.block_start += BLOCK_BYTES as u64;
        None
    }

    /// Takes a fragment that ends at `after`.
    fn fragment(&mut self, kind: u8, after: u64) -> Result<(), &'static str> {
        let (begins, ends) = match kind {
            FULL => (true, true),
            FIRST => (true, false),
            MIDDLE => (false, false),
            LAST => (false, true),
            // Not of a record: what a later RocksDB may note about the log itself.
            _ => return Ok(()),
        };
        match (begins, self.within_record) {
            (true, true) => return Err("a record without an end"),
            (false, false) => return Err("a record without a beginning"),
            _ => self.within_record = !ends,
        }
        if ends {
            self.whole_bytes = after;
        }
        Ok(())
    }
}

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// What stands at one place of a log.
enum Found {
    /// A fragment of so many bytes with its header.
    Fragment { kind: u8, bytes: usize },
    /// One that the file's end cuts off.
    Cut,
    /// None. So many bytes are wrong, by what the header says.
    Bad { bytes: usize, why: &'static str },
}

/// Looks at the start of `bytes`, which reach to the file's end or further, `room` bytes before their block's end.
fn fragment(bytes: &[u8], room: usize) -> Found {
    let Some((&[c0, c1, c2, c3, l0, l1, kind], content)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Found::Cut;
    };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    let whole = HEADER_BYTES + length;
    if kind == 0 && length == 0 {
        return Found::Bad { bytes: HEADER_BYTES, why: "zeros in place of a record" };
    }
    if whole > room {
        return Found::Bad { bytes: HEADER_BYTES, why: "an impossible length" };
    }
    let Some(content) = content.get(..length) else {
        return Found::Cut;
    };
    if checksum(kind, content) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Found::Bad { bytes: whole, why: "a wrong checksum" };
    }
    Found::Fragment { kind, bytes: whole }
}

/// The checksum of a fragment as its header has it: CRC-32C of kind and content, masked, since the content may hold
/// checksums itself.
pub(super) fn checksum(kind: u8, content: &[u8]) -> u32 {
    let mut crc = crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi);
    crc.update(&[kind]);
    crc.update(content);
    // The upper half of the result is empty for a sum of 32 bits.
    (crc.finalize() as u32).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Looks at all from `start` on. The record there is whole up to `damage`.
fn tail(file: &mut File, start: u64, damage: Range<u64>) -> io::Result<Tail> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    let written_bytes = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX).min(bytes.len());
    let expected = bytes.get(place(damage.start)..written_bytes.max(place(damage.end))).unwrap_or_default();
    let written = bytes.get(..written_bytes).unwrap_or_default();
    Ok(Tail {
        written_bytes: written_bytes as u64,
        has_hole: has_hole(expected, damage.start),
        next_record: next_record(written, start),
    })
}

/// Whether a sector is all zeros in `bytes`, which stand at `start` in their file.
fn has_hole(bytes: &[u8], start: u64) -> bool {
    let before = usize::try_from(SECTOR_BYTES - start % SECTOR_BYTES).unwrap_or(0).min(bytes.len());
    let (first, others) = bytes.split_at(before);
    let mut sectors = std::iter::once(first).chain(others.chunks(SECTOR_BYTES as usize));
    sectors.any(|sector| !sector.is_empty() && sector.iter().all(|byte| *byte == 0))
}

/// The first place after `start`, where `bytes` stand in their file, at which a record begins.
///
/// Looks at every byte, since damage may hide where fragments begin. The kind rules most places out, the checksum
/// the others.
fn next_record(bytes: &[u8], start: u64) -> Option<u64> {
    let begins_record = |at: &usize| {
        let room = BLOCK_BYTES - ((start + *at as u64) % BLOCK_BYTES as u64) as usize;
        let here = bytes.get(*at..).unwrap_or_default();
        matches!(here.get(HEADER_BYTES - 1), Some(&(FULL | FIRST)))
            && matches!(fragment(here, room), Found::Fragment { .. })
    };
    (1..bytes.len()).find(begins_record).map(|at| start + at as u64)
}
