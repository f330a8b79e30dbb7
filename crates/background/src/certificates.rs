//! The loop that gets certificates by ACME, renews them when two thirds of their time are over, and puts those that
//! any gateway got into this one's catalogue.

use operations::certificates::{Issuance, WantedCertificate};
use operations::{IssuedRow, Store};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tls::acme::{Authority, Board, NewCertificate};
use tls::{Asked, Catalogue, Certificate, Wanted};
use tokio::task::JoinSet;
use types::{CertificateStatus, DomainName, OperationError, Timestamp};

/// Time between two rounds: how long a new name waits, and how long a gateway shows a certificate that another renewed.
pub const ROUND: Duration = Duration::from_secs(15);

/// Orders at once.
const ORDERS_MAX: usize = 4;

/// What the loop works with.
pub struct Issuing {
    /// Where certificates are kept.
    pub store: Arc<Store>,
    /// Who issues them.
    pub authority: Authority,
    /// Whom the authority may write to.
    pub contact: Vec<String>,
    /// Names besides custom domains.
    pub names: Vec<String>,
    /// What handshakes show.
    pub catalogue: Arc<Catalogue>,
    /// This gateway among others.
    pub holder: [u8; 16],
}

/// Runs until `stop` resolves. A failed round is logged and tried again.
pub async fn run(issuing: Issuing, stop: impl Future<Output = ()>) {
    let issuing = Arc::new(issuing);
    let work = async {
        let mut known = HashMap::new();
        loop {
            round(&issuing, &mut known).await;
            issuing.store.clock().sleep(ROUND).await;
        }
    };
    let mut stop = pin!(stop);
    tokio::select! {
        () = work => {}
        () = &mut stop => {}
    }
}

/// What was issued: rows, with the certificates in them that can be used.
type Known = HashMap<String, (IssuedRow, Option<Certificate>)>;

/// A name whose certificate is missing, or has used up two thirds of its time.
struct Due {
    certificate: WantedCertificate,
    /// When the certificate ends that is shown now.
    shown_until: Option<Timestamp>,
}

/// A certificate that was issued.
struct Issued {
    name: String,
    wanted: Wanted,
    row: IssuedRow,
    certificate: Certificate,
}

async fn round(issuing: &Arc<Issuing>, known: &mut Known) {
    let due = match look(issuing, known).await {
        Ok(due) => due,
        Err(error) => return tracing::error!(?error, "certificates could not be looked up"),
    };
    let mut due = due.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < ORDERS_MAX
            && let Some(next) = due.next()
        {
            running.spawn(renew(Arc::clone(issuing), next));
        }
        match running.join_next().await {
            None => return,
            Some(Ok(None)) => {}
            // Shown at once, whatever the others wait for.
            Some(Ok(Some(issued))) => show(issuing, known, issued).await,
            Some(Err(error)) => tracing::error!(%error, "asking for a certificate did not end well"),
        }
    }
}

/// Brings the catalogue up to date, and answers the names whose certificates are missing or due.
async fn look(issuing: &Issuing, known: &mut Known) -> Result<Vec<Due>, OperationError> {
    let now = issuing.store.clock().now();
    let arrived = read_issued(issuing, known).await?;
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    wanted.extend(issuing.store.custom_domain_names().await?.into_iter().map(|name| (name, Wanted::WhileDomain)));
    wanted.extend(issuing.names.iter().map(|name| (name.clone(), Wanted::Always)));
    let shown = wanted.iter().filter_map(|(name, wanted)| Some((name.clone(), known.get(name)?.1.as_ref()?, *wanted)));
    issuing.catalogue.replace_issued(shown);
    for name in arrived.iter().filter(|name| wanted.contains_key(*name)) {
        // By another process, or before this one started.
        let certificate = known.get(name).and_then(|(_, certificate)| certificate.as_ref());
        let is_over = certificate.is_some_and(|certificate| certificate.not_after() <= now);
        settle(issuing, name, if is_over { CertificateStatus::Error } else { CertificateStatus::Active }).await;
    }
    let due = |(name, wanted): (String, Wanted)| {
        let certificate = known.get(&name).and_then(|(_, certificate)| certificate.as_ref());
        if certificate.is_some_and(|certificate| now < certificate.renew_at()) || issuing.catalogue.is_in_files(&name) {
            return None;
        }
        let shown_until = certificate.map(Certificate::not_after).filter(|end| now < *end);
        let (is_of_domain, before) = (wanted == Wanted::WhileDomain, known.get(&name).map(|(row, _)| row.clone()));
        Some(Due { certificate: WantedCertificate { name, is_of_domain, before }, shown_until })
    };
    Ok(wanted.into_iter().filter_map(due).collect())
}

/// Reads what was issued, and answers the names whose certificates were not known yet.
async fn read_issued(issuing: &Issuing, known: &mut Known) -> Result<Vec<String>, OperationError> {
    let (mut found, mut arrived) = (Known::new(), Vec::new());
    for (name, row) in issuing.store.issued_certificates().await? {
        match known.remove(&name).filter(|(before, _)| *before == row) {
            Some(before) => drop(found.insert(name, before)),
            None => {
                let certificate = Certificate::from_pem(row.chain.as_bytes(), row.key.as_bytes());
                match &certificate {
                    Ok(_) => arrived.push(name.clone()),
                    Err(error) => tracing::error!(%error, name, "a certificate that was issued cannot be used"),
                }
                found.insert(name, (row, certificate.ok()));
            }
        }
    }
    *known = found;
    Ok(arrived)
}

/// Shows a certificate from the next handshake on.
async fn show(issuing: &Issuing, known: &mut Known, issued: Issued) {
    let Issued { name, wanted, row, certificate } = issued;
    issuing.catalogue.add_issued(name.clone(), &certificate, wanted);
    settle(issuing, &name, CertificateStatus::Active).await;
    known.insert(name, (row, Some(certificate)));
}

/// Writes down how it stands with the certificate of a name, if that is a custom domain.
async fn settle(issuing: &Issuing, name: &str, status: CertificateStatus) {
    if let Err(error) = issuing.store.settle_domain(name, |_: &DomainName| Some(status)).await {
        tracing::error!(?error, name, "the state of a custom domain could not be kept");
    }
}

/// Gets a certificate for one name, if it is this gateway's turn.
async fn renew(issuing: Arc<Issuing>, due: Due) -> Option<Issued> {
    let name = due.certificate.name.as_str();
    let issuance = match issuing.store.begin_issuance(&due.certificate, issuing.holder).await {
        Ok(begun) => begun?,
        Err(error) => {
            tracing::error!(?error, name, "a certificate could not be asked for");
            return None;
        }
    };
    if due.shown_until.is_none() {
        settle(&issuing, name, CertificateStatus::Pending).await;
    }
    match issue(&issuing, &issuance).await {
        Ok((row, certificate)) => keep(&issuing, &issuance, due.certificate, row, certificate).await,
        Err(reason) => {
            fail(&issuing, &issuance, due.shown_until, &reason).await;
            None
        }
    }
}

async fn issue(issuing: &Issuing, issuance: &Issuance) -> Result<(IssuedRow, Certificate), String> {
    let name = &issuance.name;
    let credentials = account(issuing).await?;
    let board = StoreBoard { store: &issuing.store, issuance };
    let issued = issuing.authority.issue(&credentials, name, &board).await.map_err(|error| error.to_string())?;
    let NewCertificate { chain, key } = issued;
    let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).map_err(|error| error.to_string())?;
    certificate.check(Some(name), issuing.store.clock().now()).map_err(|error| error.to_string())?;
    Ok((IssuedRow { chain, key }, certificate))
}

/// The credentials of the account, made if there is none.
async fn account(issuing: &Issuing) -> Result<String, String> {
    let directory = issuing.authority.directory();
    let kept = issuing.store.acme_account(directory).await.map_err(|error| format!("the account: {error:?}"))?;
    if let Some(credentials) = kept {
        return Ok(credentials);
    }
    let made = issuing.authority.register(&issuing.contact).await.map_err(|error| error.to_string())?;
    issuing.store.keep_acme_account(directory, made).await.map_err(|error| format!("the account: {error:?}"))
}

async fn keep(
    issuing: &Issuing,
    issuance: &Issuance,
    wanted: WantedCertificate,
    row: IssuedRow,
    certificate: Certificate,
) -> Option<Issued> {
    let name = wanted.name;
    let wanted = if wanted.is_of_domain { Wanted::WhileDomain } else { Wanted::Always };
    match issuing.store.keep_certificate(issuance, &row).await {
        Ok(true) => {
            tracing::info!(name, "a certificate was issued");
            Some(Issued { name, wanted, row, certificate })
        }
        Ok(false) => {
            tracing::info!(name, "a certificate came too late: the name was given up, or another process asks by now");
            None
        }
        Err(error) => {
            tracing::error!(?error, name, "a certificate that was issued could not be kept");
            None
        }
    }
}

async fn fail(issuing: &Issuing, issuance: &Issuance, shown_until: Option<Timestamp>, reason: &str) {
    let name = &issuance.name;
    let retry_at = match issuing.store.fail_issuance(issuance, reason).await {
        Ok(Some(retry_at)) => retry_at,
        Ok(None) => {
            return tracing::info!(name, reason, "no certificate is wanted any more, or another process asks by now");
        }
        Err(error) => {
            return tracing::error!(?error, name, reason, "a certificate could not be got, nor that be kept");
        }
    };
    let now = issuing.store.clock().now();
    let seconds_to = |time: Timestamp| time.0.saturating_sub(now.0) / 1000;
    let retry_in_seconds = seconds_to(retry_at);
    match shown_until.filter(|end| now < *end) {
        Some(end) => tracing::error!(
            name,
            reason,
            retry_in_seconds,
            ends_in_seconds = seconds_to(end),
            "a certificate could not be renewed; the one before is shown until it ends"
        ),
        None => {
            tracing::error!(name, reason, retry_in_seconds, "a certificate could not be got");
            settle(issuing, name, CertificateStatus::Error).await;
        }
    }
}

/// Answers in the store, where every gateway finds them while the attempt runs.
struct StoreBoard<'s> {
    store: &'s Store,
    issuance: &'s Issuance,
}

impl Board for StoreBoard<'_> {
    fn show<'a>(&'a self, token: &'a str, answer: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let shown = self.store.show_challenge(self.issuance, token, answer).await;
            match shown.map_err(|error| io::Error::other(format!("the answer to the challenge: {error:?}")))? {
                true => Ok(()),
                false => Err(io::Error::other("the name was given up, or another process asks by now")),
            }
        })
    }
}
