//! Certificates that ACME issues: which there are, whose turn it is to ask for one, and the answers to challenges.
//! Called by a loop in `background` and by handshakes; no caller of a face has a say in it.

use crate::store::Store;
use metadata::rows::{AcmeAccountRow, ChallengeRow, IssuanceRow, IssuedRow};
use metadata::{Outcome, Stored};
use std::time::Duration;
use types::{DomainName, OperationError, Timestamp};

/// Longest time that one attempt holds a name: whoever holds it longer is dead.
pub const LEASE: Duration = Duration::from_secs(600);

/// Wait after the first failure; each further one waits four times as long. Let's Encrypt allows five failures per name
/// and hour.
const RETRY_WAIT: Duration = Duration::from_secs(60);

/// Longest wait between attempts.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(12 * 3600);

/// Longest text kept of a failure.
const ERROR_CHARS_MAX: usize = 1000;

/// A certificate that is missing or old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedCertificate {
    /// The name it is for.
    pub name: String,
    /// Whether it is wanted only while the name is a custom domain.
    pub is_of_domain: bool,
    /// The one that it is to take the place of.
    pub before: Option<IssuedRow>,
}

/// The right to ask for a certificate for a name, until it is ended or its lease is over.
#[derive(Clone, Debug)]
pub struct Issuance {
    /// The name.
    pub name: String,
    row: Stored<IssuanceRow>,
}

impl Store {
    /// The credentials of the account at an authority.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn acme_account(&self, directory: &str) -> Result<Option<String>, OperationError> {
        Ok(self.metadata.acme_account(directory).await?.map(|row| row.credentials))
    }

    /// Keeps the credentials of a new account and answers those that count: another gateway may have been first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn keep_acme_account(&self, directory: &str, credentials: String) -> Result<String, OperationError> {
        let row = AcmeAccountRow { credentials };
        let _another_may_have_been_first = self.metadata.keep_acme_account(directory, &row).await?;
        Ok(self.acme_account(directory).await?.unwrap_or(row.credentials))
    }

    /// All certificates that were issued, with their names.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn issued_certificates(&self) -> Result<Vec<(String, IssuedRow)>, OperationError> {
        Ok(self.metadata.issued_certificates().await?)
    }

    /// The custom domains of all buckets: names that want certificates.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn custom_domain_names(&self) -> Result<Vec<String>, OperationError> {
        Ok(self.metadata.custom_domain_names().await?)
    }

    /// Takes the turn to get a certificate for a name. None if another gateway has it, or got one already, or the name
    /// is not wanted any more, or it is too early to try again.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn begin_issuance(
        &self,
        wanted: &WantedCertificate,
        holder: [u8; 16],
    ) -> Result<Option<Issuance>, OperationError> {
        let (name, now) = (wanted.name.as_str(), self.clock.now());
        let domain = if wanted.is_of_domain { Some(parsed(name)?) } else { None };
        loop {
            let ground = self.metadata.issuance_ground(name, domain.clone()).await?;
            if !ground.is_wanted() || ground.issued.as_ref().map(|issued| &issued.row) != wanted.before.as_ref() {
                return Ok(None);
            }
            let before = &ground.attempts;
            if before.as_ref().is_some_and(|before| is_too_early(&before.row, now)) {
                return Ok(None);
            }
            let failures = before.as_ref().map_or(0, |before| before.row.failures);
            let last_error = before.as_ref().map(|before| before.row.last_error.clone()).unwrap_or_default();
            let row = IssuanceRow { holder, lease_until: after(now, LEASE), failures, retry_at: now, last_error };
            // A conflict is another gateway that took the turn, or only another state of the domain: look again.
            if self.metadata.begin_issuance(name, &ground, &row).await? == Outcome::Committed {
                let taken = self.metadata.issuance(name).await?.filter(|taken| taken.row == row);
                return Ok(taken.map(|row| Issuance { name: name.to_owned(), row }));
            }
        }
    }

    /// Keeps the certificate that an attempt got. False if the attempt took too long, and another one runs.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn keep_certificate(&self, issuance: &Issuance, row: &IssuedRow) -> Result<bool, OperationError> {
        Ok(self.metadata.put_issued(&issuance.name, &issuance.row, row).await? == Outcome::Committed)
    }

    /// Notes that an attempt failed, and answers when the next may begin. None if the attempt took too long, and
    /// another one runs, or nobody wants the certificate any more.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn fail_issuance(&self, issuance: &Issuance, reason: &str) -> Result<Option<Timestamp>, OperationError> {
        let now = self.clock.now();
        let before = &issuance.row.row;
        let failures = before.failures.saturating_add(1);
        let factor = 4u32.saturating_pow(u32::try_from(before.failures).unwrap_or(u32::MAX));
        let retry_at = after(now, RETRY_WAIT.saturating_mul(factor).min(RETRY_WAIT_MAX));
        let last_error = reason.chars().take(ERROR_CHARS_MAX).collect();
        let row = IssuanceRow { holder: before.holder, lease_until: now, failures, retry_at, last_error };
        let noted = self.metadata.set_issuance(&issuance.name, &issuance.row, &row).await?;
        Ok((noted == Outcome::Committed).then_some(retry_at))
    }

    /// Shows the answer to a challenge that is part of an attempt, until the attempt ends. False if it has.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn show_challenge(&self, issuance: &Issuance, token: &str, answer: &str) -> Result<bool, OperationError> {
        let until = after(self.clock.now(), LEASE);
        let row = ChallengeRow { token: token.to_owned(), key_authorization: answer.to_owned(), until };
        Ok(self.metadata.show_challenge(&issuance.name, &issuance.row, &row).await? == Outcome::Committed)
    }

    /// The answer to the challenge about a name, while one runs.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn challenge_about(&self, name: &str) -> Result<Option<String>, OperationError> {
        Ok(self.metadata.challenge_about(name).await?.and_then(|row| self.in_time(row)))
    }

    /// The answer to the challenge with a token, while one runs.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn challenge_with(&self, token: &str) -> Result<Option<String>, OperationError> {
        Ok(self.metadata.challenge_with(token).await?.and_then(|row| self.in_time(row)))
    }

    fn in_time(&self, row: ChallengeRow) -> Option<String> {
        (self.clock.now() < row.until).then_some(row.key_authorization)
    }
}

/// A name that was read as a custom domain's.
fn parsed(name: &str) -> Result<DomainName, OperationError> {
    DomainName::parse(name).map_err(|_| OperationError::internal(format!("{name} is no custom domain")))
}

/// Whether somebody holds the name, or the last failure is too young. Neither is ever so far ahead that it can be
/// true: then the calendar was wrong when it was written, and nobody may have to wait for that year.
fn is_too_early(row: &IssuanceRow, now: Timestamp) -> bool {
    let is_ahead = |time: Timestamp, at_most: Duration| time > now && time <= after(now, at_most);
    is_ahead(row.lease_until, LEASE) || is_ahead(row.retry_at, RETRY_WAIT_MAX)
}

fn after(time: Timestamp, wait: Duration) -> Timestamp {
    Timestamp(time.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
}
