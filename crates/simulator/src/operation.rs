//! What a client may ask, as data: so that it can be repeated, recorded and judged.

use crate::machine::settle;
use crate::{Process, state};
use blobs::BytesBody;
use bytes::Bytes;
use operations::AskedChecksum;
use operations::complete_upload::{CompleteUpload, ListedPart};
use operations::copy_object::{CopyObject, MetadataDirective};
use operations::create_bucket::CreateBucket;
use operations::create_upload::CreateUpload;
use operations::get_object::{Found, GetObject, Portion};
use operations::put_object::PutObject;
use operations::upload_part::{PartTarget, UploadPart};
use operations::upload_part_copy::UploadPartCopy;
use std::fmt;
use types::{
    BucketLock, BucketName, Conditions, ErrorCode, HttpMetadata, LockCondition, LockRule, ObjectKey, OperationError,
    UploadId, UserMetadata,
};

/// An object's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

/// An upload's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadName {
    /// Where its object is to be.
    pub at: ObjectName,
    /// Its id.
    pub id: UploadId,
}

/// What lock rules are about.
pub const LOCKED_PREFIX: &str = "c/";

/// Something to do.
#[derive(Clone)]
pub enum Operation {
    /// Makes a bucket.
    CreateBucket(String),
    /// Removes a bucket.
    DeleteBucket(String),
    /// Sets a rule that keeps the objects below [`LOCKED_PREFIX`] of a bucket for good, or removes it.
    Lock(String, bool),
    /// Writes an object.
    Put(ObjectName, Bytes),
    /// Begins to write an object; the client goes away after that many bytes.
    PutCutShort(ObjectName, Bytes, usize),
    /// Copies an object from the first to the second place.
    Copy(ObjectName, ObjectName),
    /// Removes an object.
    Delete(ObjectName),
    /// Removes several objects of a bucket.
    DeleteMany(String, Vec<String>),
    /// Begins an upload.
    CreateUpload(ObjectName),
    /// Writes a part.
    UploadPart(UploadName, u16, Bytes),
    /// Writes a part from an object.
    CopyPart(UploadName, u16, ObjectName),
    /// Ends an upload as an object of the listed parts, told by number and bytes.
    Complete(UploadName, Vec<(u16, Bytes)>),
    /// Throws an upload away.
    Abort(UploadName),
    /// Reads an object.
    Get(ObjectName),
    /// Collects garbage once.
    Collect,
    /// Looks for files that no row names.
    Sweep,
    /// Begins the metadata log anew.
    Compact,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// An upload was begun.
    Upload(UploadId),
    /// An object's bytes.
    Bytes(Bytes),
    /// Each key was answered for itself.
    Each(Vec<Result<(), ErrorCode>>),
}

/// An answer, or the code of the error.
pub type Outcome = Result<Answer, ErrorCode>;

impl fmt::Debug for Answer {
    /// Bytes only by their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Upload(id) => write!(f, "upload {id}"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Each(each) => write!(f, "{each:?}"),
        }
    }
}

impl ObjectName {
    /// The object `key` of `bucket`.
    pub fn new(bucket: &str, key: &str) -> Self {
        Self { bucket: bucket.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn bucket(&self) -> BucketName {
        bucket(&self.bucket)
    }

    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey::parse(&self.key).expect("tests name objects well")
    }
}

pub(crate) fn bucket(name: &str) -> BucketName {
    BucketName::parse(name).expect("tests name buckets well")
}

impl fmt::Debug for Operation {
    /// Bytes only by their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match self {
            Self::CreateBucket(name) | Self::DeleteBucket(name) => write!(f, " {name}"),
            Self::Lock(name, locked) => write!(f, " {name}: {locked}"),
            Self::Put(at, bytes) => write!(f, " {} bytes at {at:?}", bytes.len()),
            Self::PutCutShort(at, bytes, sent) => write!(f, " {sent} of {} bytes at {at:?}", bytes.len()),
            Self::Copy(from, to) => write!(f, " {from:?} to {to:?}"),
            Self::Delete(at) | Self::CreateUpload(at) | Self::Get(at) => write!(f, " {at:?}"),
            Self::DeleteMany(name, keys) => write!(f, " {keys:?} of {name}"),
            Self::UploadPart(upload, number, bytes) => write!(f, " {number} of {upload:?}: {} bytes", bytes.len()),
            Self::CopyPart(upload, number, from) => write!(f, " {number} of {upload:?} from {from:?}"),
            Self::Complete(upload, parts) => {
                let listed = parts.iter().map(|(number, bytes)| (number, bytes.len()));
                write!(f, " {upload:?} of (part, bytes) {:?}", listed.collect::<Vec<_>>())
            }
            Self::Abort(upload) => write!(f, " {upload:?}"),
            Self::Collect | Self::Sweep | Self::Compact => Ok(()),
        }
    }
}

impl Operation {
    /// Its kind, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateBucket(_) => "create bucket",
            Self::DeleteBucket(_) => "delete bucket",
            Self::Lock(..) => "lock",
            Self::Put(..) => "put",
            Self::PutCutShort(..) => "put cut short",
            Self::Copy(..) => "copy",
            Self::Delete(_) => "delete",
            Self::DeleteMany(..) => "delete many",
            Self::CreateUpload(_) => "create upload",
            Self::UploadPart(..) => "upload part",
            Self::CopyPart(..) => "copy part",
            Self::Complete(..) => "complete",
            Self::Abort(_) => "abort",
            Self::Get(_) => "get",
            Self::Collect => "collect",
            Self::Sweep => "sweep",
            Self::Compact => "compact",
        }
    }

    /// Does it, and waits until nothing of it is under way any more.
    pub async fn run(&self, process: &Process) -> Outcome {
        let outcome = Box::pin(self.ask(process)).await;
        settle().await;
        code_of(outcome)
    }

    /// Does it.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn ask(&self, process: &Process) -> Result<Answer, OperationError> {
        let (store, caller) = (&process.store, &process.caller);
        match self {
            Self::CreateBucket(name) => {
                store.create_bucket(caller, &CreateBucket::named(bucket(name))).await?;
            }
            Self::DeleteBucket(name) => store.delete_bucket(caller, &bucket(name)).await?,
            Self::Lock(name, locked) => store.put_bucket_lock(caller, &bucket(name), &rules(*locked)).await?,
            Self::Put(at, bytes) => put(process, at, bytes.len(), BytesBody::from_frames(frames(bytes))).await?,
            Self::PutCutShort(at, bytes, sent) => {
                let arrived = frames(&bytes.slice(..*sent)).chain([Err(ErrorCode::ClientDisconnect.into())]);
                put(process, at, bytes.len(), BytesBody::from_frames(arrived.collect::<Vec<_>>())).await?;
            }
            Self::Copy(from, to) => copy(process, from, to).await?,
            Self::Delete(at) => store.delete_object(caller, &at.bucket(), &at.key()).await?,
            Self::DeleteMany(name, keys) => {
                let keys: Vec<_> = keys.iter().map(|key| ObjectName::new(name, key).key()).collect();
                let each = store.delete_objects(caller, &bucket(name), &keys).await?;
                return Ok(Answer::Each(each.into_iter().map(|one| one.map_err(|error| error.code)).collect()));
            }
            Self::CreateUpload(at) => return create_upload(process, at).await.map(Answer::Upload),
            Self::UploadPart(upload, number, bytes) => {
                let target = upload.part(*number);
                let length = Some(bytes.len() as u64);
                let part =
                    UploadPart { target, length, customer_key: None, expected: Vec::new(), trailers: Vec::new() };
                store.upload_part(caller, &part, &mut BytesBody::from_frames(frames(bytes))).await?;
            }
            Self::CopyPart(upload, number, from) => copy_part(process, upload, *number, from).await?,
            Self::Complete(upload, parts) => complete(process, upload, parts).await?,
            Self::Abort(upload) => {
                store.abort_upload(caller, &upload.at.bucket(), &upload.at.key(), upload.id).await?;
            }
            Self::Get(at) => return get(process, at).await.map(Answer::Bytes),
            Self::Collect => drop(store.collect_garbage().await?),
            Self::Sweep => {
                for epoch in store.unswept_epochs().await? {
                    store.sweep_epoch(epoch).await?;
                }
            }
            Self::Compact => process.engine.compact().map_err(metadata::MetadataError::from)?,
        }
        Ok(Answer::Done)
    }
}

/// An outcome without what only the log may see.
pub fn code_of(answer: Result<Answer, OperationError>) -> Outcome {
    answer.map_err(|error| error.code)
}

impl UploadName {
    fn part(&self, number: u16) -> PartTarget {
        PartTarget { bucket: self.at.bucket(), key: self.at.key(), upload: self.id, number }
    }
}

fn rules(locked: bool) -> BucketLock {
    let condition = LockCondition::Indefinite;
    let rule = LockRule { id: "lock".to_owned(), enabled: true, prefix: LOCKED_PREFIX.to_owned(), condition };
    BucketLock::new(locked.then_some(rule).into_iter().collect()).expect("a rule that is one")
}

/// Bytes as a network brings them.
fn frames(bytes: &Bytes) -> impl Iterator<Item = Result<Bytes, OperationError>> + use<> {
    const FRAME_BYTES: usize = 100_000;
    let bytes = bytes.clone();
    (0..bytes.len().div_ceil(FRAME_BYTES)).map(move |frame| {
        let start = frame * FRAME_BYTES;
        Ok(bytes.slice(start..bytes.len().min(start + FRAME_BYTES)))
    })
}

async fn put(process: &Process, at: &ObjectName, length: usize, mut body: BytesBody) -> Result<(), OperationError> {
    let request = PutObject {
        bucket: at.bucket(),
        key: at.key(),
        // Every other body comes without its length.
        length: length.is_multiple_of(2).then_some(length as u64),
        http: HttpMetadata::default(),
        user: UserMetadata::default(),
        class: None,
        conditions: Conditions::default(),
        customer_key: None,
        expected: Vec::new(),
        trailers: Vec::new(),
    };
    process.store.put_object(&process.caller, &request, &mut body).await.map(drop)
}

async fn get(process: &Process, at: &ObjectName) -> Result<Bytes, OperationError> {
    let (bucket, key) = (at.bucket(), at.key());
    let request = GetObject {
        bucket,
        key,
        conditions: Conditions::default(),
        part: Portion::Whole,
        with_checksum: false,
        customer_key: None,
    };
    let Found::Object((found, mut reader)) = process.store.get_object(&process.caller, &request).await? else {
        return Err(ErrorCode::PreconditionFailed.into());
    };
    let mut bytes = Vec::new();
    while let Some(unit) = reader.next().await {
        bytes.extend_from_slice(&unit?);
    }
    assert_eq!(bytes.len() as u64, found.row.size, "{at:?}");
    Ok(bytes.into())
}

async fn copy(process: &Process, from: &ObjectName, to: &ObjectName) -> Result<(), OperationError> {
    let request = CopyObject {
        source_bucket: from.bucket(),
        source_key: from.key(),
        source_conditions: Conditions::default(),
        bucket: to.bucket(),
        key: to.key(),
        conditions: Conditions::default(),
        // A copy onto itself must change something.
        metadata: MetadataDirective::Replace(HttpMetadata::default(), UserMetadata::default()),
        class: None,
        source_customer_key: None,
        customer_key: None,
    };
    process.store.copy_object(&process.caller, &request).await.map(drop)
}

async fn create_upload(process: &Process, at: &ObjectName) -> Result<UploadId, OperationError> {
    let request = CreateUpload {
        bucket: at.bucket(),
        key: at.key(),
        http: HttpMetadata::default(),
        user: UserMetadata::default(),
        class: None,
        checksum: None,
        conditions: Conditions::default(),
        customer_key: None,
    };
    process.store.create_upload(&process.caller, &request).await
}

async fn copy_part(
    process: &Process,
    upload: &UploadName,
    number: u16,
    from: &ObjectName,
) -> Result<(), OperationError> {
    let request = UploadPartCopy {
        target: upload.part(number),
        source_bucket: from.bucket(),
        source_key: from.key(),
        source_conditions: Conditions::default(),
        source_customer_key: None,
        customer_key: None,
        range: None,
    };
    process.store.upload_part_copy(&process.caller, &request).await.map(drop)
}

async fn complete(process: &Process, upload: &UploadName, parts: &[(u16, Bytes)]) -> Result<(), OperationError> {
    let listed =
        |(number, bytes): &(u16, Bytes)| ListedPart { number: *number, md5: Some(state::md5(bytes)), checksum: None };
    let request = CompleteUpload {
        bucket: upload.at.bucket(),
        key: upload.at.key(),
        upload: upload.id,
        parts: parts.iter().map(listed).collect(),
        object_bytes: None,
        checksum: AskedChecksum::default(),
        conditions: Conditions::default(),
        customer_key: None,
    };
    process.store.complete_upload(&process.caller, &request).await.map(drop)
}
