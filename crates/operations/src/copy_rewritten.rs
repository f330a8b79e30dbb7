//! CopyObject between keys: to a customer's key, from one, or from one to another.
//!
//! The copy gets bytes of its own under a data key of its own. Wrapping the source's data key anew would be cheaper,
//! but whoever once held it, or a row that opened it, could then read the copy without the new key.

use crate::caller::Caller;
use crate::copy_object::{CopiedObject, CopyObject};
use crate::get_object::{Found, FoundObject, GetObject, Portion};
use crate::object_reader::ObjectReader;
use crate::put_object::{Destination, body_of, key_as_sent};
use crate::store::{OpenBucket, Store};
use crate::upload_part_copy::CopyBody;
use blobs::WrittenBlob;
use keyring::DataKey;
use metadata::Opened;
use metadata::rows::ObjectRow;
use std::sync::Arc;
use types::limits::UPLOAD_BYTES_MAX;
use types::{ETag, ErrorCode, OperationError, StoredChecksum};

impl Store {
    /// Copies an object whose copy may not share its bytes. Holds a few transfer units in memory.
    ///
    /// # Errors
    /// As [`Store::copy_object`], and `InvalidRequest` for more bytes than one upload may have: such a source is to be
    /// copied in parts.
    ///
    /// # Cancel safety
    /// As [`Store::put_object`].
    pub(crate) async fn copy_rewritten(
        &self,
        caller: &Caller,
        request: &CopyObject,
        into: &OpenBucket,
    ) -> Result<CopiedObject, OperationError> {
        let (source, reader) = self.read_source(caller, request).await?;
        self.refuse_early(into, &request.key, &request.conditions).await?;
        let key = DataKey::generate(&*self.entropy);
        let algorithms: Vec<_> = source.checksum.iter().map(|stored| stored.checksum.algorithm()).collect();
        let mut body = CopyBody(reader.into_stream());
        let written = self.blobs.write(&mut body, Some(source.size), &algorithms, &key).await?;
        let mut row = self.rewritten_row(request, &source, into, &written, &key)?;
        let to = Destination { caller, bucket: &request.bucket, key: &request.key, conditions: &request.conditions };
        let stored = self.commit_written(&to, into, &mut row, written).await?;
        Ok(CopiedObject { source_version: source.version, modified: stored.modified, stored })
    }

    async fn read_source(
        &self,
        caller: &Caller,
        request: &CopyObject,
    ) -> Result<(Arc<Opened<ObjectRow>>, ObjectReader), OperationError> {
        let source = GetObject {
            bucket: request.source_bucket.clone(),
            key: request.source_key.clone(),
            conditions: request.source_conditions.clone(),
            part: Portion::Whole,
            with_checksum: false,
            customer_key: request.source_customer_key.clone(),
        };
        let Found::Object((FoundObject { row, .. }, reader)) = self.read_object(caller, &source).await? else {
            return Err(ErrorCode::PreconditionFailed.into());
        };
        if row.size > UPLOAD_BYTES_MAX {
            return Err(OperationError::new(
                ErrorCode::InvalidRequest,
                format!(
                    "The specified copy source is larger than the maximum allowable size for a copy source whose \
                     encryption changes: {UPLOAD_BYTES_MAX}. Use UploadPartCopy."
                ),
            ));
        }
        Ok((row, reader))
    }

    /// The row of the copy: one blob, whatever the source was made of, with the ETag and checksum of one.
    fn rewritten_row(
        &self,
        request: &CopyObject,
        source: &ObjectRow,
        into: &OpenBucket,
        written: &WrittenBlob,
        key: &DataKey,
    ) -> Result<ObjectRow, OperationError> {
        let (http, user) = request.metadata.apply(source)?;
        let sealed_key = self.seal_key(into, written.blob.id, key, request.customer_key.as_ref());
        let algorithm = source.checksum.map(|stored| stored.checksum.algorithm());
        let checksum = algorithm.and_then(|algorithm| written.digests.get(algorithm));
        Ok(ObjectRow {
            key_as_sent: key_as_sent(&request.key),
            size: written.blob.size,
            etag: ETag::Whole(self.etag_of_written(written.digests.md5, &sealed_key)),
            modified: self.clock.now(),
            version: self.random_id(),
            http,
            user,
            class: request.class.unwrap_or(into.found.stored.row.default_class),
            class_since: None,
            checksum: checksum.map(StoredChecksum::from),
            key: sealed_key,
            body: body_of(&written.blob),
        })
    }
}
