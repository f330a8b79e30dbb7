//! A store: metadata and blobs together, with the keys, the clock and the randomness that operations need.

use crate::access_session::AccessKeys;
use crate::caller::Caller;
use crate::custom_domains::OwnNames;
use crate::last_used::LastUsed;
use crate::opened_payloads::OpenedPayloads;
use crate::page_token::PageTokens;
use crate::pins::Pins;
use crate::purge_cache::PublicCopies;
use crate::rates::{Rate, Rates};
use crate::retention::RetentionCache;
use crate::retrievals::Retrievals;
use crate::row_locks::RowLocks;
use aws_lc_rs::hmac;
use blobs::LocalBlobs;
use environment::{Clock, Entropy};
use keyring::{BucketKey, RootKey, WrappedKey};
use metadata::Metadata;
use metadata::buckets::FoundBucket;
use metadata::tokens::ValueDigest;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, MutexGuard, Notify};
use types::{BucketId, BucketName, ErrorCode, ObjectKey, OperationError, limits};

/// What operations work on. One per process; cheap to share behind an `Arc`.
pub struct Store {
    pub(crate) metadata: Metadata,
    pub(crate) blobs: Arc<LocalBlobs>,
    pub(crate) payloads: OpenedPayloads,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) pins: Pins,
    pub(crate) tokens: PageTokens,
    pub(crate) buckets_max: u64,
    /// None if rates are not limited.
    pub(crate) rates: Option<Rates>,
    /// Of requests to each public development URL; none if they are not limited.
    pub(crate) development_rate: Option<Rate>,
    /// Names that no bucket may have.
    pub(crate) own_names: OwnNames,
    /// What is kept of objects before custom domains, if anything is.
    pub(crate) public_copies: Option<Arc<dyn PublicCopies>>,
    /// What sessions and logins of access control are signed and sealed with.
    pub(crate) access_keys: AccessKeys,
    /// What the ids of public development URLs are drawn with.
    pub(crate) public_ids: hmac::Key,
    pub(crate) retentions: RetentionCache,
    pub(crate) retrievals: Retrievals,
    /// Turns for those who make and remove buckets and were in each other's way: courtesy, as `locks` are.
    pub(crate) bucket_turns: Mutex<()>,
    /// When tokens were used, until it is written down.
    pub(crate) last_used: LastUsed,
    /// Wakes whoever works on jobs.
    pub(crate) jobs_waiting: Notify,
    root: RootKey,
    /// Unwrapped once: a bucket's key never changes under its wrap.
    bucket_keys: RwLock<HashMap<BucketId, (WrappedKey, Arc<BucketKey>)>>,
    locks: RowLocks,
    /// Changes that were about to be written to the audit log so far.
    audited: AtomicU64,
    /// What tokens are found by their values with.
    value_digests: hmac::Key,
}

/// What a store is made of.
pub struct StoreParts {
    /// Rows.
    pub metadata: Metadata,
    /// Bytes.
    pub blobs: Arc<LocalBlobs>,
    /// Memory for small objects that were read, bytes; 0: none are kept.
    pub payload_cache_bytes: u64,
    /// What wraps every bucket's key.
    pub root: RootKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Bounds that may be set.
    pub limits: StoreLimits,
    /// Host names that the server itself goes by.
    pub own_names: OwnNames,
    /// What is kept of objects before custom domains, if anything is.
    pub public_copies: Option<Arc<dyn PublicCopies>>,
}

/// Bounds that may be set. Source: R2 "Limits".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Buckets of one account.
    pub buckets_max: u64,
    /// Whether one object is written once a second at most, and one bucket changed fifty times.
    pub rates: bool,
    /// Requests to one public development URL within a second; 0: as many as come.
    pub development_requests_per_second_max: u32,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            buckets_max: limits::BUCKETS_MAX,
            rates: false,
            development_requests_per_second_max: limits::DEVELOPMENT_REQUESTS_PER_SECOND_MAX,
        }
    }
}

/// A bucket with its key ready for use.
#[derive(Clone)]
pub(crate) struct OpenBucket {
    pub(crate) found: FoundBucket,
    pub(crate) key: Arc<BucketKey>,
}

impl OpenBucket {
    pub(crate) fn id(&self) -> BucketId {
        self.found.id()
    }
}

/// How often a commit is tried again when another writer was faster.
const COMMIT_ATTEMPTS: usize = 100;

/// Bucket keys held ready. Past it the cache begins anew: an unwrap costs a microsecond.
const BUCKET_KEYS_MAX: usize = 10_000;

impl Store {
    /// Puts a store together.
    pub fn new(parts: StoreParts) -> Self {
        Self {
            value_digests: hmac::Key::new(hmac::HMAC_SHA256, &parts.root.derive("cairn find tokens 1")),
            tokens: PageTokens::new(&parts.root, &*parts.entropy),
            access_keys: AccessKeys::new(&parts.root, &*parts.entropy),
            metadata: parts.metadata,
            blobs: parts.blobs,
            payloads: OpenedPayloads::new(parts.payload_cache_bytes),
            clock: parts.clock,
            entropy: parts.entropy,
            pins: Pins::default(),
            buckets_max: parts.limits.buckets_max,
            rates: parts.limits.rates.then(Rates::default),
            development_rate: match parts.limits.development_requests_per_second_max {
                0 => None,
                per_second => Some(Rate::new(per_second)),
            },
            own_names: parts.own_names,
            public_copies: parts.public_copies,
            public_ids: hmac::Key::new(hmac::HMAC_SHA256, &parts.root.derive("cairn name public buckets 1")),
            retentions: RetentionCache::default(),
            retrievals: Retrievals::default(),
            bucket_turns: Mutex::new(()),
            last_used: LastUsed::default(),
            jobs_waiting: Notify::new(),
            root: parts.root,
            bucket_keys: RwLock::default(),
            locks: RowLocks::new(),
            audited: AtomicU64::new(0),
        }
    }

    /// The clock that operations go by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Finds a bucket of the caller's account and jurisdiction.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub(crate) async fn find_bucket(&self, caller: &Caller, name: &BucketName) -> Result<FoundBucket, OperationError> {
        let found = self.metadata.bucket(caller.account, caller.jurisdiction, name).await?;
        found.filter(|found| caller.may_see(found.id())).ok_or_else(|| ErrorCode::NoSuchBucket.into())
    }

    /// Finds a bucket and makes its key ready.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub(crate) async fn open_bucket(&self, caller: &Caller, name: &BucketName) -> Result<OpenBucket, OperationError> {
        let found = self.find_bucket(caller, name).await?;
        self.open_found(found)
    }

    /// Makes the key of a bucket ready.
    pub(crate) fn open_found(&self, found: FoundBucket) -> Result<OpenBucket, OperationError> {
        let key = self.bucket_key(found.id(), &found.stored.row.key)?;
        Ok(OpenBucket { found, key })
    }

    /// A new bucket key and its wrap.
    pub(crate) fn new_bucket_key(&self, bucket: BucketId) -> WrappedKey {
        self.root.wrap_bucket_key(bucket, &BucketKey::generate(&*self.entropy), &*self.entropy)
    }

    /// What a token with this secret is found by. Keyed, since the keys of rows are not encrypted.
    pub(crate) fn value_digest(&self, secret: &[u8; 32]) -> ValueDigest {
        let mut found_by = [0; 32];
        found_by.copy_from_slice(hmac::sign(&self.value_digests, secret).as_ref());
        found_by
    }

    fn bucket_key(&self, bucket: BucketId, wrapped: &WrappedKey) -> Result<Arc<BucketKey>, OperationError> {
        let keys = self.bucket_keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, key)) = keys.get(&bucket)
            && known == wrapped
        {
            return Ok(Arc::clone(key));
        }
        drop(keys);
        let key = Arc::new(self.root.unwrap_bucket_key(bucket, wrapped).map_err(OperationError::internal)?);
        let mut keys = self.bucket_keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= BUCKET_KEYS_MAX {
            keys.clear();
        }
        keys.insert(bucket, (*wrapped, Arc::clone(&key)));
        Ok(key)
    }

    /// An id that nobody has had before, and that orders changes of one millisecond: later ones come first.
    pub(crate) fn audit_id(&self) -> [u8; 16] {
        let mut id = self.random_id();
        let number = self.audited.fetch_add(1, Ordering::Relaxed);
        id[..8].copy_from_slice(&(!number).to_be_bytes());
        id
    }

    /// Sixteen bytes nobody has had before.
    pub(crate) fn random_id(&self) -> [u8; 16] {
        self.entropy.bytes()
    }

    /// The tries of a commit to one key.
    pub(crate) fn tries<'a>(&'a self, bucket: BucketId, key: &'a ObjectKey) -> Tries<'a> {
        Tries { locks: &self.locks, bucket, key, begun: 0, turn: None }
    }
}

/// Tries of a commit, until no other writer was faster. From the second on, writers of one key of this process
/// take turns, so that a crowd does not keep conflicting with itself.
pub(crate) struct Tries<'a> {
    locks: &'a RowLocks,
    bucket: BucketId,
    key: &'a ObjectKey,
    begun: usize,
    turn: Option<MutexGuard<'a, ()>>,
}

impl Tries<'_> {
    /// Begins the next try.
    ///
    /// # Errors
    /// `TooMuchConcurrency` when writers of other gateways were faster every time.
    pub(crate) async fn begin(&mut self) -> Result<(), OperationError> {
        match self.begun {
            0 => {}
            1 => self.turn = Some(self.locks.lock(self.bucket, self.key).await),
            COMMIT_ATTEMPTS => return Err(ErrorCode::TooMuchConcurrency.into()),
            _ => {}
        }
        self.begun += 1;
        Ok(())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}
