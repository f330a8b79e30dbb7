//! The loop that gets certificates by ACME, renews them when two thirds of their time are over, and puts those that
//! any gateway got into this one's catalogue.

use operations::certificates::Issuance;
use operations::{IssuedRow, Store};
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tls::acme::{Authority, Board, NewCertificate};
use tls::{Asked, Catalogue, Certificate};
use tokio::task::JoinSet;
use types::Timestamp;

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

/// Certificates with the rows they were read from.
type Known = HashMap<String, (IssuedRow, Certificate)>;

async fn round(issuing: &Arc<Issuing>, known: &mut Known) {
    let due = match look(issuing, known).await {
        Ok(due) => due,
        Err(error) => return tracing::error!(?error, "certificates could not be looked up"),
    };
    let mut due = due.into_iter();
    let mut running = JoinSet::new();
    let mut any = false;
    loop {
        while running.len() < ORDERS_MAX
            && let Some(name) = due.next()
        {
            any = true;
            running.spawn(renew(Arc::clone(issuing), name));
        }
        if running.join_next().await.is_none() {
            break;
        }
    }
    // What was issued is shown at once.
    if any && let Err(error) = look(issuing, known).await {
        tracing::error!(?error, "certificates could not be looked up");
    }
}

/// Brings the catalogue up to date, and answers the names whose certificates are missing or due.
async fn look(issuing: &Issuing, known: &mut Known) -> Result<Vec<String>, types::OperationError> {
    let mut found = Known::new();
    for (name, row) in issuing.store.issued_certificates().await? {
        match known.remove(&name).filter(|(before, _)| *before == row) {
            Some(before) => drop(found.insert(name, before)),
            None => match Certificate::from_pem(row.chain.as_bytes(), row.key.as_bytes()) {
                Ok(certificate) => drop(found.insert(name, (row, certificate))),
                Err(error) => tracing::error!(%error, name, "a certificate that was issued cannot be used"),
            },
        }
    }
    *known = found;
    let custom = issuing.store.custom_domain_names().await?;
    let wanted: BTreeSet<String> = issuing.names.iter().cloned().chain(custom).collect();
    let shown = known.iter().filter(|(name, _)| wanted.contains(*name));
    issuing.catalogue.replace_issued(&shown.map(|(name, (_, made))| (name.clone(), made.clone())).collect());
    let now = issuing.store.clock().now();
    let is_due = |name: &String| {
        let good = known.get(name).is_some_and(|(_, certificate)| now < certificate.renew_at());
        !good && !issuing.catalogue.is_in_files(name)
    };
    Ok(wanted.into_iter().filter(is_due).collect())
}

/// Gets a certificate for one name, if it is this gateway's turn.
async fn renew(issuing: Arc<Issuing>, name: String) {
    let issuance = match issuing.store.begin_issuance(&name, issuing.holder).await {
        Ok(Some(issuance)) => issuance,
        Ok(None) => return,
        Err(error) => return tracing::error!(?error, name, "a certificate could not be asked for"),
    };
    let ended = match issue(&issuing, &name).await {
        Ok(row) => keep(&issuing, &issuance, &row).await,
        Err(reason) => fail(&issuing, &issuance, &reason).await,
    };
    if let Err(error) = ended {
        tracing::error!(?error, name, "what became of a request for a certificate could not be kept");
    }
    if let Err(error) = issuing.store.forget_challenge(&name).await {
        tracing::error!(?error, name, "a challenge could not be taken away; it ends by itself");
    }
}

async fn issue(issuing: &Issuing, name: &str) -> Result<IssuedRow, String> {
    let credentials = account(issuing).await?;
    let board = StoreBoard(&issuing.store);
    let issued = issuing.authority.issue(&credentials, name, &board).await.map_err(|error| error.to_string())?;
    let NewCertificate { chain, key } = issued;
    let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).map_err(|error| error.to_string())?;
    certificate.check(Some(name), issuing.store.clock().now()).map_err(|error| error.to_string())?;
    Ok(IssuedRow { chain, key })
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

async fn keep(issuing: &Issuing, issuance: &Issuance, row: &IssuedRow) -> Result<(), types::OperationError> {
    if issuing.store.keep_certificate(issuance, row).await? {
        tracing::info!(name = issuance.name, "a certificate was issued");
    }
    Ok(())
}

async fn fail(issuing: &Issuing, issuance: &Issuance, reason: &str) -> Result<(), types::OperationError> {
    let Timestamp(retry_at) = issuing.store.fail_issuance(issuance, reason).await?;
    let seconds = retry_at.saturating_sub(issuing.store.clock().now().0) / 1000;
    tracing::error!(name = issuance.name, reason, retry_in_seconds = seconds, "a certificate could not be got");
    Ok(())
}

/// Answers in the store, where every gateway finds them.
struct StoreBoard<'s>(&'s Store);

impl Board for StoreBoard<'_> {
    fn show<'a>(&'a self, name: &'a str, token: &'a str, answer: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let shown = self.0.show_challenge(name, token, answer).await;
            shown.map_err(|error| io::Error::other(format!("the answer to the challenge: {error:?}")))
        })
    }
}
