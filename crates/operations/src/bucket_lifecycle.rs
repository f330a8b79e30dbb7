//! The lifecycle rules of a bucket: to see, to replace, to remove. `lifecycle` is what they do. Source: R2
//! "Object lifecycles".

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::ChangeKind;
use types::{BucketName, Lifecycle, OperationError, Resource};

/// What the audit log calls the two changes.
const PUT: (&str, ChangeKind) = ("PutBucketLifecycleConfiguration", ChangeKind::Update);
const DELETE: (&str, ChangeKind) = ("DeleteBucketLifecycleConfiguration", ChangeKind::Delete);

impl Store {
    /// A bucket's rules. A bucket whose rules nobody has set has one that aborts uploads after seven days.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn bucket_lifecycle(&self, caller: &Caller, name: &BucketName) -> Result<Lifecycle, OperationError> {
        caller.authorize(Action::GetBucketLifecycleConfiguration, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        Ok(self.metadata.lifecycle(bucket.id()).await?)
    }

    /// Sets a bucket's rules in place of all it has. Rules without an id get one.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn put_bucket_lifecycle(
        &self,
        caller: &Caller,
        name: &BucketName,
        lifecycle: Lifecycle,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::PutBucketLifecycleConfiguration, Resource::Bucket(name))?;
        let lifecycle = lifecycle.named(|| types::ids::hex(&self.random_id()));
        self.set_lifecycle(caller, name, lifecycle, PUT).await
    }

    /// Removes all rules of a bucket, the one it began with too.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn delete_bucket_lifecycle(&self, caller: &Caller, name: &BucketName) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteBucketLifecycle, Resource::Bucket(name))?;
        self.set_lifecycle(caller, name, Lifecycle::default(), DELETE).await
    }

    async fn set_lifecycle(
        &self,
        caller: &Caller,
        name: &BucketName,
        lifecycle: Lifecycle,
        (action, kind): (&'static str, ChangeKind),
    ) -> Result<(), OperationError> {
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let found = self.metadata.found_lifecycle(bucket.id()).await?;
            let old = found.row().map_or_else(Lifecycle::of_new_bucket, |row| row.lifecycle.clone());
            let old = audit_values::lifecycle(&old);
            let new = (kind != ChangeKind::Delete).then(|| audit_values::lifecycle(&lifecycle));
            let audited = AuditedChange::of_bucket(action, kind, name, Some(old), new);
            let recording = self.recording(caller, audited).await?.expecting(&found);
            // A conflict is a change of the bucket or its rules, or its end: look again.
            if recording.put_lifecycle(&bucket, &lifecycle, self.clock.now()).await? == Outcome::Committed {
                return Ok(());
            }
        }
    }
}
