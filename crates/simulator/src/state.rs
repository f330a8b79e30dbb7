//! All that a reader can see, as a map, and what each operation makes of it.

use crate::operation::{LOCKED_PREFIX, ObjectName, Operation, UploadName};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use types::limits::PART_BYTES_MIN;
use types::{ErrorCode, Md5, UploadId};

/// All that a reader can see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// By name.
    pub buckets: BTreeMap<String, Bucket>,
}

/// What is in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Whether what is below [`LOCKED_PREFIX`] is kept.
    pub locked: bool,
    /// By key.
    pub objects: BTreeMap<String, Object>,
    /// By id.
    pub uploads: BTreeMap<UploadId, Upload>,
    /// Keys of uploads that were begun without an answer, so that their ids are not known.
    pub unnamed: Vec<String>,
}

/// An object.
#[derive(Clone, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// The upload that its bytes came in.
    pub made_by: Option<UploadId>,
}

/// An upload in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its object's key.
    pub key: String,
    /// Its parts by number.
    pub parts: BTreeMap<u16, Md5>,
}

impl PartialEq for Object {
    /// States mostly share the bytes that they have in common: those need no comparison.
    fn eq(&self, other: &Self) -> bool {
        let same = self.bytes.as_ptr() == other.bytes.as_ptr() && self.bytes.len() == other.bytes.len();
        self.made_by == other.made_by && (same || self.bytes == other.bytes)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes with MD5 {} of {:?}", self.bytes.len(), types::ids::hex(&md5(&self.bytes).0), self.made_by)
    }
}

/// The MD5 of bytes.
pub fn md5(bytes: &[u8]) -> Md5 {
    let mut digester = blobs::Digester::new(&[]);
    digester.update(bytes);
    digester.finish().md5
}

impl Bucket {
    /// True if it may be removed.
    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.uploads.is_empty() && self.unnamed.is_empty()
    }

    fn refuse_locked(&self, key: &str) -> Result<(), ErrorCode> {
        let kept = self.locked && key.starts_with(LOCKED_PREFIX) && self.objects.contains_key(key);
        if kept { Err(ErrorCode::ObjectLockedByBucketPolicy) } else { Ok(()) }
    }
}

impl State {
    fn bucket(&mut self, name: &str) -> Result<&mut Bucket, ErrorCode> {
        self.buckets.get_mut(name).ok_or(ErrorCode::NoSuchBucket)
    }

    pub(crate) fn object(&mut self, at: &ObjectName) -> Result<Object, ErrorCode> {
        self.bucket(&at.bucket)?.objects.get(&at.key).cloned().ok_or(ErrorCode::NoSuchKey)
    }

    fn set(&mut self, at: &ObjectName, object: Object) -> Result<(), ErrorCode> {
        let bucket = self.bucket(&at.bucket)?;
        bucket.refuse_locked(&at.key)?;
        bucket.objects.insert(at.key.clone(), object);
        Ok(())
    }

    fn set_part(&mut self, upload: &UploadName, number: u16, bytes: &[u8]) -> Result<(), ErrorCode> {
        let found = self.bucket(&upload.at.bucket)?.uploads.get_mut(&upload.id).ok_or(ErrorCode::NoSuchUpload)?;
        found.parts.insert(number, md5(bytes));
        Ok(())
    }

    /// Does what a store does, and answers what a store answers. `upload` is the id of an upload begun, if known.
    ///
    /// # Errors
    /// The refusal; the state is then as before.
    pub fn apply(&mut self, operation: &Operation, upload: Option<UploadId>) -> Result<(), ErrorCode> {
        match operation {
            Operation::CreateBucket(name) if self.buckets.contains_key(name) => return Err(ErrorCode::BucketConflict),
            Operation::CreateBucket(name) => drop(self.buckets.insert(name.clone(), Bucket::default())),
            Operation::DeleteBucket(name) if !self.bucket(name)?.is_empty() => {
                return Err(ErrorCode::BucketNotEmpty);
            }
            Operation::DeleteBucket(name) => drop(self.buckets.remove(name)),
            Operation::Put(at, bytes) => self.set(at, Object { bytes: bytes.clone(), made_by: None })?,
            Operation::Lock(name, locked) => self.bucket(name)?.locked = *locked,
            Operation::PutCutShort(at, ..) => {
                self.bucket(&at.bucket)?.refuse_locked(&at.key)?;
                return Err(ErrorCode::ClientDisconnect);
            }
            Operation::Copy(from, to) => {
                self.bucket(&from.bucket)?;
                self.bucket(&to.bucket)?;
                let object = self.object(from)?;
                self.set(to, object)?;
            }
            Operation::Delete(at) => {
                let bucket = self.bucket(&at.bucket)?;
                bucket.refuse_locked(&at.key)?;
                bucket.objects.remove(&at.key);
            }
            Operation::CreateUpload(at) => {
                let bucket = self.bucket(&at.bucket)?;
                match upload {
                    Some(id) => drop(bucket.uploads.insert(id, Upload { key: at.key.clone(), parts: BTreeMap::new() })),
                    None => bucket.unnamed.push(at.key.clone()),
                }
            }
            Operation::UploadPart(upload, number, bytes) => self.set_part(upload, *number, bytes)?,
            Operation::CopyPart(upload, number, from) => {
                let object = self.object(from)?;
                self.set_part(upload, *number, &object.bytes)?;
            }
            Operation::Complete(upload, parts) => self.complete(upload, parts)?,
            Operation::Abort(upload) => drop(self.bucket(&upload.at.bucket)?.uploads.remove(&upload.id)),
            Operation::DeleteMany(name, _) => drop(self.bucket(name)?),
            Operation::Get(at) => drop(self.object(at)?),
            Operation::Collect | Operation::Sweep | Operation::Compact => {}
        }
        Ok(())
    }

    fn complete(&mut self, upload: &UploadName, parts: &[(u16, Bytes)]) -> Result<(), ErrorCode> {
        let bucket = self.bucket(&upload.at.bucket)?;
        let Some(found) = bucket.uploads.get(&upload.id) else {
            let again = bucket.objects.get(&upload.at.key).is_some_and(|object| object.made_by == Some(upload.id));
            return if again { Ok(()) } else { Err(ErrorCode::NoSuchUpload) };
        };
        if parts.iter().any(|(number, bytes)| found.parts.get(number) != Some(&md5(bytes))) {
            return Err(ErrorCode::InvalidPart);
        }
        let (last, first) = (parts.len() - 1, parts[0].1.len());
        for (index, (_, bytes)) in parts.iter().enumerate() {
            if index < last && (bytes.len() as u64) < PART_BYTES_MIN {
                return Err(ErrorCode::EntityTooSmall);
            }
            if bytes.len() > first || (index < last && bytes.len() != first) {
                return Err(ErrorCode::PartSizesDiffer);
            }
        }
        bucket.refuse_locked(&upload.at.key)?;
        let bytes = parts.iter().map(|(_, bytes)| bytes.as_ref()).collect::<Vec<_>>().concat().into();
        bucket.uploads.remove(&upload.id);
        bucket.objects.insert(upload.at.key.clone(), Object { bytes, made_by: Some(upload.id) });
        Ok(())
    }

    /// Gives uploads without a name those that were seen for their keys.
    pub(crate) fn named_as_in(mut self, seen: &Self) -> Self {
        for (name, bucket) in &mut self.buckets {
            for (id, upload) in seen.buckets.get(name).into_iter().flat_map(|bucket| &bucket.uploads) {
                let nameless = bucket.unnamed.iter().position(|key| *key == upload.key);
                if let Some(nameless) = nameless.filter(|_| !bucket.uploads.contains_key(id)) {
                    let key = bucket.unnamed.swap_remove(nameless);
                    bucket.uploads.insert(*id, Upload { key, parts: BTreeMap::new() });
                }
            }
        }
        self
    }
}
