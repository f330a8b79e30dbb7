//! Lists of uploads in progress and of their parts: every page size, each entry once.

use crate::server_with;
use crate::support::{Client, blocks, element, elements, percent_decoded, percent_encoded};
use std::collections::BTreeSet;

/// Keys with as many uploads as there are entries of the same name.
const KEYS: [&str; 9] = ["a", "a", "a", "b/1", "b/2", "b/2", "c", "d/1", "e"];

async fn begin_all(client: &Client) -> BTreeSet<(String, String)> {
    let mut uploads = BTreeSet::new();
    for key in KEYS {
        let id = client.create_upload(&format!("/uploads/{key}")).await;
        assert!(uploads.insert((key.to_owned(), id)), "ids differ");
    }
    uploads
}

/// All pages: uploads, common prefixes, and the number of pages.
async fn list_all(client: &Client, query: &str) -> (Vec<(String, String)>, Vec<String>, usize) {
    let (mut uploads, mut prefixes, mut pages, mut next) = (Vec::new(), Vec::new(), 0, String::new());
    loop {
        let page = client.get(&format!("/uploads?uploads&{query}{next}")).send().await.ok();
        let both = |upload: &str| (element(upload, "Key").unwrap(), element(upload, "UploadId").unwrap());
        uploads.extend(blocks(page.text(), "Upload").into_iter().map(both));
        prefixes.extend(blocks(page.text(), "CommonPrefixes").into_iter().flat_map(|group| elements(group, "Prefix")));
        pages += 1;
        if page.element("IsTruncated").unwrap() == "false" {
            return (uploads, prefixes, pages);
        }
        let key = percent_encoded(&page.element("NextKeyMarker").unwrap());
        let id = page.element("NextUploadIdMarker").unwrap_or_default();
        next = format!("&key-marker={key}&upload-id-marker={id}");
        assert!(pages < 100, "the listing does not end: {query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_uploads_hold_each_once_in_the_order_of_keys() {
    let server = server_with("uploads").await;
    let all = begin_all(&server.client).await;
    for max in 1..=10 {
        let (uploads, prefixes, pages) = list_all(&server.client, &format!("max-uploads={max}")).await;
        assert!(uploads.is_sorted_by_key(|(key, _)| key), "{uploads:?}");
        assert_eq!(uploads.len(), KEYS.len(), "none twice");
        assert_eq!(uploads.into_iter().collect::<BTreeSet<_>>(), all, "none skipped");
        assert_eq!((prefixes.len(), pages), (0, KEYS.len().div_ceil(max)));

        let (uploads, prefixes, _) = list_all(&server.client, &format!("delimiter=/&max-uploads={max}")).await;
        let keys: Vec<_> = uploads.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!((keys, prefixes), (vec!["a", "a", "a", "c", "e"], vec!["b/".to_owned(), "d/".to_owned()]), "{max}");

        let (uploads, _, _) = list_all(&server.client, &format!("prefix=b/&max-uploads={max}")).await;
        assert_eq!(uploads.len(), 3, "{max}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_listed_until_it_is_completed_or_aborted() {
    let server = server_with("uploads").await;
    let client = &server.client;
    let (one, other) = (client.create_upload("/uploads/x").await, client.create_upload("/uploads/x").await);
    assert_eq!(list_all(client, "").await.0.len(), 2);
    client.get("/uploads/x").send().await.refused(404, "NoSuchKey");
    assert_eq!(elements(client.get("/uploads").send().await.ok().text(), "Key"), [""; 0], "nothing of it is an object");
    let etag = client.upload_part("/uploads/x", &one, 1, b"part").await;
    client.complete_upload("/uploads/x", &one, &[(1, etag)]).await.ok();
    assert_eq!(list_all(client, "").await.0, [("x".to_owned(), other.clone())]);
    assert_eq!(client.delete(&format!("/uploads/x?uploadId={other}")).send().await.status, 204);
    assert_eq!(list_all(client, "").await.0, []);
    assert_eq!(client.get("/uploads/x").send().await.ok().text(), "part");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_parts_hold_each_once_in_the_order_of_numbers() {
    let server = server_with("uploads").await;
    let client = &server.client;
    let upload = client.create_upload("/uploads/x").await;
    let numbers = [10_000, 2, 9, 1, 300, 5];
    for number in numbers {
        client.upload_part("/uploads/x", &upload, number, &vec![b'x'; usize::from(number)]).await;
    }
    for max in 1..=7 {
        let (mut found, mut marker) = (Vec::new(), "0".to_owned());
        loop {
            let target = format!("/uploads/x?uploadId={upload}&max-parts={max}&part-number-marker={marker}");
            let page = client.get(&target).send().await.ok();
            for part in blocks(page.text(), "Part") {
                let (number, size) = (element(part, "PartNumber").unwrap(), element(part, "Size").unwrap());
                assert_eq!(number, size);
                found.push(number.parse::<u16>().unwrap());
            }
            if page.element("IsTruncated").unwrap() == "false" {
                break;
            }
            marker = page.element("NextPartNumberMarker").unwrap();
        }
        assert_eq!(found, [1, 2, 5, 9, 300, 10_000], "max-parts={max}");
    }
    let none = client.get(&format!("/uploads/x?uploadId={upload}&max-parts=0")).send().await.ok();
    let ends = none.element("IsTruncated");
    assert_eq!((ends.as_deref(), blocks(none.text(), "Part").len()), (Some("false"), 0), "nobody asks for it forever");
    client.get("/uploads/x?uploadId=nonsense").send().await.refused(404, "NoSuchUpload");
    client.get(&format!("/uploads/y?uploadId={upload}")).send().await.refused(404, "NoSuchUpload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_uploads_are_url_encoded_when_asked() {
    let server = server_with("uploads").await;
    let key = "a b/\u{fc}&<\u{7f}";
    server.client.create_upload(&format!("/uploads/{}", percent_encoded(key))).await;
    let page = server.client.get("/uploads?uploads&encoding-type=url&prefix=a%20b/").send().await.ok();
    assert_eq!(page.element("EncodingType").as_deref(), Some("url"));
    assert_eq!(page.element("Key").map(|key| percent_decoded(&key)).as_deref(), Some(key));
    assert!(page.text().contains("%C3%BC%26%3C%7F</Key>"), "{}", page.text());
    server.client.get("/uploads?uploads&encoding-type=base64").send().await.refused(400, "InvalidArgument");
}
