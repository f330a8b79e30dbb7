//! GetObject and HeadObject: one row answers HEAD, the conditions and the plan of a range.

use crate::caller::Caller;
use crate::object_reader::ObjectReader;
use crate::permissions::Action;
use crate::store::{OpenBucket, Store};
use keyring::DataKey;
use metadata::buckets::FoundBucket;
use metadata::rows::{ObjectBody, ObjectRow};
use metadata::{Opened, Stored};
use std::sync::Arc;
use types::{
    BucketId, BucketName, ByteRange, Conditions, CustomerKey, ErrorCode, Expiration, ObjectKey, OperationError,
    RangeSpec, ReadVerdict, Resource, ShownChecksum, UnsatisfiableRange,
};

/// An object to be read.
#[derive(Clone, Debug)]
pub struct GetObject {
    /// From which bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// What must hold of it.
    pub conditions: Conditions,
    /// Which of its bytes.
    pub part: Portion,
    /// Whether to find out the checksum of those bytes.
    pub with_checksum: bool,
    /// The customer's key that it is encrypted with, if there is one.
    pub customer_key: Option<CustomerKey>,
}

/// Which bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All.
    Whole,
    /// A range.
    Range(RangeSpec),
    /// A part of a multipart upload, by its place among them, from 1.
    Part(u16),
}

/// What reading an object came to.
#[derive(Debug)]
pub enum Found<T> {
    /// The object.
    Object(T),
    /// 304: the client has it.
    NotModified(Arc<Opened<ObjectRow>>),
}

/// An object's metadata and the bytes that were asked for.
#[derive(Debug)]
pub struct FoundObject {
    /// Its row.
    pub row: Arc<Opened<ObjectRow>>,
    /// Which of its bytes the answer covers: those asked for, or all if `If-Range` names another object.
    pub part: Portion,
    /// The bytes the answer covers.
    pub range: ByteRange,
    /// Parts of the object, if it was a multipart upload.
    pub parts: Option<u16>,
    /// The checksum kept for those bytes, if it was asked for.
    pub checksum: Option<ShownChecksum>,
    /// When a lifecycle rule will remove it, if one will.
    pub expiration: Option<Box<Expiration>>,
}

/// How often a read looks again when the object was replaced under its eyes.
const READ_ATTEMPTS: usize = 10;

impl Store {
    /// Reads an object's metadata.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, `InvalidRange`; `InvalidPart` for a part it does not have;
    /// `InvalidRequest` and `AccessDenied` for a missing and a wrong customer's key.
    pub async fn head_object(
        &self,
        caller: &Caller,
        request: &GetObject,
    ) -> Result<Found<FoundObject>, OperationError> {
        caller.authorize(Action::HeadObject, Resource::Object(&request.bucket, &request.key))?;
        let bucket = self.find_bucket(caller, &request.bucket).await?;
        let row = self.shown_object(bucket.id(), &request.key).await?;
        let _only_checked = self.customer_data_key(&bucket, &row, request)?;
        match answer(&bucket, row, request)? {
            Found::Object(mut found) => {
                if request.with_checksum {
                    Box::pin(self.show_checksum(bucket.id(), &request.key, &mut found)).await?;
                }
                Ok(Found::Object(found))
            }
            not_modified => Ok(not_modified),
        }
    }

    async fn show_checksum(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        found: &mut FoundObject,
    ) -> Result<(), OperationError> {
        found.checksum = self.shown_checksum(bucket, key, &found.row, found.part, found.range).await?;
        Ok(())
    }

    /// Reads an object. The bytes are those of one version, whatever happens to the object meanwhile.
    ///
    /// # Errors
    /// As [`Store::head_object`].
    pub async fn get_object(
        &self,
        caller: &Caller,
        request: &GetObject,
    ) -> Result<Found<(FoundObject, ObjectReader)>, OperationError> {
        caller.authorize(Action::GetObject, Resource::Object(&request.bucket, &request.key))?;
        self.read_object(caller, request).await
    }

    /// As [`Store::get_object`], for a caller who was found to be allowed to.
    pub(crate) async fn read_object(
        &self,
        caller: &Caller,
        request: &GetObject,
    ) -> Result<Found<(FoundObject, ObjectReader)>, OperationError> {
        let bucket = self.find_bucket(caller, &request.bucket).await?;
        for _ in 0..READ_ATTEMPTS {
            let row = self.shown_object(bucket.id(), &request.key).await?;
            let customer_data_key = self.customer_data_key(&bucket, &row, request)?;
            let mut found = match answer(&bucket, row, request)? {
                Found::Object(found) => found,
                Found::NotModified(row) => return Ok(Found::NotModified(row)),
            };
            let reader = match self.reader_from_memory(&bucket, &found.row, found.range) {
                Some(reader) => Some(reader),
                // Boxed: most reads do without the room it takes.
                None => Box::pin(self.open_found_object(&bucket, request, &found, customer_data_key)).await?,
            };
            if let Some(reader) = reader {
                if request.with_checksum {
                    Box::pin(self.show_checksum(bucket.id(), &request.key, &mut found)).await?;
                }
                return Ok(Found::Object((found, reader)));
            }
        }
        Err(ErrorCode::TooMuchConcurrency.into())
    }

    /// The bytes of what was found; `None` if the object was replaced since its row was read.
    async fn open_found_object(
        &self,
        bucket: &FoundBucket,
        request: &GetObject,
        found: &FoundObject,
        customer_data_key: Option<DataKey>,
    ) -> Result<Option<ObjectReader>, OperationError> {
        let bucket = self.open_found(bucket.clone())?;
        let data_key = match customer_data_key {
            Some(key) => key,
            None => self.open_key_to_read(&bucket, &found.row, None)?,
        };
        self.open_object(&bucket, &request.key, &found.row, data_key, found.range).await
    }

    /// The data key of an object for which a customer's key is needed, or was given.
    ///
    /// # Errors
    /// `InvalidRequest` and `AccessDenied` for a missing and a wrong one, before anything is said of the object.
    fn customer_data_key(
        &self,
        bucket: &FoundBucket,
        row: &ObjectRow,
        request: &GetObject,
    ) -> Result<Option<DataKey>, OperationError> {
        let given = request.customer_key.as_ref();
        if row.key.customer.is_none() && given.is_none() {
            return Ok(None);
        }
        self.open_key_to_read(&self.open_found(bucket.clone())?, row, given).map(Some)
    }

    /// The row of an object to be shown.
    pub(crate) async fn shown_object(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Arc<Opened<ObjectRow>>, OperationError> {
        let row = self.metadata.shown_object(bucket, key).await?;
        row.ok_or_else(|| ErrorCode::NoSuchKey.into())
    }

    /// The row of an object that a commit will depend on.
    pub(crate) async fn find_object(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Stored<ObjectRow>, OperationError> {
        let stored = self.metadata.object(bucket, key).await?;
        stored.ok_or_else(|| ErrorCode::NoSuchKey.into())
    }

    /// Opens the bytes of a row, whose key this is; `None` if the object was replaced since the row was read.
    pub(crate) async fn open_object(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        row: &ObjectRow,
        data_key: DataKey,
        range: ByteRange,
    ) -> Result<Option<ObjectReader>, OperationError> {
        let opened = self.try_open(bucket, key, row, data_key, range).await?;
        if opened.is_none() {
            let now = self.metadata.object(bucket.id(), key).await?;
            if now.is_some_and(|now| now.row.version == row.version) {
                return Err(OperationError::internal(format!("the bytes of version {:x?} are missing", row.version)));
            }
        }
        Ok(opened)
    }
}

/// What is to be said of an object, without its bytes.
fn answer(
    bucket: &FoundBucket,
    row: Arc<Opened<ObjectRow>>,
    request: &GetObject,
) -> Result<Found<FoundObject>, OperationError> {
    match request.conditions.judge_read(&row.etag, row.modified) {
        ReadVerdict::Proceed => {}
        ReadVerdict::NotModified => return Ok(Found::NotModified(row)),
        ReadVerdict::Failed => return Err(ErrorCode::PreconditionFailed.into()),
    }
    let part = match request.part {
        Portion::Range(_) if !request.conditions.allow_range(&row.etag, row.modified) => Portion::Whole,
        asked => asked,
    };
    let range = portion(&row, part)?;
    let parts = match row.body {
        ObjectBody::Parts { count, .. } => Some(count),
        ObjectBody::Inline(_) | ObjectBody::Blob(_) => None,
    };
    let expiration = bucket.expiration(&request.key, row.modified);
    Ok(Found::Object(FoundObject { row, part, range, parts, checksum: None, expiration }))
}

/// The bytes of an object that `part` names.
fn portion(row: &ObjectRow, part: Portion) -> Result<ByteRange, OperationError> {
    match part {
        Portion::Whole => Ok(ByteRange::whole(row.size)),
        Portion::Range(spec) => spec.resolve(row.size).ok_or_else(|| {
            OperationError::from(ErrorCode::InvalidRange).caused_by(UnsatisfiableRange { size: row.size })
        }),
        Portion::Part(number) => part_range(row, number).ok_or_else(|| {
            OperationError::new(ErrorCode::InvalidRange, "The requested partnumber is not satisfiable.")
        }),
    }
}

fn part_range(row: &ObjectRow, number: u16) -> Option<ByteRange> {
    let index = u64::from(number.checked_sub(1)?);
    match row.body {
        ObjectBody::Parts { count, part_size, .. } if number <= count => {
            let start = index * part_size;
            Some(ByteRange { start, length: part_size.min(row.size - start) })
        }
        ObjectBody::Inline(_) | ObjectBody::Blob(_) if number == 1 => Some(ByteRange::whole(row.size)),
        _ => None,
    }
}
