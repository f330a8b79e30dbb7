//! What ACME needs to remember: accounts, certificates, challenges and attempts. All in the store, so that any gateway
//! answers a challenge that another one set, and only one tries at a time.

use crate::engine::Outcome;
use crate::keys;
use crate::rows::{AcmeAccountRow, ChallengeRow, DomainRow, IssuanceRow, IssuedRow, Row};
use crate::service::{Metadata, MetadataError, Stored};

/// Rows read at once.
const BATCH: usize = 256;

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

    /// Sets the attempts for a name. [`Outcome::Conflict`]: they are no longer as they were found.
    pub async fn set_issuance(
        &self,
        name: &str,
        before: Option<&Stored<IssuanceRow>>,
        row: &IssuanceRow,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect_same(keys::issuance(name), before);
        change.put(keys::issuance(name), row);
        Ok(change.commit().await?)
    }

    /// Keeps a certificate, and ends the attempts for its name. [`Outcome::Conflict`]: somebody else tries by now.
    pub async fn put_issued(
        &self,
        name: &str,
        attempts: &Stored<IssuanceRow>,
        row: &IssuedRow,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect(keys::issuance(name), attempts);
        change.delete(keys::issuance(name));
        change.put(keys::issued_certificate(name), row);
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

    /// Sets the challenge about a name in the place of the one before; none takes it away.
    pub async fn set_challenge(&self, name: &str, row: Option<&ChallengeRow>) -> Result<Outcome, MetadataError> {
        let before: Option<Stored<ChallengeRow>> = self.read(&keys::challenge_about(name)).await?;
        let mut change = self.change();
        change.expect_same(keys::challenge_about(name), before.as_ref());
        if let Some(before) = &before {
            change.delete(keys::challenge_about(name));
            change.delete(keys::challenge_with(&before.row.token));
        }
        if let Some(row) = row {
            change.put(keys::challenge_about(name), row);
            change.put(keys::challenge_with(&row.token), row);
        }
        Ok(change.commit().await?)
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

    #[tokio::test]
    async fn a_challenge_is_found_by_name_and_token_until_another_takes_its_place() {
        let metadata = service();
        for token in ["first", "second"] {
            let set = metadata.set_challenge("a.example", Some(&challenge(token))).await.unwrap();
            assert_eq!(set, Outcome::Committed);
            assert_eq!(metadata.challenge_about("a.example").await.unwrap(), Some(challenge(token)));
            assert_eq!(metadata.challenge_with(token).await.unwrap(), Some(challenge(token)));
        }
        assert_eq!(metadata.challenge_with("first").await.unwrap(), None);
        assert_eq!(metadata.set_challenge("a.example", None).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.challenge_about("a.example").await.unwrap(), None);
        assert_eq!(metadata.challenge_with("second").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_certificate_arrives_only_by_the_attempt_that_holds_the_name() {
        let metadata = service();
        let attempt = |holder: u8| IssuanceRow {
            holder: [holder; 16],
            lease_until: Timestamp(1),
            failures: 0,
            retry_at: Timestamp(0),
            last_error: String::new(),
        };
        assert_eq!(metadata.set_issuance("a.example", None, &attempt(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.set_issuance("a.example", None, &attempt(2)).await.unwrap(), Outcome::Conflict);
        let first = metadata.issuance("a.example").await.unwrap().unwrap();
        let set = metadata.set_issuance("a.example", Some(&first), &attempt(2)).await.unwrap();
        assert_eq!(set, Outcome::Committed);
        let row = IssuedRow { chain: "chain".into(), key: "key".into() };
        assert_eq!(metadata.put_issued("a.example", &first, &row).await.unwrap(), Outcome::Conflict);
        let second = metadata.issuance("a.example").await.unwrap().unwrap();
        assert_eq!(metadata.put_issued("a.example", &second, &row).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.issued_certificates().await.unwrap(), [("a.example".to_owned(), row)]);
        assert!(metadata.issuance("a.example").await.unwrap().is_none());
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
