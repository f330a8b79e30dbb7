//! Finding out how it stands with custom domains: whose they are, and whether they have a certificate.
//! Source: R2 "Public buckets", Connect a bucket to a custom domain.
//!
//! A domain is served from the moment it is added. Its account may use it because whoever runs this server says so, by
//! having names lead here: nobody else is asked. What takes its time is a certificate, where this server needs one.
//! Nothing is looked at again and again: a domain is looked at once after it was added, all are when the certificates
//! in files changed, and one is when an authority issued or refused its certificate.

use crate::store::Store;
use metadata::rows::DomainRow;
use metadata::{Outcome, Stored};
use types::{CertificateStatus, DomainName, OperationError, Ownership, PublicName};

/// Says how it stands with the certificate of a domain; `None`: whatever was found out before still holds.
pub trait FindsOut: Fn(&DomainName) -> Option<CertificateStatus> + Send + Sync {}

impl<F: Fn(&DomainName) -> Option<CertificateStatus> + Send + Sync> FindsOut for F {}

/// A custom domain with the state of its certificate, which is another one than before.
pub type Settled = (DomainName, CertificateStatus);

impl Store {
    /// Looks at the custom domains that were added since the last time. Reads those and no others. Answers whose state
    /// is another one now.
    ///
    /// # Errors
    /// What the metadata engine says; what was written down by then stays.
    pub async fn settle_new_domains(&self, certificate: impl FindsOut) -> Result<Vec<Settled>, OperationError> {
        let (mut settled, mut after) = (Vec::new(), None);
        loop {
            let page = self.metadata.pending_domains(after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(settled) };
            after = Some(last.clone());
            for name in &page {
                settled.extend(self.settle(name, None, true, &certificate).await?);
            }
        }
    }

    /// Looks at all custom domains. Answers whose state is another one now.
    ///
    /// # Errors
    /// What the metadata engine says; what was written down by then stays.
    pub async fn settle_all_domains(&self, certificate: impl FindsOut) -> Result<Vec<Settled>, OperationError> {
        let (mut settled, mut after) = (Vec::new(), None);
        if self.has_no_custom_domain() {
            return Ok(settled);
        }
        loop {
            let page = self.metadata.custom_domains(after.as_ref()).await?;
            let Some((last, _)) = page.last() else { return Ok(settled) };
            after = Some(last.clone());
            for (name, stored) in page {
                settled.extend(self.settle(&name, Some(stored), false, &certificate).await?);
            }
        }
    }

    /// Looks at one name, which may be no custom domain. Answers its state if that is another one now.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn settle_domain(
        &self,
        name: &str,
        certificate: impl FindsOut,
    ) -> Result<Option<Settled>, OperationError> {
        match DomainName::parse(name) {
            Ok(name) => self.settle(&name, None, false, &certificate).await,
            Err(_) => Ok(None),
        }
    }

    /// Writes down what is found out about a domain, unless it is known. `is_new`: nobody looked at it before.
    async fn settle(
        &self,
        name: &DomainName,
        mut stored: Option<Stored<DomainRow>>,
        is_new: bool,
        certificate: &impl FindsOut,
    ) -> Result<Option<Settled>, OperationError> {
        loop {
            let found = match stored.take() {
                Some(stored) => Some(stored),
                None => self.metadata.stored_domain(&PublicName::Custom(name.clone())).await?,
            };
            // Removed meanwhile, and with it that it is new.
            let Some(found) = found else { return Ok(None) };
            // Asked only now: whoever found out something later must not be overwritten by what was true before.
            let certificate = certificate(name).unwrap_or(found.row.certificate);
            let row = DomainRow { ownership: Ownership::Active, certificate, ..found.row.clone() };
            if row == found.row && !is_new {
                return Ok(None);
            }
            if self.metadata.settle_domain(name, &found, &row).await? == Outcome::Committed {
                let is_other = row.certificate != found.row.certificate;
                return Ok(is_other.then(|| (name.clone(), row.certificate)));
            }
        }
    }
}
