//! Lifecycle rules in force: what is due is removed, moved to another class or aborted, bucket by bucket, a bounded
//! part of the work with each turn. Called by a loop in `background`. Source: R2 "Object lifecycles".
//!
//! What is due is noted (`metadata::due`), and when a bucket is to be looked after (`metadata::lifecycle_visit`): a
//! turn that finds nothing to do reads one row. All state is in rows, and each step is a commit of its own on the
//! condition that object, bucket and rules are as they were found. So a turn can be cut short anywhere, made twice, or
//! made by two gateways at once; what a client wrote meanwhile stays, and so does what a lock rule keeps.

use crate::store::Store;
use futures_util::{StreamExt, stream};
use metadata::buckets::FoundBucket;
use metadata::due::{DueSubject, FoundDue};
use metadata::lifecycle_visit::FoundWake;
use metadata::objects::Deletion;
use metadata::rows::{LifecycleProgressRow, LifecycleStage};
use metadata::{MetadataError, Outcome};
use types::{BucketId, LifecycleAction, ObjectKey, OperationError, Retained, Timestamp, UploadId};

/// What there was to do.
#[derive(Debug)]
pub enum LifecycleTurn {
    /// A bucket was looked after.
    Visit(LifecycleVisit),
    /// Nothing is to be done before this moment; `None`: for as long as nobody sets rules or begins an upload.
    Nothing(Option<Timestamp>),
}

/// What came of looking after a bucket.
#[derive(Debug)]
pub struct LifecycleVisit {
    /// Which.
    pub bucket: BucketId,
    /// Objects removed.
    pub expired: u64,
    /// Objects moved to another class.
    pub transitioned: u64,
    /// Uploads aborted.
    pub aborted: u64,
    /// Things noted as due that are so no longer, or that a lock rule keeps.
    pub put_off: u64,
    /// Things that somebody else changed meanwhile: the next visit looks at them again.
    pub changed: u64,
    /// The first failure. What it concerns is tried again; everything else is done.
    pub failure: Option<OperationError>,
    /// Whether it stopped for the sake of other buckets, and is to go on.
    pub unfinished: bool,
}

/// Things read in one go.
const BATCH: usize = 256;

/// Things acted on in one visit, and half the batches that note what is due: other buckets get their turn.
const ACTS_PER_VISIT: u64 = 4096;
const INDEX_STEPS_PER_VISIT: usize = 16;

/// Acts under way at once: they share the syncs of their commits, and leave room for clients.
const ACTS_AT_ONCE: usize = 32;

/// A bucket is looked after again no sooner than this, in milliseconds, unless its work is unfinished.
const PAUSE: u64 = 60_000;

/// A bucket with a rule whose date is past is looked after as often as this, in milliseconds: whatever is written into
/// it is due at once, and has a day.
const PAUSE_OF_PAST_DATES: u64 = 3_600_000;

/// What failed is tried again after this, in milliseconds.
const RETRY: u64 = 300_000;

/// What became of a thing that was due.
#[derive(Clone, Copy)]
enum Acted {
    Expired,
    Transitioned,
    Aborted,
    PutOff,
    Changed,
}

impl LifecycleVisit {
    fn new(bucket: BucketId) -> Self {
        Self {
            bucket,
            expired: 0,
            transitioned: 0,
            aborted: 0,
            put_off: 0,
            changed: 0,
            failure: None,
            unfinished: false,
        }
    }

    /// How many things were acted on.
    pub fn acts(&self) -> u64 {
        self.expired + self.transitioned + self.aborted + self.put_off
    }

    fn count(&mut self, acted: Result<Acted, OperationError>) {
        match acted {
            Ok(Acted::Expired) => self.expired += 1,
            Ok(Acted::Transitioned) => self.transitioned += 1,
            Ok(Acted::Aborted) => self.aborted += 1,
            Ok(Acted::PutOff) => self.put_off += 1,
            Ok(Acted::Changed) => self.changed += 1,
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: OperationError) {
        self.failure.get_or_insert(error);
    }
}

impl Store {
    /// Sees to the buckets of a store that a release without this engine wrote. Once for each store.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn adopt_lifecycles(&self) -> Result<(), OperationError> {
        Ok(self.metadata.adopt_lifecycles(self.clock.now()).await?)
    }

    /// Looks after the bucket whose lifecycle has waited longest, if any is to be looked after now.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn lifecycle_turn(&self) -> Result<LifecycleTurn, OperationError> {
        loop {
            let Some(wake) = self.metadata.first_wake().await? else { return Ok(LifecycleTurn::Nothing(None)) };
            if wake.at > self.clock.now() {
                return Ok(LifecycleTurn::Nothing(Some(wake.at)));
            }
            match self.metadata.bucket_of_wake(&wake).await? {
                Some(bucket) => return self.visit(&bucket, &wake).await.map(LifecycleTurn::Visit),
                None => self.metadata.drop_wake(&wake).await?,
            }
        }
    }

    /// How far the lifecycle of a bucket is; `None` if nobody ever looked after it.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn lifecycle_progress(&self, bucket: BucketId) -> Result<Option<LifecycleProgressRow>, OperationError> {
        Ok(self.metadata.progress(bucket).await?.map(|stored| stored.row))
    }

    async fn visit(&self, bucket: &FoundBucket, wake: &FoundWake) -> Result<LifecycleVisit, OperationError> {
        let begun = self.clock.now();
        let mut visit = LifecycleVisit::new(bucket.id());
        if let Err(error) = self.note_what_is_due(bucket, &mut visit).await {
            visit.fail(error);
        }
        if let Err(error) = self.act_on_what_is_due(bucket, begun, &mut visit).await {
            visit.fail(error);
        }
        self.end_visit(bucket, wake, begun, &mut visit).await?;
        Ok(visit)
    }

    /// Goes on with what is left to do since rules were set.
    async fn note_what_is_due(&self, bucket: &FoundBucket, visit: &mut LifecycleVisit) -> Result<(), OperationError> {
        for _ in 0..INDEX_STEPS_PER_VISIT {
            let Some(progress) = self.metadata.progress(bucket.id()).await? else { return Ok(()) };
            if progress.row.stage == LifecycleStage::Settled {
                return Ok(());
            }
            let indexed = self.metadata.index_lifecycle(bucket, &progress).await?;
            indexed.failure.map(OperationError::from).into_iter().for_each(|error| visit.fail(error));
            if indexed.outcome == Outcome::Conflict {
                visit.changed += 1;
                return Ok(());
            }
        }
        visit.unfinished = true;
        Ok(())
    }

    async fn act_on_what_is_due(
        &self,
        bucket: &FoundBucket,
        now: Timestamp,
        visit: &mut LifecycleVisit,
    ) -> Result<(), OperationError> {
        let mut last: Option<FoundDue> = None;
        while visit.acts() < ACTS_PER_VISIT {
            let batch = self.metadata.due(bucket, now, last.as_ref(), BATCH).await?;
            let acts: Vec<_> = batch.iter().map(|due| self.act(bucket, due, now)).collect();
            let mut acts = stream::iter(acts).buffer_unordered(ACTS_AT_ONCE);
            while let Some(acted) = acts.next().await {
                visit.count(acted);
            }
            drop(acts);
            if batch.len() < BATCH {
                return Ok(());
            }
            last = batch.into_iter().next_back();
        }
        visit.unfinished = true;
        Ok(())
    }

    async fn act(&self, bucket: &FoundBucket, due: &FoundDue, now: Timestamp) -> Result<Acted, OperationError> {
        match &due.subject {
            DueSubject::Object(key) => self.act_on_object(bucket, due, key, now).await,
            DueSubject::Upload { key, id } => self.act_on_upload(bucket, due, key, *id, now).await,
        }
    }

    /// What is noted is only a reason to look: the object and the rules as they are now decide.
    async fn act_on_object(
        &self,
        bucket: &FoundBucket,
        due: &FoundDue,
        key: &ObjectKey,
        now: Timestamp,
    ) -> Result<Acted, OperationError> {
        let Some(object) = self.metadata.object(bucket.id(), key).await? else {
            return self.put_off(bucket, due, None).await;
        };
        let row = &object.row;
        let next = bucket.plan().and_then(|plan| plan.next(key.identity(), row.modified, row.class));
        let Some(next) = next.filter(|next| next.at <= now) else {
            return self.put_off(bucket, due, next.map(|next| next.at)).await;
        };
        let (outcome, acted) = match next.action {
            LifecycleAction::Transition(class) => {
                (self.metadata.change_class(bucket, key, &object, class, due, now).await?, Acted::Transitioned)
            }
            LifecycleAction::Expire => match self.retained(bucket, key, row).await? {
                Some(Retained::Until(end)) => return self.put_off(bucket, due, Some(end)).await,
                // Until the lock rules change: whoever sets them has everything noted anew.
                Some(Retained::Indefinitely) => return self.put_off(bucket, due, None).await,
                None => {
                    let cause = Deletion::Lifecycle(due);
                    (self.metadata.delete_object(bucket, key, &object, cause, now).await?, Acted::Expired)
                }
            },
        };
        Ok(unless_changed(outcome, acted))
    }

    async fn act_on_upload(
        &self,
        bucket: &FoundBucket,
        due: &FoundDue,
        key: &ObjectKey,
        id: UploadId,
        now: Timestamp,
    ) -> Result<Acted, OperationError> {
        let Some(upload) = self.metadata.upload(bucket.id(), key, id).await? else {
            return self.put_off(bucket, due, None).await;
        };
        let Some(plan) = self.metadata.upload_plan(bucket).await? else { return Ok(Acted::Changed) };
        let at = plan.abort(key.identity(), upload.stored.row.created);
        if at.is_none_or(|at| at > now) {
            return self.put_off(bucket, due, at).await;
        }
        let outcome = self.metadata.abort_upload(bucket, &upload, Deletion::Lifecycle(due), now).await?;
        Ok(unless_changed(outcome, Acted::Aborted))
    }

    async fn put_off(
        &self,
        bucket: &FoundBucket,
        due: &FoundDue,
        until: Option<Timestamp>,
    ) -> Result<Acted, OperationError> {
        Ok(unless_changed(self.metadata.put_off(bucket, due, until).await?, Acted::PutOff))
    }

    /// Writes down what came of a visit and when the next one is. If the bucket was changed meanwhile it is visited
    /// again at once.
    async fn end_visit(
        &self,
        bucket: &FoundBucket,
        wake: &FoundWake,
        begun: Timestamp,
        visit: &mut LifecycleVisit,
    ) -> Result<(), OperationError> {
        let before = self.metadata.progress(bucket.id()).await?;
        let row = before.as_ref().map(|stored| stored.row.clone()).unwrap_or_default();
        let failure = visit.failure.as_ref().map(ToString::to_string);
        let noting = row.stage != LifecycleStage::Settled;
        let progress = LifecycleProgressRow {
            next: self.next_visit(bucket, begun, visit).await?,
            last_visit: Some(begun),
            last_error: failure.or(row.last_error).filter(|_| noting || visit.failure.is_some()),
            expired: row.expired + visit.expired,
            transitioned: row.transitioned + visit.transitioned,
            aborted: row.aborted + visit.aborted,
            stage: row.stage,
        };
        if self.metadata.end_visit(bucket, wake, before.as_ref(), &progress).await? == Outcome::Conflict {
            visit.unfinished = true;
        }
        Ok(())
    }

    /// When a bucket is to be looked after again: once something is due that is noted, or that can have been written
    /// since this visit began.
    async fn next_visit(
        &self,
        bucket: &FoundBucket,
        begun: Timestamp,
        visit: &LifecycleVisit,
    ) -> Result<Option<Timestamp>, MetadataError> {
        let now = self.clock.now();
        let after = |pause: u64| Timestamp(now.0.saturating_add(pause));
        if visit.unfinished {
            return Ok(Some(now));
        }
        if visit.failure.is_some() {
            return Ok(Some(after(RETRY)));
        }
        let noted = self.metadata.next_due(bucket).await?;
        let new = bucket.plan().and_then(|plan| plan.soonest_for_new_objects(begun));
        let new = new.map(|at| if at <= begun { after(PAUSE_OF_PAST_DATES) } else { at });
        Ok(noted.into_iter().chain(new).min().map(|at| at.max(after(PAUSE))))
    }
}

fn unless_changed(outcome: Outcome, acted: Acted) -> Acted {
    match outcome {
        Outcome::Committed => acted,
        Outcome::Conflict => Acted::Changed,
    }
}
