//! What random clients ask: operations chosen so that they meet each other, on few names.

use crate::{Answer, ObjectName, Operation, Outcome, Random, State, UploadName};
use bytes::Bytes;
use types::limits::PART_BYTES_MIN;

const BUCKETS: [&str; 2] = ["left", "right"];
const KEYS: [&str; 4] = ["a", "b", "c/1", "c/2"];
/// One for each place that bytes can lie in, and the borders between them.
const LENGTHS: [usize; 7] = [0, 100, 65_536, 65_537, 70_000, 270_000, 600_000];

/// A source of operations.
#[derive(Debug)]
pub struct Workload {
    random: Random,
    uploads: Vec<BegunUpload>,
}

/// An upload as its client knows it.
#[derive(Debug)]
struct BegunUpload {
    name: UploadName,
    parts: Vec<(u16, Bytes)>,
}

impl Workload {
    /// The operations of a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), uploads: Vec::new() }
    }

    /// The next operation. `likely`: a state that may be the present one.
    pub fn next(&mut self, likely: &State) -> Operation {
        let buckets = likely.buckets.len();
        match self.random.below(100) {
            _ if buckets == 0 => self.create_bucket(),
            0..2 => self.create_bucket(),
            2..4 => Operation::DeleteBucket(self.bucket()),
            4..7 => Operation::Lock(self.bucket(), self.random.chance(1, 2)),
            7..9 => Operation::Get(self.present(likely)),
            9..29 => Operation::Put(self.object(), self.bytes()),
            29..33 => self.cut_short(),
            33..43 => Operation::Copy(self.present(likely), self.object()),
            43..51 => Operation::Delete(self.present(likely)),
            51..55 => Operation::DeleteMany(self.bucket(), KEYS.map(String::from).to_vec()),
            55..62 => Operation::CreateUpload(self.object()),
            62..74 => self.upload_part(),
            74..77 => self.copy_part(likely),
            77..86 => self.complete(),
            86..89 => self.abort(),
            89..94 => Operation::Collect,
            94..97 => Operation::Sweep,
            _ => Operation::Compact,
        }
    }

    /// Two operations that may run at once: none whose outcome depends on more than one moment.
    pub fn pair(&mut self, likely: &State) -> [Operation; 2] {
        let one_moment = |operation: &Operation| {
            !matches!(operation, Operation::CopyPart(..) | Operation::DeleteMany(..) | Operation::Compact)
        };
        let mut next = || loop {
            let operation = self.next(likely);
            if one_moment(&operation) {
                return operation;
            }
        };
        [next(), next()]
    }

    /// Takes note of what a client learned from an answer.
    pub fn learn(&mut self, operation: &Operation, outcome: &Outcome) {
        match (operation, outcome) {
            (Operation::CreateUpload(at), Ok(Answer::Upload(id))) => {
                self.uploads.push(BegunUpload { name: UploadName { at: at.clone(), id: *id }, parts: Vec::new() });
            }
            (Operation::UploadPart(name, number, bytes), Ok(_)) => {
                if let Some(upload) = self.uploads.iter_mut().find(|upload| upload.name == *name) {
                    upload.parts.retain(|(known, _)| known != number);
                    upload.parts.push((*number, bytes.clone()));
                    upload.parts.sort_by_key(|(number, _)| *number);
                }
            }
            // One that ended is sometimes asked for again, as by a client that did not hear the answer.
            (Operation::Complete(name, _) | Operation::Abort(name), Ok(_)) if self.random.chance(2, 3) => {
                self.uploads.retain(|upload| upload.name != *name);
            }
            _ => {}
        }
    }

    fn create_bucket(&mut self) -> Operation {
        Operation::CreateBucket(self.bucket())
    }

    fn bucket(&mut self) -> String {
        self.random.pick(&BUCKETS).copied().unwrap_or_default().to_owned()
    }

    fn object(&mut self) -> ObjectName {
        let bucket = self.bucket();
        ObjectName::new(&bucket, self.random.pick(&KEYS).copied().unwrap_or_default())
    }

    /// Mostly an object that is there.
    fn present(&mut self, likely: &State) -> ObjectName {
        let objects = |(name, bucket): (&String, &crate::state::Bucket)| {
            bucket.objects.keys().map(|key| ObjectName::new(name, key)).collect::<Vec<_>>()
        };
        let there: Vec<_> = likely.buckets.iter().flat_map(objects).collect();
        let any = self.object();
        if self.random.chance(1, 8) { any } else { self.random.pick(&there).cloned().unwrap_or(any) }
    }

    fn bytes(&mut self) -> Bytes {
        let length = self.random.pick(&LENGTHS).copied().unwrap_or_default();
        self.random.bytes(length).into()
    }

    fn cut_short(&mut self) -> Operation {
        let (object, bytes) = (self.object(), self.bytes());
        let sent = self.random.below(bytes.len() + 1);
        Operation::PutCutShort(object, bytes, sent)
    }

    fn upload(&mut self) -> Option<&BegunUpload> {
        // The newest are the most likely to be in progress.
        let recent = self.uploads.len().saturating_sub(3);
        self.random.pick(&self.uploads[recent..])
    }

    fn upload_part(&mut self) -> Operation {
        let number = [1, 1, 2, 2, 3, 500][self.random.below(6)];
        // The first sometimes as large as a part that others follow must be.
        let large = number == 1 && self.random.chance(1, 6);
        let bytes = if large { self.random.bytes(PART_BYTES_MIN as usize).into() } else { self.bytes() };
        match self.upload() {
            Some(upload) => Operation::UploadPart(upload.name.clone(), number, bytes),
            None => Operation::CreateUpload(self.object()),
        }
    }

    fn copy_part(&mut self, likely: &State) -> Operation {
        let from = self.present(likely);
        match self.upload() {
            Some(upload) => Operation::CopyPart(upload.name.clone(), 9, from),
            None => Operation::CreateUpload(self.object()),
        }
    }

    /// All parts, or one of them.
    fn complete(&mut self) -> Operation {
        let (all, one) = (self.random.chance(1, 2), self.random.below(5));
        match self.upload() {
            Some(BegunUpload { name, parts }) if !parts.is_empty() => {
                let one = one % parts.len();
                let listed = if all { parts.clone() } else { parts[one..=one].to_vec() };
                Operation::Complete(name.clone(), listed)
            }
            Some(_) | None => Operation::CreateUpload(self.object()),
        }
    }

    fn abort(&mut self) -> Operation {
        match self.upload() {
            Some(upload) => Operation::Abort(upload.name.clone()),
            None => Operation::CreateUpload(self.object()),
        }
    }
}
