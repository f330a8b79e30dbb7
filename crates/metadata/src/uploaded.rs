//! What buckets hold, summed up in the commits that change it: objects by class (`BucketCounters`), and uploads in
//! progress with their parts, which nobody can read yet. Source: R2 "Metrics and analytics"; the API's `r2.metrics`.
//!
//! What an upload in progress counts for is kept twice, under its bucket and under itself: its end takes from the
//! bucket just what it added, whatever became of its parts.

use crate::engine::{Table, decode_counters};
use crate::keys;
use crate::rows::{BucketCounters, PartRow, UploadRow};
use crate::service::{Change, Metadata, MetadataError};
use bytes::Bytes;
use types::{BucketId, StorageClass, UploadId};

/// Sums of uploads in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadedCounters {
    /// Those that will be of the standard class.
    pub standard: UploadedSums,
    /// Those that will be of Infrequent Access.
    pub infrequent: UploadedSums,
}

/// Sums of uploads in progress of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadedSums {
    /// Uploads.
    pub uploads: i64,
    /// Bytes of their parts.
    pub bytes: i64,
    /// Bytes of their keys and metadata.
    pub metadata_bytes: i64,
}

/// What all buckets hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Objects.
    pub objects: BucketCounters,
    /// Uploads in progress.
    pub uploaded: UploadedCounters,
}

impl UploadedCounters {
    fn from_sums(sums: &[i64]) -> Self {
        let of = |first: usize| {
            let sum = |index: usize| sums.get(first + index).copied().unwrap_or(0);
            UploadedSums { uploads: sum(0), bytes: sum(1), metadata_bytes: sum(2) }
        };
        Self { standard: of(0), infrequent: of(3) }
    }
}

impl UploadedSums {
    /// What an upload counts for when it begins.
    fn of_upload(identity: &str, row: &UploadRow) -> Self {
        let metadata_bytes = identity.len() + row.http.bytes() + row.user.bytes();
        Self { uploads: 1, bytes: 0, metadata_bytes: i64::try_from(metadata_bytes).unwrap_or(i64::MAX) }
    }

    /// What a part adds, in the place of another or not.
    fn of_part(part: &PartRow, replaces: Option<&PartRow>) -> Self {
        let bytes = |part: &PartRow| i64::try_from(part.size).unwrap_or(i64::MAX);
        Self { bytes: bytes(part) - replaces.map_or(0, bytes), ..Self::default() }
    }

    fn deltas(self, class: StorageClass) -> Vec<i64> {
        let sums = [self.uploads, self.bytes, self.metadata_bytes];
        match class {
            StorageClass::Standard => sums.to_vec(),
            StorageClass::InfrequentAccess => [[0; 3], sums].concat(),
        }
    }
}

/// What an upload in progress counts for, as found.
pub(crate) struct FoundUploaded(Option<Bytes>);

impl Metadata {
    /// What the uploads in progress of a bucket hold, exact as of the last commit. Those begun by a release that did
    /// not count them count for nothing.
    pub async fn uploaded_counters(&self, bucket: BucketId) -> Result<UploadedCounters, MetadataError> {
        let sums = self.engine().get(Table::Counters, &keys::uploaded_counters(bucket)).await?;
        Ok(UploadedCounters::from_sums(&sums.map(|value| decode_counters(&value)).unwrap_or_default()))
    }

    /// What all buckets hold together, by their sums. The engine knows when it was asked before; else it is a pass over
    /// them, of some dozen bytes for each bucket, and no row.
    pub async fn store_usage(&self) -> Result<StoreUsage, MetadataError> {
        let (start, end) = keys::all_bucket_counters();
        let objects = BucketCounters::from_sums(&self.engine().sum(start, Some(end)).await?);
        let start = keys::all_uploaded_counters();
        let end = keys::after_prefix(&start);
        Ok(StoreUsage { objects, uploaded: UploadedCounters::from_sums(&self.engine().sum(start, end).await?) })
    }

    /// What an upload counts for now: the condition of its end.
    pub(crate) async fn uploaded_by(&self, upload: UploadId) -> Result<FoundUploaded, MetadataError> {
        Ok(FoundUploaded(self.engine().get(Table::Counters, &keys::upload_counters(upload)).await?))
    }
}

impl Change<'_> {
    /// An upload begins to count.
    pub(crate) fn count_upload(&mut self, bucket: BucketId, upload: UploadId, identity: &str, row: &UploadRow) {
        self.count_uploaded(bucket, upload, UploadedSums::of_upload(identity, row).deltas(row.class));
    }

    /// A part counts, in the place of another or not.
    pub(crate) fn count_part(
        &mut self,
        bucket: BucketId,
        upload: UploadId,
        class: StorageClass,
        part: &PartRow,
        replaces: Option<&PartRow>,
    ) {
        self.count_uploaded(bucket, upload, UploadedSums::of_part(part, replaces).deltas(class));
    }

    fn count_uploaded(&mut self, bucket: BucketId, upload: UploadId, deltas: Vec<i64>) {
        self.add_to_sums(keys::upload_counters(upload), deltas.clone());
        self.add_to_sums(keys::uploaded_counters(bucket), deltas);
    }

    /// An upload, of which this was found, counts no more.
    pub(crate) fn forget_uploaded(&mut self, bucket: BucketId, upload: UploadId, found: &FoundUploaded) {
        let key = keys::upload_counters(upload);
        self.expect_sums(key.clone(), found.0.clone());
        if let Some(sums) = &found.0 {
            self.forget_sums(key);
            let deltas = decode_counters(sums).iter().map(|sum| sum.wrapping_neg()).collect();
            self.add_to_sums(keys::uploaded_counters(bucket), deltas);
        }
    }
}

#[cfg(test)]
mod tests;
