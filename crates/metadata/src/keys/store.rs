//! Keys of rows: the store itself, its epochs, and its garbage.

use super::kinds::{EPOCH, GARBAGE, STORE};
use super::tuple::Key;
use types::Timestamp;

/// The store itself: format and root account.
pub fn store() -> Vec<u8> {
    Key::new(STORE).bytes(b"store").done()
}

/// The last epoch given out.
pub fn last_epoch() -> Vec<u8> {
    Key::new(STORE).bytes(b"epoch").done()
}

/// The last bucket id given out.
pub fn last_bucket_id() -> Vec<u8> {
    Key::new(STORE).bytes(b"bucket").done()
}

/// That there is a page of names for every bucket.
pub fn names_complete() -> Vec<u8> {
    Key::new(STORE).bytes(b"names").done()
}

/// That the lifecycles of buckets are looked after which an older release made.
pub fn lifecycles_adopted() -> Vec<u8> {
    Key::new(STORE).bytes(b"lifecycle").done()
}

/// One start of a gateway whose blobs are not known to be all referenced.
pub fn epoch(epoch: u32) -> Vec<u8> {
    Key::new(EPOCH).bytes(&epoch.to_be_bytes()).done()
}

/// All epochs.
pub fn epochs() -> Vec<u8> {
    Key::new(EPOCH).done()
}

/// All garbage, oldest first.
pub fn all_garbage() -> Vec<u8> {
    Key::new(GARBAGE).done()
}

/// Something no longer referenced, to be collected. The kind keeps an upload and the manifest that bears its id apart.
pub fn garbage(since: Timestamp, kind: u8, id: &[u8]) -> Vec<u8> {
    Key::new(GARBAGE).bytes(&since.0.to_be_bytes()).bytes(&[kind]).bytes(id).done()
}
