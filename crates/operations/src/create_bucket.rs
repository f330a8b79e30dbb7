//! CreateBucket.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{BucketRow, ChangeKind, LifecycleMark};
use types::{BucketName, ErrorCode, LocationHint, OperationError, Resource, StorageClass};

/// A bucket to be made in the caller's jurisdiction.
#[derive(Clone, Debug)]
pub struct CreateBucket {
    /// Its name.
    pub name: BucketName,
    /// A location hint, honoured if this is the first bucket of its name. Source: R2 "Data location".
    pub location: Option<LocationHint>,
    /// Class of objects that name none. Source: R2 "Storage classes".
    pub default_class: StorageClass,
}

impl CreateBucket {
    /// One that asks for nothing in particular.
    pub fn named(name: BucketName) -> Self {
        Self { name, location: None, default_class: StorageClass::Standard }
    }
}

impl Store {
    /// Makes a bucket with a key of its own.
    ///
    /// # Errors
    /// `BucketConflict` if the account has one of that name in the jurisdiction; `TooManyBuckets`; `TooManyRequests`.
    pub async fn create_bucket(&self, caller: &Caller, request: &CreateBucket) -> Result<(), OperationError> {
        caller.authorize(Action::CreateBucket, Resource::Bucket(&request.name))?;
        self.admit_change(caller.account, caller.jurisdiction, &request.name)?;
        let mut turn = None;
        loop {
            if self.metadata.bucket(caller.account, caller.jurisdiction, &request.name).await?.is_some() {
                return Err(ErrorCode::BucketConflict.into());
            }
            let vacancy = self.metadata.vacancy(caller.account, caller.jurisdiction, &request.name).await?;
            if vacancy.buckets() >= self.buckets_max {
                return Err(ErrorCode::TooManyBuckets.into());
            }
            let row = BucketRow {
                id: vacancy.id(),
                created: self.clock.now(),
                location: vacancy.location(request.location),
                default_class: request.default_class,
                key: self.new_bucket_key(vacancy.id()),
                lock: None,
                lifecycle: LifecycleMark::default(),
            };
            let new = audit_values::bucket(&row, caller.jurisdiction);
            let audited = AuditedChange::of_bucket("CreateBucket", ChangeKind::Create, &request.name, None, Some(new));
            // A conflict is another bucket being made or removed: each round one of the racers is done.
            if self.recording(caller, audited).await?.create_bucket(&vacancy, &row).await? == Outcome::Committed {
                return Ok(());
            }
            if turn.is_none() {
                turn = Some(self.bucket_turns.lock().await);
            }
        }
    }
}
