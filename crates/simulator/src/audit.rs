//! The books: once garbage is collected, rows, files and sums are exactly those that what is seen needs.

use crate::operation::ObjectName;
use crate::{Process, observe};
use metadata::engine::Table;
use metadata::keys;
use metadata::rows::{BucketCounters, MANIFEST_PAGE_PARTS, ObjectBody};
use operations::usage::UploadedSums;
use operations::{ObjectRow, PartRow, UploadRow};
use std::collections::{BTreeMap, BTreeSet};
use types::limits::CHUNK_BYTES;
use types::{BlobId, BucketId, BucketName, LifecyclePlan, OperationError, UploadId};

/// What a sealed chunk has more than a plain one.
const TAG_BYTES: u64 = 16;

/// First bytes of the keys of rows that only exist for others.
const DEPENDENT_ROWS: &[u8] = b"EGJMOPRU";

/// What the keys of the sums of an upload begin with, in the table of counters.
const SUMS_OF_UPLOADS: &[u8] = b"\xffU";

/// What there must be.
#[derive(Debug, Default)]
struct Books {
    rows: BTreeSet<Vec<u8>>,
    payloads: BTreeSet<Vec<u8>>,
    /// Keys of sums of uploads.
    sums: BTreeSet<Vec<u8>>,
    /// Names and lengths.
    files: BTreeMap<String, u64>,
    /// How many objects have a body.
    shares: BTreeMap<BlobId, usize>,
}

/// When the objects and uploads of a bucket are due.
struct Due {
    plan: LifecyclePlan,
    generation: u64,
}

impl Due {
    async fn of(process: &Process, bucket: &BucketName, generation: u64) -> Result<Self, OperationError> {
        let lifecycle = process.store.bucket_lifecycle(&process.caller, bucket).await?;
        Ok(Self { plan: LifecyclePlan::new(&lifecycle), generation })
    }

    fn object(&self, bucket: BucketId, key: &str, row: &ObjectRow) -> Option<Vec<u8>> {
        let next = self.plan.next(key, row.modified, row.class)?;
        Some(keys::due(bucket, self.generation, next.at, 0, key.as_bytes()))
    }

    fn upload(&self, bucket: BucketId, id: UploadId, row: &UploadRow) -> Option<Vec<u8>> {
        let at = self.plan.abort(&row.key_as_sent, row.created)?;
        let row_key = keys::upload(bucket, &row.key_as_sent, id);
        Some(keys::due(bucket, self.generation, at, 1, &row_key[keys::uploads(bucket).len()..]))
    }
}

/// Looks for files that no row names, and collects garbage until there is none.
///
/// # Errors
/// Those of the operations.
pub async fn clean(process: &Process) -> Result<(), OperationError> {
    for epoch in process.store.unswept_epochs().await? {
        process.store.sweep_epoch(epoch).await?;
    }
    collect_all(process).await
}

/// Collects garbage until there is none. What becomes garbage in a round may wait for the next.
///
/// # Errors
/// Those of the operation.
pub async fn collect_all(process: &Process) -> Result<(), OperationError> {
    while process.store.collect_garbage().await?.pieces > 0 {}
    Ok(())
}

/// Compares what there is with what there must be. Nothing may be garbage any more.
///
/// # Errors
/// Those of the operations.
/// # Panics
/// If something is missing, left over, or counted wrongly.
pub async fn audit(process: &Process, when: &str) -> Result<(), OperationError> {
    let mut books = Books::default();
    for bucket in observe::buckets(process).await? {
        let (name, id) = (bucket.name.as_str(), bucket.row.id);
        let due = Due::of(process, &bucket.name, bucket.row.lifecycle.generation).await?;
        let mut sums = BucketCounters::default();
        for object in observe::objects(process, name).await? {
            sums = sums.plus(BucketCounters::of_object(&object.key, &object.row));
            books.rows.insert(keys::object(id, &object.key));
            books.rows.extend(due.object(id, &object.key, &object.row));
            books.enter_object(process, &object.row).await?;
        }
        let uploaded = books.enter_uploads(process, name, id, &due).await?;
        sums.uploads += uploaded.uploads;
        let counted = process.metadata.uploaded_counters(id).await?.standard;
        assert_eq!(counted, uploaded, "{when}: the sums of uploads of {name}");
        let counted = process.store.bucket_usage(&process.caller, &bucket.name).await?;
        assert_eq!(counted, sums, "{when}: the sums of {name}");
    }
    books.compare(process, when);
    Ok(())
}

impl Books {
    async fn enter_object(&mut self, process: &Process, row: &ObjectRow) -> Result<(), OperationError> {
        let id = row.body.id();
        *self.shares.entry(id).or_default() += 1;
        match row.body {
            ObjectBody::Inline(id) => self.enter_payload(id),
            ObjectBody::Blob(id) => self.enter_file(id, row.size),
            ObjectBody::Parts { manifest, count, .. } => {
                for page in 0..usize::from(count).div_ceil(MANIFEST_PAGE_PARTS) {
                    self.rows.insert(keys::manifest(manifest, page as u32));
                    let parts = process.metadata.manifest_page(manifest, page).await?.parts;
                    parts.iter().for_each(|part| self.enter_part(part));
                }
            }
        }
        Ok(())
    }

    /// What they hold.
    async fn enter_uploads(
        &mut self,
        process: &Process,
        name: &str,
        id: BucketId,
        due: &Due,
    ) -> Result<UploadedSums, OperationError> {
        let uploads = observe::uploads(process, name).await?;
        let mut sums = UploadedSums::default();
        for (upload, row) in &uploads {
            let at = ObjectName::new(name, &row.key_as_sent);
            self.rows.insert(keys::upload(id, &row.key_as_sent, *upload));
            self.rows.extend(due.upload(id, *upload, row));
            self.sums.insert(keys::upload_counters(*upload));
            sums.uploads += 1;
            sums.metadata_bytes += (row.key_as_sent.len() + row.http.bytes() + row.user.bytes()) as i64;
            for (number, part) in observe::parts(process, &at, *upload).await? {
                self.rows.insert(keys::part(*upload, number));
                self.enter_part(&part);
                sums.bytes += part.size as i64;
            }
        }
        Ok(sums)
    }

    fn enter_part(&mut self, part: &PartRow) {
        if part.inline { self.enter_payload(part.blob) } else { self.enter_file(part.blob, part.size) }
    }

    fn enter_payload(&mut self, id: BlobId) {
        self.payloads.insert(keys::payload(id));
    }

    fn enter_file(&mut self, id: BlobId, size: u64) {
        self.rows.insert(keys::references(id));
        let length = size + size.div_ceil(CHUNK_BYTES as u64).max(1) * TAG_BYTES;
        self.files.insert(id.to_string(), length);
    }

    fn compare(mut self, process: &Process, when: &str) {
        let rows = process.engine.keys(Table::Rows);
        let mut rows: BTreeSet<_> = rows.into_iter().filter(|key| DEPENDENT_ROWS.contains(&key[0])).collect();
        for (id, shares) in &self.shares {
            // Bytes that were shared once may keep their row.
            let key = keys::references(*id);
            if *shares > 1 || rows.contains(&key) {
                self.rows.insert(key);
            }
        }
        let epochs = rows.extract_if(.., |key| key[0] == b'E').count();
        assert_eq!(epochs, 1, "{when}: only this process may still have files that no row names");
        assert_same(&rows, &self.rows, when, "row");
        let payloads = process.engine.keys(Table::Payloads).into_iter().collect();
        assert_same(&payloads, &self.payloads, when, "payload");
        let sums = process.engine.keys(Table::Counters).into_iter().filter(|key| key.starts_with(SUMS_OF_UPLOADS));
        assert_same(&sums.collect(), &self.sums, when, "sum");
        let name = |path: String| path.rsplit('/').next().map(str::to_owned).unwrap_or_default();
        let files = process.disk.files_below("blobs/").into_iter().map(|(path, length)| (name(path), length));
        assert_eq!(files.collect::<BTreeMap<_, _>>(), self.files, "{when}: files found, files referred to");
    }
}

fn assert_same(found: &BTreeSet<Vec<u8>>, needed: &BTreeSet<Vec<u8>>, when: &str, what: &str) {
    let text = |keys: Vec<&Vec<u8>>| keys.into_iter().map(|key| key.escape_ascii().to_string()).collect::<Vec<_>>();
    let (missing, left) = (text(needed.difference(found).collect()), text(found.difference(needed).collect()));
    assert!(missing.is_empty() && left.is_empty(), "{when}: {what}s missing: {missing:?}; left over: {left:?}");
}
