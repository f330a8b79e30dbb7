//! Routing: nothing panics, and a key encoded again is the same key.
#![no_main]

use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use s3_protocol::operation::{
    get_object, list_buckets, list_multipart_uploads, list_objects, list_objects_v2, list_parts,
};
use s3_protocol::percent::{Part, encode};
use s3_protocol::{HostRules, Operation, RequestHead, request, route::route};

fn decode(head: &RequestHead<'_>, operation: Operation) {
    match operation {
        Operation::ListBuckets => drop(list_buckets::decode(head)),
        Operation::ListObjects(bucket) => drop(list_objects::decode(head, bucket)),
        Operation::ListObjectsV2(bucket) => drop(list_objects_v2::decode(head, bucket)),
        Operation::ListMultipartUploads(bucket) => drop(list_multipart_uploads::decode(head, bucket)),
        Operation::ListParts(target) => drop(list_parts::decode(head, target)),
        Operation::GetObject(target) => drop(get_object::decode(head, target)),
        _ => {}
    }
}

fuzz_target!(|input: (u8, &str, &str, &str)| {
    let (method, host, path, query) = input;
    let methods = [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::HEAD];
    let headers = HeaderMap::new();
    let method = &methods[usize::from(method) % methods.len()];
    let head = RequestHead { method, path, query: Some(query), host, headers: &headers };
    let hosts = HostRules { account_domains: vec!["r2.localhost".into()], bucket_domains: vec!["localhost".into()] };
    let _ = request::hoisted_headers(head.query());
    let Ok(found) = route(&head, &hosts) else { return };
    if let Some(object) = found.operation.object() {
        let path = format!("/{}/{}", object.bucket, encode(object.key.as_sent(), Part::Path));
        let again =
            route(&RequestHead { path: &path, host: "h", ..head }, &hosts).expect("the same request in path style");
        assert_eq!(again.operation.object().map(|again| again.key.as_sent()), Some(object.key.as_sent()));
    }
    decode(&head, found.operation);
});
