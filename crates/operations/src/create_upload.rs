//! CreateMultipartUpload.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::put_object::check_write;
use crate::store::{OpenBucket, Store};
use keyring::DataKey;
use metadata::Outcome;
use metadata::rows::UploadRow;
use metadata::uploads::FoundUpload;
use types::{
    BlobId, BucketName, ChecksumAlgorithm, Conditions, CustomerKey, ErrorCode, HttpMetadata, ObjectKey, OperationError,
    Resource, StorageClass, UploadId, UserMetadata,
};

/// A multipart upload to begin.
#[derive(Clone, Debug)]
pub struct CreateUpload {
    /// Into which bucket.
    pub bucket: BucketName,
    /// Under which key.
    pub key: ObjectKey,
    /// Headers to keep.
    pub http: HttpMetadata,
    /// `x-amz-meta-*`.
    pub user: UserMetadata,
    /// The bucket's default if none.
    pub class: Option<StorageClass>,
    /// The algorithm of its parts' checksums, from which the object's is made. No checksum is kept if none.
    pub checksum: Option<ChecksumAlgorithm>,
    /// What must hold of an object that is there now.
    pub conditions: Conditions,
    /// The customer's key that encrypts every part, if there is one.
    pub customer_key: Option<CustomerKey>,
}

impl Store {
    /// Begins a multipart upload.
    ///
    /// # Errors
    /// `NoSuchBucket`, `PreconditionFailed`.
    pub async fn create_upload(&self, caller: &Caller, request: &CreateUpload) -> Result<UploadId, OperationError> {
        caller.authorize(Action::CreateMultipartUpload, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        let replaced = self.metadata.object(bucket.id(), &request.key).await?;
        check_write(&request.conditions, replaced.as_ref().map(|stored| &stored.row))?;
        let id = UploadId(self.random_id());
        let manifest = manifest_of(id);
        let key = DataKey::generate(&*self.entropy);
        let row = UploadRow {
            key_as_sent: request.key.as_sent().to_owned(),
            created: self.clock.now(),
            manifest,
            key: self.seal_key(&bucket, manifest, &key, request.customer_key.as_ref()),
            http: request.http.clone(),
            user: request.user.clone(),
            class: request.class.unwrap_or(bucket.found.stored.row.default_class),
            checksum: request.checksum,
        };
        let mut tries = self.tries(bucket.id(), &request.key);
        loop {
            tries.begin().await?;
            let bucket = self.same_bucket(caller, &request.bucket, &bucket).await?;
            if self.metadata.create_upload(&bucket.found, &request.key, id, &row).await? == Outcome::Committed {
                return Ok(id);
            }
        }
    }

    /// Finds an upload.
    ///
    /// # Errors
    /// `NoSuchUpload`.
    pub(crate) async fn find_upload(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        id: UploadId,
    ) -> Result<FoundUpload, OperationError> {
        let found = self.metadata.upload(bucket.id(), key, id).await?;
        found.ok_or_else(|| ErrorCode::NoSuchUpload.into())
    }
}

/// The manifest an upload becomes bears its id, so that a Complete sent twice can be told from a stranger's.
pub(crate) fn manifest_of(upload: UploadId) -> BlobId {
    BlobId(upload.0)
}
