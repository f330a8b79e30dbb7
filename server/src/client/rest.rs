//! One request to the REST API and its answer, out of Cloudflare's envelope.
//!
//! Plain HTTP, one connection each: a command makes few requests.

use super::access::Access;
use super::endpoint::Endpoint;
use super::failure::Failure;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use types::limits::MIB;
use types::{AccountId, Jurisdiction};

/// Speaks to one server with one token.
pub(super) struct Rest {
    endpoint: Endpoint,
    bearer: HeaderValue,
    /// The account, if it was said.
    pub(super) account: Option<AccountId>,
}

/// A call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Below `/client/v4`, with its query.
    pub(super) path: String,
    /// Where the bucket is that it is about.
    pub(super) jurisdiction: Jurisdiction,
    /// JSON to send.
    pub(super) body: Option<&'a Value>,
}

/// What a call answered.
pub(super) struct Answered {
    /// `result`.
    pub(super) result: Value,
    /// `result_info`.
    pub(super) info: Value,
}

/// What a call failed with.
pub(super) enum CallError {
    /// The server said so.
    Refused(Refusal),
    /// There was no such answer.
    Failed(Failure),
}

/// The server's reasons.
pub(super) struct Refusal {
    /// Cloudflare's numbers.
    pub(super) codes: Vec<i64>,
    message: String,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::failed(format!("the server refused: {}", refusal.message)),
            CallError::Failed(failure) => failure,
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default)]
    errors: Vec<Problem>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    result_info: Value,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_chain: Vec<Problem>,
}

/// How long a call may take, with its connection.
const CALL_TIME_MAX: Duration = Duration::from_secs(60);

/// The longest answer that is read: a page of a thousand buckets is far below.
const ANSWER_BYTES_MAX: usize = 16 * MIB as usize;

impl Rest {
    /// For the server and the token that were said.
    pub(super) fn new(access: &Access) -> Result<Self, Failure> {
        if access.endpoint.is_secure() {
            return Err(Failure::usage(format!(
                "{} is not plain HTTP: this command speaks no TLS. Run it beside the server, or through a tunnel \
                 (`ssh -L 9200:127.0.0.1:9200 HOST`)",
                access.endpoint
            )));
        }
        let token = access.required_token()?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Failure::usage("the API token is malformed"))?;
        bearer.set_sensitive(true);
        Ok(Self { endpoint: access.endpoint.clone(), bearer, account: access.account })
    }

    /// The endpoint, for people and configurations.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// GET.
    pub(super) async fn get(&self, path: String) -> Result<Answered, CallError> {
        self.call(Call { method: Method::GET, path, jurisdiction: Jurisdiction::Default, body: None }).await
    }

    /// Makes a call and waits for its answer.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answered, CallError> {
        let exchanged = timeout(CALL_TIME_MAX, self.exchange(call)).await;
        let failed = |reason: String| {
            let message = format!("no Cairn answers at {}: {reason}; is it running? (--endpoint)", self.endpoint);
            CallError::Failed(Failure::unreachable(message))
        };
        let (status, text) =
            exchanged.map_err(|_| failed("it took too long".to_owned()))?.map_err(|error| failed(error.to_string()))?;
        let envelope: Envelope = serde_json::from_slice(&text)
            .map_err(|_| failed(format!("the answer (HTTP {status}) is not that of the REST API")))?;
        if envelope.success {
            Ok(Answered { result: envelope.result, info: envelope.result_info })
        } else {
            Err(CallError::Refused(Refusal::of(status, &envelope.errors)))
        }
    }

    async fn exchange(&self, call: Call<'_>) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.endpoint.socket()).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Its errors reach the request too.
        tokio::spawn(connection);
        let answer = sender.send_request(self.request(call)?).await?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?;
        Ok((status, body.to_bytes()))
    }

    fn request(&self, call: Call<'_>) -> http::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("/client/v4{}", call.path))
            .header(HOST, self.endpoint.authority())
            .header(USER_AGENT, concat!("cairn/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, self.bearer.clone());
        if call.jurisdiction != Jurisdiction::Default {
            request = request.header("cf-r2-jurisdiction", call.jurisdiction.name());
        }
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(call.body.map(|body| Full::from(body.to_string())).unwrap_or_default())
    }
}

impl Refusal {
    /// As wrangler shows it: each message with its code, and what it comes from.
    fn of(status: u16, problems: &[Problem]) -> Self {
        let mut message = String::new();
        for problem in problems.iter().flat_map(|problem| std::iter::once(problem).chain(&problem.error_chain)) {
            let separator = if message.is_empty() { "" } else { "; " };
            // Writing to memory does not fail.
            let _ = write!(message, "{separator}{} [code: {}]", super::show::line(&problem.message), problem.code);
        }
        if message.is_empty() {
            message = format!("HTTP {status} without a reason");
        }
        Self { codes: problems.iter().map(|problem| problem.code).collect(), message }
    }
}
