//! A client of the calls about R2: bears the root token, reads envelopes, and bytes without one.

use crate::support::{Answer, Client, TestServer, wire};
use serde_json::Value;

/// Calls the REST API with a token.
pub(crate) struct RestClient {
    client: Client,
    pub(crate) account: String,
    pub(crate) token: String,
}

/// A call that is being put together.
pub(crate) struct RestCall<'c> {
    rest: &'c RestClient,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct RestAnswer {
    pub(crate) status: u16,
    pub(crate) envelope: Value,
    pub(crate) raw: Answer,
}

impl RestClient {
    /// A client with the server's root token.
    pub(crate) fn of(server: &TestServer) -> Self {
        let access = server.instance.access();
        let token = access.api_token.clone().expect("the token of a first start");
        Self { client: server.client.clone(), account: access.account_id.clone(), token }
    }

    /// The same client with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), client: self.client.clone(), account: self.account.clone() }
    }

    /// The same client of a server that was started again.
    pub(crate) fn of_restarted(self, server: &TestServer) -> Self {
        Self { client: server.client.clone(), ..self }
    }

    /// A call; `path` is below the account's R2.
    pub(crate) fn r2(&self, method: &'static str, path: &str) -> RestCall<'_> {
        self.of_account(method, &format!("/r2{path}"))
    }

    /// A call; `path` is below the account.
    pub(crate) fn of_account(&self, method: &'static str, path: &str) -> RestCall<'_> {
        let path = format!("/client/v4/accounts/{}{path}", self.account);
        RestCall { rest: self, method, path, headers: Vec::new(), body: Vec::new() }
    }
}

impl RestCall<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, document: &Value) -> Self {
        self.body(document.to_string())
    }

    /// Sends and answers as it came.
    pub(crate) async fn raw(self) -> Answer {
        let client = &self.rest.client;
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("host", client.address.to_string())
            .header("authorization", format!("Bearer {}", self.rest.token))
            .header("content-length", self.body.len());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        client.exchange_raw(&wire(&parts, &self.body), self.method == "HEAD").await
    }

    /// Sends and reads the envelope.
    pub(crate) async fn send(self) -> RestAnswer {
        let raw = self.raw().await;
        let envelope = serde_json::from_slice(&raw.body).expect("an envelope of JSON");
        RestAnswer { status: raw.status, envelope, raw }
    }
}

impl RestAnswer {
    /// The result of a success.
    pub(crate) fn result(self) -> Value {
        assert!(self.status == 200 && self.envelope["success"] == true, "{self:?}");
        self.envelope["result"].clone()
    }

    /// Status and number of a failure.
    pub(crate) fn failure(&self) -> (u16, u64) {
        assert_eq!((&self.envelope["success"], &self.envelope["result"]), (&Value::Bool(false), &Value::Null));
        (self.status, self.envelope["errors"][0]["code"].as_u64().expect("a number"))
    }
}
