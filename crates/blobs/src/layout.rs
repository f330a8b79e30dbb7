//! Where blobs lie on disk, and how plain bytes map to sealed ones. Pure; frozen.
//!
//! A file is `blobs/<epoch>/<group>/<id>`, 4096 consecutive ids to a group, so that uploads running together share a
//! directory and its sync. Its content is the blob's chunks in order, each [`CHUNK_BYTES`] of ciphertext (the last:
//! what is left) and a tag.

use keyring::{ChunkPosition, TAG_BYTES};
use std::path::PathBuf;
use types::BlobId;
use types::limits::{CHUNK_BYTES, TRANSFER_BYTES};

/// Directory of all blobs, below the data directory.
pub(crate) const BLOBS_DIRECTORY: &str = "blobs";
/// Bytes of a full chunk on disk.
pub(crate) const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// Chunks of one unit of disk work.
pub(crate) const UNIT_CHUNKS: usize = TRANSFER_BYTES / CHUNK_BYTES;
/// Ids whose files share a directory.
const GROUP_IDS: u64 = 4096;

/// Number of the group that an id's file lies in.
pub(crate) fn group(id: BlobId) -> u64 {
    id.number() / GROUP_IDS
}

/// Directory of an epoch.
pub(crate) fn epoch_directory(epoch: u32) -> PathBuf {
    PathBuf::from(format!("{BLOBS_DIRECTORY}/{epoch}"))
}

/// Directory of a group.
pub(crate) fn group_directory(epoch: u32, group: u64) -> PathBuf {
    PathBuf::from(format!("{BLOBS_DIRECTORY}/{epoch}/{group}"))
}

/// Directory of an id's file.
pub(crate) fn directory_of(id: BlobId) -> PathBuf {
    group_directory(id.epoch(), group(id))
}

/// An id's file.
pub(crate) fn path_of(id: BlobId) -> PathBuf {
    PathBuf::from(format!("{BLOBS_DIRECTORY}/{}/{}/{id}", id.epoch(), group(id)))
}

/// The id of a file found at `path_of(id)`; `None` for a name or place that no blob has.
pub(crate) fn id_of(epoch: u32, group: u64, name: &str) -> Option<BlobId> {
    BlobId::parse(name).filter(|id| id.to_string() == name && id.epoch() == epoch && self::group(*id) == group)
}

/// The chunks of a blob of known size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    id: BlobId,
    size: u64,
}

impl Chunks {
    pub(crate) fn new(id: BlobId, size: u64) -> Self {
        Self { id, size }
    }

    /// The blob they are of.
    pub(crate) fn id(self) -> BlobId {
        self.id
    }

    /// Their number. An empty blob has one empty chunk, so that its tag can be checked.
    pub(crate) fn count(self) -> u64 {
        self.size.div_ceil(CHUNK_BYTES as u64).max(1)
    }

    /// Bytes on disk.
    pub(crate) fn sealed_bytes(self) -> u64 {
        self.size + self.count() * TAG_BYTES as u64
    }

    /// What chunk `index` authenticates.
    pub(crate) fn position(self, index: u64) -> ChunkPosition {
        ChunkPosition { blob: self.id, index, last: index + 1 == self.count() }
    }

    /// Bytes on disk of the chunks `first..end`.
    pub(crate) fn sealed_bytes_between(self, first: u64, end: u64) -> u64 {
        let end_offset = if end == self.count() { self.sealed_bytes() } else { sealed_offset(end) };
        end_offset - sealed_offset(first)
    }
}

/// Where chunk `index` begins on disk.
pub(crate) fn sealed_offset(index: u64) -> u64 {
    index * SEALED_CHUNK_BYTES as u64
}

/// The chunk that plain byte `offset` lies in.
pub(crate) fn chunk_of(offset: u64) -> u64 {
    offset / CHUNK_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: u64 = CHUNK_BYTES as u64;

    #[test]
    fn sizes_map_to_whole_chunks() {
        let id = BlobId::new(1, 2, [0; 4]);
        for (size, count) in [(0, 1), (1, 1), (CHUNK - 1, 1), (CHUNK, 1), (CHUNK + 1, 2), (4 * CHUNK, 4)] {
            let chunks = Chunks::new(id, size);
            assert_eq!(chunks.count(), count, "{size}");
            assert_eq!(chunks.sealed_bytes(), size + 16 * count, "{size}");
            assert_eq!(chunks.sealed_bytes_between(0, count), chunks.sealed_bytes(), "{size}");
            assert!(chunks.position(count - 1).last && (count == 1 || !chunks.position(0).last), "{size}");
        }
        assert_eq!(Chunks::new(id, 2 * CHUNK + 5).sealed_bytes_between(1, 3), CHUNK + 16 + 5 + 16);
    }

    #[test]
    fn paths_name_epoch_group_and_id_and_come_back() {
        let id = BlobId::new(3, 4096 * 7 + 1, [0xab; 4]);
        assert_eq!(path_of(id).to_str().unwrap(), "blobs/3/7/000000030000000000007001abababab");
        assert_eq!(directory_of(id), path_of(id).parent().unwrap());
        assert_eq!(id_of(3, 7, &id.to_string()), Some(id));
        for (epoch, group, name) in
            [(4, 7, id.to_string()), (3, 8, id.to_string()), (3, 7, id.to_string().to_uppercase())]
        {
            assert_eq!(id_of(epoch, group, &name), None);
        }
        assert_eq!(id_of(3, 7, "notes.txt"), None);
    }
}
