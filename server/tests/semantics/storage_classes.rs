//! Storage classes: named with an upload, shown wherever objects are, changed by a copy, or the bucket's default.
//! Source: R2 "Storage classes".

use crate::server_with;
use crate::support::{Client, MIB, TestServer, body_of, elements};
use types::{BucketName, StorageClass};

/// The class that HEAD shows: none is the standard one, as with S3.
async fn shown(client: &Client, target: &str) -> Option<String> {
    let head = client.head(target).send().await.ok();
    let get = client.get(target).header("range", "bytes=0-0").send().await;
    assert_eq!(get.header("x-amz-storage-class"), head.header("x-amz-storage-class"));
    head.header("x-amz-storage-class").map(str::to_owned)
}

fn rare() -> Option<String> {
    Some("STANDARD_IA".to_owned())
}

async fn set_default(server: &TestServer, bucket: &str, class: StorageClass) {
    let (caller, name) = (server.caller().await, BucketName::parse(bucket).unwrap());
    let row = server.instance.store().set_default_class(&caller, &name, class).await.unwrap();
    assert_eq!(row.default_class, class);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_is_named_with_the_upload_and_shown_in_heads_and_lists() {
    let server = server_with("classes").await;
    let client = &server.client;
    for (key, class) in [("a", "STANDARD"), ("b", "STANDARD_IA")] {
        client.put(&format!("/classes/{key}"), "x").header("x-amz-storage-class", class).send().await.ok();
    }
    client.put("/classes/c", "x").send().await.ok();
    assert_eq!(shown(client, "/classes/a").await, None);
    assert_eq!(shown(client, "/classes/b").await, rare());
    assert_eq!(shown(client, "/classes/c").await, None);
    for list in ["/classes", "/classes?list-type=2"] {
        let listed = client.get(list).send().await.ok();
        assert_eq!(elements(listed.text(), "StorageClass"), ["STANDARD", "STANDARD_IA", "STANDARD"], "{list}");
    }
    for (class, status, code) in
        [("GLACIER", 501, "NotImplemented"), ("FAST", 400, "InvalidStorageClass"), ("", 400, "InvalidStorageClass")]
    {
        let put = client.put("/classes/refused", "x").header("x-amz-storage-class", class);
        put.send().await.refused(status, code);
        let upload = client.post("/classes/refused?uploads", "").header("x-amz-storage-class", class);
        upload.send().await.refused(status, code);
    }
    client.get("/classes/refused").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_multipart_upload_has_the_class_it_was_begun_with() {
    let server = server_with("classes").await;
    let client = &server.client;
    let create = client.post("/classes/parts?uploads", "").header("x-amz-storage-class", "STANDARD_IA").send().await;
    let upload = create.ok().element("UploadId").unwrap();
    let etag = client.upload_part("/classes/parts", &upload, 1, b"part").await;
    let uploads = client.get("/classes?uploads").send().await.ok();
    assert_eq!(elements(uploads.text(), "StorageClass"), ["STANDARD_IA"]);
    let parts = client.get(&format!("/classes/parts?uploadId={upload}")).send().await.ok();
    assert_eq!(elements(parts.text(), "StorageClass"), ["STANDARD_IA"]);
    client.complete_upload("/classes/parts", &upload, &[(1, etag)]).await.ok();
    assert_eq!(shown(client, "/classes/parts").await, rare());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_onto_itself_changes_the_class_in_place() {
    let server = server_with("classes").await;
    let client = &server.client;
    let large = body_of(1, MIB);
    for (key, body) in [("small", b"abc".as_slice()), ("large", &large)] {
        let target = format!("/classes/{key}");
        let put = client.put(&target, body).header("x-amz-meta-a", "1").header("content-type", "text/a");
        let etag = put.send().await.ok().etag().to_owned();
        for (class, expected) in [("STANDARD_IA", rare()), ("STANDARD", None), ("STANDARD_IA", rare())] {
            let copy =
                client.put(&target, "").header("x-amz-copy-source", &target).header("x-amz-storage-class", class);
            copy.send().await.ok();
            assert_eq!(shown(client, &target).await, expected, "{key} to {class}");
        }
        let same = client.put(&target, "").header("x-amz-copy-source", &target);
        same.header("x-amz-storage-class", "STANDARD_IA").send().await.refused(400, "InvalidRequest");
        let answer = client.get(&target).send().await.ok();
        assert!(answer.body == body, "{key}: the bytes stay");
        assert_eq!(answer.etag(), etag);
        assert_eq!((answer.header("x-amz-meta-a"), answer.header("content-type")), (Some("1"), Some("text/a")));
    }
    assert_eq!(server.files_after_collection().await, 1, "the bytes were never copied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_name_no_class_get_the_buckets_default() {
    let server = server_with("classes").await;
    let client = &server.client;
    client.put("/classes/before", "x").send().await.ok();
    client.put("/other", "").send().await.ok();
    set_default(&server, "classes", StorageClass::InfrequentAccess).await;
    let server = server.restart().await;
    let client = &server.client;
    client.put("/classes/put", "x").send().await.ok();
    client.put_parts("/classes/parts", &[b"x"]).await;
    client.put("/classes/copied", "").header("x-amz-copy-source", "/classes/before").send().await.ok();
    client.put("/classes/named", "x").header("x-amz-storage-class", "STANDARD").send().await.ok();
    client.put("/other/copied", "").header("x-amz-copy-source", "/classes/put").send().await.ok();
    for (target, class) in [
        ("/classes/before", None),
        ("/classes/put", rare()),
        ("/classes/parts", rare()),
        ("/classes/copied", rare()),
        ("/classes/named", None),
        ("/other/copied", None),
    ] {
        assert_eq!(shown(client, target).await, class, "{target}");
    }
    set_default(&server, "classes", StorageClass::Standard).await;
    client.put("/classes/after", "x").send().await.ok();
    assert_eq!(shown(client, "/classes/after").await, None);
}
