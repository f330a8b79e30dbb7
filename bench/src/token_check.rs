//! What it costs to find out whose token a request has, and whether it may do what it asks: the very calls of the
//! faces, on a store in this process with as many tokens as it may have in memory. Signatures are not part of it.

use crate::outcome::{Doing, Outcome};
use crate::process_stats::ProcessStats;
use blobs::{BlobSettings, LocalBlobs};
use environment::{Clock, Entropy, LocalDisk, SystemClock, SystemEntropy};
use keyring::{RootKey, RowSealer};
use metadata::Metadata;
use metadata::rocks::{RocksEngine, RocksSettings};
use operations::custom_domains::OwnNames;
use operations::store::{StoreLimits, StoreParts};
use operations::tokens::TokenContent;
use operations::{Action, Caller, Store, TokenOwner};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::{
    AccessKeyId, AddressCondition, BucketName, Effect, ObjectKey, PermissionGroup, Policy, PolicyResource, Resource,
};

/// Tokens made at once: they share syncs.
const TOKENS_AT_ONCE: usize = 64;

/// Mean CPU times of one check.
pub(crate) struct CheckTimes {
    /// Of an access key, before its signature is verified, with the question whether it may read an object.
    pub(crate) key: Duration,
    /// Of a bearer's value, with the same question.
    pub(crate) bearer: Duration,
}

/// Checks `tokens` tokens in turn for `time`, after each was checked once.
pub(crate) async fn measure(data: &Path, tokens: usize, time: Duration) -> Outcome<CheckTimes> {
    let store = open(data).await?;
    let made = make_tokens(&store, tokens).await?;
    let (bucket, key) =
        (BucketName::parse("bucket").doing("name a bucket")?, ObjectKey::parse("key").doing("name a key")?);
    let resource = Resource::Object(&bucket, &key);
    for (id, value) in &made {
        check_key(&store, *id, resource).await?;
        check_bearer(&store, value, resource).await?;
    }
    let (mut checks, begun) = (0, Begun::now()?);
    while checks == 0 || begun.at.elapsed() < time {
        for (id, _) in &made {
            check_key(&store, *id, resource).await?;
        }
        checks += made.len();
    }
    let key = begun.mean(checks)?;
    let (mut checks, begun) = (0, Begun::now()?);
    while checks == 0 || begun.at.elapsed() < time {
        for (_, value) in &made {
            check_bearer(&store, value, resource).await?;
        }
        checks += made.len();
    }
    Ok(CheckTimes { key, bearer: begun.mean(checks)? })
}

/// When something was begun, and the CPU time that this process had used by then: others may have the machine
/// meanwhile.
struct Begun {
    at: Instant,
    cpu: Duration,
}

impl Begun {
    fn now() -> Outcome<Self> {
        Ok(Self { at: Instant::now(), cpu: ProcessStats::own().cpu_time()? })
    }

    /// CPU time of one of so many.
    fn mean(&self, count: usize) -> Outcome<Duration> {
        let used = ProcessStats::own().cpu_time()?.saturating_sub(self.cpu);
        Ok(used.div_f64(count.max(1) as f64))
    }
}

async fn check_key(store: &Store, id: AccessKeyId, resource: Resource<'_>) -> Outcome {
    let credential = store.credential(id).await.doing("find a token")?;
    credential.check_address(IpAddr::V4(Ipv4Addr::LOCALHOST)).doing("check an address")?;
    store.note_use(&credential.caller);
    credential.caller.authorize(Action::GetObject, resource).doing("authorise")
}

async fn check_bearer(store: &Store, value: &str, resource: Resource<'_>) -> Outcome {
    let caller = store.bearer(value, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.doing("find a bearer")?;
    caller.authorize(Action::GetObject, resource).doing("authorise")
}

/// A store as the server puts it together.
async fn open(data: &Path) -> Outcome<Store> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
        (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    let disk = Arc::new(LocalDisk::open(data).doing("open a directory")?);
    let root = RootKey::from_bytes(entropy.bytes());
    let engine =
        Arc::new(RocksEngine::open(&data.join("metadata"), RocksSettings::default()).doing("open the engine")?);
    let metadata = Metadata::new(engine, RowSealer::new(&root, "cairn seal rows 1", &*entropy)).with_row_cache();
    let epoch = metadata.begin_epoch(clock.now()).await.doing("begin an epoch")?;
    let settings = BlobSettings { reserve_bytes: 0 };
    let blobs = Arc::new(LocalBlobs::new(disk, Arc::clone(&clock), &*entropy, settings, epoch));
    let (limits, own_names) = (StoreLimits::default(), OwnNames::default());
    Ok(Store::new(StoreParts {
        metadata,
        blobs,
        payload_cache_bytes: 0,
        root,
        clock,
        entropy,
        limits,
        own_names,
        public_copies: None,
    }))
}

/// Ids and values of new tokens that may read all buckets.
async fn make_tokens(store: &Store, count: usize) -> Outcome<Vec<(AccessKeyId, String)>> {
    let access = store.root_access().await.doing("make the root token")?;
    let root = store.credential(access.access_key).await.doing("find the root token")?.caller;
    let mut made = Vec::with_capacity(count);
    while made.len() < count {
        let batch = (made.len()..count.min(made.len() + TOKENS_AT_ONCE)).map(|_| make_token(store, &root));
        for token in futures_util::future::join_all(batch).await {
            made.push(token?);
        }
    }
    Ok(made)
}

async fn make_token(store: &Store, root: &Caller) -> Outcome<(AccessKeyId, String)> {
    let (id, effect, groups) = ([0; 16], Effect::Allow, vec![PermissionGroup::R2StorageRead]);
    let content = TokenContent {
        name: "a token".to_owned(),
        disabled: None,
        policies: vec![Policy { id, effect, groups, resources: vec![PolicyResource::AllBuckets] }],
        addresses: AddressCondition::default(),
        not_before: None,
        expires: None,
    };
    let made = store.create_token(root, TokenOwner::Account, content).await.doing("make a token")?;
    Ok((made.token.id, made.value))
}
