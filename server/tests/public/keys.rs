//! Paths of URLs and the keys they name: the path behind its first slash, unescaped once, and nothing else.

use crate::bucket::{BUCKET, PublicBucket, assert_page};
use crate::support::percent_encoded;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_names_the_key_that_it_unescapes_to_and_no_other() {
    let open = PublicBucket::open().await;
    for key in [
        "a/b",
        "a//b",
        "/a",
        "//a",
        "a/",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a b",
        "a+b",
        "100%",
        "%41",
        "a?b",
        "a#b",
        "a\\b",
        "\u{fc}n\u{ef} \u{2713}",
        "a;b=c",
        "client/v4/user",
        "a\0b",
        "index.html",
    ] {
        let target = format!("/{BUCKET}/{}", percent_encoded(key));
        open.owner().put(&target, key).send().await.ok();
        let encoded: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [percent_encoded(key), encoded] {
            assert_eq!(open.get(&format!("/{path}")).await.ok().text(), key, "{path}");
        }
    }
    for (path, key) in [
        ("/a/b", "a/b"),
        ("/a%2Fb", "a/b"),
        ("/a%2fb", "a/b"),
        ("//a", "/a"),
        ("/%2Fa", "/a"),
        ("/a/../b", "a/../b"),
        ("/a/%2e%2e/b", "a/../b"),
        ("/..", ".."),
        ("/a+b", "a+b"),
        ("/a%2Bb", "a+b"),
        ("/%2541", "%41"),
        ("/100%", "100%"),
        ("/client/v4/user", "client/v4/user"),
    ] {
        assert_eq!(open.get(path).await.ok().text(), key, "{path}");
    }
    for path in
        ["/b", "/A/b", "/a/b/", "/a///b", "/../../photos/a/b", "/photos/a/b", "/%252541", "/INDEX.HTML", "/a/b/../b"]
    {
        assert_page(&open.get(path).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unicode_forms_of_one_key_are_one_object() {
    let open = PublicBucket::open().await;
    open.put("caf%C3%A9", "x").await;
    for path in ["/caf%C3%A9", "/cafe%CC%81", "/caf\u{e9}"] {
        assert_eq!(open.get(path).await.ok().text(), "x", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_no_key_is_refused() {
    let open = PublicBucket::open().await;
    for path in ["/%ff", "/a%80b", "/%c3", "/%ed%a0%80", &format!("/{}", "a".repeat(1025))] {
        assert_page(&open.get(path).await, 400);
        assert_eq!(open.send("HEAD", path, &[]).await.status, 400);
    }
    assert_page(&open.get(&format!("/{}", "a".repeat(1024))).await, 404);
    assert_page(&open.get("/%00").await, 404);
}
