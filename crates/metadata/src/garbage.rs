//! Garbage: what lost its last reference, written down in the commit that dropped it, and collected later.
//!
//! Collecting is idempotent: files go first, then the rows that name them, so that a crash in between only
//! means doing it again.

use crate::engine::Outcome;
use crate::keys;
use crate::rows::{GarbageRow, ManifestRow, PartRow, UploadRow};
use crate::service::{Metadata, MetadataError, Stored};
use crate::uploads::discard_part;
use types::{BlobId, BucketId, Timestamp, UploadId};

/// A piece of garbage as found.
#[derive(Clone, Debug)]
pub struct FoundGarbage {
    key: Vec<u8>,
    /// When it became garbage.
    pub since: Timestamp,
    /// What it is.
    pub row: GarbageRow,
}

/// Rows deleted in one commit: bounds the work that one commit does for the collector.
const ROWS_PER_COMMIT: usize = 500;

impl Metadata {
    /// Up to `limit` pieces of garbage, oldest first, after the piece `after`.
    pub async fn garbage(
        &self,
        after: Option<&FoundGarbage>,
        limit: usize,
    ) -> Result<Vec<FoundGarbage>, MetadataError> {
        let all = keys::all_garbage();
        let start = after.map_or(all.clone(), |after| keys::just_after(&after.key));
        let rows = self.read_range::<GarbageRow>(start, keys::after_prefix(&all), limit).await?;
        let found = |(key, stored): (Vec<u8>, Stored<GarbageRow>)| {
            let since = key.get(all.len()..).and_then(|rest| rest.first_chunk()).copied().map(u64::from_be_bytes);
            let since = Timestamp(since.ok_or(MetadataError::Missing { row: "garbage" })?);
            Ok(FoundGarbage { key, since, row: stored.row })
        };
        rows.into_iter().map(found).collect()
    }

    /// Forgets pieces of garbage that are collected.
    pub async fn forget_garbage(&self, pieces: &[&FoundGarbage]) -> Result<(), MetadataError> {
        let mut change = self.change();
        pieces.iter().for_each(|piece| change.delete(piece.key.clone()));
        let _always_committed = change.commit().await?;
        Ok(())
    }

    /// Turns the parts of a dead manifest into garbage of their own, and forgets the manifest.
    pub async fn break_up_manifest(
        &self,
        garbage: &FoundGarbage,
        id: BlobId,
        count: u16,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let pages = usize::from(count).div_ceil(crate::rows::MANIFEST_PAGE_PARTS);
        for page in 0..u32::try_from(pages).unwrap_or(u32::MAX) {
            let key = keys::manifest(id, page);
            let Some(stored) = self.read::<ManifestRow>(&key).await? else { continue };
            let mut change = self.change();
            change.delete(key);
            stored.row.parts.iter().for_each(|part| discard_part(&mut change, part, now));
            let _always_committed = change.commit().await?;
        }
        self.forget_garbage(&[garbage]).await
    }

    /// Turns what is left of a dead upload into garbage of its own, and forgets the upload.
    pub async fn break_up_upload(
        &self,
        garbage: &FoundGarbage,
        id: UploadId,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let all = keys::parts(id);
        loop {
            let parts = self.read_range::<PartRow>(all.clone(), keys::after_prefix(&all), ROWS_PER_COMMIT).await?;
            if parts.is_empty() {
                return self.forget_garbage(&[garbage]).await;
            }
            let mut change = self.change();
            for (key, part) in parts {
                change.delete(key);
                discard_part(&mut change, &part.row, now);
            }
            let _always_committed = change.commit().await?;
        }
    }

    /// Forgets what was due in a dead bucket, and the bucket. Older releases also removed buckets with uploads in
    /// progress: those become garbage of their own.
    pub async fn break_up_bucket(
        &self,
        garbage: &FoundGarbage,
        id: BucketId,
        now: Timestamp,
    ) -> Result<(), MetadataError> {
        let all = keys::uploads(id);
        loop {
            let uploads = self.read_range::<UploadRow>(all.clone(), keys::after_prefix(&all), ROWS_PER_COMMIT).await?;
            if uploads.is_empty() {
                self.forget_due(id).await?;
                return self.forget_garbage(&[garbage]).await;
            }
            let mut change = self.change();
            for (key, _) in uploads {
                let upload = key.last_chunk().copied().map(UploadId).ok_or(MetadataError::Missing { row: "upload" })?;
                change.discard(now, GarbageRow::Upload(upload));
                change.forget_sums(keys::upload_counters(upload));
                change.delete(key);
            }
            let _always_committed = change.commit().await?;
        }
    }

    /// Forgets what was due in a dead bucket.
    async fn forget_due(&self, id: BucketId) -> Result<(), MetadataError> {
        let all = keys::due_in(id);
        loop {
            let due = self.keys_from(all.clone(), keys::after_prefix(&all), ROWS_PER_COMMIT).await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut change = self.change();
            due.into_iter().for_each(|key| change.delete(key));
            let _always_committed = change.commit().await?;
        }
    }

    /// True if some object or part refers to the file of this blob.
    pub async fn is_referenced(&self, blob: BlobId) -> Result<bool, MetadataError> {
        Ok(self.references(blob).await?.is_stored())
    }

    /// Writes down a blob as garbage unless something refers to it. Once this answers, nothing ever will: its
    /// only writer is gone, and any commit it had in flight has been decided before this one.
    pub async fn discard_unreferenced(&self, blob: BlobId, now: Timestamp) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_absent(keys::references(blob));
        change.discard(now, GarbageRow::Blob(blob));
        Ok(change.commit().await?)
    }
}
