//! What is due: one row for each object and upload that a lifecycle rule will act on, ordered by when. It is written in
//! the commit that makes the object visible or begins the upload, and goes in the one that ends it.
//!
//! The rows of a bucket lie below the number of the setting of its rules, so that new rules begin anew. A row says no
//! more than "look at this then": one too many does no harm, one too few would. Hence whoever writes an object or
//! begins an upload expects the bucket to be as it was found, and with it the rules.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::row_cache::Lookup;
use crate::rows::{BucketRow, DueRow, LifecycleRow, LifecycleWakeRow, ObjectRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use types::{BucketId, Expiration, Lifecycle, LifecyclePlan, ObjectKey, Timestamp, UploadId};

/// The kinds of what is due, as keys tell them. Frozen.
const OBJECT: u8 = 0;
const UPLOAD: u8 = 1;

/// Wakes for uploads are rounded up to this many milliseconds, so that many uploads share one.
const WAKE_GRID: u64 = 60_000;

/// How often rules are looked for that belong to their bucket as it is now.
const PLAN_ATTEMPTS: usize = 10;

/// The rules of buckets whose rules nobody has set.
static OF_NEW_BUCKET: LazyLock<Arc<LifecyclePlan>> =
    LazyLock::new(|| Arc::new(LifecyclePlan::new(&Lifecycle::of_new_bucket())));

/// Something that is due, as found.
#[derive(Clone, Debug)]
pub struct FoundDue {
    key: Vec<u8>,
    stored: Stored<DueRow>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub subject: DueSubject,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueSubject {
    /// An object, by its key.
    Object(ObjectKey),
    /// An upload.
    Upload {
        /// Its key.
        key: ObjectKey,
        /// Its id.
        id: UploadId,
    },
}

impl FoundDue {
    /// It must still be as it was found, and goes.
    pub(crate) fn end(&self, change: &mut Change<'_>) {
        change.expect(self.key.clone(), &self.stored);
        change.delete(self.key.clone());
    }
}

impl FoundBucket {
    /// When an object of this bucket will be removed by a rule, if one will.
    pub fn expiration(&self, key: &ObjectKey, written: Timestamp) -> Option<Box<Expiration>> {
        self.plan()?.expiration(key.identity(), written).map(Box::new)
    }

    /// Where an object is noted as due, if it ever is.
    pub(crate) fn due_key(&self, identity: &str, row: &ObjectRow) -> Option<Vec<u8>> {
        let next = self.plan()?.next(identity, row.modified, row.class)?;
        Some(keys::due(self.id(), self.generation(), next.at, OBJECT, identity.as_bytes()))
    }

    /// Where an upload is noted as due; `tail` is what its row's key ends with, after the bucket.
    pub(crate) fn due_key_of_upload(&self, at: Timestamp, tail: &[u8]) -> Vec<u8> {
        keys::due(self.id(), self.generation(), at, UPLOAD, tail)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.stored.row.lifecycle.generation
    }
}

/// Notes when an object is due, if it ever is.
pub(crate) fn note_object(change: &mut Change<'_>, bucket: &FoundBucket, identity: &str, row: &ObjectRow) {
    if let Some(key) = bucket.due_key(identity, row) {
        change.put(key, &DueRow);
    }
}

/// Forgets when an object is due.
pub(crate) fn forget_object(change: &mut Change<'_>, bucket: &FoundBucket, identity: &str, row: &ObjectRow) {
    if let Some(key) = bucket.due_key(identity, row) {
        change.delete(key);
    }
}

/// An upload as what is due names it.
pub(crate) struct UploadPlace<'a> {
    /// What the key of its row ends with, after the bucket.
    pub(crate) tail: &'a [u8],
    pub(crate) identity: &'a str,
    pub(crate) begun: Timestamp,
}

/// Notes when an upload is due, and sees to it that somebody looks after the bucket then.
pub(crate) fn note_upload(
    change: &mut Change<'_>,
    bucket: &FoundBucket,
    plan: &LifecyclePlan,
    upload: &UploadPlace<'_>,
) {
    let Some(at) = plan.abort(upload.identity, upload.begun) else { return };
    change.put(bucket.due_key_of_upload(at, upload.tail), &DueRow);
    let wake = Timestamp(at.0.div_ceil(WAKE_GRID).saturating_mul(WAKE_GRID));
    change.put(keys::lifecycle_wake(wake, bucket.id()), &wake_row(bucket));
}

/// Forgets when an upload is due.
pub(crate) fn forget_upload(
    change: &mut Change<'_>,
    bucket: &FoundBucket,
    plan: &LifecyclePlan,
    upload: &UploadPlace<'_>,
) {
    if let Some(at) = plan.abort(upload.identity, upload.begun) {
        change.delete(bucket.due_key_of_upload(at, upload.tail));
    }
}

/// The row of any wake of a bucket.
pub(crate) fn wake_row(bucket: &FoundBucket) -> LifecycleWakeRow {
    LifecycleWakeRow { account: bucket.account(), bucket: bucket.key().to_vec() }
}

impl Metadata {
    /// `bucket` with the rules that act on its objects, read if they are not kept in memory. `None`: it is gone.
    pub(crate) fn with_plan(
        &self,
        mut bucket: FoundBucket,
    ) -> Pin<Box<dyn Future<Output = Result<Option<FoundBucket>, MetadataError>> + Send + '_>> {
        // Boxed, so that requests to buckets without such rules carry none of its state.
        Box::pin(async move {
            for _ in 0..PLAN_ATTEMPTS {
                let mark = bucket.stored.row.lifecycle;
                if !mark.acts_on_objects {
                    return Ok(Some(bucket.planned(None)));
                }
                if let Some(plan) = self.plan(bucket.id(), mark.generation).await? {
                    return Ok(Some(bucket.planned(Some(plan))));
                }
                // The rules were set between two reads: look at the bucket again, past what is kept of it.
                let Some(stored) = self.read::<BucketRow>(bucket.key()).await? else { return Ok(None) };
                bucket.stored = Arc::new(stored);
            }
            Err(MetadataError::Missing { row: "lifecycle" })
        })
    }

    /// The rules for uploads into a bucket. `None`: others were set since it was found.
    pub async fn upload_plan(&self, bucket: &FoundBucket) -> Result<Option<Arc<LifecyclePlan>>, MetadataError> {
        match (bucket.generation(), bucket.shared_plan()) {
            (0, _) => Ok(Some(Arc::clone(&OF_NEW_BUCKET))),
            (_, Some(plan)) => Ok(Some(plan)),
            (generation, None) => self.plan(bucket.id(), generation).await,
        }
    }

    /// The rules of a bucket that were set as the so manieth, if they are those it has now.
    async fn plan(&self, bucket: BucketId, generation: u64) -> Result<Option<Arc<LifecyclePlan>>, MetadataError> {
        let key = keys::lifecycle(bucket);
        let lookup = self.kept().map(|caches| (caches, caches.lifecycles.get(&key)));
        if let Some((_, Lookup::Kept((number, plan)))) = &lookup
            && *number == generation
        {
            return Ok(Some(Arc::clone(plan)));
        }
        let Some(stored) = self.read::<LifecycleRow>(&key).await? else { return Ok(None) };
        let plan = Arc::new(LifecyclePlan::new(&stored.row.lifecycle));
        if let Some((caches, Lookup::Unknown(since))) = lookup {
            caches.lifecycles.keep(&key, &(stored.row.generation, Arc::clone(&plan)), since);
        }
        Ok((stored.row.generation == generation).then_some(plan))
    }

    /// Up to `limit` things that are due in a bucket at `now`, soonest first, after the thing `after`.
    pub async fn due(
        &self,
        bucket: &FoundBucket,
        now: Timestamp,
        after: Option<&FoundDue>,
        limit: usize,
    ) -> Result<Vec<FoundDue>, MetadataError> {
        let all = keys::due_by(bucket.id(), bucket.generation());
        let start = after.map_or_else(|| all.clone(), |after| keys::just_after(&after.key));
        let end = keys::due_at(bucket.id(), bucket.generation(), Timestamp(now.0.saturating_add(1)));
        let rows = self.read_range::<DueRow>(start, Some(end), limit).await?;
        let found = |(key, stored): (Vec<u8>, Stored<DueRow>)| {
            let (at, subject) = parse_due(key.get(all.len()..).unwrap_or_default())
                .ok_or(MetadataError::Missing { row: "subject of what is due" })?;
            Ok(FoundDue { key, stored, at, subject })
        };
        rows.into_iter().map(found).collect()
    }

    /// When something is due next in a bucket: the soonest that is noted.
    pub async fn next_due(&self, bucket: &FoundBucket) -> Result<Option<Timestamp>, MetadataError> {
        let all = keys::due_by(bucket.id(), bucket.generation());
        let first = self.keys_from(all.clone(), keys::after_prefix(&all), 1).await?;
        Ok(first.first().and_then(|key| at_of(key.get(all.len()..)?)).map(|(at, _)| at))
    }

    /// Notes something as due at another time, or never. [`Outcome::Conflict`]: it, or the bucket with its rules, is no
    /// longer as it was found.
    pub async fn put_off(
        &self,
        bucket: &FoundBucket,
        due: &FoundDue,
        until: Option<Timestamp>,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        due.end(&mut change);
        if let Some(at) = until {
            let tail = due.key.get(keys::due_at(bucket.id(), bucket.generation(), at).len()..).unwrap_or_default();
            let (kind, tail) = tail.split_first().ok_or(MetadataError::Missing { row: "subject of what is due" })?;
            change.put(keys::due(bucket.id(), bucket.generation(), at, *kind, tail), &DueRow);
        }
        Ok(change.commit().await?)
    }
}

fn at_of(rest: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (at, rest) = rest.split_first_chunk()?;
    Some((Timestamp(u64::from_be_bytes(*at)), rest))
}

/// Reads a key after bucket and generation.
fn parse_due(rest: &[u8]) -> Option<(Timestamp, DueSubject)> {
    let (at, rest) = at_of(rest)?;
    let subject = match rest.split_first()? {
        (&OBJECT, identity) => DueSubject::Object(ObjectKey::parse_bytes(identity).ok()?),
        (&UPLOAD, tail) => {
            let (identity, id) = keys::split_text(tail)?;
            DueSubject::Upload { key: ObjectKey::parse(&identity).ok()?, id: UploadId(id.try_into().ok()?) }
        }
        _ => return None,
    };
    Some((at, subject))
}

#[cfg(test)]
mod tests;
