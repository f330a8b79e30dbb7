//! What a lifecycle rule costs among ever more objects, over the metadata engine alone: noting when they are due, which
//! happens once for each setting of the rules, and a look that finds nothing due, which happens for ever after.

use crate::outcome::{Doing, Outcome};
use crate::report::{Figure, Target};
use crate::scale::count_in_words;
use crate::session::Session;
use bytes::Bytes;
use environment::SystemEntropy;
use keyring::{RootKey, RowSealer, SealedDataKey, WrappedKey};
use metadata::buckets::FoundBucket;
use metadata::engine::{Answer, Commit, Engine, Outcome as Commitment, Scan, Step, Table, Visitor};
use metadata::objects::{BodySource, NewObject};
use metadata::rocks::{RocksEngine, RocksSettings};
use metadata::rows::{BucketRow, LifecycleMark, LifecycleStage, ObjectBody, ObjectRow};
use metadata::{Metadata, MetadataError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;
use types::{
    AccountId, BlobId, BucketName, ETag, HttpMetadata, Jurisdiction, Lifecycle, LifecycleRule, LifecycleTime, Md5,
    ObjectKey, StorageClass, Timestamp, UserMetadata,
};

const NAME: &str = "lifecycle";
const ACCOUNT: AccountId = AccountId([1; 16]);
/// Objects written at once: they share the syncs of their commits.
const PUTS_AT_ONCE: usize = 512;
/// Looks whose mean counts.
const LOOKS: u32 = 1000;
/// Rows that a look which finds nothing may read: the first wake, and the first thing due in a bucket.
const ROWS_OF_A_LOOK: f64 = 2.0;

pub(super) async fn run(session: &mut Session) -> Outcome {
    for objects in session.scale.list_keys.clone() {
        let name = format!("{NAME} {}", count_in_words(objects));
        if !session.wants(&name) {
            continue;
        }
        let data = session.data(NAME);
        let rocks = Arc::new(RocksEngine::open(&data, RocksSettings::default()).doing("open the engine")?);
        let engine = Arc::new(Counting { inner: Arc::clone(&rocks), visited: Arc::default() });
        let root = RootKey::from_bytes([7; 32]);
        let sealer = RowSealer::new(&root, "bench rows", &SystemEntropy::new());
        let metadata = Metadata::new(engine.clone(), sealer).with_row_cache();
        measure(session, &name, &metadata, &engine, objects).await?;
        drop((metadata, engine));
        rocks.close().await;
        std::fs::remove_dir_all(&data).doing("remove the files of the engine")?;
    }
    Ok(())
}

async fn measure(session: &mut Session, name: &str, metadata: &Metadata, engine: &Counting, objects: usize) -> Outcome {
    let bucket = make_bucket(metadata).await.doing("make a bucket")?;
    fill(metadata, &bucket, objects).await?;
    set_rule(metadata, &bucket).await.doing("set a rule")?;
    let bucket = find(metadata).await.doing("find the bucket")?;
    let started = Instant::now();
    note(metadata, &bucket).await.doing("note what is due")?;
    let rate = objects as f64 / started.elapsed().as_secs_f64();
    session.add_figure(Figure::new(format!("{name}: objects noted after rules were set"), rate, " a second"));

    let (seen, started) = (engine.visited.load(Ordering::Relaxed), Instant::now());
    for _ in 0..LOOKS {
        let due = metadata.due(&bucket, Timestamp(1), None, 1).await.doing("look for what is due")?;
        let next = (metadata.first_wake().await, metadata.next_due(&bucket).await);
        if !due.is_empty() || next.1.doing("look for what is due next")?.is_none() {
            return Err("a look found what is not there".to_owned());
        }
        next.0.map(drop).doing("look for the first wake")?;
    }
    let time = started.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKS);
    let rows = (engine.visited.load(Ordering::Relaxed) - seen) as f64 / f64::from(LOOKS);
    session.add_figure(Figure::new(format!("{name}: a look that finds nothing due"), time, " us"));
    let rows = Figure::new(format!("{name}: rows read by it"), rows, "").target(Target::AtMost(ROWS_OF_A_LOOK));
    session.add_figure(rows);
    Ok(())
}

fn bucket_name() -> Result<BucketName, MetadataError> {
    BucketName::parse(NAME).map_err(|_| MetadataError::Missing { row: "bucket" })
}

async fn find(metadata: &Metadata) -> Result<FoundBucket, MetadataError> {
    let found = metadata.bucket(ACCOUNT, Jurisdiction::Default, &bucket_name()?).await?;
    found.ok_or(MetadataError::Missing { row: "bucket" })
}

async fn make_bucket(metadata: &Metadata) -> Result<FoundBucket, MetadataError> {
    let vacancy = metadata.vacancy(ACCOUNT, Jurisdiction::Default, &bucket_name()?).await?;
    let row = BucketRow {
        id: vacancy.id(),
        created: Timestamp(0),
        location: None,
        default_class: StorageClass::Standard,
        key: WrappedKey([0; 60]),
        lock: None,
        lifecycle: LifecycleMark::default(),
    };
    let _nobody_else_makes_buckets = metadata.create_bucket(&vacancy, &row).await?;
    find(metadata).await
}

async fn set_rule(metadata: &Metadata, bucket: &FoundBucket) -> Result<(), MetadataError> {
    let rule = LifecycleRule { enabled: true, expiration: Some(LifecycleTime::days(90)), ..LifecycleRule::default() };
    let lifecycle = Lifecycle::new(vec![rule]).map_err(|_| MetadataError::Missing { row: "lifecycle" })?;
    let _nobody_else_changes_it = metadata.put_lifecycle(bucket, &lifecycle, Timestamp(0)).await?;
    Ok(())
}

/// Goes on until everything is noted.
async fn note(metadata: &Metadata, bucket: &FoundBucket) -> Result<(), MetadataError> {
    loop {
        let Some(progress) = metadata.progress(bucket.id()).await? else { return Ok(()) };
        if progress.row.stage == LifecycleStage::Settled {
            return Ok(());
        }
        let _nobody_else_does_it = metadata.index_lifecycle(bucket, &progress).await?;
    }
}

async fn fill(metadata: &Metadata, bucket: &FoundBucket, objects: usize) -> Outcome {
    let mut puts = JoinSet::new();
    for number in 0..objects {
        if puts.len() == PUTS_AT_ONCE {
            joined(puts.join_next().await)?;
        }
        let (metadata, bucket) = (metadata.clone(), bucket.clone());
        puts.spawn(async move { put(&metadata, &bucket, number).await });
    }
    while let Some(put) = puts.join_next().await {
        joined(Some(put))?;
    }
    Ok(())
}

fn joined(put: Option<Result<Outcome, tokio::task::JoinError>>) -> Outcome {
    put.map_or(Ok(()), |put| put.doing("fill the engine")?)
}

async fn put(metadata: &Metadata, bucket: &FoundBucket, number: usize) -> Outcome {
    let key = ObjectKey::parse(&format!("a-directory/another/{number:012}")).doing("name an object")?;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let row = ObjectRow {
        key_as_sent: None,
        size: 1,
        etag: ETag::Whole(Md5(id)),
        modified: Timestamp(number as u64),
        version: id,
        http: HttpMetadata::default(),
        user: UserMetadata::default(),
        class: StorageClass::Standard,
        class_since: None,
        checksum: None,
        key: SealedDataKey { wrapped: WrappedKey([0; 60]), customer: None },
        body: ObjectBody::Inline(BlobId(id)),
    };
    let source = BodySource::Payload(Bytes::from_static(b"x"));
    let new = NewObject { bucket, key: &key, replaces: None, row: &row, source };
    match metadata.put_object(&new, row.modified).await.doing("write an object")? {
        Commitment::Committed => Ok(()),
        Commitment::Conflict => Err("objects of different keys conflict".to_owned()),
    }
}

/// An engine that counts the rows its scans show.
struct Counting {
    inner: Arc<RocksEngine>,
    visited: Arc<AtomicU64>,
}

struct CountingVisitor {
    inner: Box<dyn Visitor>,
    visited: Arc<AtomicU64>,
}

impl Visitor for CountingVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        self.visited.fetch_add(1, Ordering::Relaxed);
        self.inner.visit(key, value)
    }
}

impl Engine for Counting {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Bytes>> {
        self.inner.get(table, key)
    }

    fn scan(&self, scan: Scan, visitor: Box<dyn Visitor>) -> Answer<'_, ()> {
        self.inner.scan(scan, Box::new(CountingVisitor { inner: visitor, visited: Arc::clone(&self.visited) }))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Commitment> {
        self.inner.commit(commit)
    }
}
