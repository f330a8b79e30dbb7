//! The bytes of one version of an object, as a stream: from beside the rows, from a blob, or part after part.

use crate::pins;
use crate::retrievals::Meter;
use crate::store::{OpenBucket, Store};
use blobs::{BlobError, BlobReader, BlobRef, LocalBlobs, Place};
use bytes::{Buf, Bytes};
use futures_util::stream::{self, Stream};
use keyring::DataKey;
use metadata::Metadata;
use metadata::buckets::FoundBucket;
use metadata::rows::{MANIFEST_PAGE_PARTS, ObjectBody, ObjectRow, PartRow};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use types::{BlobId, ByteRange, ObjectKey, OperationError};

/// The bytes of an object as they come.
pub type ObjectStream = Pin<Box<dyn Stream<Item = Result<Bytes, OperationError>> + Send>>;

/// Reads a range of one version of an object. Holds at most a few transfer units in memory.
pub struct ObjectReader {
    source: Source,
    /// Counts what is handed out, where that is charged for.
    meter: Option<Meter>,
}

/// The parts of one version of a multipart object, which stay readable for as long as this lives.
pub(crate) struct HeldParts {
    parts: PartSource,
    pin: pins::Pin,
}

enum Source {
    /// All there is to come, decrypted.
    Ready(Option<Bytes>),
    /// One blob.
    Blob(Box<BlobReader>),
    /// Part after part.
    Parts(Box<PartsReader>),
}

/// Where in a multipart object a reader stands.
struct PartsReader {
    parts: PartSource,
    /// What is left to read.
    rest: ByteRange,
    /// Parts from the one `rest` begins in on, as far as their page of the manifest is read.
    ahead: VecDeque<PartRow>,
    current: Option<Source>,
    _pin: pins::Pin,
}

/// What opening a part takes.
#[derive(Clone)]
struct PartSource {
    metadata: Metadata,
    blobs: Arc<LocalBlobs>,
    /// The object's key, from which each part's is derived.
    key: DataKey,
    manifest: BlobId,
    /// Bytes of every part but the last.
    part_size: u64,
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectReader")
    }
}

impl HeldParts {
    /// Reads `range`, which must lie within the object.
    pub(crate) fn read(&self, range: ByteRange) -> ObjectReader {
        let held = Self { parts: self.parts.clone(), pin: self.pin.again() };
        ObjectReader { source: held.into_source(range), meter: None }
    }

    fn into_source(self, range: ByteRange) -> Source {
        let (ahead, current) = (VecDeque::new(), None);
        Source::Parts(Box::new(PartsReader { parts: self.parts, rest: range, ahead, current, _pin: self.pin }))
    }
}

/// Of bytes that are held: they were counted when they were.
impl From<BlobReader> for ObjectReader {
    fn from(reader: BlobReader) -> Self {
        Self { source: Source::Blob(Box::new(reader)), meter: None }
    }
}

impl ObjectReader {
    /// All bytes at once, if they are at hand.
    pub fn ready(&mut self) -> Option<Bytes> {
        match &mut self.source {
            Source::Ready(bytes) => bytes.take().inspect(|bytes| count(self.meter.as_ref(), bytes)),
            Source::Blob(_) | Source::Parts(_) => None,
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// `InternalError` if what is stored fails its check: it is never served.
    pub async fn next(&mut self) -> Option<Result<Bytes, OperationError>> {
        let next = match &mut self.source {
            Source::Parts(reader) => reader.next().await.transpose(),
            single => single.next().await,
        };
        if let Some(Ok(bytes)) = &next {
            count(self.meter.as_ref(), bytes);
        }
        next
    }
}

fn count(meter: Option<&Meter>, bytes: &Bytes) {
    if let Some(meter) = meter {
        meter.count(bytes.len());
    }
}

impl ObjectReader {
    /// The bytes as a stream, in transfer units.
    pub fn into_stream(self) -> ObjectStream {
        let next = |mut reader: Self| async move { reader.next().await.map(|unit| (unit, reader)) };
        Box::pin(stream::unfold(self, next))
    }
}

impl Source {
    /// The next bytes of a single blob.
    async fn next(&mut self) -> Option<Result<Bytes, OperationError>> {
        match self {
            Self::Ready(bytes) => bytes.take().map(Ok),
            Self::Blob(reader) => reader.next().await.map(|unit| unit.map_err(OperationError::from)),
            Self::Parts(_) => None,
        }
    }
}

impl PartsReader {
    async fn next(&mut self) -> Result<Option<Bytes>, OperationError> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(unit) = current.next().await
            {
                return unit.map(Some);
            }
            if self.rest.length == 0 {
                return Ok(None);
            }
            self.current = Some(self.open_next().await?);
        }
    }

    /// Opens the part that the rest begins in, and takes its bytes off the rest.
    async fn open_next(&mut self) -> Result<Source, OperationError> {
        let index = self.rest.start / self.parts.part_size.max(1);
        let within = self.rest.start - index * self.parts.part_size;
        let part = self.part(index).await?;
        let range = ByteRange { start: within, length: part.size.saturating_sub(within).min(self.rest.length) };
        if range.length == 0 {
            return Err(OperationError::internal(format!("part {index} of {} is too short", self.parts.manifest)));
        }
        self.rest = ByteRange { start: self.rest.start + range.length, length: self.rest.length - range.length };
        self.parts.open(&part, range).await
    }

    async fn part(&mut self, index: u64) -> Result<PartRow, OperationError> {
        if let Some(part) = self.ahead.pop_front() {
            return Ok(part);
        }
        let index = usize::try_from(index).map_err(OperationError::internal)?;
        let page = self.parts.metadata.manifest_page(self.parts.manifest, index / MANIFEST_PAGE_PARTS).await?;
        self.ahead = page.parts.into_iter().skip(index % MANIFEST_PAGE_PARTS).collect();
        let missing = || OperationError::internal(format!("part {index} of {} is missing", self.parts.manifest));
        self.ahead.pop_front().ok_or_else(missing)
    }
}

impl PartSource {
    async fn open(&self, part: &PartRow, range: ByteRange) -> Result<Source, OperationError> {
        let key = self.key.for_part(&part.salt);
        let place = if part.inline { Place::Inline } else { Place::File };
        let blob = BlobRef { id: part.blob, size: part.size, place };
        if place == Place::File {
            return Ok(Source::Blob(Box::new(self.blobs.open(blob, key, range).await?)));
        }
        let missing = || OperationError::internal(format!("the payload {} is missing", part.blob));
        let sealed = self.metadata.payload(part.blob).await?.ok_or_else(missing)?;
        Ok(Source::Ready(Some(self.blobs.open_inline(blob, &key, &sealed, range)?)))
    }
}

/// The range of a small object, which it lies in.
fn cut(mut payload: Bytes, range: ByteRange) -> Bytes {
    let offset =
        |position: u64| usize::try_from(position).map_or(payload.len(), |position| position.min(payload.len()));
    let (start, end) = (offset(range.start), offset(range.end()));
    payload.truncate(end);
    payload.advance(start.min(end));
    payload
}

impl Store {
    /// Opens the bytes of a row, whose key this is; `None` if they are no longer there, which is no fault if the object
    /// was replaced.
    pub(crate) async fn try_open(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        row: &ObjectRow,
        data_key: DataKey,
        range: ByteRange,
    ) -> Result<Option<ObjectReader>, OperationError> {
        let source = match row.body {
            ObjectBody::Inline(id) => {
                let Some(sealed) = self.metadata.payload(id).await? else { return Ok(None) };
                let blob = BlobRef { id, size: row.size, place: Place::Inline };
                let payload = self.blobs.open_inline(blob, &data_key, &sealed, ByteRange::whole(row.size))?;
                self.payloads.keep(row, &payload);
                Source::Ready(Some(cut(payload, range)))
            }
            ObjectBody::Blob(id) => {
                let blob = BlobRef { id, size: row.size, place: Place::File };
                match self.blobs.open(blob, data_key, range).await {
                    Ok(reader) => Source::Blob(Box::new(reader)),
                    Err(BlobError::Missing { .. }) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
            ObjectBody::Parts { .. } => match self.hold_parts(bucket, key, row, data_key).await? {
                Some(held) => held.into_source(range),
                None => return Ok(None),
            },
        };
        Ok(Some(self.reader(&bucket.found, row, source)))
    }

    /// The bytes of a row, if they are in memory: then no key is needed.
    pub(crate) fn reader_from_memory(
        &self,
        bucket: &FoundBucket,
        row: &ObjectRow,
        range: ByteRange,
    ) -> Option<ObjectReader> {
        let payload = self.payloads.get(row)?;
        Some(self.reader(bucket, row, Source::Ready(Some(cut(payload, range)))))
    }

    fn reader(&self, bucket: &FoundBucket, row: &ObjectRow, source: Source) -> ObjectReader {
        ObjectReader { source, meter: self.meter(bucket.account(), bucket.id(), row) }
    }

    /// Holds the parts of a multipart object's row, whose key this is; `None` as in [`Store::try_open`], and for rows
    /// of other objects.
    pub(crate) async fn hold_parts(
        &self,
        bucket: &OpenBucket,
        key: &ObjectKey,
        row: &ObjectRow,
        data_key: DataKey,
    ) -> Result<Option<HeldParts>, OperationError> {
        let ObjectBody::Parts { manifest, part_size, .. } = row.body else { return Ok(None) };
        let pin = self.pins.pin(manifest);
        // Only what is still referenced after the pin is safe from the collector.
        let now = self.metadata.object(bucket.id(), key).await?;
        if now.is_none_or(|now| now.row.version != row.version) {
            return Ok(None);
        }
        let (metadata, blobs) = (self.metadata.clone(), Arc::clone(&self.blobs));
        Ok(Some(HeldParts { parts: PartSource { metadata, blobs, key: data_key, manifest, part_size }, pin }))
    }
}
