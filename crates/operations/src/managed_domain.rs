//! The public development URL of a bucket: to see, to turn on and off. Source: R2 "Public buckets", Public development
//! URL.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use aws_lc_rs::hmac;
use metadata::Outcome;
use metadata::domains::KnownDomains;
use metadata::rows::{ChangeKind, DomainRow};
use types::{
    BucketId, BucketName, CertificateStatus, DomainSettings, OperationError, Ownership, PublicId, PublicName, Resource,
    TlsVersion,
};

/// A bucket's public development URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedDomain {
    /// The digits in its name. They stay the bucket's, whether it is enabled or not.
    pub id: PublicId,
    /// Whether the bucket can be read there.
    pub enabled: bool,
}

impl Store {
    /// A bucket's public development URL. No bucket has it enabled unless somebody asked for that.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn managed_domain(&self, caller: &Caller, name: &BucketName) -> Result<ManagedDomain, OperationError> {
        caller.authorize(Action::GetManagedDomain, Resource::Bucket(name))?;
        let bucket = self.find_bucket(caller, name).await?;
        let known = self.metadata.domains(bucket.id()).await?;
        let id = self.public_id(bucket.id(), &known);
        let row = self.metadata.public_name(&PublicName::Managed(id)).await?;
        Ok(ManagedDomain { id, enabled: row.is_some_and(|row| row.settings.enabled) })
    }

    /// Turns a bucket's public development URL on or off. Requests go by it from then on.
    ///
    /// # Errors
    /// `NoSuchBucket`, `TooManyRequests`.
    pub async fn set_managed_domain(
        &self,
        caller: &Caller,
        name: &BucketName,
        enabled: bool,
    ) -> Result<ManagedDomain, OperationError> {
        caller.authorize(Action::ChangeBucketVisibility, Resource::Bucket(name))?;
        self.admit_change(caller.account, caller.jurisdiction, name)?;
        loop {
            let bucket = self.find_bucket(caller, name).await?;
            let known = self.metadata.domains(bucket.id()).await?;
            let id = self.public_id(bucket.id(), &known);
            let old = self.metadata.stored_domain(&PublicName::Managed(id)).await?;
            let was_enabled = old.as_ref().is_some_and(|old| old.row.settings.enabled);
            let [before, after] = [was_enabled, enabled].map(|enabled| Some(audit_values::visibility(enabled)));
            let audited = AuditedChange::of_bucket("ChangeBucketVisibility", ChangeKind::Update, name, before, after);
            let row = self.managed_row(caller, name, bucket.id(), enabled);
            let recording = self.recording(caller, audited).await?;
            // A conflict is a change of the bucket, its names or this one: look again.
            let at = (id, old.as_ref());
            if recording.set_managed_domain(&bucket, &known, at, &row).await? == Outcome::Committed {
                return Ok(ManagedDomain { id, enabled });
            }
        }
    }

    /// The id in the bucket's URL. Until the URL is first enabled it is in no row: then it is drawn from the bucket's
    /// own id under a key, so that it is always the same and tells nothing.
    fn public_id(&self, bucket: BucketId, known: &KnownDomains) -> PublicId {
        known.row().managed.unwrap_or_else(|| {
            let tag = hmac::sign(&self.public_ids, &bucket.0.to_be_bytes());
            let mut id = [0; 16];
            id.copy_from_slice(&tag.as_ref()[..16]);
            PublicId(id)
        })
    }

    fn managed_row(&self, caller: &Caller, name: &BucketName, bucket_id: BucketId, enabled: bool) -> DomainRow {
        DomainRow {
            account: caller.account,
            jurisdiction: caller.jurisdiction,
            bucket: name.clone(),
            bucket_id,
            added: self.clock.now(),
            settings: DomainSettings {
                enabled,
                min_tls: TlsVersion::default(),
                ciphers: Vec::new(),
                zone: String::new(),
            },
            ownership: Ownership::Active,
            certificate: CertificateStatus::Active,
        }
    }
}
