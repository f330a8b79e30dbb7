//! The formats of most rows. Frozen: change a row by adding a format and a step from the one before, never by
//! changing one.

use super::{
    AccountRow, EpochRow, GarbageRow, ManifestRow, ObjectBody, ObjectRow, PartRow, ReferencesRow, SequenceRow,
    StoreRow, UploadRow,
};
use crate::codec::{Decoder, Encoder, Malformed};
use keyring::{CustomerLock, SealedDataKey, WrappedKey};
use types::{
    AccessKeyId, AccountId, BlobId, BucketId, Checksum, ChecksumAlgorithm, ETag, HttpMetadata, LocationHint, Md5,
    StorageClass, StoredChecksum, Timestamp, UploadId, UserMetadata,
};

/// A row that can be kept.
pub trait Row: Sized {
    /// What it is, for the report of a malformed one.
    const NAME: &'static str;
    /// The marker of the format it is written in.
    const MARKER: [u8; 4];

    /// Writes its fields.
    fn write(&self, fields: &mut Encoder);

    /// Reads its fields.
    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed>;

    /// Reads the fields of a format before [`Row::MARKER`]'s.
    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let _no_format_was_before = (marker, fields);
        Err(Malformed { field: "marker" })
    }

    /// Its bytes.
    fn encode(&self) -> Vec<u8> {
        let mut fields = Encoder::new(Self::MARKER);
        self.write(&mut fields);
        fields.done()
    }

    /// From its bytes.
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (marker, mut fields) = Decoder::new(bytes)?;
        let row =
            if marker == Self::MARKER { Self::read(&mut fields)? } else { Self::read_before(marker, &mut fields)? };
        fields.finish()?;
        Ok(row)
    }
}

impl Row for StoreRow {
    const NAME: &'static str = "store";
    const MARKER: [u8; 4] = *b"sto1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.root_account.0).fixed(&self.root_access_key.0).number(self.created.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            root_account: AccountId(fields.fixed("root account")?),
            root_access_key: AccessKeyId(fields.fixed("root access key")?),
            created: time(fields, "created")?,
        })
    }
}

impl Row for SequenceRow {
    const NAME: &'static str = "sequence";
    const MARKER: [u8; 4] = *b"seq1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.last);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { last: fields.number("last")? })
    }
}

impl Row for EpochRow {
    const NAME: &'static str = "epoch";
    const MARKER: [u8; 4] = *b"epo1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.started.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { started: time(fields, "started")? })
    }
}

impl Row for AccountRow {
    const NAME: &'static str = "account";
    const MARKER: [u8; 4] = *b"acc1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.created.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { created: time(fields, "created")? })
    }
}

impl Row for ObjectRow {
    const NAME: &'static str = "object";
    const MARKER: [u8; 4] = *b"obj3";

    fn write(&self, fields: &mut Encoder) {
        fields.optional_text(self.key_as_sent.as_deref()).number(self.size);
        write_etag(fields, &self.etag);
        fields.number(self.modified.0).fixed(&self.version);
        write_http(fields, &self.http);
        write_user(fields, &self.user);
        write_class(fields, self.class);
        write_checksum(fields, self.checksum.map(|stored| stored.checksum));
        fields.number(u64::from(self.checksum.and_then(|stored| stored.composite_of).unwrap_or(0)));
        write_sealed_key(fields, &self.key);
        match self.body {
            ObjectBody::Inline(id) => fields.number(0).fixed(&id.0),
            ObjectBody::Blob(id) => fields.number(1).fixed(&id.0),
            ObjectBody::Parts { manifest, count, part_size } => {
                fields.number(2).fixed(&manifest.0).number(count.into()).number(part_size)
            }
        };
        write_optional_time(fields, self.class_since);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let object = read_object(fields, sealed_key)?;
        Ok(Self { class_since: optional_time(fields, "class since")?, ..object })
    }

    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match &marker {
            b"obj1" => read_object(fields, key_without_customer),
            b"obj2" => read_object(fields, sealed_key),
            _ => Err(Malformed { field: "marker" }),
        }
    }
}

fn read_object(fields: &mut Decoder<'_>, key: ReadKey) -> Result<ObjectRow, Malformed> {
    Ok(ObjectRow {
        key_as_sent: fields.optional_text("key as sent")?,
        size: fields.number("size")?,
        etag: etag(fields)?,
        modified: time(fields, "modified")?,
        version: fields.fixed("version")?,
        http: http(fields)?,
        user: user(fields)?,
        class: class(fields)?,
        class_since: None,
        checksum: stored_checksum(fields)?,
        key: key(fields)?,
        body: body(fields)?,
    })
}

impl Row for PartRow {
    const NAME: &'static str = "part";
    const MARKER: [u8; 4] = *b"prt1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.blob.0).number(self.inline.into()).fixed(&self.salt).number(self.size).fixed(&self.md5.0);
        fields.number(self.modified.0);
        write_checksum(fields, self.checksum);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            blob: BlobId(fields.fixed("blob")?),
            inline: fields.number("inline")? != 0,
            salt: fields.fixed("salt")?,
            size: fields.number("size")?,
            md5: Md5(fields.fixed("md5")?),
            modified: time(fields, "modified")?,
            checksum: checksum(fields)?,
        })
    }
}

impl Row for ManifestRow {
    const NAME: &'static str = "manifest";
    const MARKER: [u8; 4] = *b"man1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.parts.len() as u64);
        self.parts.iter().for_each(|part| part.write(fields));
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let count: usize = fields.small("count")?;
        if count > super::MANIFEST_PAGE_PARTS {
            return Err(Malformed { field: "count" });
        }
        let parts = (0..count).map(|_| PartRow::read(fields)).collect::<Result<_, _>>()?;
        Ok(Self { parts })
    }
}

impl Row for UploadRow {
    const NAME: &'static str = "upload";
    const MARKER: [u8; 4] = *b"upl2";

    fn write(&self, fields: &mut Encoder) {
        fields.bytes(self.key_as_sent.as_bytes()).number(self.created.0).fixed(&self.manifest.0);
        write_sealed_key(fields, &self.key);
        write_http(fields, &self.http);
        write_user(fields, &self.user);
        write_class(fields, self.class);
        fields.number(self.checksum.map_or(0, algorithm_number));
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let upload = read_upload(fields, sealed_key)?;
        Ok(Self { checksum: algorithm(fields)?, ..upload })
    }

    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match &marker {
            b"upl1" => read_upload(fields, key_without_customer),
            _ => Err(Malformed { field: "marker" }),
        }
    }
}

fn read_upload(fields: &mut Decoder<'_>, key: ReadKey) -> Result<UploadRow, Malformed> {
    Ok(UploadRow {
        key_as_sent: fields.text("key as sent")?,
        created: time(fields, "created")?,
        manifest: BlobId(fields.fixed("manifest")?),
        key: key(fields)?,
        http: http(fields)?,
        user: user(fields)?,
        class: class(fields)?,
        checksum: None,
    })
}

impl Row for ReferencesRow {
    const NAME: &'static str = "references";
    const MARKER: [u8; 4] = *b"ref1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.count);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match fields.number("count")? {
            0 => Err(Malformed { field: "count" }),
            count => Ok(Self { count }),
        }
    }
}

impl Row for GarbageRow {
    const NAME: &'static str = "garbage";
    const MARKER: [u8; 4] = *b"gbg1";

    fn write(&self, fields: &mut Encoder) {
        match self {
            Self::Blob(id) => fields.number(0).fixed(&id.0),
            Self::Manifest { id, count } => fields.number(1).fixed(&id.0).number((*count).into()),
            Self::Upload(id) => fields.number(2).fixed(&id.0),
            Self::Bucket(id) => fields.number(3).number(id.0),
        };
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(match fields.number("kind")? {
            0 => Self::Blob(BlobId(fields.fixed("blob")?)),
            1 => Self::Manifest { id: BlobId(fields.fixed("manifest")?), count: fields.small("count")? },
            2 => Self::Upload(UploadId(fields.fixed("upload")?)),
            3 => Self::Bucket(BucketId(fields.number("bucket")?)),
            _ => return Err(Malformed { field: "kind" }),
        })
    }
}

pub(super) fn time(fields: &mut Decoder<'_>, field: &'static str) -> Result<Timestamp, Malformed> {
    fields.number(field).map(Timestamp)
}

/// A moment that may be missing.
pub(super) fn optional_time(fields: &mut Decoder<'_>, field: &'static str) -> Result<Option<Timestamp>, Malformed> {
    match fields.number(field)? {
        0 => Ok(None),
        1 => time(fields, field).map(Some),
        _ => Err(Malformed { field }),
    }
}

pub(super) fn write_optional_time(fields: &mut Encoder, time: Option<Timestamp>) {
    match time {
        None => fields.number(0),
        Some(time) => fields.number(1).number(time.0),
    };
}

/// How a format keeps the key of an object.
type ReadKey = fn(&mut Decoder<'_>) -> Result<SealedDataKey, Malformed>;

fn write_sealed_key(fields: &mut Encoder, key: &SealedDataKey) {
    fields.fixed(&key.wrapped.0);
    match &key.customer {
        None => fields.number(0),
        Some(lock) => fields.number(1).fixed(&lock.salt).fixed(&lock.check).fixed(&lock.key_md5.0),
    };
}

fn sealed_key(fields: &mut Decoder<'_>) -> Result<SealedDataKey, Malformed> {
    let wrapped = WrappedKey(fields.fixed("key")?);
    let customer = match fields.number("customer")? {
        0 => None,
        1 => Some(CustomerLock {
            salt: fields.fixed("customer salt")?,
            check: fields.fixed("customer check")?,
            key_md5: Md5(fields.fixed("customer key md5")?),
        }),
        _ => return Err(Malformed { field: "customer" }),
    };
    Ok(SealedDataKey { wrapped, customer })
}

/// As rows kept it before customers had keys.
fn key_without_customer(fields: &mut Decoder<'_>) -> Result<SealedDataKey, Malformed> {
    Ok(SealedDataKey { wrapped: WrappedKey(fields.fixed("key")?), customer: None })
}

fn write_etag(fields: &mut Encoder, etag: &ETag) {
    let (digest, parts) = match etag {
        ETag::Whole(digest) => (digest, 0),
        ETag::Multipart { digest, parts } => (digest, *parts),
    };
    fields.fixed(&digest.0).number(parts.into());
}

fn etag(fields: &mut Decoder<'_>) -> Result<ETag, Malformed> {
    let digest = Md5(fields.fixed("etag")?);
    Ok(match fields.small("etag parts")? {
        0 => ETag::Whole(digest),
        parts => ETag::Multipart { digest, parts },
    })
}

fn write_http(fields: &mut Encoder, http: &HttpMetadata) {
    fields
        .optional_text(http.content_type.as_deref())
        .optional_text(http.cache_control.as_deref())
        .optional_text(http.content_disposition.as_deref())
        .optional_text(http.content_encoding.as_deref())
        .optional_text(http.content_language.as_deref())
        .optional_text(http.expires.as_deref());
}

fn http(fields: &mut Decoder<'_>) -> Result<HttpMetadata, Malformed> {
    Ok(HttpMetadata {
        content_type: fields.optional_text("content type")?,
        cache_control: fields.optional_text("cache control")?,
        content_disposition: fields.optional_text("content disposition")?,
        content_encoding: fields.optional_text("content encoding")?,
        content_language: fields.optional_text("content language")?,
        expires: fields.optional_text("expires")?,
    })
}

fn write_user(fields: &mut Encoder, user: &UserMetadata) {
    fields.number(user.pairs().len() as u64);
    for (name, value) in user.pairs() {
        fields.bytes(name.as_bytes()).bytes(value.as_bytes());
    }
}

fn user(fields: &mut Decoder<'_>) -> Result<UserMetadata, Malformed> {
    let count = fields.number("metadata count")?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        pairs.push((fields.text("metadata name")?, fields.text("metadata value")?));
    }
    UserMetadata::new(pairs).ok_or(Malformed { field: "metadata" })
}

/// A location hint, or none.
pub(super) fn location(fields: &mut Decoder<'_>) -> Result<Option<LocationHint>, Malformed> {
    let text = fields.optional_text("location")?;
    text.map(|text| LocationHint::parse(&text).ok_or(Malformed { field: "location" })).transpose()
}

pub(super) fn write_class(fields: &mut Encoder, class: StorageClass) {
    fields.number(match class {
        StorageClass::Standard => 0,
        StorageClass::InfrequentAccess => 1,
    });
}

pub(super) fn class(fields: &mut Decoder<'_>) -> Result<StorageClass, Malformed> {
    match fields.number("storage class")? {
        0 => Ok(StorageClass::Standard),
        1 => Ok(StorageClass::InfrequentAccess),
        _ => Err(Malformed { field: "storage class" }),
    }
}

fn write_checksum(fields: &mut Encoder, checksum: Option<Checksum>) {
    match checksum {
        Some(checksum) => fields.number(algorithm_number(checksum.algorithm())).bytes(checksum.bytes()),
        None => fields.number(0),
    };
}

fn checksum(fields: &mut Decoder<'_>) -> Result<Option<Checksum>, Malformed> {
    let Some(algorithm) = algorithm(fields)? else { return Ok(None) };
    Checksum::new(algorithm, fields.bytes("checksum")?).map(Some).ok_or(Malformed { field: "checksum" })
}

/// 0 stands for none.
fn algorithm_number(algorithm: ChecksumAlgorithm) -> u64 {
    match algorithm {
        ChecksumAlgorithm::Md5 => 1,
        ChecksumAlgorithm::Crc32 => 2,
        ChecksumAlgorithm::Crc32c => 3,
        ChecksumAlgorithm::Crc64Nvme => 4,
        ChecksumAlgorithm::Sha1 => 5,
        ChecksumAlgorithm::Sha256 => 6,
    }
}

fn algorithm(fields: &mut Decoder<'_>) -> Result<Option<ChecksumAlgorithm>, Malformed> {
    Ok(Some(match fields.number("checksum algorithm")? {
        0 => return Ok(None),
        1 => ChecksumAlgorithm::Md5,
        2 => ChecksumAlgorithm::Crc32,
        3 => ChecksumAlgorithm::Crc32c,
        4 => ChecksumAlgorithm::Crc64Nvme,
        5 => ChecksumAlgorithm::Sha1,
        6 => ChecksumAlgorithm::Sha256,
        _ => return Err(Malformed { field: "checksum algorithm" }),
    }))
}

fn stored_checksum(fields: &mut Decoder<'_>) -> Result<Option<StoredChecksum>, Malformed> {
    let checksum = checksum(fields)?;
    let composite_of = Some(fields.small("checksum parts")?).filter(|parts| *parts > 0);
    Ok(checksum.map(|checksum| StoredChecksum { checksum, composite_of }))
}

fn body(fields: &mut Decoder<'_>) -> Result<ObjectBody, Malformed> {
    Ok(match fields.number("body")? {
        0 => ObjectBody::Inline(BlobId(fields.fixed("blob")?)),
        1 => ObjectBody::Blob(BlobId(fields.fixed("blob")?)),
        2 => ObjectBody::Parts {
            manifest: BlobId(fields.fixed("manifest")?),
            count: fields.small("count")?,
            part_size: fields.number("part size")?,
        },
        _ => return Err(Malformed { field: "body" }),
    })
}

#[cfg(test)]
mod tests;
