//! A bucket, and everybody who asks for its objects.

use crate::api::Api;
use crate::support::{Answer, Client, TestServer};
use serde_json::{Value, json};
use server::Settings;
use types::limits::HEADERS_MAX;

/// A server with one bucket that is public at its development URL.
pub(crate) struct PublicBucket {
    pub(crate) server: TestServer,
    pub(crate) api: Api,
    /// The name it is public at.
    pub(crate) host: String,
}

/// The name of the bucket.
pub(crate) const BUCKET: &str = "photos";

impl PublicBucket {
    /// A new server with a bucket that is open at its development URL.
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    /// As [`PublicBucket::open`], with changed settings.
    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = TestServer::start_with(change).await;
        let api = Api::root(&server);
        server.client.request("PUT", &format!("/{BUCKET}")).send().await.ok();
        let host = set_open(&api, BUCKET, true).await;
        Self { server, api, host }
    }

    /// The signing client of its owner.
    pub(crate) fn owner(&self) -> &Client {
        &self.server.client
    }

    /// Writes an object as its owner.
    pub(crate) async fn put(&self, key: &str, body: &str) {
        self.owner().put(&format!("/{BUCKET}/{key}"), body).send().await.ok();
    }

    /// Asks without any credentials.
    pub(crate) async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        unsigned(self.owner(), method, target, &self.host, headers).await
    }

    /// Gets an object without any credentials.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[]).await
    }

    /// Gives the bucket a custom domain.
    pub(crate) async fn add_domain(&self, name: &str) -> Value {
        add_domain(&self.api, BUCKET, name).await.ok()
    }
}

/// Opens or closes the development URL of a bucket; answers its name.
pub(crate) async fn set_open(api: &Api, bucket: &str, open: bool) -> String {
    let path = format!("/accounts/{{a}}/r2/buckets/{bucket}/domains/managed");
    let answered = api.put(&path, &json!({ "enabled": open })).await.ok();
    answered["domain"].as_str().unwrap().to_owned()
}

/// Gives a bucket a custom domain.
pub(crate) async fn add_domain(api: &Api, bucket: &str, name: &str) -> crate::api::Reply {
    let path = format!("/accounts/{{a}}/r2/buckets/{bucket}/domains/custom");
    api.post(&path, &json!({ "domain": name, "zoneId": "zone", "enabled": true })).await
}

/// Sends a request as it is, without any credentials.
pub(crate) async fn unsigned(
    client: &Client,
    method: &str,
    target: &str,
    host: &str,
    headers: &[(&str, &str)],
) -> Answer {
    assert!(headers.len() < HEADERS_MAX);
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
    client.exchange_raw(head.as_bytes(), method == "HEAD").await
}

/// Fails the test unless the answer is a page for people that says nothing of S3.
#[track_caller]
pub(crate) fn assert_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=UTF-8"));
    assert!(answer.text().contains(&format!("<h1>Error {status}</h1>")), "{}", answer.text());
    assert_nothing_of_s3(answer);
}

/// Fails the test if a header speaks of S3 or of how the object is stored.
#[track_caller]
pub(crate) fn assert_nothing_of_s3(answer: &Answer) {
    let told = answer.headers.keys().find(|name| name.as_str().starts_with("x-amz-") || name.as_str().contains("-r2-"));
    assert_eq!(told, None, "{answer:?}");
    assert!(answer.header("cf-ray").is_some_and(|id| !id.is_empty()), "no request id");
}
