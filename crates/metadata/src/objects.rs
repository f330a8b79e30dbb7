//! Objects: found by key, replaced and removed whole, with everything that must be true at the same moment.
//!
//! One commit makes the new row visible, adjusts the bucket's sums, charges an end that came too early, drops the old
//! body's reference and notes what became garbage. Nothing else ever makes an object visible.

use crate::buckets::FoundBucket;
use crate::due::{self, FoundDue};
use crate::engine::Outcome;
use crate::keys;
use crate::record::Opened;
use crate::rows::{BucketCounters, GarbageRow, ManifestRow, ObjectBody, ObjectRow, ReferencesRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use crate::usage::InfrequentUsage;
use bytes::Bytes;
use std::sync::Arc;
use types::{BlobId, BucketId, JobId, ObjectKey, StorageClass, Timestamp};

/// An object that is to become visible.
#[derive(Debug)]
pub struct NewObject<'a> {
    /// The bucket as it was found.
    pub bucket: &'a FoundBucket,
    /// Its key.
    pub key: &'a ObjectKey,
    /// The object it replaces, as it was found; `None`: there must be none.
    pub replaces: Option<&'a Stored<ObjectRow>>,
    /// Its row.
    pub row: &'a ObjectRow,
    /// Where its bytes come from.
    pub source: BodySource<'a>,
}

/// Where the bytes of a new object come from.
#[derive(Debug)]
pub enum BodySource<'a> {
    /// A blob written for it, durable already.
    Blob,
    /// Sealed bytes that are to be kept beside the rows.
    Payload(Bytes),
    /// The bytes of another object, which must still be as it was found.
    Shared {
        /// Its bucket.
        bucket: BucketId,
        /// Its key.
        key: &'a ObjectKey,
        /// Its row as it was found.
        object: &'a Stored<ObjectRow>,
    },
}

/// Why an object is removed.
#[derive(Clone, Copy, Debug)]
pub enum Deletion<'a> {
    /// A client asked for it.
    Client,
    /// A lifecycle rule says so, and this was noted as due. Event notifications call it `LifecycleDeletion`.
    Lifecycle(&'a FoundDue),
    /// A client asked for a job, which counts it.
    Job(JobId),
}

/// How many objects share some bytes, as found.
pub(crate) struct FoundReferences {
    id: BlobId,
    stored: Option<Stored<ReferencesRow>>,
}

impl FoundReferences {
    /// Bytes shared by nobody have no row, except the files of blobs, which always have one.
    fn count(&self) -> u64 {
        self.stored.as_ref().map_or(1, |stored| stored.row.count)
    }

    /// True if there is a row.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    fn expect(&self, change: &mut Change<'_>) {
        change.expect_same(keys::references(self.id), self.stored.as_ref());
    }

    fn set(&self, change: &mut Change<'_>, count: u64) {
        change.put(keys::references(self.id), &ReferencesRow { count });
    }
}

impl Metadata {
    /// Finds an object.
    pub async fn object(&self, bucket: BucketId, key: &ObjectKey) -> Result<Option<Stored<ObjectRow>>, MetadataError> {
        self.read(&keys::object(bucket, key.identity())).await
    }

    /// Finds an object to be shown, which no commit will depend on.
    pub async fn shown_object(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Option<Arc<Opened<ObjectRow>>>, MetadataError> {
        self.look(&keys::object(bucket, key.identity())).await
    }

    /// Makes an object visible. [`Outcome::Conflict`]: the bucket, the replaced object or the source is no longer
    /// as it was found; nothing happened, and the caller may look again.
    pub async fn put_object(&self, new: &NewObject<'_>, now: Timestamp) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        new.bucket.expect(&mut change);
        match &new.source {
            BodySource::Blob => change.put(keys::references(new.row.body.id()), &ReferencesRow { count: 1 }),
            BodySource::Payload(sealed) => change.put_payload(new.row.body.id(), sealed.clone()),
            BodySource::Shared { bucket, key, object } => {
                change.expect(keys::object(*bucket, key.identity()), object);
                change.charge(new.bucket.account(), *bucket, now, InfrequentUsage::of_copy(&object.row));
                self.share(&mut change, &object.row.body, new.replaces.map(|old| &old.row.body)).await?;
            }
        }
        self.replace(&mut change, new, now).await?;
        Ok(change.commit().await?)
    }

    /// Removes an object. [`Outcome::Conflict`]: it is no longer as it was found, or its bucket is not, and with it the
    /// lock and lifecycle rules.
    pub async fn delete_object(
        &self,
        bucket: &FoundBucket,
        key: &ObjectKey,
        object: &Stored<ObjectRow>,
        cause: Deletion<'_>,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        bucket.expect(&mut change);
        match cause {
            Deletion::Client => {}
            Deletion::Lifecycle(entry) => entry.end(&mut change),
            Deletion::Job(id) => change.add_to_sums(keys::job_counters(id), vec![1]),
        }
        let row_key = keys::object(bucket.id(), key.identity());
        change.expect(row_key.clone(), object);
        change.delete(row_key);
        due::forget_object(&mut change, bucket, key.identity(), &object.row);
        change.count(bucket.id(), BucketCounters::of_object(key.identity(), &object.row).negated());
        let early = InfrequentUsage::of_end(key.identity(), &object.row, now);
        change.charge(bucket.account(), bucket.id(), now, early);
        self.release(&mut change, &object.row.body, now).await?;
        Ok(change.commit().await?)
    }

    /// Moves an object to another class because a rule says so: its bytes, ETag, version and time stay.
    /// [`Outcome::Conflict`]: it, or the bucket with its rules, is no longer as it was found.
    pub async fn change_class(
        &self,
        bucket: &FoundBucket,
        key: &ObjectKey,
        object: &Stored<ObjectRow>,
        class: StorageClass,
        entry: &FoundDue,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        let (identity, row) = (key.identity(), ObjectRow { class, class_since: Some(now), ..object.row.clone() });
        let row_key = keys::object(bucket.id(), identity);
        let mut change = self.change();
        bucket.expect(&mut change);
        entry.end(&mut change);
        change.expect(row_key.clone(), object);
        change.put(row_key, &row);
        due::forget_object(&mut change, bucket, identity, &object.row);
        due::note_object(&mut change, bucket, identity, &row);
        let before = BucketCounters::of_object(identity, &object.row).negated();
        change.count(bucket.id(), BucketCounters::of_object(identity, &row).plus(before));
        Ok(change.commit().await?)
    }

    /// Puts the new row in the place of the old one, which loses its body.
    pub(crate) async fn replace(
        &self,
        change: &mut Change<'_>,
        new: &NewObject<'_>,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let identity = new.key.identity();
        let row_key = keys::object(new.bucket.id(), identity);
        let mut delta = BucketCounters::of_object(identity, new.row);
        if let Some(old) = new.replaces {
            delta = delta.plus(BucketCounters::of_object(identity, &old.row).negated());
            let early = InfrequentUsage::of_end(identity, &old.row, now);
            change.charge(new.bucket.account(), new.bucket.id(), now, early);
            due::forget_object(change, new.bucket, identity, &old.row);
            if old.row.body.id() != new.row.body.id() {
                self.release(change, &old.row.body, now).await?;
            }
        }
        change.expect_same(row_key.clone(), new.replaces);
        change.put(row_key, new.row);
        due::note_object(change, new.bucket, identity, new.row);
        change.count(new.bucket.id(), delta);
        Ok(())
    }

    /// One more object shares a body, unless it is the body of the very object that is replaced.
    async fn share(
        &self,
        change: &mut Change<'_>,
        body: &ObjectBody,
        replaced: Option<&ObjectBody>,
    ) -> Result<(), MetadataError> {
        if replaced.is_some_and(|replaced| replaced.id() == body.id()) {
            return Ok(());
        }
        let references = self.references(body.id()).await?;
        references.expect(change);
        references.set(change, references.count() + 1);
        Ok(())
    }

    /// One object less has a body; what nobody has is garbage.
    pub(crate) async fn release(
        &self,
        change: &mut Change<'_>,
        body: &ObjectBody,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let references = self.references(body.id()).await?;
        references.expect(change);
        if references.count() > 1 {
            references.set(change, references.count() - 1);
            return Ok(());
        }
        if references.stored.is_some() {
            change.delete(keys::references(body.id()));
        }
        match *body {
            ObjectBody::Inline(id) => change.delete_payload(id),
            ObjectBody::Blob(id) => change.discard(now, GarbageRow::Blob(id)),
            ObjectBody::Parts { manifest: id, count, .. } => {
                change.discard(now, GarbageRow::Manifest { id, count });
            }
        }
        Ok(())
    }

    pub(crate) async fn references(&self, id: BlobId) -> Result<FoundReferences, MetadataError> {
        Ok(FoundReferences { id, stored: self.read(&keys::references(id)).await? })
    }

    /// One page of the part table of a multipart object: parts from `page` times
    /// [`MANIFEST_PAGE_PARTS`](crate::rows::MANIFEST_PAGE_PARTS) on.
    pub async fn manifest_page(&self, manifest: BlobId, page: usize) -> Result<ManifestRow, MetadataError> {
        let page = u32::try_from(page).map_err(|_| MetadataError::Missing { row: "manifest" })?;
        let stored = self.read::<ManifestRow>(&keys::manifest(manifest, page)).await?;
        stored.map(|stored| stored.row).ok_or(MetadataError::Missing { row: "manifest" })
    }
}

#[cfg(test)]
mod tests;
