//! Reading a blob's file: whole chunks, each checked, a range of their bytes given out.
//!
//! The disk is read in units of up to [`TRANSFER_BYTES`](types::limits::TRANSFER_BYTES), decrypted where they stand,
//! and given out chunk by chunk without a copy. Cached bytes are read on the caller's thread as they are asked for;
//! once a unit had to be waited for, the next is read ahead on the pool while this one is sent. Buffers come back
//! when the receiver let go of them, so that a stream holds at most three units.

use crate::BlobError;
use crate::body::Body;
use crate::corruptions::Corruptions;
use crate::layout::{Chunks, SEALED_CHUNK_BYTES, UNIT_CHUNKS, chunk_of, path_of, sealed_offset};
use crate::store::BlobRef;
use bytes::{Bytes, BytesMut};
use environment::{Disk, DiskFile};
use keyring::{DataKey, TAG_BYTES};
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::JoinHandle;
use types::limits::CHUNK_BYTES;
use types::{ByteRange, OperationError};

/// A stream of plain bytes, of which none is unchecked. Ends after the first error.
pub struct BlobReader {
    source: Arc<Source>,
    /// The next plain byte to give out.
    position: u64,
    /// The byte after the last to give out.
    end: u64,
    /// What is being given out; holds `position` unless it is used up.
    unit: Option<Unit>,
    /// The unit after that, on its way.
    job: Option<JoinHandle<Result<Unit, BlobError>>>,
    /// A used buffer, whose receiver may still hold it.
    used: Option<Bytes>,
}

/// An open file and how to check it.
pub(crate) struct Source {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    chunks: Chunks,
    key: DataKey,
    corruptions: Arc<Corruptions>,
}

/// Chunks that are read at once.
#[derive(Clone, Copy)]
struct Extent {
    first_chunk: u64,
    end_chunk: u64,
}

/// Checked, decrypted chunks. Their bytes keep the places they have on disk: a gap of a tag between two chunks.
struct Unit {
    extent: Extent,
    bytes: Bytes,
}

impl Source {
    /// Opens a blob's file and checks its length. Blocks.
    pub(crate) fn open(
        disk: &dyn Disk,
        blob: BlobRef,
        key: DataKey,
        corruptions: Arc<Corruptions>,
    ) -> Result<Self, BlobError> {
        let (path, chunks) = (path_of(blob.id), Chunks::new(blob.id, blob.size));
        let file = match disk.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobError::Missing { path }),
            Err(source) => return Err(BlobError::disk("open", path, source)),
        };
        let length = file.length().map_err(|e| BlobError::disk("ask the length of", &path, e))?;
        if length != chunks.sealed_bytes() {
            return Err(corruptions.report(path, length, "the file does not have the length of its blob"));
        }
        Ok(Self { file, path, chunks, key, corruptions })
    }

    fn sealed_bytes(&self, extent: Extent) -> usize {
        // At most one unit, so the conversion cannot fail.
        usize::try_from(self.chunks.sealed_bytes_between(extent.first_chunk, extent.end_chunk)).unwrap_or(usize::MAX)
    }

    /// A buffer for `extent`: `used` if nobody else holds it, else a new one.
    fn buffer(&self, extent: Extent, used: Option<Bytes>) -> BytesMut {
        let length = self.sealed_bytes(extent);
        match used.and_then(|bytes| bytes.try_into_mut().ok()) {
            Some(mut buffer) => {
                buffer.resize(length, 0);
                buffer
            }
            None => BytesMut::zeroed(length),
        }
    }

    /// Reads and decrypts; waits for the disk.
    fn read(&self, extent: Extent, mut buffer: BytesMut) -> Result<Unit, BlobError> {
        let offset = sealed_offset(extent.first_chunk);
        match self.file.read_at(&mut buffer, offset) {
            Ok(()) => self.decrypt(extent, buffer),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.corruptions.report(self.path.clone(), offset, "the file ends before its blob does"))
            }
            Err(source) => Err(BlobError::disk_at("read", &self.path, offset, source)),
        }
    }

    /// Reads and decrypts if that needs no wait: the buffer comes back if it does.
    fn try_read(&self, extent: Extent, mut buffer: BytesMut) -> Result<Result<Unit, BytesMut>, BlobError> {
        let offset = sealed_offset(extent.first_chunk);
        match self.file.try_read_at(&mut buffer, offset) {
            Ok(true) => self.decrypt(extent, buffer).map(Ok),
            Ok(false) => Ok(Err(buffer)),
            Err(source) => Err(BlobError::disk_at("read", &self.path, offset, source)),
        }
    }

    fn decrypt(&self, extent: Extent, mut buffer: BytesMut) -> Result<Unit, BlobError> {
        for (index, sealed) in (extent.first_chunk..).zip(buffer.chunks_mut(SEALED_CHUNK_BYTES)) {
            if self.key.open_chunk(self.chunks.position(index), sealed).is_err() {
                let offset = sealed_offset(index);
                return Err(self.corruptions.report(self.path.clone(), offset, "a chunk does not authenticate"));
            }
        }
        Ok(Unit { extent, bytes: buffer.freeze() })
    }
}

impl Unit {
    /// The bytes from `position` to the end of its chunk or to `end`; `None` if `position` lies behind the unit.
    fn frame(&self, position: u64, end: u64) -> Option<Bytes> {
        let chunk = chunk_of(position);
        if chunk >= self.extent.end_chunk {
            return None;
        }
        let within = position - chunk * CHUNK_BYTES as u64;
        let length = (CHUNK_BYTES as u64 - within).min(end - position);
        let start = sealed_offset(chunk - self.extent.first_chunk) + within;
        let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
        debug_assert!(start + length + TAG_BYTES <= self.bytes.len());
        Some(self.bytes.slice(start..start + length))
    }
}

impl BlobReader {
    /// A reader of `range`, its first unit read. Blocks.
    pub(crate) fn start(source: Arc<Source>, range: ByteRange) -> Result<Self, BlobError> {
        let mut reader = Self { source, position: range.start, end: range.end(), unit: None, job: None, used: None };
        if let Some(extent) = reader.next_extent() {
            let buffer = reader.source.buffer(extent, None);
            reader.unit = Some(reader.source.read(extent, buffer)?);
        }
        Ok(reader)
    }

    /// Bytes not yet given out.
    pub fn remaining(&self) -> u64 {
        self.end - self.position
    }

    /// The next bytes of the range, at most a chunk; `None` at its end. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<Bytes, BlobError>> {
        poll_fn(|cx| self.poll_next_chunk(cx)).await
    }

    /// As [`BlobReader::next`].
    pub fn poll_next_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BlobError>>> {
        while self.position < self.end {
            if let Some(frame) = self.unit.as_ref().and_then(|unit| unit.frame(self.position, self.end)) {
                self.position += frame.len() as u64;
                return Poll::Ready(Some(Ok(frame)));
            }
            match ready!(self.poll_unit(cx)) {
                Ok(unit) => self.unit = Some(unit),
                Err(error) => {
                    self.end = self.position;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }

    /// The unit after the one used up: read ahead, or cached, or waited for.
    fn poll_unit(&mut self, cx: &mut Context<'_>) -> Poll<Result<Unit, BlobError>> {
        if let Some(unit) = self.unit.take() {
            self.used = Some(unit.bytes);
        }
        if self.job.is_none() {
            let extent = Extent::at(self.position, self.end);
            let buffer = self.source.buffer(extent, self.used.take());
            match self.source.try_read(extent, buffer) {
                Ok(Ok(unit)) => return Poll::Ready(Ok(unit)),
                Ok(Err(buffer)) => self.job = Some(self.read_on_pool(extent, buffer)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let Some(job) = &mut self.job else { return Poll::Pending };
        let read = ready!(Pin::new(job).poll(cx));
        self.job = None;
        let unit = read.unwrap_or_else(|source| Err(BlobError::Interrupted { source }));
        if let Ok(unit) = &unit {
            self.read_ahead(unit.extent.end_chunk);
        }
        Poll::Ready(unit)
    }

    /// The disk had to be waited for: it will be again, so let it work while this unit is sent.
    fn read_ahead(&mut self, next_chunk: u64) {
        let position = next_chunk * CHUNK_BYTES as u64;
        if position < self.end {
            let extent = Extent::at(position, self.end);
            let buffer = self.source.buffer(extent, self.used.take());
            self.job = Some(self.read_on_pool(extent, buffer));
        }
    }

    fn read_on_pool(&self, extent: Extent, buffer: BytesMut) -> JoinHandle<Result<Unit, BlobError>> {
        let source = Arc::clone(&self.source);
        tokio::task::spawn_blocking(move || source.read(extent, buffer))
    }

    fn next_extent(&self) -> Option<Extent> {
        (self.position < self.end).then(|| Extent::at(self.position, self.end))
    }
}

impl Extent {
    /// The unit that begins with the chunk of plain byte `position` and needs no chunk at or past `end`.
    fn at(position: u64, end: u64) -> Self {
        let first_chunk = chunk_of(position);
        let end_chunk = (chunk_of(end - 1) + 1).min(first_chunk + UNIT_CHUNKS as u64);
        Self { first_chunk, end_chunk }
    }
}

/// So that a copy of stored bytes is an upload like any other.
impl Body for BlobReader {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        self.poll_next_chunk(cx).map(|next| next.transpose().map_err(OperationError::from))
    }
}
