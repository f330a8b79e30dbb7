//! An S3 client: signs as AWS documents it, and lets a test bend every part of a request.

use super::connection::{Answer, Connection};
use super::content::sha256_hex;
use environment::Clock;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::request::Parts;
use s3_protocol::sigv4::{self, ChunkSignatures, Credentials};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use types::{AccountId, Timestamp};

/// How requests are signed, and where they go.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) account: AccountId,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) region: String,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A request that is being put together.
#[derive(Clone)]
pub(crate) struct RequestBuilder<'c> {
    client: &'c Client,
    pub(crate) parts: Parts,
    body: Vec<u8>,
    payload_hash: Option<String>,
    session_token: Option<String>,
    time: Timestamp,
    framed: bool,
}

impl Client {
    /// A request; `target` is the path, with its escapes, and the query.
    pub(crate) fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        let request = http::Request::builder().method(method).uri(target).header("host", self.address.to_string());
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        RequestBuilder {
            client: self,
            parts,
            body: Vec::new(),
            payload_hash: None,
            session_token: None,
            time: self.clock.now(),
            framed: true,
        }
    }

    pub(crate) fn get(&self, target: &str) -> RequestBuilder<'_> {
        self.request("GET", target)
    }

    pub(crate) fn head(&self, target: &str) -> RequestBuilder<'_> {
        self.request("HEAD", target)
    }

    pub(crate) fn put(&self, target: &str, body: impl Into<Vec<u8>>) -> RequestBuilder<'_> {
        self.request("PUT", target).body(body)
    }

    pub(crate) fn post(&self, target: &str, body: impl Into<Vec<u8>>) -> RequestBuilder<'_> {
        self.request("POST", target).body(body)
    }

    pub(crate) fn delete(&self, target: &str) -> RequestBuilder<'_> {
        self.request("DELETE", target)
    }

    /// Begins a multipart upload and answers its id.
    pub(crate) async fn create_upload(&self, target: &str) -> String {
        let answer = self.post(&format!("{target}?uploads"), "").send().await.ok();
        answer.element("UploadId").expect("an upload id")
    }

    /// Uploads a part and answers its ETag.
    pub(crate) async fn upload_part(&self, target: &str, upload: &str, number: u16, body: &[u8]) -> String {
        let target = format!("{target}?partNumber={number}&uploadId={upload}");
        self.put(&target, body).send().await.ok().etag().to_owned()
    }

    /// Completes an upload with these parts.
    pub(crate) async fn complete_upload(&self, target: &str, upload: &str, parts: &[(u16, String)]) -> Answer {
        self.post(&format!("{target}?uploadId={upload}"), complete_document(parts)).send().await
    }

    /// Uploads an object in parts, numbered from 1, and answers its ETag.
    pub(crate) async fn put_parts<P: AsRef<[u8]>>(&self, target: &str, bodies: &[P]) -> String {
        let upload = self.create_upload(target).await;
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(bodies) {
            parts.push((number, self.upload_part(target, &upload, number, body.as_ref()).await));
        }
        let answer = self.complete_upload(target, &upload, &parts).await.ok();
        answer.element("ETag").expect("an ETag")
    }
}

/// The document of CompleteMultipartUpload.
pub(crate) fn complete_document(parts: &[(u16, String)]) -> String {
    let part =
        |(number, etag): &(u16, String)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

impl RequestBuilder<'_> {
    /// Adds a header, which is then signed.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.parts.headers.append(name, value);
        self
    }

    /// In place of the server's address.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.parts.headers.insert("host", HeaderValue::from_str(host).expect("a host"));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets `x-amz-content-sha256`: a hash other than the body's, or a mode.
    pub(crate) fn payload_hash(mut self, text: &str) -> Self {
        self.payload_hash = Some(text.to_owned());
        self
    }

    /// Signs with temporary credentials.
    pub(crate) fn session_token(mut self, token: &str) -> Self {
        self.session_token = Some(token.to_owned());
        self
    }

    /// Signs as of another time.
    pub(crate) fn signed_at(mut self, time: Timestamp) -> Self {
        self.time = time;
        self
    }

    /// Leaves `Content-Length` to the test.
    pub(crate) fn without_length(mut self) -> Self {
        self.framed = false;
        self
    }

    fn add_length(&mut self) {
        let length = self.body.len();
        if self.framed && (length > 0 || matches!(self.parts.method.as_str(), "PUT" | "POST")) {
            self.parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
    }

    /// Signs by header. Answers the head and body to send, and what chunks are signed with.
    pub(crate) fn sign(mut self) -> (Parts, Vec<u8>, ChunkSignatures) {
        self.add_length();
        let hash = self.payload_hash.take().unwrap_or_else(|| sha256_hex(&self.body));
        let credentials = Credentials {
            access_key_id: &self.client.access_key_id,
            secret_access_key: &self.client.secret_access_key,
            session_token: self.session_token.as_deref(),
            region: &self.client.region,
        };
        let chunks =
            sigv4::sign(&mut self.parts, &credentials, &hash, self.time).expect("a request that can be signed");
        (self.parts, self.body, chunks)
    }

    /// Signs as a presigned URL.
    pub(crate) fn presign(mut self, expires_seconds: u64) -> (Parts, Vec<u8>) {
        let credentials = Credentials {
            access_key_id: &self.client.access_key_id,
            secret_access_key: &self.client.secret_access_key,
            session_token: self.session_token.as_deref(),
            region: &self.client.region,
        };
        sigv4::presign(&mut self.parts, &credentials, expires_seconds, self.time).expect("a URL");
        // What the bearer adds is not signed.
        self.add_length();
        (self.parts, self.body)
    }

    /// Head and body as they go over the wire, signed by header.
    pub(crate) fn into_wire(self) -> Vec<u8> {
        let (parts, body, _) = self.sign();
        wire(&parts, &body)
    }

    /// Signs by header, sends on a connection of its own, and reads the answer.
    pub(crate) async fn send(self) -> Answer {
        let (client, (parts, body, _)) = (self.client, self.sign());
        client.exchange(&parts, &body).await
    }

    /// As [`RequestBuilder::send`], on a connection that stays open.
    pub(crate) async fn send_on<S>(self, connection: &mut Connection<S>) -> io::Result<Answer>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (parts, body, _) = self.sign();
        connection.send(&wire(&parts, &body)).await?;
        connection.answer(parts.method == "HEAD").await
    }
}

impl Client {
    /// Sends on a connection of its own, and reads the answer.
    pub(crate) async fn exchange(&self, parts: &Parts, body: &[u8]) -> Answer {
        self.exchange_raw(&wire(parts, body), parts.method == "HEAD").await
    }

    /// As [`Client::exchange`], of bytes as they are. The server may answer before it has read everything.
    pub(crate) async fn exchange_raw(&self, bytes: &[u8], to_head: bool) -> Answer {
        let mut connection = Connection::open(self.address).await.expect("a server that listens");
        let sent = connection.send(bytes).await;
        let answer = connection.answer(to_head).await;
        answer.unwrap_or_else(|error| panic!("no answer: {error}; sending ended with {sent:?}"))
    }
}

/// Head and body as they go over the wire.
pub(crate) fn wire(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut bytes = format!("{} {target} HTTP/1.1\r\n", parts.method).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
