//! The body of a request as operations want it: without its framing, with every chunk's signature checked.

use bytes::Bytes;
use http_body::Body as HttpBody;
use http_support::RequestBody;
use s3_protocol::chunked::ChunkedDecoder;
use s3_protocol::form::{FormDecoder, FormEvent, FormFile};
use std::error::Error;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use types::limits::XML_BYTES_MAX;
use types::{Checksum, ErrorCode, OperationError};

/// A request's body, decoded while it streams.
pub(crate) struct UploadBody<B> {
    raw: RequestBody<B>,
    /// What the bytes are wrapped in. Plain once the body has ended.
    framing: Framing,
    /// Bytes that arrived and are not decoded yet.
    pending: Bytes,
    trailers: Vec<Checksum>,
}

/// What the bytes of an upload are wrapped in, inside of HTTP's own framing.
enum Framing {
    Plain,
    /// aws-chunked.
    Chunked(Box<ChunkedDecoder>),
    /// The file of an HTML form and what follows it.
    Form(Box<FormFile>),
}

impl<B> UploadBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// A plain body.
    pub(crate) fn new(raw: RequestBody<B>) -> Self {
        Self { raw, framing: Framing::Plain, pending: Bytes::new(), trailers: Vec::new() }
    }

    /// The body turns out to be aws-chunked.
    pub(crate) fn decode_with(&mut self, decoder: Option<Box<ChunkedDecoder>>) {
        self.framing = decoder.map_or(Framing::Plain, Framing::Chunked);
    }

    /// The next event of a form, whose fields come before its file; `None` at the body's end.
    ///
    /// # Errors
    /// Those of the form and of the connection.
    pub(crate) async fn next_form_event(
        &mut self,
        decoder: &mut FormDecoder,
    ) -> Result<Option<FormEvent>, OperationError> {
        loop {
            if let Some(event) = decoder.decode(&mut self.pending)? {
                return Ok(Some(event));
            }
            match poll_fn(|cx| self.raw.poll_frame(cx)).await? {
                Some(bytes) => self.pending = bytes,
                None => return Ok(None),
            }
        }
    }

    /// The body goes on with the file of a form.
    pub(crate) fn go_on_with_file(&mut self, file: FormFile) {
        self.framing = Framing::Form(Box::new(file));
    }

    fn poll_decoded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        loop {
            let decoded = match &mut self.framing {
                Framing::Plain => return self.raw.poll_frame(cx),
                Framing::Chunked(decoder) => decoder.decode(&mut self.pending)?,
                Framing::Form(file) => file.decode(&mut self.pending)?,
            };
            if let Some(data) = decoded {
                return Poll::Ready(Ok(Some(data)));
            }
            match ready!(self.raw.poll_frame(cx))? {
                Some(bytes) => self.pending = bytes,
                None => return Poll::Ready(self.end().map(|()| None)),
            }
        }
    }

    fn end(&mut self) -> Result<(), OperationError> {
        match std::mem::replace(&mut self.framing, Framing::Plain) {
            Framing::Plain => Ok(()),
            Framing::Chunked(decoder) => decoder.finish().map(|trailers| self.trailers = trailers),
            Framing::Form(file) => file.finish(),
        }
    }

    /// Collects a document.
    ///
    /// # Errors
    /// `MalformedXML` for more than [`XML_BYTES_MAX`]; what the body fails with.
    pub(crate) async fn collect_document(&mut self) -> Result<Vec<u8>, OperationError> {
        let mut document = Vec::new();
        while let Some(bytes) = poll_fn(|cx| self.poll_decoded(cx)).await? {
            if document.len() + bytes.len() > XML_BYTES_MAX {
                let message = format!("The XML you provided is too large: at most {XML_BYTES_MAX} bytes are read.");
                return Err(OperationError::new(ErrorCode::MalformedXml, message));
            }
            document.extend_from_slice(&bytes);
        }
        Ok(document)
    }

    /// True once the client was asked for the body.
    pub(crate) fn was_asked_for(&self) -> bool {
        self.raw.was_asked_for()
    }

    /// Throws away what nobody read, within bounds.
    pub(crate) async fn drain(&mut self) {
        self.raw.drain().await;
    }
}

impl<B> operations::Body for UploadBody<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        self.poll_decoded(cx)
    }

    fn trailer_checksums(&self) -> &[Checksum] {
        &self.trailers
    }
}
