//! Keys of rows: objects, uploads in progress, and what their bytes are found by.

use super::kinds::{MANIFEST, OBJECT, PART, REFERENCES, UPLOAD};
use super::tuple::Key;
use types::{BlobId, BucketId, UploadId};

/// All objects of a bucket.
pub fn objects(bucket: BucketId) -> Vec<u8> {
    Key::new(OBJECT).bytes(&bucket.0.to_be_bytes()).done()
}

/// An object by the NFC form of its key, or all whose key begins with it.
pub fn object(bucket: BucketId, identity: &str) -> Vec<u8> {
    Key(objects(bucket)).bytes(identity.as_bytes()).done()
}

/// All multipart uploads of a bucket.
pub fn uploads(bucket: BucketId) -> Vec<u8> {
    Key::new(UPLOAD).bytes(&bucket.0.to_be_bytes()).done()
}

/// All multipart uploads of an object key.
pub fn uploads_of(bucket: BucketId, identity: &str) -> Vec<u8> {
    Key(uploads(bucket)).text(identity).done()
}

/// A multipart upload.
pub fn upload(bucket: BucketId, identity: &str, id: UploadId) -> Vec<u8> {
    Key(uploads_of(bucket, identity)).bytes(&id.0).done()
}

/// All parts of an upload.
pub fn parts(upload: UploadId) -> Vec<u8> {
    Key::new(PART).bytes(&upload.0).done()
}

/// A part.
pub fn part(upload: UploadId, number: u16) -> Vec<u8> {
    Key(parts(upload)).bytes(&number.to_be_bytes()).done()
}

/// One page of the part table of a multipart object.
pub fn manifest(id: BlobId, page: u32) -> Vec<u8> {
    Key::new(MANIFEST).bytes(&id.0).bytes(&page.to_be_bytes()).done()
}

/// How many objects share stored bytes.
pub fn references(id: BlobId) -> Vec<u8> {
    Key::new(REFERENCES).bytes(&id.0).done()
}

/// The sealed bytes of a small object, in the table of payloads.
pub fn payload(id: BlobId) -> Vec<u8> {
    id.0.to_vec()
}
