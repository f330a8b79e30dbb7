//! What ACME needs to remember: accounts, certificates, challenges and attempts. All in the store, so that any gateway
//! answers a challenge that another one set, and only one tries at a time.

use crate::engine::Outcome;
use crate::keys;
use crate::rows::{AcmeAccountRow, ChallengeRow, DomainRow, IssuanceRow, IssuedRow, Row};
use crate::service::{Change, Metadata, MetadataError, Stored};
use types::{DomainName, PublicName};

/// Rows read at once.
const BATCH: usize = 256;

/// What an attempt begins on, all of which must still be so in the commit that begins it: the attempts before; the
/// certificate there was, so that nobody orders what another process just got; and the custom domain, so that nobody
/// orders for one that was just removed.
#[derive(Clone, Debug)]
pub struct IssuanceGround {
    /// The attempts so far.
    pub attempts: Option<Stored<IssuanceRow>>,
    /// The certificate there is.
    pub issued: Option<Stored<IssuedRow>>,
    domain: Option<(PublicName, Option<Stored<DomainRow>>)>,
}

impl IssuanceGround {
    /// Whether the name is what it has to be.
    pub fn is_wanted(&self) -> bool {
        self.domain.as_ref().is_none_or(|(_, stored)| stored.is_some())
    }
}

impl Metadata {
    /// The account at the authority with this directory.
    pub async fn acme_account(&self, directory: &str) -> Result<Option<AcmeAccountRow>, MetadataError> {
        Ok(self.read(&keys::acme_account(directory)).await?.map(|stored| stored.row))
    }

    /// Keeps a new account. [`Outcome::Conflict`]: there is one already.
    pub async fn keep_acme_account(&self, directory: &str, row: &AcmeAccountRow) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_absent(keys::acme_account(directory));
        change.put(keys::acme_account(directory), row);
        Ok(change.commit().await?)
    }

    /// All certificates that were issued, by name.
    pub async fn issued_certificates(&self) -> Result<Vec<(String, IssuedRow)>, MetadataError> {
        self.read_named(&keys::issued_certificates()).await
    }

    /// All custom domains of the store, each of which wants a certificate.
    pub async fn custom_domain_names(&self) -> Result<Vec<String>, MetadataError> {
        if self.has_no_custom_domain() {
            return Ok(Vec::new());
        }
        Ok(self.read_named::<DomainRow>(&keys::custom_domains()).await?.into_iter().map(|(name, _)| name).collect())
    }

    /// All rows whose keys are a prefix and a name.
    async fn read_named<T: Row + Send + 'static>(&self, prefix: &[u8]) -> Result<Vec<(String, T)>, MetadataError> {
        let (mut start, end) = (prefix.to_vec(), keys::after_prefix(prefix));
        let mut all = Vec::new();
        loop {
            let batch = self.read_range::<T>(start, end.clone(), BATCH).await?;
            let Some((last, _)) = batch.last() else { return Ok(all) };
            start = keys::just_after(last);
            for (key, stored) in batch {
                let name = key.get(prefix.len()..).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                all.push((name, stored.row));
            }
        }
    }

    /// The attempts for a name.
    pub async fn issuance(&self, name: &str) -> Result<Option<Stored<IssuanceRow>>, MetadataError> {
        self.read(&keys::issuance(name)).await
    }

    /// What the next attempt for a name would begin on. `domain`: the custom domain that the name has to be, if any.
    pub async fn issuance_ground(
        &self,
        name: &str,
        domain: Option<DomainName>,
    ) -> Result<IssuanceGround, MetadataError> {
        let domain = match domain {
            Some(domain) => {
                let at = PublicName::Custom(domain);
                let stored = self.stored_domain(&at).await?;
                Some((at, stored))
            }
            None => None,
        };
        let attempts = self.issuance(name).await?;
        let issued = self.read(&keys::issued_certificate(name)).await?;
        Ok(IssuanceGround { attempts, issued, domain })
    }

    /// Begins an attempt. [`Outcome::Conflict`]: what it begins on is no longer as it was found.
    pub async fn begin_issuance(
        &self,
        name: &str,
        ground: &IssuanceGround,
        row: &IssuanceRow,
    ) -> Result<Outcome, MetadataError> {
        let challenge = self.read(&keys::challenge_about(name)).await?;
        let mut change = self.change();
        change.expect_same(keys::issuance(name), ground.attempts.as_ref());
        change.expect_same(keys::issued_certificate(name), ground.issued.as_ref());
        if let Some((at, stored)) = &ground.domain {
            change.expect_same(keys::public_name(at), stored.as_ref());
        }
        change.put(keys::issuance(name), row);
        forget_challenge(name, challenge.as_ref(), &mut change);
        Ok(change.commit().await?)
    }

    /// Sets how the attempts for a name stand, and takes away the challenge that was part of the last one.
    /// [`Outcome::Conflict`]: they are no longer as they were found.
    pub async fn set_issuance(
        &self,
        name: &str,
        before: &Stored<IssuanceRow>,
        row: &IssuanceRow,
    ) -> Result<Outcome, MetadataError> {
        let challenge = self.read(&keys::challenge_about(name)).await?;
        let mut change = self.change();
        change.expect(keys::issuance(name), before);
        change.put(keys::issuance(name), row);
        forget_challenge(name, challenge.as_ref(), &mut change);
        Ok(change.commit().await?)
    }

    /// Keeps a certificate, and ends the attempts for its name. [`Outcome::Conflict`]: somebody else tries by now, or
    /// nobody wants it any more.
    pub async fn put_issued(
        &self,
        name: &str,
        attempts: &Stored<IssuanceRow>,
        row: &IssuedRow,
    ) -> Result<Outcome, MetadataError> {
        let challenge = self.read(&keys::challenge_about(name)).await?;
        let mut change = self.change();
        change.expect(keys::issuance(name), attempts);
        change.delete(keys::issuance(name));
        change.put(keys::issued_certificate(name), row);
        forget_challenge(name, challenge.as_ref(), &mut change);
        Ok(change.commit().await?)
    }

    /// The challenge about a name.
    pub async fn challenge_about(&self, name: &str) -> Result<Option<ChallengeRow>, MetadataError> {
        Ok(self.read(&keys::challenge_about(name)).await?.map(|stored| stored.row))
    }

    /// The challenge with a token.
    pub async fn challenge_with(&self, token: &str) -> Result<Option<ChallengeRow>, MetadataError> {
        Ok(self.read(&keys::challenge_with(token)).await?.map(|stored| stored.row))
    }

    /// Shows a challenge about a name in the place of the one before, while the attempt it is part of holds the name.
    /// [`Outcome::Conflict`]: it does no longer.
    pub async fn show_challenge(
        &self,
        name: &str,
        attempts: &Stored<IssuanceRow>,
        row: &ChallengeRow,
    ) -> Result<Outcome, MetadataError> {
        let before = self.read(&keys::challenge_about(name)).await?;
        let mut change = self.change();
        change.expect(keys::issuance(name), attempts);
        forget_challenge(name, before.as_ref(), &mut change);
        change.put(keys::challenge_about(name), row);
        change.put(keys::challenge_with(&row.token), row);
        Ok(change.commit().await?)
    }
}

/// Takes both rows of a challenge away, which must be as it was found: there or not.
pub(crate) fn forget_challenge(name: &str, challenge: Option<&Stored<ChallengeRow>>, change: &mut Change<'_>) {
    change.expect_same(keys::challenge_about(name), challenge);
    if let Some(challenge) = challenge {
        change.delete(keys::challenge_about(name));
        change.delete(keys::challenge_with(&challenge.row.token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::service;
    use types::Timestamp;

    fn challenge(token: &str) -> ChallengeRow {
        ChallengeRow { token: token.into(), key_authorization: format!("{token}.print"), until: Timestamp(9) }
    }

    fn attempt(holder: u8) -> IssuanceRow {
        IssuanceRow {
            holder: [holder; 16],
            lease_until: Timestamp(1),
            failures: 0,
            retry_at: Timestamp(0),
            last_error: String::new(),
        }
    }

    /// Begins an attempt in the place of the one before.
    async fn begin(metadata: &Metadata, holder: u8) -> Stored<IssuanceRow> {
        let ground = metadata.issuance_ground("a.example", None).await.unwrap();
        let begun = metadata.begin_issuance("a.example", &ground, &attempt(holder)).await.unwrap();
        assert_eq!(begun, Outcome::Committed);
        metadata.issuance("a.example").await.unwrap().unwrap()
    }

    /// The challenge as it is found by name; by each of these tokens it must be found just if it is the one.
    async fn shown(metadata: &Metadata, tokens: &[&str]) -> Option<ChallengeRow> {
        let about = metadata.challenge_about("a.example").await.unwrap();
        for token in tokens {
            let with = metadata.challenge_with(token).await.unwrap();
            assert_eq!(with, about.clone().filter(|about| about.token == *token));
        }
        about
    }

    #[tokio::test]
    async fn a_challenge_is_found_by_name_and_token_while_its_attempt_runs() {
        let metadata = service();
        let tokens = ["first", "second", "third"];
        let first = begin(&metadata, 1).await;
        for token in ["first", "second"] {
            let set = metadata.show_challenge("a.example", &first, &challenge(token)).await.unwrap();
            assert_eq!(set, Outcome::Committed);
            assert_eq!(shown(&metadata, &tokens).await, Some(challenge(token)));
        }
        let second = begin(&metadata, 2).await;
        assert_eq!(shown(&metadata, &tokens).await, None);
        let late = metadata.show_challenge("a.example", &first, &challenge("first")).await.unwrap();
        assert_eq!(late, Outcome::Conflict);
        assert_eq!(shown(&metadata, &tokens).await, None);
        let set = metadata.show_challenge("a.example", &second, &challenge("third")).await.unwrap();
        assert_eq!(set, Outcome::Committed);
        let row = IssuedRow { chain: "chain".into(), key: "key".into() };
        assert_eq!(metadata.put_issued("a.example", &second, &row).await.unwrap(), Outcome::Committed);
        assert_eq!(shown(&metadata, &tokens).await, None);
    }

    #[tokio::test]
    async fn a_certificate_arrives_only_by_the_attempt_that_holds_the_name() {
        let metadata = service();
        let nothing = metadata.issuance_ground("a.example", None).await.unwrap();
        let first = begin(&metadata, 1).await;
        let late = metadata.begin_issuance("a.example", &nothing, &attempt(2)).await.unwrap();
        assert_eq!(late, Outcome::Conflict);
        let second = begin(&metadata, 2).await;
        let row = IssuedRow { chain: "chain".into(), key: "key".into() };
        assert_eq!(metadata.put_issued("a.example", &first, &row).await.unwrap(), Outcome::Conflict);
        assert_eq!(metadata.put_issued("a.example", &second, &row).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.issued_certificates().await.unwrap(), [("a.example".to_owned(), row)]);
        assert!(metadata.issuance("a.example").await.unwrap().is_none());
        let late = metadata.begin_issuance("a.example", &nothing, &attempt(3)).await.unwrap();
        assert_eq!(late, Outcome::Conflict, "there is a certificate since");
    }

    #[tokio::test]
    async fn nobody_asks_for_a_domain_that_is_none() {
        let metadata = service();
        let domain = DomainName::parse("a.example").unwrap();
        assert!(!metadata.issuance_ground("a.example", Some(domain)).await.unwrap().is_wanted());
        assert!(metadata.issuance_ground("a.example", None).await.unwrap().is_wanted());
    }

    #[tokio::test]
    async fn an_authority_has_one_account() {
        let metadata = service();
        let row = |text: &str| AcmeAccountRow { credentials: text.to_owned() };
        assert_eq!(metadata.keep_acme_account("https://a/", &row("1")).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.keep_acme_account("https://a/", &row("2")).await.unwrap(), Outcome::Conflict);
        assert_eq!(metadata.acme_account("https://a/").await.unwrap(), Some(row("1")));
        assert_eq!(metadata.acme_account("https://b/").await.unwrap(), None);
    }
}
