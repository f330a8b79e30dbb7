//! Records of the log: length, checksum, and the writes of one commit. Pure.
//!
//! The checksum covers the place too, so that bytes left over from elsewhere are no record.

use bytes::Bytes;
use metadata::engine::{Table, Write};
use std::hash::{DefaultHasher, Hasher};

const HEAD_BYTES: usize = 4 + 8;

/// A record of `writes` for byte `offset` of the log `generation`.
pub(super) fn encode(generation: u64, offset: u64, writes: &[Write]) -> Vec<u8> {
    let mut record = vec![0; HEAD_BYTES];
    writes.iter().for_each(|write| encode_write(&mut record, write));
    let checksum = checksum(generation, offset, &record[HEAD_BYTES..]);
    let length = (record.len() - HEAD_BYTES) as u32;
    record[..4].copy_from_slice(&length.to_le_bytes());
    record[4..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
    record
}

/// The writes of the whole record at `offset`, and where the next begins; `None` if there is none.
pub(super) fn decode(generation: u64, offset: usize, log: &[u8]) -> Option<(Vec<Write>, usize)> {
    let mut rest = log.get(offset..)?;
    let length = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?) as usize;
    let expected = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
    let mut body = take(&mut rest, length)?;
    if checksum(generation, offset as u64, body) != expected {
        return None;
    }
    let mut writes = Vec::new();
    while !body.is_empty() {
        writes.push(decode_write(&mut body)?);
    }
    Some((writes, offset + HEAD_BYTES + length))
}

fn checksum(generation: u64, offset: u64, body: &[u8]) -> u64 {
    // Not the hasher's random state, but its fixed one.
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(generation);
    hasher.write_u64(offset);
    hasher.write(body);
    hasher.finish()
}

fn encode_write(record: &mut Vec<u8>, write: &Write) {
    match write {
        Write::Put { table, key, value } => {
            record.extend_from_slice(&[0, *table as u8]);
            encode_bytes(record, key);
            encode_bytes(record, value);
        }
        Write::Delete { table, key } => {
            record.extend_from_slice(&[1, *table as u8]);
            encode_bytes(record, key);
        }
        Write::Add { key, deltas } => {
            record.extend_from_slice(&[2, Table::Counters as u8]);
            encode_bytes(record, key);
            encode_bytes(record, &metadata::engine::encode_counters(deltas));
        }
    }
}

fn encode_bytes(record: &mut Vec<u8>, bytes: &[u8]) {
    record.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    record.extend_from_slice(bytes);
}

fn decode_write(body: &mut &[u8]) -> Option<Write> {
    let (kind, table) = (take(body, 1)?[0], take(body, 1)?[0]);
    let table = [Table::Rows, Table::Payloads, Table::Counters].into_iter().find(|known| *known as u8 == table)?;
    let key = decode_bytes(body)?.to_vec();
    match kind {
        0 => Some(Write::Put { table, key, value: Bytes::copy_from_slice(decode_bytes(body)?) }),
        1 => Some(Write::Delete { table, key }),
        2 => Some(Write::Add { key, deltas: metadata::engine::decode_counters(decode_bytes(body)?) }),
        _ => None,
    }
}

fn decode_bytes<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(take(body, 4)?.try_into().ok()?) as usize;
    take(body, length)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}
