//! Keys of rows, in the table of counters: sums of buckets, uploads, jobs and the use of Infrequent Access.

use super::kinds::{BUCKET, INFREQUENT_USAGE, JOB, NO_BUCKET, UPLOAD};
use super::tuple::Key;
use types::{AccountId, BucketId, JobId, UploadId};

/// A bucket's sums, in the table of counters.
pub fn bucket_counters(bucket: BucketId) -> Vec<u8> {
    bucket.0.to_be_bytes().to_vec()
}

/// The sums of all buckets, in the table of counters: the first key, and the first one behind them.
pub fn all_bucket_counters() -> (Vec<u8>, Vec<u8>) {
    (Vec::new(), vec![NO_BUCKET])
}

/// What the uploads in progress of all buckets hold, in the table of counters.
pub fn all_uploaded_counters() -> Vec<u8> {
    vec![NO_BUCKET, BUCKET]
}

/// What the uploads in progress of a bucket hold, in the table of counters.
pub fn uploaded_counters(bucket: BucketId) -> Vec<u8> {
    [all_uploaded_counters().as_slice(), &bucket.0.to_be_bytes()].concat()
}

/// What an upload in progress holds, in the table of counters.
pub fn upload_counters(id: UploadId) -> Vec<u8> {
    [&[NO_BUCKET, UPLOAD], id.0.as_slice()].concat()
}

/// What a job has done so far, in the table of counters.
pub fn job_counters(id: JobId) -> Vec<u8> {
    [&[NO_BUCKET, JOB], id.0.as_slice()].concat()
}

/// What the use of Infrequent Access comes to in an account, in the table of counters.
pub fn infrequent_usage_of(account: AccountId) -> Vec<u8> {
    Key::new(NO_BUCKET).bytes(&[INFREQUENT_USAGE]).bytes(&account.0).done()
}

/// What the use of Infrequent Access comes to in a bucket, day by day, in the table of counters.
pub fn infrequent_usage_in(account: AccountId, bucket: BucketId) -> Vec<u8> {
    Key(infrequent_usage_of(account)).bytes(&bucket.0.to_be_bytes()).done()
}

/// What the use of Infrequent Access comes to in a bucket on a day since the epoch, in the table of counters.
pub fn infrequent_usage(account: AccountId, bucket: BucketId, day: u32) -> Vec<u8> {
    Key(infrequent_usage_in(account, bucket)).bytes(&day.to_be_bytes()).done()
}
