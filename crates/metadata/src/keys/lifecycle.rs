//! Keys of rows: lifecycle rules, how far they are, and what is due by them.

use super::kinds::{DUE, LIFECYCLE, LIFECYCLE_PROGRESS, LIFECYCLE_WAKE};
use super::tuple::Key;
use types::{BucketId, Timestamp};

/// The lifecycle rules of a bucket.
pub fn lifecycle(bucket: BucketId) -> Vec<u8> {
    Key::new(LIFECYCLE).bytes(&bucket.0.to_be_bytes()).done()
}

/// How far the lifecycle of a bucket is.
pub fn lifecycle_progress(bucket: BucketId) -> Vec<u8> {
    Key::new(LIFECYCLE_PROGRESS).bytes(&bucket.0.to_be_bytes()).done()
}

/// All times at which the lifecycle of some bucket is to be looked after, soonest first.
pub fn lifecycle_wakes() -> Vec<u8> {
    Key::new(LIFECYCLE_WAKE).done()
}

/// A time at which the lifecycle of a bucket is to be looked after.
pub fn lifecycle_wake(at: Timestamp, bucket: BucketId) -> Vec<u8> {
    Key(lifecycle_wakes()).bytes(&at.0.to_be_bytes()).bytes(&bucket.0.to_be_bytes()).done()
}

/// All that is ever due in a bucket, by any rules it had.
pub fn due_in(bucket: BucketId) -> Vec<u8> {
    Key::new(DUE).bytes(&bucket.0.to_be_bytes()).done()
}

/// All that is ever due in a bucket by the rules that were set as the so manieth.
pub fn due_by(bucket: BucketId, generation: u64) -> Vec<u8> {
    Key(due_in(bucket)).bytes(&generation.to_be_bytes()).done()
}

/// All that is due in a bucket at one moment. Sooner moments come first.
pub fn due_at(bucket: BucketId, generation: u64, at: Timestamp) -> Vec<u8> {
    Key(due_by(bucket, generation)).bytes(&at.0.to_be_bytes()).done()
}

/// Something that is due: an object or an upload, by its key as `tail` has it.
pub fn due(bucket: BucketId, generation: u64, at: Timestamp, kind: u8, tail: &[u8]) -> Vec<u8> {
    Key(due_at(bucket, generation, at)).bytes(&[kind]).bytes(tail).done()
}
