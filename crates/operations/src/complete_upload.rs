//! CompleteMultipartUpload: the parts become an object in one commit that moves no bytes.
//! Source: R2 "Multipart upload" (equal sizes, ETags).

use crate::caller::Caller;
use crate::create_upload::manifest_of;
use crate::multipart_checksum::{self, AskedChecksum};
use crate::permissions::Action;
use crate::put_object::{StoredObject, check_write, key_as_sent};
use crate::store::{OpenBucket, Store};
use metadata::Outcome;
use metadata::objects::{BodySource, Deletion, NewObject};
use metadata::rows::{ObjectBody, ObjectRow, PartRow};
use metadata::uploads::{FoundPart, FoundUpload};
use std::collections::BTreeMap;
use types::limits::{OBJECT_BYTES_MAX, PART_BYTES_MIN, PARTS_MAX};
use types::{
    BucketName, Checksum, ChecksumAlgorithm, Conditions, CustomerKey, ETag, ErrorCode, Md5, ObjectKey, OperationError,
    Resource, StoredChecksum, UploadId,
};

/// An upload to be completed.
#[derive(Clone, Debug)]
pub struct CompleteUpload {
    /// Its bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// Its id.
    pub upload: UploadId,
    /// Its parts in ascending order of their numbers, each once. Not empty.
    pub parts: Vec<ListedPart>,
    /// Bytes that the client says the parts add up to.
    pub object_bytes: Option<u64>,
    /// What the client says about the object's checksum.
    pub checksum: AskedChecksum,
    /// What must hold of the object it replaces. If it does not, the upload is aborted (Release notes 2023-08-11).
    pub conditions: Conditions,
    /// The customer's key that the upload began with. It is not needed, but if it is sent it must be the one.
    pub customer_key: Option<CustomerKey>,
}

/// A part as the client lists it.
#[derive(Clone, Copy, Debug)]
pub struct ListedPart {
    /// 1 to 10,000.
    pub number: u16,
    /// Its ETag; one that is no MD5 matches no part.
    pub md5: Option<Md5>,
    /// Its checksum, if the client says.
    pub checksum: Option<Checksum>,
}

impl ListedPart {
    /// Whether it is this one.
    fn is(&self, part: &PartRow) -> bool {
        Some(part.md5) == self.md5 && (self.checksum.is_none() || self.checksum == part.checksum)
    }
}

impl Store {
    /// Completes an upload. On return the object survives `kill -9` and power loss. Sent again, it answers the same
    /// for as long as the object is there.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchUpload`, `InvalidPart`, `EntityTooSmall`, `PartSizesDiffer`, `EntityTooLarge`,
    /// `PreconditionFailed`, `ObjectLockedByBucketPolicy` (the upload stays), `BadDigest`, `TooManyRequests`;
    /// `InvalidRequest` for sizes, checksums or types that are not the upload's.
    pub async fn complete_upload(
        &self,
        caller: &Caller,
        request: &CompleteUpload,
    ) -> Result<StoredObject, OperationError> {
        caller.authorize(Action::CompleteMultipartUpload, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        self.admit_write(bucket.id(), &request.key)?;
        let mut tries = self.tries(bucket.id(), &request.key);
        loop {
            tries.begin().await?;
            let bucket = self.same_bucket(caller, &request.bucket, &bucket).await?;
            let Some(upload) = self.metadata.upload(bucket.id(), &request.key, request.upload).await? else {
                return self.completed_before(request, &bucket).await;
            };
            match self.try_complete(request, &bucket, &upload).await {
                Ok(Some(stored)) => return Ok(stored),
                Ok(None) => {}
                Err(failed) => return self.unless_completed(request, &bucket, failed).await,
            }
        }
    }

    /// `failed`, unless the same request sent before has meanwhile done what this one then could not.
    async fn unless_completed(
        &self,
        request: &CompleteUpload,
        bucket: &OpenBucket,
        failed: OperationError,
    ) -> Result<StoredObject, OperationError> {
        match self.metadata.upload(bucket.id(), &request.key, request.upload).await? {
            Some(_) => Err(failed),
            None => self.completed_before(request, bucket).await.map_err(|_| failed),
        }
    }

    /// The object, if this very upload became it: a client may not have heard the first answer.
    async fn completed_before(
        &self,
        request: &CompleteUpload,
        bucket: &OpenBucket,
    ) -> Result<StoredObject, OperationError> {
        let object = self.metadata.object(bucket.id(), &request.key).await?;
        let ours = object.filter(|object| object.row.body.id() == manifest_of(request.upload));
        ours.map(|object| StoredObject::of(&bucket.found, &request.key, &object.row))
            .ok_or_else(|| ErrorCode::NoSuchUpload.into())
    }

    /// Tries once; `None` if another writer was faster.
    async fn try_complete(
        &self,
        request: &CompleteUpload,
        bucket: &OpenBucket,
        upload: &FoundUpload,
    ) -> Result<Option<StoredObject>, OperationError> {
        if let Some(customer) = &request.customer_key {
            let row = &upload.stored.row;
            let _only_checked = self.open_key_of_upload(bucket, row.manifest, &row.key, Some(customer))?;
        }
        let uploaded = self.metadata.parts(upload.id, 0, usize::from(PARTS_MAX)).await?;
        let begun_with = upload.stored.row.checksum;
        let parts = pick_parts(&request.parts, uploaded, begun_with)?;
        let layout = Layout::of(parts.iter().map(|part| &part.stored.row))?;
        layout.check_total(request.object_bytes)?;
        let checksum = multipart_checksum::of_object(begun_with, &request.checksum, &parts)?;
        let now = self.clock.now();
        let key = ObjectKey::parse(&upload.stored.row.key_as_sent).map_err(OperationError::internal)?;
        let row = self.completed_row(&key, upload, &layout, checksum);
        let replaces = self.metadata.object(bucket.id(), &key).await?;
        if let Err(failed) = check_write(&request.conditions, replaces.as_ref().map(|stored| &stored.row)) {
            let _either_way_it_is_gone =
                self.metadata.abort_upload(&bucket.found, upload, Deletion::Client, now).await?;
            return Err(failed);
        }
        self.refuse_retained(&bucket.found, &key, replaces.as_ref().map(|stored| &stored.row)).await?;
        // The source does not matter: `complete_upload` writes the manifest itself.
        let source = BodySource::Blob;
        let new = NewObject { bucket: &bucket.found, key: &key, replaces: replaces.as_ref(), row: &row, source };
        let outcome = self.metadata.complete_upload(upload, &parts, &new, now).await?;
        Ok((outcome == Outcome::Committed).then(|| StoredObject::of(&bucket.found, &key, &row)))
    }

    fn completed_row(
        &self,
        key: &ObjectKey,
        upload: &FoundUpload,
        layout: &Layout,
        checksum: Option<StoredChecksum>,
    ) -> ObjectRow {
        let row = &upload.stored.row;
        let body = ObjectBody::Parts { manifest: row.manifest, count: layout.count, part_size: layout.part_size };
        ObjectRow {
            key_as_sent: key_as_sent(key),
            size: layout.size,
            etag: layout.etag,
            modified: self.clock.now(),
            version: self.random_id(),
            http: row.http.clone(),
            user: row.user.clone(),
            class: row.class,
            class_since: None,
            checksum,
            key: row.key,
            body,
        }
    }
}

/// The uploaded parts that the client lists.
fn pick_parts(
    listed: &[ListedPart],
    uploaded: Vec<FoundPart>,
    begun_with: Option<ChecksumAlgorithm>,
) -> Result<Vec<FoundPart>, OperationError> {
    let mut uploaded: BTreeMap<u16, FoundPart> = uploaded.into_iter().map(|part| (part.number, part)).collect();
    let pick = |listed: &ListedPart| {
        multipart_checksum::check_listed(begun_with, listed.number, listed.checksum.as_ref())?;
        let part = uploaded.remove(&listed.number).filter(|part| listed.is(&part.stored.row));
        part.ok_or_else(|| {
            OperationError::new(
                ErrorCode::InvalidPart,
                format!(
                    "Part {} could not be found: it might not have been uploaded, or its ETag or checksum differs from \
                     the one given.",
                    listed.number
                ),
            )
        })
    };
    listed.iter().map(pick).collect()
}

/// How the parts make up the object.
struct Layout {
    count: u16,
    /// Bytes of every part but the last.
    part_size: u64,
    size: u64,
    etag: ETag,
}

impl Layout {
    fn of<'p>(parts: impl ExactSizeIterator<Item = &'p PartRow>) -> Result<Self, OperationError> {
        let last = parts.len().saturating_sub(1);
        let count = u16::try_from(parts.len()).map_err(|_| OperationError::from(ErrorCode::InvalidPart))?;
        let mut digest = fast_md5::Md5::new();
        let (mut part_size, mut size) = (0, 0u64);
        for (index, part) in parts.enumerate() {
            if index == 0 {
                part_size = part.size;
            }
            check_size(part.size, part_size, index == last)?;
            size += part.size;
            digest.update(&part.md5.0);
        }
        if size > OBJECT_BYTES_MAX {
            return Err(ErrorCode::EntityTooLarge.into());
        }
        let etag = ETag::Multipart { digest: Md5(digest.finalize()), parts: count };
        Ok(Self { count, part_size, size, etag })
    }

    fn check_total(&self, announced: Option<u64>) -> Result<(), OperationError> {
        match announced {
            Some(announced) if announced != self.size => Err(OperationError::new(
                ErrorCode::InvalidRequest,
                format!("The x-amz-mp-object-size {announced} is not the sum of the parts' sizes, {}.", self.size),
            )),
            _ => Ok(()),
        }
    }
}

/// R2's rule: all parts but the last are of one size, at least 5 MiB; the last is not larger.
fn check_size(size: u64, first: u64, last: bool) -> Result<(), OperationError> {
    if !last && size < PART_BYTES_MIN {
        return Err(ErrorCode::EntityTooSmall.into());
    }
    if size > first || (!last && size != first) {
        return Err(ErrorCode::PartSizesDiffer.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::limits::{MIB, UPLOAD_BYTES_MAX};
    use types::{BlobId, Timestamp};

    fn part(size: u64, md5: &str) -> PartRow {
        let md5 = Md5::from_hex(md5).unwrap();
        PartRow {
            blob: BlobId([0; 16]),
            inline: false,
            salt: [0; 16],
            size,
            md5,
            modified: Timestamp(0),
            checksum: None,
        }
    }

    fn sizes(sizes: &[u64]) -> Result<u64, ErrorCode> {
        let parts: Vec<_> = sizes.iter().map(|size| part(*size, &"0".repeat(32))).collect();
        Layout::of(parts.iter()).map(|layout| layout.size).map_err(|error| error.code)
    }

    #[test]
    fn the_etag_is_the_one_of_r2s_own_example() {
        let parts = [part(5 * MIB, "bce6bf66aeb76c7040fdd5f4eccb78e6"), part(1, "8165449fc15bbf43d3b674595cbcc406")];
        assert_eq!(Layout::of(parts.iter()).unwrap().etag.to_string(), "f77dc0eecdebcd774a2a22cb393ad2ff-2");
    }

    #[test]
    fn all_parts_but_the_last_are_of_one_size() {
        assert_eq!(sizes(&[0]), Ok(0));
        assert_eq!(sizes(&[6 * MIB, 6 * MIB, 1]), Ok(12 * MIB + 1));
        assert_eq!(sizes(&[6 * MIB, 5 * MIB, 1]), Err(ErrorCode::PartSizesDiffer));
        assert_eq!(sizes(&[6 * MIB, 7 * MIB]), Err(ErrorCode::PartSizesDiffer));
        assert_eq!(sizes(&[5 * MIB - 1, 1]), Err(ErrorCode::EntityTooSmall));
        assert_eq!(sizes(&[5 * MIB, 1]), Ok(5 * MIB + 1));
    }

    #[test]
    fn the_largest_object_is_5_tib_less_5_gib() {
        let count = usize::try_from(OBJECT_BYTES_MAX / UPLOAD_BYTES_MAX).unwrap();
        let mut parts = vec![UPLOAD_BYTES_MAX; count];
        assert_eq!(sizes(&parts), Ok(OBJECT_BYTES_MAX), "the largest parts make it up exactly");
        parts.push(1);
        assert_eq!(sizes(&parts), Err(ErrorCode::EntityTooLarge));
    }
}
