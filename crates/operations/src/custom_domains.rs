//! The custom domains of a bucket: to see, add, change and remove. Sources: R2 "Public buckets", Custom domains;
//! "Limits".

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::buckets::FoundBucket;
use metadata::rows::{ChangeKind, DomainRow};
use metadata::{Outcome, Stored};
use std::sync::Arc;
use types::limits::CUSTOM_DOMAINS_MAX;
use types::{
    BucketName, CertificateStatus, Cipher, DomainName, DomainSettings, ErrorCode, OperationError, Ownership,
    PublicName, Resource, TlsVersion,
};

/// A custom domain of a bucket.
#[derive(Clone, Debug)]
pub struct CustomDomain {
    /// Its name.
    pub name: DomainName,
    /// What is known of it.
    pub row: Arc<DomainRow>,
}

/// What to change of a custom domain; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainChange {
    /// Whether the bucket can be read there.
    pub enabled: Option<bool>,
    /// The least TLS version.
    pub min_tls: Option<TlsVersion>,
    /// The only cipher suites; empty: all that the server has.
    pub ciphers: Option<Vec<Cipher>>,
}

impl DomainChange {
    fn apply(&self, settings: &mut DomainSettings) {
        settings.enabled = self.enabled.unwrap_or(settings.enabled);
        settings.min_tls = self.min_tls.unwrap_or(settings.min_tls);
        if let Some(ciphers) = &self.ciphers {
            settings.ciphers.clone_from(ciphers);
        }
    }
}

impl Store {
    /// A bucket's custom domains, in the order they were added.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub async fn custom_domains(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<Vec<CustomDomain>, OperationError> {
        caller.authorize(Action::ListCustomDomains, Resource::Bucket(bucket))?;
        let found = self.find_bucket(caller, bucket).await?;
        let mut domains = Vec::new();
        for name in self.metadata.domains(found.id()).await?.row().custom {
            let row = self.metadata.public_name(&PublicName::Custom(name.clone())).await?;
            // Removed between the two reads, or another bucket's by now.
            let own = row.filter(|row| row.bucket_id == found.id());
            domains.extend(own.map(|row| CustomDomain { name, row }));
        }
        Ok(domains)
    }

    /// A custom domain of a bucket.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchDomain`.
    pub async fn custom_domain(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &DomainName,
    ) -> Result<CustomDomain, OperationError> {
        caller.authorize(Action::GetCustomDomain, Resource::Bucket(bucket))?;
        let found = self.find_bucket(caller, bucket).await?;
        let stored = self.own_domain(&found, name).await?;
        Ok(CustomDomain { name: name.clone(), row: Arc::new(stored.row) })
    }

    /// Gives a bucket a custom domain, which no bucket of the whole store may have already.
    ///
    /// # Errors
    /// `NoSuchBucket`, `DomainInUse`, `TooManyDomains`, `TooManyRequests`; `InvalidArgument` for a name that this
    /// server goes by itself.
    pub async fn add_custom_domain(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &DomainName,
        settings: &DomainSettings,
    ) -> Result<CustomDomain, OperationError> {
        caller.authorize(Action::AddCustomDomain, Resource::Bucket(bucket))?;
        self.admit_change(caller.account, caller.jurisdiction, bucket)?;
        if self.own_names.include(name) || self.is_of_another_bucket(caller, name, bucket).await? {
            let message = format!("{name} is a name of this server's own: choose one that is not.");
            return Err(OperationError::new(ErrorCode::InvalidArgument, message));
        }
        loop {
            let found = self.find_bucket(caller, bucket).await?;
            let known = self.metadata.domains(found.id()).await?;
            if self.metadata.stored_domain(&PublicName::Custom(name.clone())).await?.is_some() {
                return Err(ErrorCode::DomainInUse.into());
            }
            if known.row().custom.len() >= CUSTOM_DOMAINS_MAX {
                return Err(ErrorCode::TooManyDomains.into());
            }
            let row = self.custom_row(caller, bucket, &found, settings);
            let new = audit_values::domain(name, &row.settings);
            let audited = AuditedChange::of_bucket("AddCustomDomain", ChangeKind::Create, bucket, None, Some(new));
            // A conflict is another bucket that took the name, or a change of this one: look again.
            if self.recording(caller, audited).await?.add_domain(&found, &known, name, &row).await?
                == Outcome::Committed
            {
                return Ok(CustomDomain { name: name.clone(), row: Arc::new(row) });
            }
        }
    }

    /// Changes what is set of a custom domain. Requests go by it from then on.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchDomain`, `TooManyRequests`.
    pub async fn update_custom_domain(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &DomainName,
        wanted: &DomainChange,
    ) -> Result<CustomDomain, OperationError> {
        caller.authorize(Action::UpdateCustomDomain, Resource::Bucket(bucket))?;
        self.admit_change(caller.account, caller.jurisdiction, bucket)?;
        loop {
            let found = self.find_bucket(caller, bucket).await?;
            let stored = self.own_domain(&found, name).await?;
            let mut row = stored.row.clone();
            wanted.apply(&mut row.settings);
            let [old, new] = [&stored.row, &row].map(|row| Some(audit_values::domain(name, &row.settings)));
            let audited = AuditedChange::of_bucket("UpdateCustomDomain", ChangeKind::Update, bucket, old, new);
            let at = PublicName::Custom(name.clone());
            if self.recording(caller, audited).await?.change_domain(&at, &stored, &row).await? == Outcome::Committed {
                return Ok(CustomDomain { name: name.clone(), row: Arc::new(row) });
            }
        }
    }

    /// Takes a custom domain from a bucket. Any bucket may have it afterwards.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchDomain`, `TooManyRequests`.
    pub async fn remove_custom_domain(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &DomainName,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::RemoveCustomDomain, Resource::Bucket(bucket))?;
        self.admit_change(caller.account, caller.jurisdiction, bucket)?;
        loop {
            let found = self.find_bucket(caller, bucket).await?;
            let known = self.metadata.domains(found.id()).await?;
            let stored = self.own_domain(&found, name).await?;
            let old = audit_values::domain(name, &stored.row.settings);
            let audited = AuditedChange::of_bucket("RemoveCustomDomain", ChangeKind::Delete, bucket, Some(old), None);
            if self.recording(caller, audited).await?.remove_domain(found.id(), &known, name).await?
                == Outcome::Committed
            {
                return Ok(());
            }
        }
    }

    /// The row of a name that this very bucket has. Whether another has it is nobody's business.
    async fn own_domain(&self, bucket: &FoundBucket, name: &DomainName) -> Result<Stored<DomainRow>, OperationError> {
        let stored = self.metadata.stored_domain(&PublicName::Custom(name.clone())).await?;
        stored.filter(|stored| stored.row.bucket_id == bucket.id()).ok_or_else(|| ErrorCode::NoSuchDomain.into())
    }

    /// Whether a name is the endpoint of another bucket that there is.
    async fn is_of_another_bucket(
        &self,
        caller: &Caller,
        name: &DomainName,
        bucket: &BucketName,
    ) -> Result<bool, OperationError> {
        for other in self.own_names.endpoint_of(name).filter(|other| other != bucket) {
            if self.metadata.bucket(caller.account, caller.jurisdiction, &other).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn custom_row(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        found: &FoundBucket,
        settings: &DomainSettings,
    ) -> DomainRow {
        DomainRow {
            account: caller.account,
            jurisdiction: caller.jurisdiction,
            bucket: bucket.clone(),
            bucket_id: found.id(),
            added: self.clock.now(),
            settings: settings.clone(),
            ownership: Ownership::Pending,
            certificate: CertificateStatus::Initializing,
        }
    }
}

/// Host names that the server itself goes by, which no bucket may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNames {
    /// These, in lower case, and all below them.
    pub domains: Vec<String>,
    /// Just these, in lower case.
    pub hosts: Vec<String>,
    /// Those right below these, in lower case, are the endpoints of the buckets that they name: no other may take them.
    pub bucket_domains: Vec<String>,
}

impl OwnNames {
    /// Whether a name is the server's own, whatever buckets there are.
    fn include(&self, name: &DomainName) -> bool {
        self.domains.iter().any(|domain| name.is_within(domain)) || self.hosts.iter().any(|host| host == name.as_str())
    }

    /// The buckets whose endpoint a name would be.
    fn endpoint_of(&self, name: &DomainName) -> impl Iterator<Item = BucketName> {
        let label = |domain: &String| name.as_str().strip_suffix(domain.as_str())?.strip_suffix('.');
        self.bucket_domains.iter().filter_map(label).filter_map(|label| BucketName::parse(label).ok())
    }
}
