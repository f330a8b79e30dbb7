//! Public development URLs. Sources: R2 "Public buckets", Public development URL; "Limits", Rate limiting on managed
//! public buckets.

use crate::api::Api;
use crate::bucket::{BUCKET, PublicBucket, assert_page, set_open, unsigned};
use crate::support::TestServer;
use serde_json::json;
use std::time::Duration;

const MANAGED: &str = "/accounts/{a}/r2/buckets/photos/domains/managed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_public_while_its_development_url_is_enabled_and_never_before() {
    let server = TestServer::start().await;
    let (client, api) = (&server.client, Api::root(&server));
    client.request("PUT", "/photos").send().await.ok();
    client.put("/photos/cat", "meow").send().await.ok();
    let before = api.get(MANAGED).await.ok();
    let id = before["bucketId"].as_str().unwrap().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase()));
    let host = format!("pub-{id}.r2dev.localhost");
    assert_eq!(before, json!({ "bucketId": id, "domain": host, "enabled": false }));
    assert_page(&unsigned(client, "GET", "/cat", &host, &[]).await, 404);

    for _turn in 0..2 {
        let enabled = api.put(MANAGED, &json!({ "enabled": true })).await.ok();
        assert_eq!(enabled, json!({ "bucketId": id, "domain": host, "enabled": true }));
        assert_eq!(api.get(MANAGED).await.ok(), enabled);
        assert_eq!(unsigned(client, "GET", "/cat", &host, &[]).await.ok().text(), "meow");
        let disabled = api.put(MANAGED, &json!({ "enabled": false })).await.ok();
        assert_eq!(disabled, json!({ "bucketId": id, "domain": host, "enabled": false }), "its name stays");
        for target in ["/cat", "/none", "/"] {
            assert_page(&unsigned(client, "GET", target, &host, &[]).await, 401);
        }
    }
    assert_eq!(client.get("/photos/cat").send().await.ok().text(), "meow", "its owner never noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_development_url_is_rate_limited_and_a_custom_domain_is_not() {
    let open = PublicBucket::open_with(|settings| settings.limits.development_requests_per_second_max = 5).await;
    open.put("cat", "meow").await;
    open.add_domain("cats.example.com").await;
    for _second in 0..2 {
        for _within_the_rate in 0..5 {
            open.get("/cat").await.ok();
        }
        let refused = open.get("/cat").await;
        assert_page(&refused, 429);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(open.send("HEAD", "/cat", &[]).await.status, 429);
        for _past_the_rate in 0..10 {
            unsigned(open.owner(), "GET", "/cat", "cats.example.com", &[]).await.ok();
        }
        open.server.clock.advance(Duration::from_secs(1));
    }
    let unlimited = PublicBucket::open_with(|settings| settings.limits.development_requests_per_second_max = 0).await;
    for _past_any_rate in 0..600 {
        assert_eq!(unlimited.send("HEAD", "/cat", &[]).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_end_with_their_bucket_and_the_next_of_its_name_is_private() {
    let open = PublicBucket::open().await;
    open.add_domain("cats.example.com").await;
    open.owner().delete(&format!("/{BUCKET}")).send().await.ok();
    open.owner().request("PUT", &format!("/{BUCKET}")).send().await.ok();
    open.put("secret", "secret").await;
    assert_page(&open.get("/secret").await, 404);
    let gone = unsigned(open.owner(), "GET", "/photos/secret", "cats.example.com", &[]).await;
    gone.refused(401, "Unauthorized");
    let next = open.api.get(MANAGED).await.ok();
    assert_eq!(next["enabled"], json!(false));
    assert_ne!(next["domain"], json!(open.host));
    assert_eq!(open.api.get("/accounts/{a}/r2/buckets/photos/domains/custom").await.ok()["domains"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_development_url_of_a_jurisdictional_bucket_serves_that_bucket() {
    let open = PublicBucket::open().await;
    let host = format!("{}.eu.r2.localhost", open.owner().account);
    open.owner().request("PUT", "/photos").host(&host).send().await.ok();
    open.owner().put("/photos/where", "eu").host(&host).send().await.ok();
    open.put("where", "default").await;
    let enabled = open.api.send("PUT", MANAGED, b"{\"enabled\":true}", &[("cf-r2-jurisdiction", "eu")]).await.ok();
    let eu = enabled["domain"].as_str().unwrap();
    assert_ne!(eu, open.host);
    assert_eq!(unsigned(open.owner(), "GET", "/where", eu, &[]).await.ok().text(), "eu");
    assert_eq!(open.get("/where").await.ok().text(), "default");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_enabled_stays_so_over_a_restart() {
    let open = PublicBucket::open().await;
    open.put("cat", "meow").await;
    let PublicBucket { server, api, host } = open;
    let server = server.restart().await;
    assert_eq!(unsigned(&server.client, "GET", "/cat", &host, &[]).await.ok().text(), "meow");
    drop(api);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_changes_nothing() {
    let open = PublicBucket::open().await;
    for body in ["", "{}", "{\"enabled\":1}", "{\"enabled\":\"true\"}", "true", "{\"enabled\":false,\"more\":1}"] {
        open.api.send("PUT", MANAGED, body.as_bytes(), &[]).await.refused(400, 10040);
    }
    open.api.get("/accounts/{a}/r2/buckets/nobodys/domains/managed").await.refused(404, 10006);
    open.api
        .put("/accounts/{a}/r2/buckets/nobodys/domains/managed", &json!({ "enabled": true }))
        .await
        .refused(404, 10006);
    open.api.delete(MANAGED).await.refused(405, 10405);
    assert_eq!(open.api.get(MANAGED).await.ok()["enabled"], json!(true));
    assert_eq!(set_open(&open.api, BUCKET, true).await, open.host);
}
