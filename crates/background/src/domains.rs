//! The loop that finds out how it stands with custom domains: with new ones within a second, and with all of them at
//! the start and whenever files have certificates for other names than before. What an authority issues or refuses is
//! told by [`crate::certificates`].

use operations::Store;
use operations::settle_domains::Settled;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tls::Catalogue;
use types::{CertificateStatus, DomainName, OperationError};

/// Time between two looks. One that finds no new domain reads nothing but that.
const INTERVAL: Duration = Duration::from_secs(1);

/// Where the certificates of custom domains come from.
pub enum Certificates {
    /// Whatever ends TLS before this server has them.
    Elsewhere,
    /// This server shows them.
    Here {
        /// Those it shows.
        catalogue: Arc<Catalogue>,
        /// Whether an authority is asked for those that files do not have. What becomes of that is told by
        /// [`crate::certificates`].
        by_acme: bool,
    },
}

impl Certificates {
    /// How it stands with that of a domain. `None` where an authority is asked.
    fn status(&self, name: &DomainName) -> Option<CertificateStatus> {
        match self {
            Self::Elsewhere => Some(CertificateStatus::Active),
            Self::Here { catalogue, .. } if catalogue.is_in_files(name.as_str()) => Some(CertificateStatus::Active),
            Self::Here { by_acme: true, .. } => None,
            Self::Here { by_acme: false, .. } => Some(CertificateStatus::Error),
        }
    }

    /// Another number once all domains are to be looked at again.
    fn version(&self) -> u64 {
        match self {
            Self::Elsewhere => 0,
            Self::Here { catalogue, .. } => catalogue.files_version(),
        }
    }
}

/// Looks at custom domains until `stop` resolves.
pub async fn run(store: Arc<Store>, certificates: Certificates, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    // What was set, and which certificates there are, may have changed while nothing ran.
    let mut looked_at = None;
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = store.clock().sleep(INTERVAL) => {}
        }
        if let Err(error) = look(&store, &certificates, &mut looked_at).await {
            tracing::error!(?error, "custom domains could not be looked at; they will be tried again");
        }
    }
}

async fn look(store: &Store, certificates: &Certificates, looked_at: &mut Option<u64>) -> Result<(), OperationError> {
    let status = |name: &DomainName| certificates.status(name);
    let version = certificates.version();
    if *looked_at != Some(version) {
        tell_of(&store.settle_all_domains(status).await?);
        *looked_at = Some(version);
    }
    tell_of(&store.settle_new_domains(status).await?);
    Ok(())
}

fn tell_of(settled: &[Settled]) {
    for (name, status) in settled {
        match status {
            CertificateStatus::Active => tracing::info!(%name, "a custom domain is active"),
            CertificateStatus::Error => tracing::error!(
                %name,
                "a custom domain has no certificate and nobody is asked for one: put {name}.crt and {name}.key where \
                 certificates are, or set acme_directory; until then it cannot be reached by HTTPS"
            ),
            status => tracing::info!(%name, ?status, "the certificate of a custom domain has another state"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_certificate_depends_on_where_it_would_come_from() {
        let name = DomainName::parse("cats.example.com").unwrap();
        let here = |by_acme| Certificates::Here { catalogue: Arc::default(), by_acme };
        assert_eq!(Certificates::Elsewhere.status(&name), Some(CertificateStatus::Active));
        assert_eq!(here(true).status(&name), None);
        assert_eq!(here(false).status(&name), Some(CertificateStatus::Error));
    }
}
