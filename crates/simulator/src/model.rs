//! What is allowed to be seen: a map of buckets, and after an operation without an answer two of them.

use crate::operation::{Answer, ObjectName, Operation, Outcome, UploadName};
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

/// The states that what was answered allows.
#[derive(Clone, Debug)]
pub struct Model {
    candidates: Vec<State>,
    in_doubt: bool,
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

impl State {
    fn bucket(&mut self, name: &str) -> Result<&mut Bucket, ErrorCode> {
        self.buckets.get_mut(name).ok_or(ErrorCode::NoSuchBucket)
    }

    fn object(&mut self, at: &ObjectName) -> Result<Object, ErrorCode> {
        self.bucket(&at.bucket)?.objects.get(&at.key).cloned().ok_or(ErrorCode::NoSuchKey)
    }

    fn set(&mut self, at: &ObjectName, object: Object) -> Result<(), ErrorCode> {
        self.bucket(&at.bucket)?.objects.insert(at.key.clone(), object);
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
            Operation::DeleteBucket(name) if !self.bucket(name)?.objects.is_empty() => {
                return Err(ErrorCode::BucketNotEmpty);
            }
            Operation::DeleteBucket(name) => drop(self.buckets.remove(name)),
            Operation::Put(at, bytes) => self.set(at, Object { bytes: bytes.clone(), made_by: None })?,
            Operation::PutCutShort(at, ..) => {
                self.bucket(&at.bucket)?;
                return Err(ErrorCode::ClientDisconnect);
            }
            Operation::Copy(from, to) => {
                self.bucket(&from.bucket)?;
                self.bucket(&to.bucket)?;
                let object = self.object(from)?;
                self.set(to, object)?;
            }
            Operation::Delete(at) => drop(self.bucket(&at.bucket)?.objects.remove(&at.key)),
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
        let bytes = parts.iter().map(|(_, bytes)| bytes.as_ref()).collect::<Vec<_>>().concat().into();
        bucket.uploads.remove(&upload.id);
        bucket.objects.insert(upload.at.key.clone(), Object { bytes, made_by: Some(upload.id) });
        Ok(())
    }

    /// Gives uploads without a name those that were seen for their keys.
    fn named_as_in(mut self, seen: &Self) -> Self {
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

/// True if an error leaves open whether the operation happened.
fn leaves_it_open(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InternalError | ErrorCode::StorageFull | ErrorCode::ServiceUnavailable)
}

impl Model {
    /// Nothing but `state` may be seen.
    pub fn of(state: State) -> Self {
        Self { candidates: vec![state], in_doubt: false }
    }

    /// Says whether a failed write may still come to light. If so, an answer for which nothing was written (a
    /// refusal, the removal of what is not there) does not decide that it will not.
    pub fn set_in_doubt(&mut self, in_doubt: bool) {
        self.in_doubt = in_doubt;
    }

    /// Every state that is allowed; first the one in which nothing happened that was not acknowledged.
    pub fn candidates(&self) -> &[State] {
        &self.candidates
    }

    /// What may be seen after one more operation with its outcome.
    ///
    /// # Panics
    /// If no state allows that outcome.
    pub fn record(&mut self, operation: &Operation, outcome: &Outcome) {
        let before = std::mem::take(&mut self.candidates);
        self.candidates = after(&before, operation, outcome, self.in_doubt);
        assert!(!self.candidates.is_empty(), "{operation:.200?} must not be answered {outcome:?} after {before:?}");
    }

    /// As [`Model::record`], for two operations at once: in either order.
    ///
    /// # Panics
    /// If no state allows the outcomes in any order.
    pub fn record_pair(&mut self, [first, second]: [&(Operation, Outcome); 2]) {
        let before = std::mem::take(&mut self.candidates);
        for (one, other) in [(first, second), (second, first)] {
            let between = after(&before, &one.0, &one.1, self.in_doubt);
            add_all(&mut self.candidates, after(&between, &other.0, &other.1, self.in_doubt));
        }
        assert!(!self.candidates.is_empty(), "{first:.300?} beside {second:.300?} after {before:?}");
    }

    /// Checks what a reader sees.
    ///
    /// # Panics
    /// If it is not allowed.
    pub fn check(&self, seen: &State, when: &str) {
        let allowed = self.candidates.iter().any(|state| state.clone().named_as_in(seen) == *seen);
        assert!(allowed, "{when}: seen\n{seen:#?}\nwhere only this was allowed:\n{:#?}", self.candidates);
    }
}

/// Every state that one of `before` may have become.
fn after(before: &[State], operation: &Operation, outcome: &Outcome, in_doubt: bool) -> Vec<State> {
    if let Operation::DeleteMany(bucket, keys) = operation
        && let Some(each) = outcome_of_each(keys, outcome)
    {
        let mut states = before.to_vec();
        for (key, one) in keys.iter().zip(each) {
            let delete = Operation::Delete(ObjectName::new(bucket, key));
            states = after(&states, &delete, &one.map(|()| Answer::Done), in_doubt);
        }
        return states;
    }
    let (mut states, mut wrote_nothing) = (Vec::new(), false);
    for state in before {
        let allowed = after_one(state, operation, outcome);
        wrote_nothing |= outcome_is_definite(outcome) && allowed.contains(state);
        add_all(&mut states, allowed);
    }
    if in_doubt && wrote_nothing {
        add_all(&mut states, before.to_vec());
    }
    states
}

/// What became of each of several keys; `None` if their bucket was not found.
fn outcome_of_each(keys: &[String], outcome: &Outcome) -> Option<Vec<Result<(), ErrorCode>>> {
    match outcome {
        Ok(Answer::Each(each)) => Some(each.clone()),
        Err(code) if leaves_it_open(*code) => Some(vec![Err(*code); keys.len()]),
        Ok(_) | Err(_) => None,
    }
}

/// Every state that `state` may have become; none if it does not allow the outcome.
fn after_one(state: &State, operation: &Operation, outcome: &Outcome) -> Vec<State> {
    if let (Operation::Get(at), Ok(Answer::Bytes(bytes))) = (operation, outcome) {
        let seen = state.clone().object(at).is_ok_and(|object| object.bytes == *bytes);
        return if seen { vec![state.clone()] } else { Vec::new() };
    }
    let mut changed = state.clone();
    let upload = if let Ok(Answer::Upload(id)) = outcome { Some(*id) } else { None };
    let answer = changed.apply(operation, upload);
    match outcome {
        Ok(_) if answer.is_ok() => vec![changed],
        Err(code) if leaves_it_open(*code) => vec![state.clone(), changed],
        Err(code) if answer == Err(*code) => vec![state.clone()],
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn outcome_is_definite(outcome: &Outcome) -> bool {
    !outcome.as_ref().is_err_and(|code| leaves_it_open(*code))
}

fn add_all(states: &mut Vec<State>, more: impl IntoIterator<Item = State>) {
    for state in more {
        if !states.contains(&state) {
            states.push(state);
        }
    }
}
