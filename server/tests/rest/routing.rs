//! Paths and methods of the API, and how they share the socket with S3.

use crate::api::Api;
use crate::support::TestServer;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_accounts_and_methods_have_their_numbers() {
    let server = TestServer::start().await;
    let root = Api::root(&server);
    let (short, other, odd) = ("f".repeat(31), "0".repeat(32), format!("{}%21", "f".repeat(31)));
    for (method, path, status, code) in [
        ("GET", "", 404, 7003),
        ("GET", "/nothing", 404, 7003),
        ("GET", "/accounts/", 404, 7003),
        ("GET", "//accounts", 404, 7003),
        ("GET", &format!("/accounts/{short}/tokens"), 404, 7003),
        ("GET", &format!("/accounts/{odd}/tokens"), 400, 7003),
        ("GET", &format!("/accounts/{other}"), 403, 9109),
        ("GET", &format!("/accounts/{other}/tokens"), 403, 9109),
        ("GET", &format!("/accounts/{{a}}/tokens/{short}"), 404, 7003),
        ("GET", &format!("/accounts/{{a}}/tokens/{other}"), 404, 1003),
        ("GET", "/accounts/{a}/r2/buckets/", 400, 10015),
        ("DELETE", "/accounts/{a}/r2/buckets/", 400, 10015),
        ("GET", "/accounts/{a}/r2/buckets//objects/key", 400, 10015),
        ("PUT", "/accounts/{a}/r2/buckets//cors", 400, 10015),
        ("PUT", "/accounts/{a}/r2/buckets", 405, 10405),
        ("PATCH", "/accounts/{a}/tokens", 405, 7001),
        ("HEAD", "/accounts/{a}/tokens/x/y/z", 404, 7003),
    ] {
        if method != "HEAD" {
            root.send(method, path, b"", &[]).await.refused(status, code);
        }
    }
    root.send("GET", "/user", b"", &[("cf-r2-jurisdiction", "mars")]).await.refused(400, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_may_have_the_name_of_the_api() {
    let server = TestServer::start().await;
    server.client.request("PUT", "/client").send().await.ok();
    server.client.put("/client/v4/user", "object").send().await.ok();
    assert_eq!(server.client.get("/client/v4/user").send().await.ok().text(), "object");
    let (parts, _) = server.client.get("/client/v4/user").presign(60);
    assert_eq!(server.client.exchange(&parts, b"").await.ok().text(), "object");
    assert_eq!(server.client.get("/client/v40").send().await.outcome(), (404, "NoSuchKey".to_owned()));
    assert!(Api::root(&server).get("/user").await.ok()["email"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_describes_itself_to_everybody() {
    let server = TestServer::start().await;
    let document = Api::authorized_by(&server.client, None).get("/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
    let roll = &document["paths"]["/accounts/{account}/tokens/{token}/value"]["put"];
    assert_eq!(roll["x-permission-groups"], json!(["Account API Tokens Write"]));
    assert_eq!(roll["parameters"][0]["name"], "account");
}
