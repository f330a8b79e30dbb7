//! The key hierarchy, and everything that is sealed under it. AES-256-GCM throughout; no I/O.
//!
//! ```text
//! root key (file, environment or KMS) -- wraps --> bucket key (one per bucket, kept beside the bucket's row)
//!                   `-- with a customer's key or without, wraps --> data key (one per blob, beside the object's row)
//!                                                                    `-- seals --> the blob's chunks
//! root key -- derives, per purpose --> keys of row sealers (metadata values, continuation tokens)
//! ```
//!
//! Rotating a key re-wraps the keys below it and touches no data; what a customer's key wraps, only they can re-wrap,
//! which rotating the root key does not ask for. Every sealed thing authenticates what it belongs
//! to (bucket id, blob id and chunk position, row key), so that one moved elsewhere fails to open.
//!
//! **Invariant:** under one key no nonce is used for two different plaintexts. Each module says how it keeps that.
//! **Invariant:** no key is printable, and key bytes are wiped when dropped.

mod aead;
pub mod bucket_key;
pub mod customer_lock;
pub mod data_key;
pub mod root_key;
pub mod row_sealer;
pub mod sealed_data_key;
pub mod wrapped_key;

pub use bucket_key::BucketKey;
pub use customer_lock::CustomerLock;
pub use data_key::{ChunkPosition, DataKey};
pub use root_key::RootKey;
pub use row_sealer::RowSealer;
pub use sealed_data_key::{CannotOpen, SealedDataKey};
pub use wrapped_key::WrappedKey;

use std::fmt;

/// Bytes that one seal adds to what it seals: the tag.
pub const TAG_BYTES: usize = 16;

/// Sealed bytes do not open: they were changed, belong elsewhere, or were sealed under another key.
///
/// There is no more detail on purpose: a forger must not learn which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tampered;

impl fmt::Display for Tampered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed bytes do not authenticate: changed, moved, or sealed under another key")
    }
}

impl std::error::Error for Tampered {}
