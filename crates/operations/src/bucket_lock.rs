//! The lock rules of a bucket: to see and to replace. `retention` is what they do. Source: R2 "Bucket locks".

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{ChangeKind, LockVersion};
use types::{BucketLock, BucketName, OperationError, Resource};

impl Store {
    /// A bucket's lock rules.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket_lock(&self, caller: &Caller, name: &BucketName) -> Result<BucketLock, OperationError> {
        caller.authorize(Action::GetBucketLock, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        Ok(self.metadata.lock(bucket.id()).await?)
    }

    /// Sets a bucket's lock rules in place of all it has. On return they hold for every object there is: nothing that
    /// they keep is replaced or removed from then on. What no rule keeps any more is free at once.
    ///
    /// # Errors
    /// `NoSuchBucket`, `TooManyRequests`.
    pub async fn put_bucket_lock(
        &self,
        caller: &Caller,
        name: &BucketName,
        lock: &BucketLock,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::PutBucketLock, Resource::Bucket(name))?;
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let found = self.metadata.found_lock(bucket.id()).await?;
            let old = audit_values::lock(&found.row().cloned().unwrap_or_default());
            let new = audit_values::lock(lock);
            let audited = AuditedChange::of_bucket("PutBucketLock", ChangeKind::Update, name, Some(old), Some(new));
            let recording = self.recording(caller, audited).await?.expecting(&found);
            let (version, now) = (LockVersion(self.random_id()), self.clock.now());
            // A conflict is a change of the bucket or its rules, or its end: look again.
            if recording.put_lock(&bucket, lock, version, now).await? == Outcome::Committed {
                return Ok(());
            }
        }
    }
}
