//! Multipart uploads: begun, filled part by part, and completed or aborted in one commit that moves no bytes.
//!
//! Invariant: a part's row exists only under an upload's row, or the upload is written down as garbage. A part
//! is committed on the condition that its upload is unchanged, so none can arrive after the end.

use crate::buckets::FoundBucket;
use crate::due::{self, UploadPlace};
use crate::engine::Outcome;
use crate::keys;
use crate::objects::{Deletion, NewObject};
use crate::rows::{BucketCounters, GarbageRow, MANIFEST_PAGE_PARTS, ManifestRow, PartRow, ReferencesRow, UploadRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use crate::uploaded::FoundUploaded;
use bytes::Bytes;
use types::{BucketId, ObjectKey, Timestamp, UploadId};

/// An upload as a request found it.
#[derive(Clone, Debug)]
pub struct FoundUpload {
    key: Vec<u8>,
    /// Its id.
    pub id: UploadId,
    /// Its row.
    pub stored: Stored<UploadRow>,
}

/// A part with its number, as found.
#[derive(Clone, Debug)]
pub struct FoundPart {
    /// 1 to 10,000.
    pub number: u16,
    /// Its row.
    pub stored: Stored<PartRow>,
}

/// A part that is to become visible to its upload.
#[derive(Debug)]
pub struct NewPart<'a> {
    /// The bucket as it was found.
    pub bucket: &'a FoundBucket,
    /// The upload as it was found.
    pub upload: &'a FoundUpload,
    /// 1 to 10,000.
    pub number: u16,
    /// The part it replaces, as it was found.
    pub replaces: Option<&'a Stored<PartRow>>,
    /// Its row.
    pub row: &'a PartRow,
    /// Its sealed bytes, if they are kept beside the rows.
    pub payload: Option<Bytes>,
}

impl Metadata {
    /// Finds an upload.
    pub async fn upload(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        id: UploadId,
    ) -> Result<Option<FoundUpload>, MetadataError> {
        let row_key = keys::upload(bucket, key.identity(), id);
        Ok(self.read(&row_key).await?.map(|stored| FoundUpload { key: row_key, id, stored }))
    }

    /// Begins an upload.
    pub async fn create_upload(
        &self,
        bucket: &FoundBucket,
        key: &ObjectKey,
        id: UploadId,
        row: &UploadRow,
    ) -> Result<Outcome, MetadataError> {
        let row_key = keys::upload(bucket.id(), key.identity(), id);
        // Other rules are another bucket than the one that was found.
        let Some(plan) = self.upload_plan(bucket).await? else { return Ok(Outcome::Conflict) };
        let mut change = self.change();
        bucket.expect(&mut change);
        let tail = tail_of(&row_key, bucket.id());
        let place = UploadPlace { tail, identity: key.identity(), begun: row.created };
        due::note_upload(&mut change, bucket, &plan, &place);
        change.expect_absent(row_key.clone());
        change.put(row_key, row);
        change.count(bucket.id(), BucketCounters { uploads: 1, ..Default::default() });
        change.count_upload(bucket.id(), id, key.identity(), row);
        Ok(change.commit().await?)
    }

    /// Finds a part.
    pub async fn part(&self, upload: UploadId, number: u16) -> Result<Option<Stored<PartRow>>, MetadataError> {
        self.read(&keys::part(upload, number)).await
    }

    /// Up to `limit` parts with numbers after `after`, in order.
    pub async fn parts(&self, upload: UploadId, after: u16, limit: usize) -> Result<Vec<FoundPart>, MetadataError> {
        let all = keys::parts(upload);
        let start = keys::just_after(&keys::part(upload, after));
        let rows = self.read_range(start, keys::after_prefix(&all), limit).await?;
        let found = |(key, stored): (Vec<u8>, Stored<PartRow>)| {
            let number = key.get(all.len()..).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
            number.map(|number| FoundPart { number, stored }).ok_or(MetadataError::Missing { row: "part" })
        };
        rows.into_iter().map(found).collect()
    }

    /// Makes a part visible to its upload. [`Outcome::Conflict`]: the upload is gone, or the part was replaced.
    pub async fn put_part(&self, new: &NewPart<'_>, now: Timestamp) -> Result<Outcome, MetadataError> {
        let row_key = keys::part(new.upload.id, new.number);
        let mut change = self.change();
        new.bucket.expect(&mut change);
        change.expect(new.upload.key.clone(), &new.upload.stored);
        change.expect_same(row_key.clone(), new.replaces);
        match &new.payload {
            Some(sealed) => change.put_payload(new.row.blob, sealed.clone()),
            None => change.put(keys::references(new.row.blob), &ReferencesRow { count: 1 }),
        }
        change.put(row_key, new.row);
        let (upload, replaces) = (new.upload, new.replaces.map(|old| &old.row));
        change.count_part(new.bucket.id(), upload.id, upload.stored.row.class, new.row, replaces);
        if let Some(old) = new.replaces {
            discard_part(&mut change, &old.row, now);
        }
        Ok(change.commit().await?)
    }

    /// Ends an upload as an object whose body is a manifest of `parts`, in their order. Parts that are not among
    /// them become garbage. [`Outcome::Conflict`]: the upload, a part or the replaced object has changed.
    pub async fn complete_upload(
        &self,
        upload: &FoundUpload,
        parts: &[FoundPart],
        new: &NewObject<'_>,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        let counted = self.uploaded_by(upload.id).await?;
        let mut change = self.change();
        new.bucket.expect(&mut change);
        self.end_upload(&mut change, new.bucket, upload, &counted, now).await?;
        for part in parts {
            let key = keys::part(upload.id, part.number);
            change.expect(key.clone(), &part.stored);
            change.delete(key);
        }
        for (page, parts) in parts.chunks(MANIFEST_PAGE_PARTS).enumerate() {
            let row = ManifestRow { parts: parts.iter().map(|part| part.stored.row.clone()).collect() };
            let page = u32::try_from(page).map_err(|_| MetadataError::Missing { row: "manifest" })?;
            change.put(keys::manifest(new.row.body.id(), page), &row);
        }
        self.replace(&mut change, new, now).await?;
        Ok(change.commit().await?)
    }

    /// Ends an upload; its parts become garbage. [`Outcome::Conflict`]: it has just ended, or, where a rule ends it,
    /// the bucket with its rules is no longer as it was found.
    pub async fn abort_upload(
        &self,
        bucket: &FoundBucket,
        upload: &FoundUpload,
        cause: Deletion<'_>,
        now: Timestamp,
    ) -> Result<Outcome, MetadataError> {
        loop {
            let counted = self.uploaded_by(upload.id).await?;
            let mut change = self.change();
            if let Deletion::Lifecycle(entry) = cause {
                bucket.expect(&mut change);
                entry.end(&mut change);
            }
            self.end_upload(&mut change, bucket, upload, &counted, now).await?;
            if change.commit().await? == Outcome::Committed {
                return Ok(Outcome::Committed);
            }
            // What was in the way may be a part that arrived in between; a rule has to look at its bucket again.
            if matches!(cause, Deletion::Lifecycle(_)) || self.read::<UploadRow>(&upload.key).await?.is_none() {
                return Ok(Outcome::Conflict);
            }
        }
    }

    /// The upload's row goes; whatever parts remain under its id are to be collected.
    async fn end_upload(
        &self,
        change: &mut Change<'_>,
        bucket: &FoundBucket,
        upload: &FoundUpload,
        counted: &FoundUploaded,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        change.expect(upload.key.clone(), &upload.stored);
        change.delete(upload.key.clone());
        change.discard(now, GarbageRow::Upload(upload.id));
        change.count(bucket.id(), BucketCounters { uploads: -1, ..Default::default() });
        change.forget_uploaded(bucket.id(), upload.id, counted);
        // If others were set since, what these rules had noted is cleared away as a whole.
        if let Some(plan) = self.upload_plan(bucket).await? {
            let key = ObjectKey::normalize(&upload.stored.row.key_as_sent);
            let tail = tail_of(&upload.key, bucket.id());
            let place = UploadPlace { tail, identity: &key, begun: upload.stored.row.created };
            due::forget_upload(change, bucket, &plan, &place);
        }
        Ok(())
    }
}

/// What the key of an upload's row ends with, after its bucket.
fn tail_of(key: &[u8], bucket: BucketId) -> &[u8] {
    key.get(keys::uploads(bucket).len()..).unwrap_or_default()
}

/// Drops the bytes of a part that nobody can see any more.
pub(crate) fn discard_part(change: &mut Change<'_>, part: &PartRow, now: Timestamp) {
    if part.inline {
        change.delete_payload(part.blob);
    } else {
        change.delete(keys::references(part.blob));
        change.discard(now, GarbageRow::Blob(part.blob));
    }
}
