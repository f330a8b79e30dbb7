//! Jobs in the background: found by id, listed by account, and the ones with work left in the order they were made.
//!
//! A job that waits or runs has a place among the waiting ones, one that ended among the ended ones; both change in the
//! commit that changes the job. What a job has done is a sum that the very commits of its work add to, so that neither
//! a crash nor a second worker makes it wrong.

use crate::buckets::FoundBucket;
use crate::engine::{Outcome, Table, decode_counters};
use crate::keys;
use crate::rows::{DeletionJobRow, JobNameRow};
use crate::service::{Metadata, MetadataError, Stored};
use types::{AccountId, JobId, Timestamp};

impl Metadata {
    /// Keeps a new job for a bucket. [`Outcome::Conflict`]: the bucket is no longer as it was found, or the id is
    /// taken.
    pub async fn create_job(&self, bucket: &FoundBucket, row: &DeletionJobRow) -> Result<Outcome, MetadataError> {
        let key = keys::job(row.account, row.id);
        let mut change = self.change();
        bucket.expect(&mut change);
        change.expect_absent(key.clone());
        change.put(key, row);
        change.put(keys::waiting_job(row.id), &JobNameRow { account: row.account });
        Ok(change.commit().await?)
    }

    /// A job.
    pub async fn job(&self, account: AccountId, id: JobId) -> Result<Option<Stored<DeletionJobRow>>, MetadataError> {
        self.read(&keys::job(account, id)).await
    }

    /// Up to `limit` jobs of an account after the job `after`, in the order they were made.
    pub async fn jobs(
        &self,
        account: AccountId,
        after: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<DeletionJobRow>, MetadataError> {
        let all = keys::jobs(account);
        let start = after.map_or_else(|| all.clone(), |after| keys::just_after(&keys::job(account, after)));
        let rows = self.read_range(start, keys::after_prefix(&all), limit).await?;
        Ok(rows.into_iter().map(|(_, stored)| stored.row).collect())
    }

    /// Up to `limit` jobs that wait or run, those made first before the others.
    pub async fn waiting_jobs(&self, limit: usize) -> Result<Vec<Stored<DeletionJobRow>>, MetadataError> {
        let all = keys::all_waiting_jobs();
        let mut jobs = Vec::new();
        for (key, name) in self.read_range::<JobNameRow>(all.clone(), keys::after_prefix(&all), limit).await? {
            let id = key.last_chunk().copied().map(JobId).ok_or(MetadataError::Missing { row: "job" })?;
            // One that is gone ended since.
            jobs.extend(self.job(name.row.account, id).await?);
        }
        Ok(jobs)
    }

    /// Sets the row of a job. [`Outcome::Conflict`]: it is no longer as it was found.
    pub async fn change_job(
        &self,
        job: &Stored<DeletionJobRow>,
        row: &DeletionJobRow,
    ) -> Result<Outcome, MetadataError> {
        let key = keys::job(row.account, row.id);
        let mut change = self.change();
        change.expect(key.clone(), job);
        change.put(key, row);
        if let Some(ended) = row.ended {
            change.delete(keys::waiting_job(row.id));
            change.put(keys::ended_job(ended, row.id), &JobNameRow { account: row.account });
        }
        Ok(change.commit().await?)
    }

    /// Objects that a job has removed so far.
    pub async fn removed_by_job(&self, id: JobId) -> Result<u64, MetadataError> {
        let sums = self.engine().get(Table::Counters, &keys::job_counters(id)).await?;
        let removed = sums.and_then(|value| decode_counters(&value).first().copied());
        Ok(removed.and_then(|removed| u64::try_from(removed).ok()).unwrap_or(0))
    }

    /// Forgets up to `limit` jobs that ended before a moment, those that ended first before the others. Answers how
    /// many they were.
    pub async fn forget_jobs(&self, ended_before: Timestamp, limit: usize) -> Result<usize, MetadataError> {
        let (start, end) = (keys::all_ended_jobs(), keys::jobs_ended_at(ended_before));
        let ended = self.read_range::<JobNameRow>(start, Some(end), limit).await?;
        let count = ended.len();
        if count > 0 {
            let mut change = self.change();
            for (key, name) in ended {
                let id = key.last_chunk().copied().map(JobId).ok_or(MetadataError::Missing { row: "job" })?;
                change.delete(keys::job(name.row.account, id));
                change.forget_sums(keys::job_counters(id));
                change.delete(key);
            }
            let _always_committed = change.commit().await?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ACCOUNT, blob, key, make_bucket, put, row as object_row, service};
    use crate::objects::Deletion;
    use crate::rows::jobs::tests::row;
    use crate::rows::{JobState, ObjectBody};

    fn job(salt: u8, created: u64) -> DeletionJobRow {
        DeletionJobRow { account: ACCOUNT, ..row(salt, created) }
    }

    #[tokio::test]
    async fn a_job_waits_until_it_ends_and_is_forgotten_later() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        for (salt, created) in [(1, 20), (2, 10)] {
            assert_eq!(metadata.create_job(&bucket, &job(salt, created)).await.unwrap(), Outcome::Committed);
        }
        assert_eq!(metadata.create_job(&bucket, &job(1, 20)).await.unwrap(), Outcome::Conflict);
        let waiting = metadata.waiting_jobs(10).await.unwrap();
        assert_eq!(waiting.iter().map(|job| job.row.created.0).collect::<Vec<_>>(), [10, 20]);
        assert_eq!(metadata.waiting_jobs(1).await.unwrap().len(), 1);

        let ended = DeletionJobRow { state: JobState::Completed, ended: Some(Timestamp(30)), ..waiting[0].row.clone() };
        assert_eq!(metadata.change_job(&waiting[0], &ended).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.change_job(&waiting[0], &ended).await.unwrap(), Outcome::Conflict);
        assert_eq!(metadata.waiting_jobs(10).await.unwrap().len(), 1);
        let all = metadata.jobs(ACCOUNT, None, 10).await.unwrap();
        assert_eq!(all, [ended.clone(), job(1, 20)]);
        assert_eq!(metadata.jobs(ACCOUNT, Some(ended.id), 10).await.unwrap(), [job(1, 20)]);

        assert_eq!(metadata.forget_jobs(Timestamp(30), 10).await.unwrap(), 0);
        assert_eq!(metadata.forget_jobs(Timestamp(31), 10).await.unwrap(), 1);
        assert!(metadata.job(ACCOUNT, ended.id).await.unwrap().is_none());
        assert_eq!(metadata.jobs(ACCOUNT, None, 10).await.unwrap(), [job(1, 20)]);
    }

    #[tokio::test]
    async fn a_removal_is_counted_in_its_own_commit() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        let id = job(1, 20).id;
        assert_eq!(put(&metadata, &bucket, "a", &object_row(5, ObjectBody::Inline(blob(1)))).await, Outcome::Committed);
        let object = metadata.object(bucket.id(), &key("a")).await.unwrap().unwrap();
        for outcome in [Outcome::Committed, Outcome::Conflict] {
            let removed =
                metadata.delete_object(&bucket, &key("a"), &object, Deletion::Job(id), Timestamp(1)).await.unwrap();
            assert_eq!((removed, metadata.removed_by_job(id).await.unwrap()), (outcome, 1));
        }
    }
}
