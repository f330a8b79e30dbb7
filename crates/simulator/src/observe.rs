//! Seeing all there is to see, as a client would: every listing, every byte.

use crate::Process;
use crate::operation::{Answer, ObjectName, Operation, bucket};
use crate::state::{Bucket, Object, State, Upload};
use metadata::rows::ObjectBody;
use operations::list_buckets::ListBuckets;
use operations::list_objects::{ListObjects, ListedObject};
use operations::list_parts::ListParts;
use operations::list_uploads::ListUploads;
use operations::{NamedBucket, PartRow, UploadRow};
use types::{OperationError, UploadId};

/// Entries of a page: more than any run makes.
const PAGE: usize = 1000;

/// Reads everything.
///
/// # Errors
/// Any: on a disk without faults, whatever is listed can be read.
pub async fn observe(process: &Process) -> Result<State, OperationError> {
    let mut state = State::default();
    for NamedBucket { name, .. } in buckets(process).await? {
        let name = name.as_str().to_owned();
        let lock = process.store.bucket_lock(&process.caller, &bucket(&name)).await?;
        let mut seen = Bucket { locked: !lock.rules().is_empty(), ..Bucket::default() };
        for object in objects(process, &name).await? {
            let at = ObjectName::new(&name, &object.key);
            seen.objects.insert(object.key.clone(), read(process, &at, &object).await?);
        }
        for (id, row) in uploads(process, &name).await? {
            let at = ObjectName::new(&name, &row.key_as_sent);
            let parts = parts(process, &at, id).await?.into_iter().map(|(number, part)| (number, part.md5)).collect();
            seen.uploads.insert(id, Upload { key: row.key_as_sent, parts });
        }
        state.buckets.insert(name, seen);
    }
    Ok(state)
}

/// All buckets.
///
/// # Errors
/// Those of the operation.
pub async fn buckets(process: &Process) -> Result<Vec<NamedBucket>, OperationError> {
    let request = ListBuckets { limit: PAGE, ..ListBuckets::default() };
    Ok(process.store.list_buckets(&process.caller, &request).await?.buckets)
}

/// All objects of a bucket.
///
/// # Errors
/// Those of the operation.
pub async fn objects(process: &Process, name: &str) -> Result<Vec<ListedObject>, OperationError> {
    let request = ListObjects {
        bucket: bucket(name),
        prefix: String::new(),
        delimiter: String::new(),
        start_after: None,
        continuation_token: None,
        limit: PAGE,
    };
    Ok(process.store.list_objects(&process.caller, &request).await?.objects)
}

/// All uploads of a bucket.
///
/// # Errors
/// Those of the operation.
pub async fn uploads(process: &Process, name: &str) -> Result<Vec<(UploadId, UploadRow)>, OperationError> {
    let request = ListUploads {
        bucket: bucket(name),
        prefix: String::new(),
        delimiter: String::new(),
        key_marker: None,
        upload_marker: None,
        limit: PAGE,
    };
    Ok(process.store.list_uploads(&process.caller, &request).await?.uploads)
}

/// All parts of an upload.
///
/// # Errors
/// Those of the operation.
pub async fn parts(
    process: &Process,
    at: &ObjectName,
    upload: UploadId,
) -> Result<Vec<(u16, PartRow)>, OperationError> {
    let request = ListParts { bucket: at.bucket(), key: at.key(), upload, after: 0, limit: PAGE };
    Ok(process.store.list_parts(&process.caller, &request).await?.parts)
}

/// Reads an object, which must be the one that was listed.
async fn read(process: &Process, at: &ObjectName, listed: &ListedObject) -> Result<Object, OperationError> {
    let Answer::Bytes(bytes) = Operation::Get(at.clone()).ask(process).await? else {
        unreachable!("a read answers bytes")
    };
    assert_eq!(bytes.len() as u64, listed.row.size, "{at:?}: listed and read");
    let made_by = match listed.row.body {
        ObjectBody::Parts { manifest, .. } => Some(UploadId(manifest.0)),
        ObjectBody::Inline(_) | ObjectBody::Blob(_) => None,
    };
    Ok(Object { bytes, made_by })
}
