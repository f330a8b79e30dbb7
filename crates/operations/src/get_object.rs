//! GetObject and HeadObject: one row answers HEAD, the conditions and the plan of a range.

use crate::caller::Caller;
use crate::object_reader::ObjectReader;
use crate::permissions::Action;
use crate::store::{OpenBucket, Store};
use keyring::DataKey;
use metadata::Stored;
use metadata::rows::{ObjectBody, ObjectRow};
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
    NotModified(Box<ObjectRow>),
}

/// An object's metadata and the bytes that were asked for.
#[derive(Debug)]
pub struct FoundObject {
    /// Its row. Boxed: it is handed from layer to layer.
    pub row: Box<ObjectRow>,
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
        let stored = self.find_object(bucket.id(), &request.key).await?;
        let (id, customer) = (bucket.id(), request.customer_key.as_ref());
        let expiration = bucket.expiration(&request.key, stored.row.modified);
        if stored.row.key.customer.is_some() || customer.is_some() {
            let _only_checked = self.open_key_to_read(&self.open_found(bucket)?, &stored.row, customer)?;
        }
        match self.answer(stored, expiration, request)? {
            Found::Object(mut found) => {
                if request.with_checksum {
                    Box::pin(self.show_checksum(id, &request.key, &mut found)).await?;
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
        let bucket = self.open_bucket(caller, &request.bucket).await?;
        for _ in 0..READ_ATTEMPTS {
            let (answer, data_key) = {
                let stored = self.find_object(bucket.id(), &request.key).await?;
                let data_key = self.open_key_to_read(&bucket, &stored.row, request.customer_key.as_ref())?;
                let expiration = bucket.found.expiration(&request.key, stored.row.modified);
                (self.answer(stored, expiration, request)?, data_key)
            };
            let mut found = match answer {
                Found::Object(found) => found,
                Found::NotModified(row) => return Ok(Found::NotModified(row)),
            };
            if let Some(reader) = self.open_object(&bucket, &request.key, &found.row, data_key, found.range).await? {
                if request.with_checksum {
                    Box::pin(self.show_checksum(bucket.id(), &request.key, &mut found)).await?;
                }
                return Ok(Found::Object((found, reader)));
            }
        }
        Err(ErrorCode::TooMuchConcurrency.into())
    }

    pub(crate) async fn find_object(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Stored<ObjectRow>, OperationError> {
        let stored = self.metadata.object(bucket, key).await?;
        stored.ok_or_else(|| ErrorCode::NoSuchKey.into())
    }

    fn answer(
        &self,
        stored: Stored<ObjectRow>,
        expiration: Option<Box<Expiration>>,
        request: &GetObject,
    ) -> Result<Found<FoundObject>, OperationError> {
        let row = Box::new(stored.row);
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
        Ok(Found::Object(FoundObject { row, part, range, parts, checksum: None, expiration }))
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
