//! One connection, byte by byte: what a client library would never send, and answers as they came.

use super::{PATIENCE, element};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| std::str::from_utf8(value.as_bytes()).expect("a header that is text"))
    }

    /// The `ETag`, in its quotes.
    pub(crate) fn etag(&self) -> &str {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body that is text")
    }

    /// The one XML element of this name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        element(self.text(), name)
    }

    /// Status and `<Code>`; the code is empty without an error document.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let code = if self.status >= 400 && !self.body.is_empty() { self.element("Code") } else { None };
        (self.status, code.unwrap_or_default())
    }

    /// Fails the test unless the answer is a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{} {}", self.status, String::from_utf8_lossy(&self.body));
        self
    }

    /// Fails the test unless the answer is this error, whole and with an id.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.outcome(), (status, code.to_owned()), "{}", String::from_utf8_lossy(&self.body));
        assert!(self.header("x-amz-request-id").is_some_and(|id| !id.is_empty()), "no request id");
        assert!(self.element("Message").is_some_and(|message| !message.is_empty()), "no message");
    }

    /// As [`Answer::refused`], of a request whose answer has no body.
    #[track_caller]
    pub(crate) fn refused_without_body(&self, status: u16) {
        assert_eq!((self.status, self.body.len()), (status, 0));
        assert!(self.header("x-amz-request-id").is_some_and(|id| !id.is_empty()), "no request id");
    }
}

/// A connection to a server.
pub(crate) struct Connection<S = TcpStream> {
    stream: BufReader<S>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Speaks over a stream.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::with_capacity(64 * 1024, stream) }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        guarded(self.stream.get_mut().write_all(bytes)).await
    }

    /// Ends the client's side only.
    pub(crate) async fn end_sending(&mut self) -> io::Result<()> {
        guarded(self.stream.get_mut().shutdown()).await
    }

    /// Reads one answer; one to HEAD has no body whatever its length says.
    pub(crate) async fn answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let (status, headers) = self.answer_head().await?;
        let length = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        let no_body = to_head || status < 200 || status == 204 || status == 304;
        let body = match length {
            _ if no_body => Vec::new(),
            Some(length) => self.bytes(length).await?,
            None => return Err(io::Error::other("an answer without Content-Length")),
        };
        Ok(Answer { status, headers, body })
    }

    /// Reads up to the end of an answer's head.
    pub(crate) async fn answer_head(&mut self) -> io::Result<(u16, HeaderMap)> {
        let status_line = self.line().await?;
        let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {status_line:?}")))?;
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| io::Error::other(format!("no header: {line:?}")))?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
            headers.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).map_err(io::Error::other)?);
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        guarded(self.stream.read_line(&mut line)).await?;
        match line.strip_suffix("\r\n") {
            Some(text) => Ok(text.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads exactly `length` bytes.
    pub(crate) async fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        guarded(self.stream.read_exact(&mut bytes)).await?;
        Ok(bytes)
    }

    /// True if the server closes the connection without a further byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        match guarded(self.stream.read(&mut byte)).await {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

async fn guarded<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("the server neither read nor wrote for {PATIENCE:?}"))
}
