//! A blob that is held: its file is open, so that its bytes can be read, in whole or in part and as often as one
//! likes, even once the blob is removed. Nothing is copied; the file's space comes back when it is let go.

use crate::BlobError;
use crate::pool::on_pool;
use crate::reader::{BlobReader, Source};
use std::fmt;
use std::sync::Arc;
use types::ByteRange;

/// An open blob and its key, of [`LocalBlobs::hold`](crate::LocalBlobs::hold). Costs one file descriptor.
#[derive(Clone)]
pub struct HeldBlob {
    source: Arc<Source>,
    size: u64,
}

impl fmt::Debug for HeldBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldBlob").field("size", &self.size).finish()
    }
}

impl HeldBlob {
    pub(crate) fn new(source: Source, size: u64) -> Self {
        Self { source: Arc::new(source), size }
    }

    /// Reads `range`, which must lie within the blob. Its first unit is read and checked on return.
    ///
    /// # Errors
    /// `Corrupt`, counted and logged; `Disk`.
    pub async fn read(&self, range: ByteRange) -> Result<BlobReader, BlobError> {
        assert!(range.end() <= self.size, "a range is resolved against the blob's size");
        let source = Arc::clone(&self.source);
        on_pool(move || BlobReader::start(source, range)).await
    }
}
