//! CopyObject: within one store a copy shares the immutable bytes and moves none, unless a customer's key opens only
//! one of the two.

use crate::caller::Caller;
use crate::customer_keys::may_share;
use crate::permissions::Action;
use crate::put_object::{StoredObject, key_as_sent};
use crate::store::{OpenBucket, Store};
use keyring::DataKey;
use metadata::Outcome;
use metadata::objects::BodySource;
use metadata::rows::ObjectRow;
use types::{
    BucketName, Conditions, CustomerKey, ErrorCode, HttpMetadata, ObjectKey, OperationError, ReadVerdict, Resource,
    StorageClass, Timestamp, UserMetadata,
};

/// An object to be copied.
#[derive(Clone, Debug)]
pub struct CopyObject {
    /// From which bucket.
    pub source_bucket: BucketName,
    /// Which object.
    pub source_key: ObjectKey,
    /// What must hold of it.
    pub source_conditions: Conditions,
    /// Into which bucket.
    pub bucket: BucketName,
    /// Under which key.
    pub key: ObjectKey,
    /// What must hold of the object it replaces.
    pub conditions: Conditions,
    /// What becomes of its metadata.
    pub metadata: MetadataDirective,
    /// The default of the destination's bucket if none, whatever the source's is: as with S3.
    pub class: Option<StorageClass>,
    /// The customer's key that the source is encrypted with, if there is one.
    pub source_customer_key: Option<CustomerKey>,
    /// The customer's key that encrypts the copy, if there is one.
    pub customer_key: Option<CustomerKey>,
}

/// What becomes of the metadata of a copied object. Source: S3; R2 "Extensions", MERGE.
#[derive(Clone, Debug)]
pub enum MetadataDirective {
    /// It is the source's.
    Copy,
    /// It is this.
    Replace(HttpMetadata, UserMetadata),
    /// It is the source's, and over it this.
    Merge(HttpMetadata, UserMetadata),
}

/// A copy as it was stored.
#[derive(Clone, Debug)]
pub struct CopiedObject {
    /// The copy.
    pub stored: StoredObject,
    /// The version of the source it was made from.
    pub source_version: [u8; 16],
    /// When the copy became visible.
    pub modified: Timestamp,
}

impl Store {
    /// Copies an object.
    ///
    /// # Errors
    /// `NoSuchBucket` and `NoSuchKey` of source or destination, `PreconditionFailed`, `ObjectLockedByBucketPolicy`,
    /// `InvalidRequest` for a copy onto itself that changes nothing, `TooManyRequests`; for the source's customer key
    /// as [`Store::get_object`].
    pub async fn copy_object(&self, caller: &Caller, request: &CopyObject) -> Result<CopiedObject, OperationError> {
        caller.authorize(Action::CopyObject, Resource::Object(&request.bucket, &request.key))?;
        caller.authorize_source(Action::CopyObject, Resource::Object(&request.source_bucket, &request.source_key))?;
        let source_bucket = self.open_bucket(caller, &request.source_bucket).await?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        self.admit_write(bucket.id(), &request.key)?;
        let source_customer = request.source_customer_key.as_ref();
        if !may_share(source_customer, request.customer_key.as_ref()) {
            return self.copy_rewritten(caller, request, &bucket).await;
        }
        let mut tries = self.tries(bucket.id(), &request.key);
        loop {
            tries.begin().await?;
            let bucket = self.same_bucket(caller, &request.bucket, &bucket).await?;
            let source = self.find_object(source_bucket.id(), &request.source_key).await?;
            let data_key = self.open_key_to_read(&source_bucket, &source.row, source_customer)?;
            refuse_copy(request, &source.row)?;
            let mut row = self.copied_row(request, &source.row, &data_key, &bucket)?;
            let (bucket_of_source, key) = (source_bucket.id(), &request.source_key);
            let shared = BodySource::Shared { bucket: bucket_of_source, key, object: &source };
            if self.try_put(&bucket, &request.key, &mut row, &request.conditions, shared).await? == Outcome::Committed {
                let stored = StoredObject::of(&bucket.found, &request.key, &row);
                let (source_version, modified) = (source.row.version, row.modified);
                return Ok(CopiedObject { stored, source_version, modified });
            }
        }
    }

    /// The row of the copy: the source's, with its data key sealed for the destination's bucket.
    fn copied_row(
        &self,
        request: &CopyObject,
        source: &ObjectRow,
        data_key: &DataKey,
        into: &OpenBucket,
    ) -> Result<ObjectRow, OperationError> {
        let (http, user) = request.metadata.apply(source)?;
        Ok(ObjectRow {
            key_as_sent: key_as_sent(&request.key),
            version: self.random_id(),
            http,
            user,
            class: request.class.unwrap_or(into.found.stored.row.default_class),
            class_since: None,
            key: self.seal_key(into, source.body.id(), data_key, request.customer_key.as_ref()),
            ..source.clone()
        })
    }
}

impl MetadataDirective {
    pub(crate) fn apply(&self, source: &ObjectRow) -> Result<(HttpMetadata, UserMetadata), OperationError> {
        match self {
            Self::Copy => Ok((source.http.clone(), source.user.clone())),
            Self::Replace(http, user) => Ok((http.clone(), user.clone())),
            Self::Merge(http, user) => {
                let user = source.user.overlaid_with(user).ok_or(ErrorCode::MetadataTooLarge)?;
                Ok((source.http.overlaid_with(http), user))
            }
        }
    }
}

fn refuse_copy(request: &CopyObject, source: &ObjectRow) -> Result<(), OperationError> {
    if request.source_conditions.judge_read(&source.etag, source.modified) != ReadVerdict::Proceed {
        return Err(ErrorCode::PreconditionFailed.into());
    }
    let same_place = request.source_bucket == request.bucket && request.source_key == request.key;
    let same_metadata = matches!(request.metadata, MetadataDirective::Copy);
    let same_class = request.class.is_none_or(|class| class == source.class);
    if same_place && same_metadata && same_class {
        return Err(OperationError::new(
            ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class or encryption attributes: use the REPLACE directive.",
        ));
    }
    Ok(())
}
