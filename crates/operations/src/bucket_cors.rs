//! GetBucketCors, PutBucketCors, DeleteBucketCors, and the rules that answers to browsers go by.
//! Source: R2 "Configure CORS".

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::ChangeKind;
use std::sync::Arc;
use types::{AccessKeyId, AccountId, BucketName, CorsPolicy, ErrorCode, Jurisdiction, OperationError, Resource};

impl Store {
    /// A bucket's CORS rules.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchCorsConfiguration`.
    pub async fn bucket_cors(&self, caller: &Caller, name: &BucketName) -> Result<Arc<CorsPolicy>, OperationError> {
        caller.authorize(Action::GetBucketCors, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        self.metadata.cors(bucket.id()).await?.ok_or_else(|| ErrorCode::NoSuchCorsConfiguration.into())
    }

    /// Replaces all CORS rules of a bucket. Answers to browsers go by the new ones from then on.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn put_bucket_cors(
        &self,
        caller: &Caller,
        name: &BucketName,
        policy: &CorsPolicy,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::PutBucketCors, Resource::Bucket(name))?;
        self.set_cors(caller, name, Some(policy)).await
    }

    /// Removes the CORS rules of a bucket, if it has any.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn delete_bucket_cors(&self, caller: &Caller, name: &BucketName) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteBucketCors, Resource::Bucket(name))?;
        self.set_cors(caller, name, None).await
    }

    async fn set_cors(
        &self,
        caller: &Caller,
        name: &BucketName,
        policy: Option<&CorsPolicy>,
    ) -> Result<(), OperationError> {
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let found = self.metadata.found_cors(bucket.id()).await?;
            let old = found.row().map(audit_values::cors);
            let new = policy.map(audit_values::cors);
            let (action, kind) = match (&old, &new) {
                (_, None) => ("DeleteBucketCors", ChangeKind::Delete),
                (None, _) => ("PutBucketCors", ChangeKind::Create),
                _ => ("PutBucketCors", ChangeKind::Update),
            };
            let audited = AuditedChange::of_bucket(action, kind, name, old, new);
            let recording = self.recording(caller, audited).await?.expecting(&found);
            // A conflict is a change of the bucket or its rules, or its end: look again.
            if recording.set_cors(&bucket, policy).await? == Outcome::Committed {
                return Ok(());
            }
        }
    }

    /// The rules that an answer to a browser goes by; `None` if there are none or there is no such bucket. Asks for no
    /// caller: a preflight has none, and all it learns is what it was going to be told anyway.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn cors_rules(
        &self,
        account: AccountId,
        jurisdiction: Jurisdiction,
        name: &BucketName,
    ) -> Result<Option<Arc<CorsPolicy>>, OperationError> {
        match self.metadata.bucket(account, jurisdiction, name).await? {
            Some(bucket) => Ok(self.metadata.cors(bucket.id()).await?),
            None => Ok(None),
        }
    }

    /// The account that a request to an endpoint of no particular account is about before anybody is authenticated:
    /// that of the key it claims, else the root account.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn claimed_account(&self, claimed: Option<AccessKeyId>) -> Result<Option<AccountId>, OperationError> {
        if let Some(key) = claimed
            && let Some(token) = self.metadata.token(key).await?
        {
            return Ok(Some(token.row.account));
        }
        Ok(self.metadata.store().await?.map(|store| store.root_account))
    }
}
