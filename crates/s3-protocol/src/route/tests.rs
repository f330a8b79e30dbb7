//! Which requests become which operations.

use super::*;
use http::{HeaderName, HeaderValue, Request};

fn routed_with(method: &str, target: &str, headers: &[(&'static str, &'static str)]) -> Result<Operation, ErrorCode> {
    let mut request = Request::builder().method(method).uri(target).body(()).unwrap();
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let (parts, ()) = request.into_parts();
    let hosts = HostRules { account_domains: vec!["r2.localhost".into()], bucket_domains: vec!["localhost".into()] };
    route(&RequestHead::new(&parts), &hosts).map(|route| route.operation).map_err(|error| error.code)
}

fn routed(method: &str, target: &str) -> Result<Operation, ErrorCode> {
    routed_with(method, target, &[])
}

fn name(method: &str, target: &str) -> Result<&'static str, ErrorCode> {
    routed(method, target).map(|operation| operation.name())
}

/// Bucket and key of a request for an object.
fn target(path: &str) -> Result<(String, String), ErrorCode> {
    routed("GET", path).map(|operation| match operation.object() {
        Some(object) => (object.bucket.to_string(), object.key.to_string()),
        None => (operation.bucket().map(ToString::to_string).unwrap_or_default(), String::new()),
    })
}

#[test]
fn every_operation_has_its_request() {
    for (method, target, expected) in [
        ("GET", "/", "ListBuckets"),
        ("GET", "/?x-id=ListBuckets&prefix=a&max-keys=1", "ListBuckets"),
        ("PUT", "/bucket", "CreateBucket"),
        ("PUT", "/bucket/", "CreateBucket"),
        ("HEAD", "/bucket", "HeadBucket"),
        ("DELETE", "/bucket", "DeleteBucket"),
        ("GET", "/bucket?location", "GetBucketLocation"),
        ("GET", "/bucket?encryption", "GetBucketEncryption"),
        ("PUT", "/bucket?encryption=&x-id=PutBucketEncryption", "PutBucketEncryption"),
        ("DELETE", "/bucket?encryption", "DeleteBucketEncryption"),
        ("GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"),
        ("PUT", "/bucket?lifecycle", "PutBucketLifecycleConfiguration"),
        ("DELETE", "/bucket/?lifecycle", "DeleteBucketLifecycle"),
        ("GET", "/bucket?versioning", "GetBucketVersioning"),
        ("GET", "/bucket?%61cl", "GetBucketAcl"),
        ("GET", "/bucket?tagging", "GetBucketTagging"),
        ("GET", "/bucket?replication", "GetBucketReplication"),
        ("GET", "/bucket?object-lock", "GetObjectLockConfiguration"),
        ("GET", "/bucket?cors", "GetBucketCors"),
        ("PUT", "/bucket/?cors=&x-id=PutBucketCors", "PutBucketCors"),
        ("DELETE", "/bucket?cors", "DeleteBucketCors"),
        ("GET", "/bucket", "ListObjects"),
        ("GET", "/bucket?prefix=a&delimiter=/&marker=b&max-keys=1&encoding-type=url", "ListObjects"),
        ("GET", "/bucket?list-type=2&fetch-owner=true&start-after=a&continuation-token=b", "ListObjectsV2"),
        ("GET", "/bucket?uploads&key-marker=a&upload-id-marker=b&max-uploads=1", "ListMultipartUploads"),
        ("POST", "/bucket", "PostObject"),
        ("POST", "/bucket/", "PostObject"),
        ("POST", "/bucket?delete", "DeleteObjects"),
        ("POST", "/bucket/?delete=&x-id=DeleteObjects", "DeleteObjects"),
        ("PUT", "/bucket/key?x-id=PutObject&x-purpose=a", "PutObject"),
        ("POST", "/bucket/key", "PutObject"),
        ("GET", "/bucket/key?response-content-type=a&partNumber=1", "GetObject"),
        ("HEAD", "/bucket/key", "HeadObject"),
        ("DELETE", "/bucket/key", "DeleteObject"),
        ("POST", "/bucket/key?uploads", "CreateMultipartUpload"),
        ("PUT", "/bucket/key?partNumber=1&uploadId=a", "UploadPart"),
        ("GET", "/bucket/key?uploadId=a&max-parts=1&part-number-marker=1", "ListParts"),
        ("POST", "/bucket/key?uploadId=a", "CompleteMultipartUpload"),
        ("DELETE", "/bucket/key?uploadId=a", "AbortMultipartUpload"),
    ] {
        assert_eq!(name(method, target), Ok(expected), "{method} {target}");
    }
    let source = [("x-amz-copy-source", "/bucket/source")];
    let named = |target| routed_with("PUT", target, &source).map(|operation| operation.name());
    assert_eq!(named("/bucket/key"), Ok("CopyObject"));
    assert_eq!(named("/bucket/key?partNumber=1&uploadId=a"), Ok("UploadPartCopy"));
    let posted = routed_with("POST", "/bucket/key", &source).map(|operation| operation.name());
    assert_eq!(posted, Err(ErrorCode::MethodNotAllowed), "never an empty object in the place of a copy");
}

#[test]
fn parameters_of_a_signature_are_no_parameters_of_the_operation() {
    let target = "/bucket/key?X-Amz-Algorithm=a&X-Amz-Signature=b&x-amz-meta-a=c&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD";
    assert_eq!(name("PUT", target), Ok("PutObject"));
}

#[test]
fn keys_are_decoded_once_and_left_alone() {
    let found = |key: &str| Ok(("bucket".to_owned(), key.to_owned()));
    assert_eq!(target("/bucket/a+b%20c%2541"), found("a+b c%41"));
    assert_eq!(target("/bucket//a//b/"), found("/a//b/"));
    assert_eq!(target("/bucket//"), found("/"));
    assert_eq!(target("/bucket/../a/./b"), found("../a/./b"));
    assert_eq!(target("/bucket/a%2Fb%3Fc"), found("a/b?c"));
    assert_eq!(target("/bucket/%E2%82%AC"), found("\u{20ac}"));
    assert_eq!(target("/bucket/0123"), found("0123"));
    assert_eq!(target("/bucket/"), found(""));
    assert_eq!(target(&format!("/bucket/{}", "a".repeat(1024))), found(&"a".repeat(1024)));
}

#[test]
fn names_off_the_rules_are_refused() {
    assert_eq!(target("/bucket/%ff"), Err(ErrorCode::InvalidObjectName));
    assert_eq!(target(&format!("/bucket/{}", "a".repeat(1025))), Err(ErrorCode::InvalidObjectName));
    assert_eq!(target("/bucket/%zz"), Err(ErrorCode::InvalidUri));
    for path in ["/ab/key", "/Bucket", "//key", "//", "/buc_ket", "/-ucket/key"] {
        assert_eq!(target(path), Err(ErrorCode::InvalidBucketName), "{path}");
    }
}

#[test]
fn virtual_hosted_style_takes_the_bucket_from_the_host() {
    let account = "4793d734c0b8e484dfc37ec392b5fa8a";
    for host in ["bucket.localhost:9000".to_owned(), format!("bucket.{account}.r2.localhost:9000")] {
        assert_eq!(target(&format!("http://{host}/a/b")), Ok(("bucket".into(), "a/b".into())));
        assert_eq!(target(&format!("http://{host}//a")), Ok(("bucket".into(), "/a".into())));
        assert_eq!(name("GET", &format!("http://{host}/")), Ok("ListObjects"));
        assert_eq!(name("PUT", &format!("http://{host}/")), Ok("CreateBucket"));
    }
    assert_eq!(name("GET", &format!("http://{account}.r2.localhost/")), Ok("ListBuckets"));
}

#[test]
fn what_r2_has_not_is_never_taken_for_something_else() {
    for parameter in [
        "accelerate",
        "analytics",
        "intelligent-tiering",
        "inventory",
        "logging",
        "metrics",
        "notification",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "requestPayment",
        "versions",
        "website",
        "session",
        "list-type=2&versions",
        "unknown",
        "start-after=a",
        "lifecycle&acl",
        "%77ebsite",
        "X",
    ] {
        for method in ["GET", "PUT", "DELETE", "HEAD"] {
            assert_eq!(
                name(method, &format!("/bucket?{parameter}")),
                Err(ErrorCode::NotImplemented),
                "{method} {parameter}"
            );
        }
    }
    for (method, parameter) in [
        ("PUT", "acl"),
        ("HEAD", "acl"),
        ("POST", "lifecycle"),
        ("PUT", "object-lock"),
        ("PUT", "replication"),
        ("DELETE", "replication"),
        ("PUT", "tagging"),
        ("DELETE", "tagging"),
        ("PUT", "versioning"),
    ] {
        let target = format!("/bucket?{parameter}");
        assert_eq!(name(method, &target), Err(ErrorCode::NotImplemented), "{method} {parameter}");
    }
    for parameter in [
        "acl",
        "attributes",
        "legal-hold",
        "retention",
        "tagging",
        "torrent",
        "restore",
        "select",
        "versionId=1",
        "unknown=1",
    ] {
        for method in ["GET", "PUT", "DELETE", "POST", "HEAD"] {
            assert_eq!(
                name(method, &format!("/bucket/key?{parameter}")),
                Err(ErrorCode::NotImplemented),
                "{method} {parameter}"
            );
        }
    }
}

#[test]
fn refusals_name_what_is_refused() {
    let (parts, ()) = Request::put("/bucket?acl").body(()).unwrap().into_parts();
    let error = route(&RequestHead::new(&parts), &HostRules::default()).unwrap_err();
    assert!(error.message().contains("PutBucketAcl"), "{error}");
    let (parts, ()) = Request::get("/bucket?list-type=2&versions-x").body(()).unwrap().into_parts();
    let error = route(&RequestHead::new(&parts), &HostRules::default()).unwrap_err();
    assert!(error.message().contains("ListObjectsV2 query parameter 'versions-x'"), "{error}");
}

#[test]
fn methods_that_a_resource_does_not_know_are_not_allowed() {
    for (method, target) in
        [("PUT", "/"), ("DELETE", "/"), ("HEAD", "/"), ("PATCH", "/bucket"), ("BREW", "/bucket/key")]
    {
        assert_eq!(name(method, target), Err(ErrorCode::MethodNotAllowed), "{method} {target}");
    }
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    for target in ["/bucket/key?partNumber=1", "/bucket/key?uploadId=a"] {
        assert_eq!(name("PUT", target), Err(ErrorCode::InvalidArgument), "{target}");
    }
    assert_eq!(name("GET", "/bucket?list-type=3"), Err(ErrorCode::InvalidArgument));
}

#[test]
fn headers_that_ask_for_what_is_not_there_are_refused() {
    let put = |name, value| routed_with("PUT", "/bucket/key", &[(name, value)]).map(|operation| operation.name());
    for (name, value) in [
        ("x-amz-acl", "public-read-write"),
        ("x-amz-grant-read", "id=a"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-object-lock-mode", "COMPLIANCE"),
        ("x-amz-bucket-object-lock-enabled", "true"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-server-side-encryption-customer-keys", "secret"),
        ("x-amz-website-redirect-location", "/"),
        ("x-amz-expected-bucket-owner", "1"),
        ("x-amz-request-payer", "requester"),
        ("x-amz-mfa", "1"),
    ] {
        assert_eq!(put(name, value), Err(ErrorCode::NotImplemented), "{name}");
    }
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-acl", "private"),
        ("x-amz-bucket-object-lock-enabled", "False"),
        ("x-amz-meta-tagging", "a"),
        ("x-amz-checksum-mode", "ENABLED"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-user-agent", "a"),
        ("x-amz-server-side-encryption-customer-key", "a"),
    ] {
        assert_eq!(put(name, value), Ok("PutObject"), "{name}");
    }
}

#[test]
fn a_customers_key_is_in_no_message() {
    let (parts, ()) = Request::put("/bucket/key")
        .header("x-amz-server-side-encryption-customer-keys", "secret")
        .body(())
        .unwrap()
        .into_parts();
    let error = route(&RequestHead::new(&parts), &HostRules::default()).unwrap_err();
    assert!(!error.message().contains("secret"), "{error}");
}
