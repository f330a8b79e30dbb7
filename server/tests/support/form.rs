//! HTML forms as browsers send them, signed by their policy, every part of which a test can bend.

use super::{Answer, Client};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use s3_protocol::sigv4::SigningKey;
use std::time::Duration;
use types::Timestamp;

/// The boundary of every form.
pub(crate) const BOUNDARY: &str = "----FormBoundary7MA4YWxk";

/// A form that is being put together.
#[derive(Clone)]
pub(crate) struct Form<'c> {
    client: &'c Client,
    target: String,
    host: String,
    fields: Vec<(String, Vec<u8>)>,
    conditions: Vec<String>,
    expiration: Timestamp,
    file: Vec<u8>,
    file_disposition: String,
    behind: Vec<u8>,
}

/// One part of a form.
pub(crate) fn part(disposition: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

impl<'c> Form<'c> {
    /// A form for `bucket` with a key and the file `abc`, good for an hour.
    pub(crate) fn new(client: &'c Client, bucket: &str, key: &str) -> Self {
        let form = Self {
            client,
            target: format!("/{bucket}"),
            host: client.address.to_string(),
            fields: Vec::new(),
            conditions: vec![format!(r#"{{"bucket": "{bucket}"}}"#)],
            expiration: Timestamp(client.clock.now().0 + Duration::from_secs(3600).as_millis() as u64),
            file: b"abc".to_vec(),
            file_disposition: r#"name="file"; filename="a.txt""#.to_owned(),
            behind: Vec::new(),
        };
        form.field("key", key)
    }

    /// Where it is sent.
    pub(crate) fn to(mut self, host: &str, target: &str) -> Self {
        (self.host, self.target) = (host.to_owned(), target.to_owned());
        self
    }

    /// A field and the condition that it has this value.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        let condition = format!(r#"["eq", "${name}", "{value}"]"#);
        self.uncovered(name, value.as_bytes()).condition(&condition)
    }

    /// A field without a condition.
    pub(crate) fn uncovered(mut self, name: &str, value: &[u8]) -> Self {
        self.fields.push((name.to_owned(), value.to_vec()));
        self
    }

    /// A condition.
    pub(crate) fn condition(mut self, json: &str) -> Self {
        self.conditions.push(json.to_owned());
        self
    }

    /// Without any conditions so far.
    pub(crate) fn without_conditions(mut self) -> Self {
        self.conditions.clear();
        self
    }

    /// When its policy expires.
    pub(crate) fn expires(mut self, expiration: Timestamp) -> Self {
        self.expiration = expiration;
        self
    }

    /// The file.
    pub(crate) fn file(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.file = bytes.into();
        self
    }

    /// What the file's part says of itself.
    pub(crate) fn file_disposition(mut self, text: &str) -> Self {
        self.file_disposition = text.to_owned();
        self
    }

    /// Parts behind the file.
    pub(crate) fn behind(mut self, parts: Vec<u8>) -> Self {
        self.behind = parts;
        self
    }

    /// The fields that sign it.
    pub(crate) fn signed(self) -> Self {
        let time = self.client.clock.now().to_amz_date();
        let (date, region) = (time[..8].to_owned(), self.client.region.clone());
        let credential = format!("{}/{date}/{region}/s3/aws4_request", self.client.access_key_id);
        let secret = self.client.secret_access_key.clone();
        let form = self.field("x-amz-algorithm", "AWS4-HMAC-SHA256");
        let form = form.field("x-amz-credential", &credential).field("x-amz-date", &time);
        let policy = BASE64_STANDARD.encode(form.document());
        let signature = SigningKey::derive(&secret, &date, &region).sign_policy(&policy);
        let signature = types::ids::hex(&signature);
        form.uncovered("policy", policy.as_bytes()).uncovered("x-amz-signature", signature.as_bytes())
    }

    fn document(&self) -> String {
        let (expiration, conditions) = (self.expiration.to_iso8601(), self.conditions.join(", "));
        format!(r#"{{"expiration": "{expiration}", "conditions": [{conditions}]}}"#)
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> &[u8] {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice()).expect("a field of this name")
    }

    /// Changes a field after it was signed; `None` takes it away.
    pub(crate) fn changed(mut self, name: &str, value: Option<&str>) -> Self {
        let at = self.fields.iter().position(|(known, _)| known == name).expect("a field of this name");
        match value {
            Some(value) => self.fields[at].1 = value.as_bytes().to_vec(),
            None => drop(self.fields.remove(at)),
        }
        self
    }

    /// The body.
    pub(crate) fn body(&self) -> Vec<u8> {
        let fields = self.fields.iter().flat_map(|(name, value)| part(&format!("name=\"{name}\""), value));
        let mut body: Vec<u8> = fields.collect();
        body.extend(part(&self.file_disposition, &self.file));
        body.extend_from_slice(&self.behind);
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body
    }

    /// Head and body as they go over the wire.
    pub(crate) fn wire(&self) -> Vec<u8> {
        self.wire_of(&self.body())
    }

    /// As [`Form::wire`], of another body.
    pub(crate) fn wire_of(&self, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: multipart/form-data; boundary={BOUNDARY}\r\n\
             content-length: {}\r\n\r\n",
            self.target,
            self.host,
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    /// Sends it as it is.
    pub(crate) async fn send(&self) -> Answer {
        self.client.exchange_raw(&self.wire(), false).await
    }
}
