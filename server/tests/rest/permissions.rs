//! What tokens may do, over S3 and REST alike.

use crate::api::{Api, on_account, on_bucket, with};
use crate::support::TestServer;
use serde_json::json;
use types::PermissionGroup::{
    self, ApiTokensRead, ApiTokensWrite, R2BucketItemRead, R2BucketItemWrite, R2StorageRead, R2StorageWrite,
};

/// A server with two buckets of an object each.
async fn server() -> (TestServer, Api) {
    let server = TestServer::start().await;
    for bucket in ["mine", "other"] {
        server.client.request("PUT", &format!("/{bucket}")).send().await.ok();
        server.client.put(&format!("/{bucket}/a"), "abc").send().await.ok();
    }
    let root = Api::root(&server);
    (server, root)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_may_read_cannot_write() {
    let (server, root) = server().await;
    let token = root.make(&on_account(&root.account(), &[R2StorageRead, ApiTokensRead])).await;
    let s3 = token.s3();
    for target in ["/", "/mine", "/mine/a", "/mine?cors"] {
        let status = s3.get(target).send().await.status;
        assert!(status == 200 || target == "/mine?cors" && status == 404, "{target}: {status}");
    }
    for (method, target) in
        [("PUT", "/mine/b"), ("DELETE", "/mine/a"), ("POST", "/mine/b?uploads"), ("PUT", "/new"), ("DELETE", "/mine")]
    {
        s3.request(method, target).send().await.refused(403, "AccessDenied");
    }
    assert_eq!(server.client.get("/mine/a").send().await.ok().text(), "abc");

    token.api.get("/accounts/{a}/tokens").await.ok();
    let content = on_account(&root.account(), &[R2StorageRead]);
    let path = format!("/accounts/{{a}}/tokens/{}", token.id);
    token.api.post("/accounts/{a}/tokens", &content).await.refused(403, 9109);
    token.api.put(&path, &content).await.refused(403, 9109);
    token.api.put(&format!("{path}/value"), &json!({})).await.refused(403, 9109);
    token.api.delete(&path).await.refused(403, 9109);
    assert_eq!(root.get("/accounts/{a}/tokens").await.ok().as_array().map(Vec::len), Some(1), "nothing changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_bucket_sees_no_other() {
    let (server, root) = server().await;
    for (group, writes) in [(R2BucketItemRead, false), (R2BucketItemWrite, true)] {
        let token = root.make(&on_bucket(&root.account(), "mine", &[group])).await;
        let s3 = token.s3();
        assert_eq!(s3.get("/mine/a").send().await.ok().text(), "abc");
        s3.get("/mine").send().await.ok();
        s3.head("/mine").send().await.ok();
        assert_eq!(s3.put("/mine/b", "b").send().await.status, if writes { 200 } else { 403 });
        s3.get("/").send().await.refused(403, "AccessDenied");
        // What exists elsewhere looks as what does not.
        for target in ["/other", "/other/a", "/other/none", "/nowhere", "/nowhere/a", "/mine?cors"] {
            s3.get(target).send().await.refused(403, "AccessDenied");
        }
        let copy = s3.put("/mine/c", "").header("x-amz-copy-source", "/other/a").send().await;
        copy.refused(403, "AccessDenied");
        s3.request("PUT", "/new").send().await.refused(403, "AccessDenied");
        s3.request("DELETE", "/mine").send().await.refused(403, "AccessDenied");
        token.api.get("/accounts/{a}/tokens").await.refused(403, 9109);
        token.api.get("/accounts/{a}").await.refused(403, 9109);
    }
    server.client.get("/mine/c").send().await.refused(404, "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_with_an_end_and_addresses_hands_on_both() {
    let (_server, root) = server().await;
    let account = root.account();
    let groups = [ApiTokensWrite, R2StorageRead, R2StorageWrite];
    let content = |end: Option<&str>, only: &[&str], but_not: &[&str]| {
        let condition = json!({ "request_ip": { "in": only, "not_in": but_not } });
        with(on_account(&account, &groups), json!({ "expires_on": end, "condition": condition }))
    };
    let end = Some("2090-01-01T00:00:00Z");
    let free = root.make(&on_account(&account, &groups)).await;
    let bound = root.make(&content(end, &["127.0.0.0/8"], &["127.9.0.0/16"])).await;
    let path = |id: &str| format!("/accounts/{{a}}/tokens/{id}");
    for wider in [
        on_account(&account, &groups),
        content(None, &["127.0.0.0/8"], &["127.9.0.0/16"]),
        content(Some("2090-01-01T00:00:01Z"), &["127.0.0.0/8"], &["127.9.0.0/16"]),
        content(end, &[], &["127.9.0.0/16"]),
        content(end, &["127.0.0.0/8"], &[]),
        content(end, &["127.0.0.0/8", "192.0.2.1"], &["127.9.0.0/16"]),
    ] {
        bound.api.post("/accounts/{a}/tokens", &wider).await.refused(403, 9109);
        bound.api.put(&path(&bound.id), &wider).await.refused(403, 9109);
    }
    bound.api.put(&format!("{}/value", path(&free.id)), &json!({})).await.refused(403, 9109);
    let temporary = |parent: &str| json!({ "bucket": "mine", "parentAccessKeyId": parent, "permission": "object-read-only", "ttlSeconds": 60 });
    bound.api.post("/accounts/{a}/r2/temp-access-credentials", &temporary(&free.id)).await.refused(403, 10000);
    bound.api.post("/accounts/{a}/r2/temp-access-credentials", &temporary(&bound.id)).await.ok();
    let narrower = content(Some("2089-01-01T00:00:00Z"), &["127.0.0.1"], &["127.8.0.0/15"]);
    let made = bound.api.make(&narrower).await;
    bound.api.put(&format!("{}/value", path(&made.id)), &json!({})).await.ok();
    bound.api.put(&path(&bound.id), &narrower).await.ok();
    root.put(&path(&bound.id), &on_account(&account, &groups)).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_a_token_that_may_do_more_than_their_own() {
    let (server, root) = server().await;
    let account = root.account();
    let maker = root.make(&on_account(&account, &[ApiTokensWrite, R2StorageRead])).await;
    let strong = root.make(&on_account(&account, PermissionGroup::ALL)).await;
    let modest = maker.api.make(&on_account(&account, &[R2StorageRead])).await;
    modest.s3().get("/mine/a").send().await.ok();
    for content in [
        on_account(&account, PermissionGroup::ALL),
        on_account(&account, &[R2StorageRead, R2BucketItemWrite]),
        on_bucket(&account, "mine", &[R2BucketItemWrite]),
    ] {
        maker.api.post("/accounts/{a}/tokens", &content).await.refused(403, 9109);
        for token in [&maker, &modest] {
            maker.api.put(&format!("/accounts/{{a}}/tokens/{}", token.id), &content).await.refused(403, 9109);
        }
    }
    // A new value of a stronger token would be that token's rights.
    maker.api.put(&format!("/accounts/{{a}}/tokens/{}/value", strong.id), &json!({})).await.refused(403, 9109);
    let ids = root.get("/accounts/{a}/tokens").await.ok();
    assert_eq!(ids.as_array().map(Vec::len), Some(3));
    strong.s3().get("/mine/a").send().await.ok();
    server.client.get("/mine/a").send().await.ok();
}
