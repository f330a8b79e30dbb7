//! HoldObject: one version of an object that stays readable, whatever happens to the object meanwhile. For caches,
//! which go on showing what an object was.
//!
//! Small objects are read into memory. Of larger ones nothing is copied: the files of their bytes, which never change
//! and are encrypted, are held open, or kept from the collector, until the object is let go.

use crate::caller::Caller;
use crate::object_reader::{HeldParts, ObjectReader};
use crate::permissions::Action;
use crate::store::{OpenBucket, Store};
use blobs::{BlobError, BlobRef, HeldBlob, Place};
use bytes::{Bytes, BytesMut};
use metadata::Opened;
use metadata::rows::{ObjectBody, ObjectRow};
use std::fmt;
use std::sync::Arc;
use types::{BucketName, ByteRange, ETag, ErrorCode, ObjectKey, OperationError, Resource};

/// An object to be held.
#[derive(Clone, Debug)]
pub struct HoldObject {
    /// In which bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// The content that the caller holds already.
    pub known: Option<ETag>,
    /// Objects of up to so many bytes are read into memory.
    pub memory_bytes_max: u64,
}

/// What holding an object came to.
#[derive(Debug)]
pub enum Held {
    /// The object.
    Object(HeldObject),
    /// It still has the content that is known; its metadata, which may be new.
    Known(Arc<Opened<ObjectRow>>),
}

/// One version of an object. Cheap to clone.
#[derive(Clone)]
pub struct HeldObject {
    /// Its metadata.
    pub row: Arc<Opened<ObjectRow>>,
    bytes: Arc<HeldBytes>,
}

enum HeldBytes {
    Memory(Bytes),
    File(HeldBlob),
    Parts(HeldParts),
}

impl fmt::Debug for HeldObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldObject").field("size", &self.row.size).finish_non_exhaustive()
    }
}

/// How often a read looks again when the object was replaced under its eyes.
const HOLD_ATTEMPTS: usize = 10;

impl Store {
    /// Holds an object.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`; `InvalidRequest` for an object that a customer's key encrypts.
    pub async fn hold_object(&self, caller: &Caller, request: &HoldObject) -> Result<Held, OperationError> {
        caller.authorize(Action::GetObject, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        for _ in 0..HOLD_ATTEMPTS {
            let row = self.shown_object(bucket.id(), &request.key).await?;
            if request.known.as_ref() == Some(&row.etag) {
                return Ok(Held::Known(row));
            }
            if let Some(bytes) = self.hold_bytes(&bucket, request, &row).await? {
                self.count_held(&bucket, &row, &bytes);
                return Ok(Held::Object(HeldObject { row, bytes: Arc::new(bytes) }));
            }
        }
        Err(ErrorCode::TooMuchConcurrency.into())
    }

    /// What is held on disk counts as read once, however often it is shown: as if it were copied to a cache. What is
    /// in memory was counted when it was read.
    fn count_held(&self, bucket: &OpenBucket, row: &ObjectRow, bytes: &HeldBytes) {
        if let HeldBytes::File(_) | HeldBytes::Parts(_) = bytes
            && let Some(meter) = self.meter(bucket.found.account(), bucket.id(), row)
        {
            meter.count(usize::try_from(row.size).unwrap_or(usize::MAX));
        }
    }

    /// The bytes of a row; `None` if the object was replaced since the row was read.
    async fn hold_bytes(
        &self,
        bucket: &OpenBucket,
        request: &HoldObject,
        row: &ObjectRow,
    ) -> Result<Option<HeldBytes>, OperationError> {
        let data_key = self.open_key_to_read(bucket, row, None)?;
        match row.body {
            ObjectBody::Blob(id) if row.size > request.memory_bytes_max => {
                let blob = BlobRef { id, size: row.size, place: Place::File };
                match self.blobs.hold(blob, data_key.clone()).await {
                    Ok(held) => Ok(Some(HeldBytes::File(held))),
                    Err(BlobError::Missing { .. }) => {
                        // Replaced, or lost: the way of all reads tells which.
                        let nothing = ByteRange { start: 0, length: 0 };
                        self.open_object(bucket, &request.key, row, data_key, nothing).await.map(|_| None)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            ObjectBody::Parts { .. } if row.size > request.memory_bytes_max => {
                Ok(self.hold_parts(bucket, &request.key, row, data_key).await?.map(HeldBytes::Parts))
            }
            _ => {
                let whole = ByteRange::whole(row.size);
                match self.open_object(bucket, &request.key, row, data_key, whole).await? {
                    Some(reader) => Ok(Some(HeldBytes::Memory(collect(reader, row.size).await?))),
                    None => Ok(None),
                }
            }
        }
    }
}

/// All bytes of a small object.
async fn collect(mut reader: ObjectReader, size: u64) -> Result<Bytes, OperationError> {
    if let Some(bytes) = reader.ready() {
        return Ok(bytes);
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(size).map_err(OperationError::internal)?);
    while let Some(unit) = reader.next().await {
        bytes.extend_from_slice(&unit?);
    }
    Ok(bytes.freeze())
}

impl HeldObject {
    /// Bytes that it keeps in memory, besides its metadata.
    pub fn memory_bytes(&self) -> u64 {
        match &*self.bytes {
            HeldBytes::Memory(bytes) => bytes.len() as u64,
            HeldBytes::File(_) | HeldBytes::Parts(_) => 0,
        }
    }

    /// The same bytes with metadata that was read since.
    #[must_use]
    pub fn with_row(&self, row: Arc<Opened<ObjectRow>>) -> Self {
        Self { row, bytes: Arc::clone(&self.bytes) }
    }

    /// The bytes of `range` if they are in memory. It must lie within the object.
    pub fn in_memory(&self, range: ByteRange) -> Option<Bytes> {
        let HeldBytes::Memory(bytes) = &*self.bytes else { return None };
        let offset = |position: u64| usize::try_from(position).ok().filter(|offset| *offset <= bytes.len());
        Some(bytes.slice(offset(range.start)?..offset(range.end())?))
    }

    /// Reads `range`, which must lie within the object; `None` if it is in memory.
    ///
    /// # Errors
    /// `InternalError` if what is stored fails its check.
    pub async fn read(&self, range: ByteRange) -> Result<Option<ObjectReader>, OperationError> {
        match &*self.bytes {
            HeldBytes::Memory(_) => Ok(None),
            HeldBytes::File(blob) => Ok(Some(blob.read(range).await?.into())),
            HeldBytes::Parts(parts) => Ok(Some(parts.read(range))),
        }
    }
}
