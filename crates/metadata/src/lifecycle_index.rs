//! After lifecycle rules were set: what the rules before had noted as due is cleared away, and what was there before is
//! noted anew, a batch with each commit. Where it is stands in the bucket's progress, so that it goes on after any
//! stop.
//!
//! Whatever is written meanwhile is noted by its own commit. A row that is noted here although its object has just gone
//! does no harm: see `due`.

use crate::buckets::FoundBucket;
use crate::engine::{Outcome, Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::{DueRow, LifecycleProgressRow, LifecycleStage, ObjectRow, UploadRow};
use crate::service::{Change, Metadata, MetadataError, Stored, open_row};
use keyring::RowSealer;
use std::sync::Arc;
use types::{BucketId, LifecyclePlan};

/// Rows that one commit is made of.
const ROWS_PER_COMMIT: usize = 500;

/// What one step came to.
#[derive(Debug)]
pub struct Indexed {
    /// [`Outcome::Conflict`]: the bucket, its rules or its progress are no longer as they were found.
    pub outcome: Outcome,
    /// Why a row could not be read. The others are done.
    pub failure: Option<MetadataError>,
}

impl Metadata {
    /// How far the lifecycle of a bucket is. None: nobody ever looked after it.
    pub async fn progress(&self, bucket: BucketId) -> Result<Option<Stored<LifecycleProgressRow>>, MetadataError> {
        self.read(&keys::lifecycle_progress(bucket)).await
    }

    /// Does a bounded part of what is left to do since the rules of a bucket were set.
    pub async fn index_lifecycle(
        &self,
        bucket: &FoundBucket,
        progress: &Stored<LifecycleProgressRow>,
    ) -> Result<Indexed, MetadataError> {
        let Some(plan) = self.upload_plan(bucket).await? else {
            return Ok(Indexed { outcome: Outcome::Conflict, failure: None });
        };
        let key = keys::lifecycle_progress(bucket.id());
        let mut change = self.change();
        bucket.expect(&mut change);
        change.expect(key.clone(), progress);
        let mut failure = None;
        let stage = match &progress.row.stage {
            LifecycleStage::Settled => LifecycleStage::Settled,
            LifecycleStage::Clearing => self.clear(&mut change, bucket, &plan).await?,
            LifecycleStage::Objects(after) => {
                self.index_objects(&mut change, bucket, &plan, after, &mut failure).await?
            }
            LifecycleStage::Uploads(after) => {
                self.index_uploads(&mut change, bucket, &plan, after, &mut failure).await?
            }
        };
        change.put(key, &LifecycleProgressRow { stage, ..progress.row.clone() });
        Ok(Indexed { outcome: change.commit().await?, failure })
    }

    async fn clear(
        &self,
        change: &mut Change<'_>,
        bucket: &FoundBucket,
        plan: &LifecyclePlan,
    ) -> Result<LifecycleStage, MetadataError> {
        let (id, generation) = (bucket.id(), bucket.generation());
        let before = self.keys_from(keys::due_in(id), Some(keys::due_by(id, generation)), ROWS_PER_COMMIT).await?;
        let more = before.len() == ROWS_PER_COMMIT;
        before.into_iter().for_each(|key| change.delete(key));
        Ok(match more {
            true => LifecycleStage::Clearing,
            false if plan.acts_on_objects() => LifecycleStage::Objects(String::new()),
            false => uploads_from_the_first(plan),
        })
    }

    /// Only the objects that some rule is about are looked at.
    async fn index_objects(
        &self,
        change: &mut Change<'_>,
        bucket: &FoundBucket,
        plan: &Arc<LifecyclePlan>,
        after: &str,
        failure: &mut Option<MetadataError>,
    ) -> Result<LifecycleStage, MetadataError> {
        let mut left = ROWS_PER_COMMIT;
        let prefixes: Vec<String> =
            plan.object_prefixes().filter(|prefix| is_ahead(prefix, after)).map(str::to_owned).collect();
        for prefix in prefixes {
            let all = keys::object(bucket.id(), &prefix);
            let begun = after.starts_with(&prefix) && !after.is_empty();
            let start = if begun { keys::just_after(&keys::object(bucket.id(), after)) } else { all.clone() };
            let scan = Scan { table: Table::Rows, start, end: keys::after_prefix(&all), backwards: false };
            let visitor = ObjectVisitor { bucket: bucket.clone(), sealer: self.sealer(), batch: Batch::new(left) };
            let batch = scan_with(self.engine(), scan, visitor).await?.batch;
            let seen = batch.seen;
            let last = batch.finish(change, failure);
            left = left.saturating_sub(seen);
            if let (0, Some(last)) = (left, last) {
                return Ok(LifecycleStage::Objects(String::from_utf8_lossy(&last).into_owned()));
            }
        }
        Ok(uploads_from_the_first(plan))
    }

    async fn index_uploads(
        &self,
        change: &mut Change<'_>,
        bucket: &FoundBucket,
        plan: &Arc<LifecyclePlan>,
        after: &[u8],
        failure: &mut Option<MetadataError>,
    ) -> Result<LifecycleStage, MetadataError> {
        let all = keys::uploads(bucket.id());
        let end = keys::after_prefix(&all);
        let start = if after.is_empty() { all } else { keys::just_after(&[all.as_slice(), after].concat()) };
        let (plan, sealer, batch) = (Arc::clone(plan), self.sealer(), Batch::new(ROWS_PER_COMMIT));
        let visitor = UploadVisitor { bucket: bucket.clone(), plan, sealer, batch };
        let batch =
            scan_with(self.engine(), Scan { table: Table::Rows, start, end, backwards: false }, visitor).await?.batch;
        let full = batch.seen == ROWS_PER_COMMIT;
        Ok(match batch.finish(change, failure).filter(|_| full) {
            Some(last) => LifecycleStage::Uploads(last),
            None => LifecycleStage::Settled,
        })
    }
}

fn uploads_from_the_first(plan: &LifecyclePlan) -> LifecycleStage {
    if plan.acts_on_uploads() { LifecycleStage::Uploads(Vec::new()) } else { LifecycleStage::Settled }
}

/// Whether keys that begin with `prefix` come after `after`, or some may.
fn is_ahead(prefix: &str, after: &str) -> bool {
    prefix > after || after.starts_with(prefix)
}

/// What a scan over some rows found.
struct Batch {
    limit: usize,
    seen: usize,
    /// What the key of the last one ends with, after the bucket.
    last: Vec<u8>,
    /// Where they are to be noted.
    due: Vec<Vec<u8>>,
    failure: Option<MetadataError>,
}

impl Batch {
    fn new(limit: usize) -> Self {
        Self { limit, seen: 0, last: Vec::new(), due: Vec::new(), failure: None }
    }

    /// A row that cannot be read keeps none behind it from being noted.
    fn take(&mut self, tail: &[u8], due: Result<Option<Vec<u8>>, MetadataError>) -> Step {
        self.seen += 1;
        match due {
            Ok(due) => self.due.extend(due),
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
        if self.seen < self.limit {
            return Step::Next;
        }
        self.last = tail.to_vec();
        Step::Stop
    }

    /// Notes what was found. Answers with the last row, if there may be more after it.
    fn finish(self, change: &mut Change<'_>, failure: &mut Option<MetadataError>) -> Option<Vec<u8>> {
        self.due.into_iter().for_each(|key| change.put(key, &DueRow));
        if let Some(error) = self.failure {
            failure.get_or_insert(error);
        }
        (!self.last.is_empty()).then_some(self.last)
    }
}

struct ObjectVisitor {
    bucket: FoundBucket,
    sealer: Arc<RowSealer>,
    batch: Batch,
}

impl Visitor for ObjectVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        let tail = key.get(keys::objects(self.bucket.id()).len()..).unwrap_or_default();
        let identity = std::str::from_utf8(tail).map_err(|_| MetadataError::Missing { row: "key of an object" });
        let due = identity.and_then(|identity| {
            let row = open_row::<ObjectRow>(&self.sealer, key, value)?;
            Ok(self.bucket.due_key(identity, &row))
        });
        self.batch.take(tail, due)
    }
}

struct UploadVisitor {
    bucket: FoundBucket,
    plan: Arc<LifecyclePlan>,
    sealer: Arc<RowSealer>,
    batch: Batch,
}

impl Visitor for UploadVisitor {
    fn visit(&mut self, key: &[u8], value: &[u8]) -> Step {
        let tail = key.get(keys::uploads(self.bucket.id()).len()..).unwrap_or_default();
        let identity = keys::split_text(tail).ok_or(MetadataError::Missing { row: "key of an upload" });
        let due = identity.and_then(|(identity, _)| {
            let row = open_row::<UploadRow>(&self.sealer, key, value)?;
            Ok(self.plan.abort(&identity, row.created).map(|at| self.bucket.due_key_of_upload(at, tail)))
        });
        self.batch.take(tail, due)
    }
}

#[cfg(test)]
pub(crate) mod tests;
