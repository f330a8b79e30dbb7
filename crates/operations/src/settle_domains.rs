//! Finding out what is not known yet of custom domains that were added: from initializing to active.
//! Source: R2 "Public buckets", Connect a bucket to a custom domain.
//!
//! A domain is served from the moment it is added. Its account may use it because whoever runs this server says so, by
//! having names lead here: nobody else is asked. What takes its time is a certificate, where this server needs one.

use crate::store::Store;
use metadata::Outcome;
use metadata::rows::DomainRow;
use types::{CertificateStatus, DomainName, OperationError, Ownership, PublicName};

impl Store {
    /// Goes through the custom domains that are not settled, asks for the state of each one's certificate, and writes
    /// down what is new. Answers how many are settled since.
    ///
    /// # Errors
    /// What the metadata engine says; what was written down by then stays.
    pub async fn settle_domains(
        &self,
        certificate: impl Fn(&DomainName) -> CertificateStatus + Send + Sync,
    ) -> Result<usize, OperationError> {
        let (mut settled, mut after) = (0, None);
        loop {
            let page = self.metadata.pending_domains(after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(settled) };
            for name in &page {
                settled += usize::from(self.settle_domain(name, certificate(name)).await?);
            }
            after = Some(last.clone());
        }
    }

    /// Whether the domain is settled now, and was not before.
    async fn settle_domain(&self, name: &DomainName, certificate: CertificateStatus) -> Result<bool, OperationError> {
        loop {
            // Removed meanwhile: then it is pending no more.
            let stored = self.metadata.stored_domain(&PublicName::Custom(name.clone())).await?;
            let Some(stored) = stored else { return Ok(false) };
            let row = DomainRow { ownership: Ownership::Active, certificate, ..stored.row.clone() };
            if row == stored.row && !row.is_settled() {
                return Ok(false);
            }
            if self.metadata.settle_domain(name, &stored, &row).await? == Outcome::Committed {
                return Ok(row.is_settled());
            }
        }
    }
}
