//! UploadPart: like PutObject, but visible only to its upload.

use crate::caller::Caller;
use crate::digests::{self, ExpectedDigest};
use crate::multipart_checksum;
use crate::permissions::Action;
use crate::store::Store;
use blobs::{BlobRef, Body, Place};
use metadata::Outcome;
use metadata::rows::PartRow;
use metadata::uploads::NewPart;
use types::{
    BucketName, Checksum, ChecksumAlgorithm, CustomerKey, Md5, ObjectKey, OperationError, Resource, Timestamp, UploadId,
};

/// Which part of which upload.
#[derive(Clone, Debug)]
pub struct PartTarget {
    /// The upload's bucket.
    pub bucket: BucketName,
    /// The upload's key.
    pub key: ObjectKey,
    /// The upload.
    pub upload: UploadId,
    /// 1 to 10,000.
    pub number: u16,
}

/// A part to be written.
#[derive(Clone, Debug)]
pub struct UploadPart {
    /// Where it belongs.
    pub target: PartTarget,
    /// Exact bytes of the body; `None` if its sender does not say.
    pub length: Option<u64>,
    /// The customer's key that its upload began with, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Digests the body must have.
    pub expected: Vec<ExpectedDigest>,
    /// Digests that trailers will tell.
    pub trailers: Vec<ChecksumAlgorithm>,
}

/// A part as it was stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredPart {
    /// Its ETag: the MD5 of its bytes, unless a customer's key encrypts them.
    pub md5: Md5,
    /// When it became visible to its upload.
    pub modified: Timestamp,
    /// The checksum kept with it.
    pub checksum: Option<Checksum>,
}

/// Where the bytes of a part come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartSource {
    /// A client, who brings the checksum that the upload was begun with.
    Client,
    /// An object of this store: the checksum is computed on the way.
    Object,
}

impl Store {
    /// Writes a part. On return it survives `kill -9` and power loss; of several with one number the last wins.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchUpload`, `InvalidRequest` for another customer's key or another algorithm of checksums
    /// than the upload's, and as [`Store::put_object`].
    pub async fn upload_part(
        &self,
        caller: &Caller,
        request: &UploadPart,
        body: &mut dyn Body,
    ) -> Result<StoredPart, OperationError> {
        caller.authorize(Action::UploadPart, Resource::Object(&request.target.bucket, &request.target.key))?;
        self.write_part(caller, request, PartSource::Client, body).await
    }

    pub(crate) async fn write_part(
        &self,
        caller: &Caller,
        request: &UploadPart,
        source: PartSource,
        body: &mut dyn Body,
    ) -> Result<StoredPart, OperationError> {
        let PartTarget { bucket: name, key, upload, number } = &request.target;
        let bucket = self.open_bucket(caller, name).await?;
        let found = self.find_upload(&bucket, key, *upload).await?;
        let begun_with = found.stored.row.checksum;
        if source == PartSource::Client {
            multipart_checksum::check_part(begun_with, &request.expected, &request.trailers)?;
        }
        let customer = request.customer_key.as_ref();
        let (manifest, sealed_key) = (found.stored.row.manifest, found.stored.row.key);
        let object_key = self.open_key_of_upload(&bucket, manifest, &sealed_key, customer)?;

        let salt = self.random_id();
        let part_key = object_key.for_part(&salt);
        let mut algorithms = digests::algorithms(&request.expected, &request.trailers);
        algorithms.extend(begun_with.filter(|algorithm| !algorithms.contains(algorithm)));
        let mut written = self.blobs.write(body, request.length, &algorithms, &part_key).await?;
        digests::verify(&request.expected, body, &written.digests)?;

        let computed = begun_with.and_then(|algorithm| written.digests.get(algorithm));
        let checksum = computed.or_else(|| digests::chosen(&request.expected, body));
        let md5 = self.etag_of_written(written.digests.md5, &sealed_key);
        let BlobRef { id: blob, size, place } = written.blob;
        let inline = place == Place::Inline;
        let payload = written.sealed.take();
        let mut tries = self.tries(bucket.id(), key);
        loop {
            tries.begin().await?;
            let bucket = self.same_bucket(caller, name, &bucket).await?;
            let upload = self.find_upload(&bucket, key, *upload).await?;
            let replaces = self.metadata.part(upload.id, *number).await?;
            let modified = self.clock.now();
            let row = PartRow { blob, inline, salt, size, md5, modified, checksum };
            let new = NewPart {
                bucket: &bucket.found,
                upload: &upload,
                number: *number,
                replaces: replaces.as_ref(),
                row: &row,
                payload: payload.clone(),
            };
            if self.metadata.put_part(&new, modified).await? == Outcome::Committed {
                written.keep();
                return Ok(StoredPart { md5, modified, checksum });
            }
        }
    }
}
