//! The blob store: encrypted bytes under opaque ids. Start at `store.rs`.
//!
//! ```text
//! write:  Body -> AnnouncedBody -> inline: digest, seal, hand the sealed bytes to the caller
//!                               `-> file:  upload.rs: digest_pool.rs || store lane (create, seal, write, sync)
//! read:   open -> BlobReader (units of chunks, one unit read ahead) | open_inline
//! forget: abandoned ids (upload failed) and ids without a row -> remove; after a crash: epochs -> sweep -> remove
//! ```
//!
//! **Invariant:** a blob never changes; a rewrite is a new id.
//! **Invariant:** a successful write is durable; a failed one is invisible, and its file is listed as abandoned.
//! **Invariant:** no byte is served whose tag was not checked.
//! **Boundary:** knows no bucket and no object key. Deleting by prefix is impossible here on purpose.

mod abandoned;
mod aligned_buffer;
mod announced;
pub mod body;
mod corruptions;
pub mod digest;
mod digest_pool;
mod directory_sync;
pub mod error;
mod groups;
pub mod held;
mod lane;
mod layout;
mod md5;
mod pool;
pub mod reader;
mod reserve;
pub mod store;
pub mod sweep;
mod upload;

pub use body::{Body, BytesBody, next};
pub use digest::{Digester, Digests};
pub use error::BlobError;
pub use held::HeldBlob;
pub use reader::BlobReader;
pub use store::{BlobRef, BlobSettings, LocalBlobs, Place, WrittenBlob};
pub use sweep::Sweep;
