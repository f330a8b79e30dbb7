//! A client of the REST API, and tokens for it.

use crate::support::{Client, TestServer, sha256_hex};
use http::HeaderMap;
use serde_json::{Value, json};
use types::PermissionGroup;

/// Whoever bears a token.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    /// The `Authorization` header; none without it.
    authorization: Option<String>,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

/// A token, as its maker knows it.
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) api: Api,
}

impl Api {
    /// The root token's bearer.
    pub(crate) fn root(server: &TestServer) -> Self {
        let value = server.instance.access().api_token.clone().expect("the first start tells the token");
        Self::bearer(&server.client, &value)
    }

    /// The bearer of a value.
    pub(crate) fn bearer(client: &Client, value: &str) -> Self {
        Self { client: client.clone(), authorization: Some(format!("Bearer {value}")) }
    }

    /// Whoever sends this header, or none.
    pub(crate) fn authorized_by(client: &Client, header: Option<&str>) -> Self {
        Self { client: client.clone(), authorization: header.map(str::to_owned) }
    }

    /// The `Authorization` header that it sends.
    pub(crate) fn authorization(&self) -> String {
        self.authorization.clone().expect("a bearer")
    }

    /// The account.
    pub(crate) fn account(&self) -> String {
        self.client.account.to_string()
    }

    /// Sends a request to a path below `/client/v4`, in which `{a}` is the account.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Reply {
        let target = format!("/client/v4{}", path.replace("{a}", &self.account()));
        let mut request = http::Request::builder().method(method).uri(target).header("host", "localhost");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-length", body.len());
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let answer = self.client.exchange(&parts, body).await;
        let json = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {answer:?}"));
        Reply { status: answer.status, headers: answer.headers, json }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, b"", &[]).await
    }

    /// As wrangler sends most bodies: not called JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body.to_string().as_bytes(), &[("content-type", "text/plain;charset=UTF-8")]).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, body.to_string().as_bytes(), &[("content-type", "application/json")]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, b"", &[]).await
    }

    /// Makes a token of the account.
    pub(crate) async fn make(&self, content: &Value) -> Made {
        self.make_at("/accounts/{a}/tokens", content).await
    }

    /// Makes a token below `path`.
    pub(crate) async fn make_at(&self, path: &str, content: &Value) -> Made {
        let made = self.post(path, content).await.ok();
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("no {name}: {made}")).to_owned();
        Made { id: text("id"), value: text("value"), api: Self::bearer(&self.client, &text("value")) }
    }
}

impl Made {
    /// The S3 client that has this token's key pair.
    pub(crate) fn s3(&self) -> Client {
        let secret_access_key = sha256_hex(self.value.as_bytes());
        Client { access_key_id: self.id.clone(), secret_access_key, ..self.api.client.clone() }
    }
}

impl Reply {
    /// The result, of a success in its whole envelope.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!((self.status, &self.json["success"]), (200, &json!(true)), "{}", self.json);
        assert_eq!(self.json["errors"], json!([]));
        assert!(self.json["messages"].is_array() && self.headers.contains_key("cf-ray"), "{self:?}");
        self.json["result"].clone()
    }

    /// Fails the test unless the answer is this failure in its whole envelope.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u32) {
        assert_eq!((self.status, &self.json["errors"][0]["code"]), (status, &json!(code)), "{}", self.json);
        assert_eq!((&self.json["success"], &self.json["result"]), (&json!(false), &Value::Null));
        assert!(self.json["errors"][0]["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(self.json["messages"].is_array() && self.headers.contains_key("cf-ray"), "{self:?}");
    }
}

/// A token's content: these groups on the whole account.
pub(crate) fn on_account(account: &str, groups: &[PermissionGroup]) -> Value {
    content(groups, &json!({ format!("com.cloudflare.api.account.{account}"): "*" }))
}

/// A token's content: these groups on one bucket.
pub(crate) fn on_bucket(account: &str, bucket: &str, groups: &[PermissionGroup]) -> Value {
    content(groups, &json!({ format!("com.cloudflare.edge.r2.bucket.{account}_default_{bucket}"): "*" }))
}

fn content(groups: &[PermissionGroup], resources: &Value) -> Value {
    let groups: Vec<Value> = groups.iter().map(|group| json!({ "id": group.id() })).collect();
    let policy = json!({ "effect": "allow", "permission_groups": groups, "resources": resources });
    json!({ "name": "a token", "policies": [policy] })
}

/// The same content with other fields.
pub(crate) fn with(mut content: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        content[name] = value.clone();
    }
    content
}
