//! CreateBucket.

use crate::caller::{Action, Caller};
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::BucketRow;
use types::{BucketName, ErrorCode, OperationError, StorageClass};

/// A bucket to be made.
#[derive(Clone, Debug)]
pub struct CreateBucket {
    /// Its name.
    pub name: BucketName,
    /// A location hint, kept as given. Source: R2 "Data location".
    pub location: Option<String>,
}

impl Store {
    /// Makes a bucket with a key of its own.
    ///
    /// # Errors
    /// `BucketConflict` if the account has one of that name.
    pub async fn create_bucket(&self, caller: &Caller, request: &CreateBucket) -> Result<(), OperationError> {
        caller.authorize(Action::CreateBucket)?;
        loop {
            if self.metadata.bucket(caller.account, &request.name).await?.is_some() {
                return Err(ErrorCode::BucketConflict.into());
            }
            let id = self.metadata.next_bucket_id().await?;
            let row = BucketRow {
                id,
                created: self.clock.now(),
                location: request.location.clone(),
                default_class: StorageClass::Standard,
                key: self.new_bucket_key(id),
            };
            // A conflict is another bucket taking the id or the name: each round one of the racers is done.
            if self.metadata.create_bucket(caller.account, &request.name, &row).await? == Outcome::Committed {
                return Ok(());
            }
        }
    }
}
