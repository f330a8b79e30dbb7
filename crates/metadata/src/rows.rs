//! The rows of the store, and the frozen formats they are kept in.
//!
//! A row begins with the marker of its format. A marker nobody knows is corruption, never a default. A new
//! field is a new marker and a step from the old one.

mod access;
mod accounts;
pub(crate) mod audit;
mod bucket;
mod certificates;
mod cors;
mod domains;
mod formats;
pub(crate) mod jobs;
mod lifecycle;
mod lifecycle_progress;
mod lock;
mod names;
mod tokens;

use keyring::{SealedDataKey, WrappedKey};
use types::{
    AccessKeyId, AccountId, BlobId, BucketId, BucketName, Checksum, ChecksumAlgorithm, ETag, HttpMetadata, Lifecycle,
    LocationHint, Md5, StorageClass, StoredChecksum, Timestamp, UploadId, UserMetadata,
};

pub use access::{AccessVoidRow, TokenRulesRow};
pub use accounts::{BucketCountRow, FirstLocationRow};
pub use audit::{AuditRequest, AuditResource, AuditRow, ChangeKind, Interface};
pub use certificates::{AcmeAccountRow, ChallengeRow, IssuanceRow, IssuedRow};
pub use domains::{BucketDomainsRow, DomainRow, PendingDomainRow};
pub use formats::Row;
pub use jobs::{DeletionJobRow, JobNameRow, JobState};
pub use lifecycle_progress::{DueRow, LifecycleProgressRow, LifecycleStage, LifecycleWakeRow};
pub use names::NamesRow;
pub use tokens::{TokenEnd, TokenNameRow, TokenOwner, TokenPlaceRow, TokenRow, TokenState, TokenUseRow};

/// The store: written once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRow {
    /// The account that the first start made.
    pub root_account: AccountId,
    /// Its first access key.
    pub root_access_key: AccessKeyId,
    /// When.
    pub created: Timestamp,
}

/// A number that is given out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceRow {
    /// The last one given out.
    pub last: u64,
}

/// One start of a gateway. Gone once all its blobs are known to be referenced or collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochRow {
    /// When it began.
    pub started: Timestamp,
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// When it was made.
    pub created: Timestamp,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketRow {
    /// Its stable id.
    pub id: BucketId,
    /// When it was made.
    pub created: Timestamp,
    /// The location hint that the first bucket of its name was made with.
    pub location: Option<LocationHint>,
    /// Class of objects that name none.
    pub default_class: StorageClass,
    /// Its key, wrapped by the root key.
    pub key: WrappedKey,
    /// Which lock rules are in force in it; `None`: none.
    pub lock: Option<LockVersion>,
    /// What there is to know of its lifecycle rules without reading them.
    pub lifecycle: LifecycleMark,
}

/// What a bucket's row says of its lifecycle rules, so that requests to a bucket without any pay nothing for them, and
/// so that whoever commits on the condition that the bucket is unchanged knows that its rules are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifecycleMark {
    /// How often rules were set; 0: never, the bucket has those that every bucket begins with.
    pub generation: u64,
    /// Whether the rules ever remove an object or change its class.
    pub acts_on_objects: bool,
}

/// Names the lock rules of a bucket as they were set once: no others ever have the same. Kept with the bucket, so that
/// a bucket without rules costs no look-up, and whoever commits on the condition that the bucket is unchanged knows
/// that its rules are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockVersion(pub [u8; 16]);

impl LockVersion {
    /// Of a bucket whose row does not tell, since it is older than this: it may have rules.
    pub const UNTOLD: Self = Self([0; 16]);
}

/// The lifecycle rules of a bucket. A bucket without this row has those that every bucket begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleRow {
    /// The rules, each with its id; none at all once they are deleted.
    pub lifecycle: Lifecycle,
    /// How often rules were set, with these. 0 in a row that is older than this number.
    pub generation: u64,
}

/// An object: all that HEAD needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRow {
    /// The key as last sent, where that differs from its identity.
    pub key_as_sent: Option<String>,
    /// Bytes.
    pub size: u64,
    /// What identifies its content.
    pub etag: ETag,
    /// When it became visible.
    pub modified: Timestamp,
    /// New with every write.
    pub version: [u8; 16],
    /// Stored HTTP headers.
    pub http: HttpMetadata,
    /// `x-amz-meta-*`.
    pub user: UserMetadata,
    /// Where it is billed.
    pub class: StorageClass,
    /// When it got that class, if lifecycle gave it one: that leaves `modified` alone. `None`: when it was written.
    pub class_since: Option<Timestamp>,
    /// The checksum the client chose, if any.
    pub checksum: Option<StoredChecksum>,
    /// The object key, sealed by the bucket key, and by a customer's if there is one, and bound to
    /// [`ObjectBody::id`].
    pub key: SealedDataKey,
    /// Where its bytes are.
    pub body: ObjectBody,
}

/// Where the bytes of an object are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectBody {
    /// Beside the rows, in the table of payloads.
    Inline(BlobId),
    /// In one blob of the blob store.
    Blob(BlobId),
    /// In the parts of a manifest. Each part's key is derived from the object's.
    Parts {
        /// Names the pages of the manifest.
        manifest: BlobId,
        /// Number of parts.
        count: u16,
        /// Bytes of every part but the last.
        part_size: u64,
    },
}

impl ObjectBody {
    /// The id that the object key is bound to and that references are counted by.
    pub fn id(&self) -> BlobId {
        match self {
            Self::Inline(id) | Self::Blob(id) => *id,
            Self::Parts { manifest, .. } => *manifest,
        }
    }
}

/// Parts in one page of a manifest.
pub const MANIFEST_PAGE_PARTS: usize = 256;

/// One page of the part table of a multipart object: parts `256 * page` and following, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    /// At most [`MANIFEST_PAGE_PARTS`].
    pub parts: Vec<PartRow>,
}

/// A part of an upload or of a multipart object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// Its bytes.
    pub blob: BlobId,
    /// Whether they lie beside the rows.
    pub inline: bool,
    /// What its key is derived by from the object's.
    pub salt: [u8; 16],
    /// Bytes.
    pub size: u64,
    /// Its ETag: the MD5 of its bytes, or of no meaning if a customer's key encrypts them.
    pub md5: Md5,
    /// When it was uploaded.
    pub modified: Timestamp,
    /// The checksum the client chose, if any.
    pub checksum: Option<Checksum>,
}

/// A multipart upload in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// The key as sent.
    pub key_as_sent: String,
    /// When it began.
    pub created: Timestamp,
    /// Names the manifest it will become; its object key is bound to it.
    pub manifest: BlobId,
    /// The object key, sealed as the object's will be.
    pub key: SealedDataKey,
    /// Stored HTTP headers.
    pub http: HttpMetadata,
    /// `x-amz-meta-*`.
    pub user: UserMetadata,
    /// Where it will be billed.
    pub class: StorageClass,
    /// The algorithm that each of its parts has a checksum by, if the client asked for one.
    pub checksum: Option<ChecksumAlgorithm>,
}

/// How many objects share stored bytes. Every blob in a file has one (so that a file without is known to be
/// garbage); inline payloads and manifests have one only while they are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferencesRow {
    /// At least 1.
    pub count: u64,
}

/// Something no longer referenced. Collecting it twice does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GarbageRow {
    /// The file of a blob.
    Blob(BlobId),
    /// A manifest, with all its parts.
    Manifest {
        /// Names its pages.
        id: BlobId,
        /// Number of parts.
        count: u16,
    },
    /// What is left of an upload: parts nobody completed.
    Upload(UploadId),
    /// What is left of a bucket: uploads in progress.
    Bucket(BucketId),
}

impl GarbageRow {
    /// What its key is made of besides the time. Frozen, like the formats.
    pub(crate) fn name(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Blob(id) => (b'b', id.0.to_vec()),
            Self::Manifest { id, .. } => (b'm', id.0.to_vec()),
            Self::Upload(id) => (b'u', id.0.to_vec()),
            Self::Bucket(id) => (b'k', id.0.to_be_bytes().to_vec()),
        }
    }
}

/// Sums kept for a bucket, changed in the commits that change what they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketCounters {
    /// Objects.
    pub objects: i64,
    /// Bytes of all objects.
    pub bytes: i64,
    /// Bytes of all keys and metadata.
    pub metadata_bytes: i64,
    /// Multipart uploads in progress.
    pub uploads: i64,
    /// How many of the objects are in Infrequent Access.
    pub infrequent_objects: i64,
    /// Bytes of those.
    pub infrequent_bytes: i64,
    /// Bytes of their keys and metadata.
    pub infrequent_metadata_bytes: i64,
}

impl BucketCounters {
    pub(crate) fn to_deltas(self) -> Vec<i64> {
        let mut deltas = vec![self.objects, self.bytes, self.metadata_bytes, self.uploads];
        let infrequent = [self.infrequent_objects, self.infrequent_bytes, self.infrequent_metadata_bytes];
        if infrequent != [0; 3] {
            deltas.extend(infrequent);
        }
        deltas
    }

    pub(crate) fn from_sums(sums: &[i64]) -> Self {
        let sum = |index: usize| sums.get(index).copied().unwrap_or(0);
        Self {
            objects: sum(0),
            bytes: sum(1),
            metadata_bytes: sum(2),
            uploads: sum(3),
            infrequent_objects: sum(4),
            infrequent_bytes: sum(5),
            infrequent_metadata_bytes: sum(6),
        }
    }

    /// What one object counts for.
    pub fn of_object(identity: &str, row: &ObjectRow) -> Self {
        let (bytes, metadata_bytes) =
            (signed(row.size), signed((identity.len() + row.http.bytes() + row.user.bytes()) as u64));
        let all = Self { objects: 1, bytes, metadata_bytes, ..Self::default() };
        match row.class {
            StorageClass::Standard => all,
            StorageClass::InfrequentAccess => Self {
                infrequent_objects: 1,
                infrequent_bytes: bytes,
                infrequent_metadata_bytes: metadata_bytes,
                ..all
            },
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            objects: -self.objects,
            bytes: -self.bytes,
            metadata_bytes: -self.metadata_bytes,
            uploads: -self.uploads,
            infrequent_objects: -self.infrequent_objects,
            infrequent_bytes: -self.infrequent_bytes,
            infrequent_metadata_bytes: -self.infrequent_metadata_bytes,
        }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            objects: self.objects + other.objects,
            bytes: self.bytes + other.bytes,
            metadata_bytes: self.metadata_bytes + other.metadata_bytes,
            uploads: self.uploads + other.uploads,
            infrequent_objects: self.infrequent_objects + other.infrequent_objects,
            infrequent_bytes: self.infrequent_bytes + other.infrequent_bytes,
            infrequent_metadata_bytes: self.infrequent_metadata_bytes + other.infrequent_metadata_bytes,
        }
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A bucket with its name, as listings show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBucket {
    /// Its name.
    pub name: BucketName,
    /// Its row.
    pub row: BucketRow,
}
