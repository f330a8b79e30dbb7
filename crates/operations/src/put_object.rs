//! PutObject: bytes first, then the row.

use crate::caller::Caller;
use crate::content_type::InferringBody;
use crate::digests::{self, ExpectedDigest};
use crate::permissions::Action;
use crate::store::{OpenBucket, Store};
use blobs::{BlobRef, Body, Place, WrittenBlob};
use keyring::DataKey;
use metadata::buckets::FoundBucket;
use metadata::objects::{BodySource, NewObject};
use metadata::rows::{ObjectBody, ObjectRow};
use metadata::{Outcome, Stored};
use types::{
    BucketName, ChecksumAlgorithm, Conditions, CustomerKey, ETag, ErrorCode, Expiration, HttpMetadata, ObjectKey,
    OperationError, Resource, StorageClass, StoredChecksum, Timestamp, UserMetadata,
};

/// An object to be written.
#[derive(Clone, Debug)]
pub struct PutObject {
    /// Into which bucket.
    pub bucket: BucketName,
    /// Under which key.
    pub key: ObjectKey,
    /// Exact bytes of the body; `None` if its sender does not say.
    pub length: Option<u64>,
    /// Headers to keep. A content type is inferred from the body if there is none.
    pub http: HttpMetadata,
    /// `x-amz-meta-*`.
    pub user: UserMetadata,
    /// The bucket's default if none.
    pub class: Option<StorageClass>,
    /// What must hold of the object it replaces.
    pub conditions: Conditions,
    /// The customer's key that encrypts it, if there is one.
    pub customer_key: Option<CustomerKey>,
    /// Digests the body must have.
    pub expected: Vec<ExpectedDigest>,
    /// Digests that trailers will tell.
    pub trailers: Vec<ChecksumAlgorithm>,
}

/// An object as it was stored.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// What identifies its content.
    pub etag: ETag,
    /// Its version.
    pub version: [u8; 16],
    /// When it became visible.
    pub modified: Timestamp,
    /// The checksum kept with it.
    pub checksum: Option<StoredChecksum>,
    /// Where it is billed.
    pub class: StorageClass,
    /// When a lifecycle rule will remove it, if one will.
    pub expiration: Option<Box<Expiration>>,
}

impl StoredObject {
    pub(crate) fn of(bucket: &FoundBucket, key: &ObjectKey, row: &ObjectRow) -> Self {
        Self {
            etag: row.etag,
            version: row.version,
            modified: row.modified,
            checksum: row.checksum,
            class: row.class,
            expiration: bucket.expiration(key, row.modified),
        }
    }
}

impl Store {
    /// Writes an object. On return it survives `kill -9` and power loss, and every reader sees it.
    ///
    /// # Errors
    /// `NoSuchBucket`, `PreconditionFailed`, `ObjectLockedByBucketPolicy`, `BadDigest`, `ContentSha256Mismatch`,
    /// `IncompleteBody`, `EntityTooLarge`, `TooManyRequests`, `StorageFull`, and whatever `body` fails with; the old
    /// object, if any, is then untouched.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the old object or the new one, never neither.
    pub async fn put_object(
        &self,
        caller: &Caller,
        request: &PutObject,
        body: &mut dyn Body,
    ) -> Result<StoredObject, OperationError> {
        caller.authorize(Action::PutObject, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        self.admit_write(bucket.id(), &request.key)?;
        self.refuse_early(&bucket, &request.key, &request.conditions).await?;

        let key = DataKey::generate(&*self.entropy);
        let algorithms = digests::algorithms(&request.expected, &request.trailers);
        let (written, http) = self.write_body(request, body, &algorithms, &key).await?;
        digests::verify(&request.expected, body, &written.digests)?;

        let id = written.blob.id;
        let checksum = digests::chosen(&request.expected, body);
        let sealed_key = self.seal_key(&bucket, id, &key, request.customer_key.as_ref());
        let mut row = ObjectRow {
            key_as_sent: key_as_sent(&request.key),
            size: written.blob.size,
            etag: ETag::Whole(self.etag_of_written(written.digests.md5, &sealed_key)),
            modified: self.clock.now(),
            version: self.random_id(),
            http,
            user: request.user.clone(),
            class: request.class.unwrap_or(bucket.found.stored.row.default_class),
            class_since: None,
            checksum: checksum.map(StoredChecksum::from),
            key: sealed_key,
            body: body_of(&written.blob),
        };
        let to = Destination { caller, bucket: &request.bucket, key: &request.key, conditions: &request.conditions };
        self.commit_written(&to, &bucket, &mut row, written).await
    }

    /// Makes an object of bytes that are durable; `row` then is as it became visible.
    pub(crate) async fn commit_written(
        &self,
        to: &Destination<'_>,
        bucket: &OpenBucket,
        row: &mut ObjectRow,
        mut written: WrittenBlob,
    ) -> Result<StoredObject, OperationError> {
        let sealed = written.sealed.take();
        let mut tries = self.tries(bucket.id(), to.key);
        loop {
            tries.begin().await?;
            let bucket = self.same_bucket(to.caller, to.bucket, bucket).await?;
            let source = sealed.clone().map_or(BodySource::Blob, BodySource::Payload);
            if self.try_put(&bucket, to.key, row, to.conditions, source).await? == Outcome::Committed {
                written.keep();
                return Ok(StoredObject::of(&bucket.found, to.key, row));
            }
        }
    }

    /// Stores the bytes. Answers with the headers to keep, and among them the content type the bytes say they have
    /// if the client does not say (R2 "Release notes", 2022-08-06).
    async fn write_body(
        &self,
        request: &PutObject,
        body: &mut dyn Body,
        algorithms: &[ChecksumAlgorithm],
        key: &DataKey,
    ) -> Result<(WrittenBlob, HttpMetadata), OperationError> {
        let mut http = request.http.clone();
        let mut inferring = InferringBody::new(body, http.content_type.is_none());
        let written = self.blobs.write(&mut inferring, request.length, algorithms, key).await?;
        http.content_type = http.content_type.or_else(|| inferring.content_type().map(str::to_owned));
        Ok((written, http))
    }

    /// Spares everybody an upload that cannot succeed. Decided for good only at the commit.
    pub(crate) async fn refuse_early(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        conditions: &Conditions,
    ) -> Result<(), OperationError> {
        if conditions.is_empty() && bucket.found.stored.row.lock.is_none() {
            return Ok(());
        }
        let replaced = self.metadata.object(bucket.id(), key).await?;
        self.check_replace(bucket, key, conditions, replaced.as_ref()).await
    }

    /// Checks that a write may go over `stored`: an answer that a commit may rest on, if it is on the condition that
    /// `bucket` and `stored` are unchanged.
    ///
    /// # Errors
    /// `PreconditionFailed`, `ObjectLockedByBucketPolicy`.
    pub(crate) async fn check_replace(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        conditions: &Conditions,
        stored: Option<&Stored<ObjectRow>>,
    ) -> Result<(), OperationError> {
        let stored = stored.map(|stored| &stored.row);
        check_write(conditions, stored)?;
        self.refuse_retained(&bucket.found, key, stored).await
    }

    /// The bucket as it is now, which must be the one the bytes were encrypted for.
    pub(crate) async fn same_bucket(
        &self,
        caller: &Caller,
        name: &BucketName,
        before: &OpenBucket,
    ) -> Result<OpenBucket, OperationError> {
        let found = self.find_bucket(caller, name).await?;
        if found.id() != before.id() {
            return Err(ErrorCode::NoSuchBucket.into());
        }
        Ok(OpenBucket { found, key: before.key.clone() })
    }

    /// Tries once to put `row` in the place of whatever is there.
    pub(crate) async fn try_put(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        row: &mut ObjectRow,
        conditions: &Conditions,
        source: BodySource<'_>,
    ) -> Result<Outcome, OperationError> {
        let replaces = self.metadata.object(bucket.id(), key).await?;
        self.check_replace(bucket, key, conditions, replaces.as_ref()).await?;
        row.modified = self.clock.now();
        let new = NewObject { bucket: &bucket.found, key, replaces: replaces.as_ref(), row, source };
        Ok(self.metadata.put_object(&new, row.modified).await?)
    }
}

/// Where bytes that are durable are to become an object.
pub(crate) struct Destination<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) conditions: &'a Conditions,
}

/// How a row names a blob.
pub(crate) fn body_of(blob: &BlobRef) -> ObjectBody {
    match blob.place {
        Place::Inline => ObjectBody::Inline(blob.id),
        Place::File => ObjectBody::Blob(blob.id),
    }
}

/// The key as sent, where a listing could not derive it.
pub(crate) fn key_as_sent(key: &ObjectKey) -> Option<String> {
    (key.as_sent() != key.identity()).then(|| key.as_sent().to_owned())
}

/// 412 unless a write may go over `stored`.
pub(crate) fn check_write(conditions: &Conditions, stored: Option<&ObjectRow>) -> Result<(), OperationError> {
    if conditions.allow_write(stored.map(|row| (&row.etag, row.modified))) {
        Ok(())
    } else {
        Err(ErrorCode::PreconditionFailed.into())
    }
}
