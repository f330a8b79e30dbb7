//! The documents clients send: nothing panics, and keys survive writing and reading.
#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use s3_protocol::RequestHead;
use s3_protocol::operation::{ObjectTarget, complete_multipart_upload, create_bucket, delete_objects};
use s3_protocol::xml::XmlWriter;
use types::{BucketName, ObjectKey};

fn bucket() -> BucketName {
    BucketName::parse("bucket").expect("a bucket name")
}

fuzz_target!(|input: &[u8]| {
    let _ = create_bucket::decode(bucket(), input);
    let key = ObjectKey::parse("key").expect("a key");
    let query = Some("uploadId=00000000000000000000000000000000");
    let head = RequestHead { method: &Method::POST, path: "/bucket/key", query, host: "h", headers: &HeaderMap::new() };
    if let Ok(request) = complete_multipart_upload::decode(&head, ObjectTarget { bucket: bucket(), key }, input) {
        assert!(request.parts.windows(2).all(|pair| pair[0].number < pair[1].number));
    }
    if let Ok(request) = delete_objects::decode(bucket(), input) {
        let text = XmlWriter::document("Delete", 0, |xml| {
            request.keys.iter().for_each(|key| xml.element("Object", |xml| xml.text("Key", key)));
            xml.boolean("Quiet", request.quiet);
        });
        let again = delete_objects::decode(bucket(), text.as_bytes()).expect("what we write we read");
        assert_eq!(again, request);
    }
});
