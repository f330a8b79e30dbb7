//! Small objects that were read before, in memory and opened: the read cache of "How R2 works", before the store.
//!
//! What is kept goes by the id of its blob. A blob never changes, no two have one id, and only an object's row leads to
//! an id: so nothing here can be out of date, and whoever replaces or removes an object need not know of it. What
//! nobody asks for any more goes by itself.
//!
//! Objects that a customer's key encrypts are never kept: they can be read with that key only.

use bytes::Bytes;
use metadata::rows::{ObjectBody, ObjectRow};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::hash::RandomState;
use types::BlobId;

/// What a kept payload costs in memory besides its bytes: its place, its key, the headers of its allocation.
const OVERHEAD_BYTES: u64 = 128;
/// A guess, for the first size of tables.
const BYTES_OF_ONE: u64 = 4096;
/// Each has a lock and its share of the bytes.
const SHARDS: usize = 16;

type Payloads = Cache<BlobId, Bytes, Weight, RandomState, DefaultLifecycle<BlobId, Bytes>>;

/// Opened payloads, up to a number of bytes.
pub(crate) struct OpenedPayloads(Option<Payloads>);

#[derive(Clone)]
struct Weight;

impl Weighter<BlobId, Bytes> for Weight {
    fn weight(&self, _: &BlobId, payload: &Bytes) -> u64 {
        payload.len() as u64 + OVERHEAD_BYTES
    }
}

impl OpenedPayloads {
    /// Nothing yet, and never more than `bytes_max`; 0: never anything.
    pub(crate) fn new(bytes_max: u64) -> Self {
        let options = OptionsBuilder::new()
            .weight_capacity(bytes_max)
            .estimated_items_capacity(usize::try_from(bytes_max / BYTES_OF_ONE).unwrap_or(usize::MAX))
            .shards(SHARDS)
            .build();
        let usable = options.ok().filter(|_| bytes_max > 0);
        Self(
            usable.map(|options| Cache::with_options(options, Weight, RandomState::new(), DefaultLifecycle::default())),
        )
    }

    /// The whole object of a row.
    pub(crate) fn get(&self, row: &ObjectRow) -> Option<Bytes> {
        self.0.as_ref()?.get(&kept_as(row)?).filter(|payload| payload.len() as u64 == row.size)
    }

    /// Keeps the whole object of a row, if it may be kept.
    pub(crate) fn keep(&self, row: &ObjectRow, payload: &Bytes) {
        if let (Some(payloads), Some(id)) = (&self.0, kept_as(row)) {
            payloads.insert(id, payload.clone());
        }
    }
}

fn kept_as(row: &ObjectRow) -> Option<BlobId> {
    match row.body {
        ObjectBody::Inline(id) if row.key.customer.is_none() => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring::{SealedDataKey, WrappedKey};
    use types::{ETag, HttpMetadata, Md5, StorageClass, Timestamp, UserMetadata};

    fn row(number: u64, size: u64) -> ObjectRow {
        ObjectRow {
            key_as_sent: None,
            size,
            etag: ETag::Whole(Md5([0; 16])),
            modified: Timestamp(1),
            version: [0; 16],
            http: HttpMetadata::default(),
            user: UserMetadata::default(),
            class: StorageClass::Standard,
            class_since: None,
            checksum: None,
            key: SealedDataKey { wrapped: WrappedKey([0; 60]), customer: None },
            body: ObjectBody::Inline(BlobId::new(1, number, [0; 4])),
        }
    }

    #[test]
    fn memory_stays_within_its_bound_however_much_is_read() {
        let payloads = OpenedPayloads::new(256 * 1024);
        for number in 0..1_000 {
            payloads.keep(&row(number, 4096), &vec![7; 4096].into());
        }
        let kept = (0..1_000).filter(|number| payloads.get(&row(*number, 4096)).is_some()).count();
        assert!((16..=62).contains(&kept), "{kept}");
        assert!(payloads.0.is_some_and(|payloads| payloads.weight() <= 256 * 1024));
    }

    #[test]
    fn nothing_is_kept_without_memory_nor_for_what_is_not_beside_the_rows() {
        let (small, file) = (row(1, 3), ObjectRow { body: ObjectBody::Blob(BlobId::new(1, 2, [0; 4])), ..row(2, 3) });
        let (none, some) = (OpenedPayloads::new(0), OpenedPayloads::new(1 << 20));
        for payloads in [&none, &some] {
            payloads.keep(&small, &Bytes::from_static(b"abc"));
            payloads.keep(&file, &Bytes::from_static(b"abc"));
            assert_eq!(payloads.get(&file), None);
        }
        assert_eq!((none.get(&small), some.get(&small)), (None, Some(Bytes::from_static(b"abc"))));
    }
}
