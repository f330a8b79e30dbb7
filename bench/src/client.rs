//! A raw HTTP/1.1 client on one kept-alive connection: as little CPU as a client can cost, because it shares the
//! machine with the server it measures.
//!
//! It knows what an S3 server answers and no more: a status line, headers, and a body of announced length.

use crate::outcome::{Doing, Outcome};
use crate::request::Request;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most bytes that one read takes from the socket; also bounds the head of an answer.
const BUFFER_BYTES: usize = 256 * 1024;
/// How much of a refusal is shown.
const REFUSAL_BYTES_MAX: usize = 600;

/// A connection that sends one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// `buffer[..filled]` was read and not yet used.
    filled: usize,
}

/// An answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Bytes of body that follow it.
    pub(crate) body_bytes: u64,
}

impl Connection {
    /// Connects, with TCP_NODELAY.
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await.doing(format_args!("connect to {address}"))?;
        stream.set_nodelay(true).doing("set TCP_NODELAY")?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES], filled: 0 })
    }

    /// Sends a request and reads its answer, whose body is thrown away. Anything but 2xx is an error that shows it.
    pub(crate) async fn send(&mut self, request: &Request) -> Outcome<Answer> {
        self.send_into(request, |_| ()).await
    }

    /// As [`Connection::send`], and returns the body.
    pub(crate) async fn fetch(&mut self, request: &Request) -> Outcome<Vec<u8>> {
        let mut body = Vec::new();
        self.send_into(request, |bytes| body.extend_from_slice(bytes)).await?;
        Ok(body)
    }

    /// As [`Connection::send`], with head and body in two segments: how a missing TCP_NODELAY at the server shows.
    pub(crate) async fn send_in_two(&mut self, request: &Request) -> Outcome<Answer> {
        self.stream.write_all(&request.head).await.doing("send the head of a request")?;
        self.stream.write_all(&request.body).await.doing("send the body of a request")?;
        self.receive(request, |_| ()).await
    }

    /// As [`Connection::send`], giving the body to `sink` piece by piece.
    pub(crate) async fn send_into(&mut self, request: &Request, sink: impl FnMut(&[u8])) -> Outcome<Answer> {
        let written = self.write(request).await;
        let answer = self.receive(request, sink).await;
        // A server may refuse before it has read the body; what it says then explains more than a broken pipe.
        match (written, answer) {
            (Err(written), Err(answer)) if !answer.contains("answered") => Err(written),
            (_, answer) => answer,
        }
    }

    /// Sends a request without waiting for the answer.
    pub(crate) async fn write(&mut self, request: &Request) -> Outcome {
        write_both(&mut self.stream, &request.head, &request.body).await.doing("send a request")
    }

    /// Reads at most `bytes_max` of whatever comes; 0 at the end of the stream.
    pub(crate) async fn read_some(&mut self, bytes_max: usize) -> Outcome<usize> {
        let end = bytes_max.min(self.buffer.len());
        self.stream.read(&mut self.buffer[..end]).await.doing("read an answer")
    }

    async fn receive(&mut self, request: &Request, mut sink: impl FnMut(&[u8])) -> Outcome<Answer> {
        let (mut answer, head_bytes) = self.read_head().await?;
        if request.is_head {
            answer.body_bytes = 0;
        }
        if !(200..300).contains(&answer.status) {
            return Err(self.refusal(request, answer, head_bytes).await);
        }
        self.read_body(answer.body_bytes, head_bytes, &mut sink).await?;
        Ok(answer)
    }

    async fn read_head(&mut self) -> Outcome<(Answer, usize)> {
        loop {
            if let Some(length) = head_length(&self.buffer[..self.filled]) {
                return Ok((parse_head(&self.buffer[..length])?, length));
            }
            if self.filled == self.buffer.len() {
                return Err("the server sends a head without end".to_owned());
            }
            let count = self.stream.read(&mut self.buffer[self.filled..]).await.doing("read an answer")?;
            if count == 0 {
                return Err("the server closed the connection".to_owned());
            }
            self.filled += count;
        }
    }

    /// `buffer[start..filled]` is the body's first part.
    async fn read_body(&mut self, length: u64, start: usize, sink: &mut impl FnMut(&[u8])) -> Outcome {
        let early = usize::try_from(length).unwrap_or(usize::MAX).min(self.filled - start);
        sink(&self.buffer[start..start + early]);
        // What follows would be the next answer; there is none, as requests are not pipelined.
        self.filled = 0;
        let mut missing = length - early as u64;
        while missing > 0 {
            let end = usize::try_from(missing).unwrap_or(usize::MAX).min(self.buffer.len());
            let count = self.stream.read(&mut self.buffer[..end]).await.doing("read a body")?;
            if count == 0 {
                return Err(format!("the server closed the connection {missing} bytes before the end of a body"));
            }
            sink(&self.buffer[..count]);
            missing -= count as u64;
        }
        Ok(())
    }

    async fn refusal(&mut self, request: &Request, answer: Answer, head_bytes: usize) -> String {
        let mut body = Vec::new();
        let read = self.read_body(answer.body_bytes, head_bytes, &mut |bytes| body.extend_from_slice(bytes)).await;
        body.truncate(REFUSAL_BYTES_MAX);
        let head = String::from_utf8_lossy(&request.head);
        let line = head.lines().next().unwrap_or_default();
        let cut = if read.is_err() { " (cut short)" } else { "" };
        format!("`{line}` was answered with {}: {}{cut}", answer.status, String::from_utf8_lossy(&body))
    }
}

/// One system call where the socket has room: small requests leave in one segment.
async fn write_both(stream: &mut TcpStream, head: &[u8], body: &[u8]) -> io::Result<()> {
    let mut sent = 0;
    while sent < head.len() {
        let count = stream.write_vectored(&[IoSlice::new(&head[sent..]), IoSlice::new(body)]).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        sent += count;
    }
    stream.write_all(&body[sent - head.len()..]).await
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn parse_head(head: &[u8]) -> Outcome<Answer> {
    let unreadable = || format!("the server answered with an unreadable head: {}", String::from_utf8_lossy(head));
    let text = std::str::from_utf8(head).map_err(|_| unreadable())?;
    let status = text.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(unreadable)?;
    let lengths = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    let length = lengths.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body_bytes = match length {
        Some((_, value)) => value.trim().parse().map_err(|_| unreadable())?,
        None if matches!(status, 204 | 304) => 0,
        None => return Err(format!("the server answered without a content-length: {text}")),
    };
    Ok(Answer { status, body_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_at_its_empty_line() {
        assert_eq!(head_length(b"HTTP/1.1 200 OK\r\n\r\nbody"), Some(19));
        assert_eq!(head_length(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn status_and_length_are_read() {
        let head = b"HTTP/1.1 206 Partial Content\r\nETag: \"x\"\r\nContent-Length: 42\r\n\r\n";
        assert_eq!(parse_head(head), Ok(Answer { status: 206, body_bytes: 42 }));
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n"), Ok(Answer { status: 204, body_bytes: 0 }));
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        let error = parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap_err();
        assert!(error.contains("without a content-length"), "{error}");
        assert!(parse_head(b"nonsense\r\n\r\n").is_err());
    }
}
