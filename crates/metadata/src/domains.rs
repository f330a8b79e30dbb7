//! Names that buckets are public at. Each name has one row in the whole store, so that no two buckets have the same;
//! a bucket has one row of its names, which bounds their number. Requests ask for names, hence kept in memory, also
//! that there is no such.

use crate::buckets::FoundBucket;
use crate::certificates::forget_challenge;
use crate::engine::Outcome;
use crate::keys;
use crate::row_cache::{Lookup, RowCaches};
use crate::rows::{BucketDomainsRow, ChallengeRow, DomainRow, PendingDomainRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use std::sync::Arc;
use types::{BucketId, DomainName, PublicId, PublicName};

/// New domains that are read at once.
const PENDING_AT_ONCE: usize = 1000;

/// Domains with their rows that are read at once.
const DOMAINS_AT_ONCE: usize = 256;

/// The names of a bucket as they were read: good as the condition of a later commit.
#[derive(Clone, Debug, Default)]
pub struct KnownDomains(Option<Stored<BucketDomainsRow>>);

impl KnownDomains {
    /// The row; an empty one if there is none.
    pub fn row(&self) -> BucketDomainsRow {
        self.0.as_ref().map(|stored| stored.row.clone()).unwrap_or_default()
    }

    /// All of them.
    fn names(&self) -> Vec<PublicName> {
        let row = self.row();
        row.managed.map(PublicName::Managed).into_iter().chain(row.custom.into_iter().map(PublicName::Custom)).collect()
    }

    /// Nobody else changes them meanwhile.
    fn change_to(&self, bucket: BucketId, row: &BucketDomainsRow, change: &mut Change<'_>) {
        self.expect(bucket, change);
        change.put(keys::bucket_domains(bucket), row);
    }

    fn expect(&self, bucket: BucketId, change: &mut Change<'_>) {
        change.expect_same(keys::bucket_domains(bucket), self.0.as_ref());
    }

    /// Removes them all with their bucket. `leaving`: what [`Metadata::leaving`] found of them.
    pub(crate) fn remove(&self, bucket: BucketId, leaving: &[Leaving], change: &mut Change<'_>) {
        self.expect(bucket, change);
        if self.0.is_some() {
            change.delete(keys::bucket_domains(bucket));
        }
        leaving.iter().for_each(|leaving| leaving.forget(change));
    }
}

/// A name that is about to be taken from its bucket, and what has to go with it.
pub(crate) struct Leaving {
    name: PublicName,
    /// The challenge about it, which has a second row by its token.
    challenge: Option<Stored<ChallengeRow>>,
}

impl Leaving {
    /// Removes the name, and all that ACME keeps of it: whoever has the name next begins anew, and an order that runs
    /// can keep nothing, since its attempt is gone.
    fn forget(&self, change: &mut Change<'_>) {
        change.delete(keys::public_name(&self.name));
        let PublicName::Custom(name) = &self.name else { return };
        change.delete(keys::pending_domain(name));
        change.delete(keys::issued_certificate(name.as_str()));
        change.delete(keys::issuance(name.as_str()));
        forget_challenge(name.as_str(), self.challenge.as_ref(), change);
    }
}

impl Metadata {
    /// The bucket that is public at a name.
    pub async fn public_name(&self, name: &PublicName) -> Result<Option<Arc<DomainRow>>, MetadataError> {
        let key = keys::public_name(name);
        let Some(caches) = self.kept() else { return self.read_domain(&key).await };
        let generation = match caches.domains.get(&key) {
            Lookup::Kept(row) => return Ok(row),
            Lookup::Unknown(generation) => generation,
        };
        let row = self.read_domain(&key).await?;
        if row.is_none() && matches!(name, PublicName::Custom(_)) {
            self.look_for_custom_domains(caches).await?;
        }
        caches.domains.keep(&key, &row, generation);
        Ok(row)
    }

    async fn read_domain(&self, key: &[u8]) -> Result<Option<Arc<DomainRow>>, MetadataError> {
        Ok(self.read::<DomainRow>(key).await?.map(|stored| Arc::new(stored.row)))
    }

    /// Whether it is known, without asking anybody, that no bucket has a custom domain: then no host can be one.
    pub fn has_no_custom_domain(&self) -> bool {
        self.kept().is_some_and(|caches| caches.domain_absence.is_known())
    }

    /// Finds out whether any bucket has a custom domain, for [`Metadata::has_no_custom_domain`].
    async fn look_for_custom_domains(&self, caches: &RowCaches) -> Result<(), MetadataError> {
        let looked = caches.domain_absence.begin();
        let prefix = keys::custom_domains();
        let any = self.read_range::<DomainRow>(prefix.clone(), keys::after_prefix(&prefix), 1).await?;
        if any.is_empty() {
            caches.domain_absence.found(looked);
        }
        Ok(())
    }

    /// The row of a name, to be changed.
    pub async fn stored_domain(&self, name: &PublicName) -> Result<Option<Stored<DomainRow>>, MetadataError> {
        self.read(&keys::public_name(name)).await
    }

    /// All names of a bucket.
    pub async fn domains(&self, bucket: BucketId) -> Result<KnownDomains, MetadataError> {
        Ok(KnownDomains(self.read(&keys::bucket_domains(bucket)).await?))
    }

    /// Gives a name to a bucket. [`Outcome::Conflict`]: it was just taken, or the bucket or its names are no longer as
    /// they were found.
    pub async fn add_domain(
        &self,
        bucket: &FoundBucket,
        known: &KnownDomains,
        name: &DomainName,
        row: &DomainRow,
    ) -> Result<Outcome, MetadataError> {
        let mut names = known.row();
        names.custom.push(name.clone());
        let key = keys::public_name(&PublicName::Custom(name.clone()));
        let mut change = self.change();
        bucket.expect(&mut change);
        known.change_to(bucket.id(), &names, &mut change);
        change.expect_absent(key.clone());
        change.put(key, row);
        change.put(keys::pending_domain(name), &PendingDomainRow);
        Ok(change.commit().await?)
    }

    /// Sets the row of a name. [`Outcome::Conflict`]: it is no longer as it was found.
    pub async fn change_domain(
        &self,
        name: &PublicName,
        stored: &Stored<DomainRow>,
        row: &DomainRow,
    ) -> Result<Outcome, MetadataError> {
        let key = keys::public_name(name);
        let mut change = self.change();
        change.expect(key.clone(), stored);
        change.put(key, row);
        Ok(change.commit().await?)
    }

    /// What has to go with names of a bucket: good as conditions of the commit that takes them away.
    async fn leaving(&self, names: Vec<PublicName>) -> Result<Vec<Leaving>, MetadataError> {
        let mut leaving = Vec::with_capacity(names.len());
        for name in names {
            let challenge = match &name {
                PublicName::Custom(name) => self.read(&keys::challenge_about(name.as_str())).await?,
                PublicName::Managed(_) => None,
            };
            leaving.push(Leaving { name, challenge });
        }
        Ok(leaving)
    }

    /// All of them, with what has to go with each.
    pub(crate) async fn leaving_of(&self, known: &KnownDomains) -> Result<Vec<Leaving>, MetadataError> {
        self.leaving(known.names()).await
    }

    /// Sets what was found out about a custom domain, which is new no longer. [`Outcome::Conflict`]: it is no longer as
    /// it was found.
    pub async fn settle_domain(
        &self,
        name: &DomainName,
        stored: &Stored<DomainRow>,
        row: &DomainRow,
    ) -> Result<Outcome, MetadataError> {
        let key = keys::public_name(&PublicName::Custom(name.clone()));
        let mut change = self.change();
        change.expect(key.clone(), stored);
        change.put(key, row);
        change.delete(keys::pending_domain(name));
        Ok(change.commit().await?)
    }

    /// All custom domains, in the order of their names: a page of those after `after` with their rows; an empty page
    /// ends them.
    pub async fn custom_domains(
        &self,
        after: Option<&DomainName>,
    ) -> Result<Vec<(DomainName, Stored<DomainRow>)>, MetadataError> {
        let prefix = keys::custom_domains();
        let own = |name: &DomainName| keys::public_name(&PublicName::Custom(name.clone()));
        let start = after.map_or_else(|| prefix.clone(), |name| keys::just_after(&own(name)));
        let rows = self.read_range::<DomainRow>(start, keys::after_prefix(&prefix), DOMAINS_AT_ONCE).await?;
        rows.into_iter().map(|(key, stored)| Ok((name_behind(&prefix, &key)?, stored))).collect()
    }

    /// Custom domains that nobody has looked at since they were added, in the order of their names: a page of those
    /// after `after`; an empty page ends them.
    pub async fn pending_domains(&self, after: Option<&DomainName>) -> Result<Vec<DomainName>, MetadataError> {
        let prefix = keys::pending_domains();
        let start = after.map_or_else(|| prefix.clone(), |name| keys::just_after(&keys::pending_domain(name)));
        let rows = self.read_range::<PendingDomainRow>(start, keys::after_prefix(&prefix), PENDING_AT_ONCE).await?;
        rows.iter().map(|(key, _)| name_behind(&prefix, key)).collect()
    }

    /// Takes a name from a bucket, and with it what ACME keeps of it. [`Outcome::Conflict`]: the bucket's names are no
    /// longer as they were found, or a challenge about this one began or ended.
    pub async fn remove_domain(
        &self,
        bucket: BucketId,
        known: &KnownDomains,
        name: &DomainName,
    ) -> Result<Outcome, MetadataError> {
        let mut names = known.row();
        names.custom.retain(|kept| kept != name);
        let leaving = self.leaving(vec![PublicName::Custom(name.clone())]).await?;
        let mut change = self.change();
        known.change_to(bucket, &names, &mut change);
        leaving.iter().for_each(|leaving| leaving.forget(&mut change));
        Ok(change.commit().await?)
    }

    /// Sets the row of a bucket's public development URL in place of `old`; it stays the bucket's from then on.
    /// [`Outcome::Conflict`]: the bucket, its names or the row are no longer as they were found.
    pub async fn set_managed_domain(
        &self,
        bucket: &FoundBucket,
        known: &KnownDomains,
        (id, old): (PublicId, Option<&Stored<DomainRow>>),
        row: &DomainRow,
    ) -> Result<Outcome, MetadataError> {
        let key = keys::public_name(&PublicName::Managed(id));
        let names = BucketDomainsRow { managed: Some(id), ..known.row() };
        let mut change = self.change();
        bucket.expect(&mut change);
        known.change_to(bucket.id(), &names, &mut change);
        change.expect_same(key.clone(), old);
        change.put(key, row);
        Ok(change.commit().await?)
    }
}

/// The domain in a key that is a prefix and a name.
fn name_behind(prefix: &[u8], key: &[u8]) -> Result<DomainName, MetadataError> {
    let text = key.strip_prefix(prefix).and_then(|name| std::str::from_utf8(name).ok());
    let malformed = MetadataError::Malformed { row: "domain", cause: crate::codec::Malformed { field: "name" } };
    text.and_then(|text| DomainName::parse(text).ok()).ok_or(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{make_bucket, service};
    use crate::rows::{IssuanceRow, IssuedRow};
    use types::{CertificateStatus, DomainSettings, Ownership, Timestamp, TlsVersion};

    fn name(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    fn custom(text: &str) -> PublicName {
        PublicName::Custom(name(text))
    }

    fn row(bucket: &FoundBucket) -> DomainRow {
        DomainRow {
            account: crate::fixture::ACCOUNT,
            jurisdiction: types::Jurisdiction::Default,
            bucket: types::BucketName::parse("bucket").unwrap(),
            bucket_id: bucket.id(),
            added: Timestamp(1),
            settings: DomainSettings {
                enabled: true,
                min_tls: TlsVersion::default(),
                ciphers: Vec::new(),
                zone: String::new(),
            },
            ownership: Ownership::Pending,
            certificate: CertificateStatus::Initializing,
        }
    }

    async fn add(metadata: &Metadata, bucket: &FoundBucket, text: &str) -> Outcome {
        let known = metadata.domains(bucket.id()).await.unwrap();
        metadata.add_domain(bucket, &known, &name(text), &row(bucket)).await.unwrap()
    }

    #[tokio::test]
    async fn a_name_is_one_buckets_only_and_what_is_kept_changes_with_it() {
        for metadata in [service(), service().with_row_cache()] {
            let (first, second) = (make_bucket(&metadata, "first").await, make_bucket(&metadata, "second").await);
            let at = custom("a.example.com");
            assert_eq!(metadata.public_name(&at).await.unwrap(), None);
            assert_eq!(add(&metadata, &first, "a.example.com").await, Outcome::Committed);
            assert_eq!(metadata.public_name(&at).await.unwrap().unwrap().bucket_id, first.id());
            assert_eq!(add(&metadata, &second, "a.example.com").await, Outcome::Conflict);
            let stored = metadata.stored_domain(&at).await.unwrap().unwrap();
            let mut off = stored.row.clone();
            off.settings.enabled = false;
            assert_eq!(metadata.change_domain(&at, &stored, &off).await.unwrap(), Outcome::Committed);
            assert_eq!(metadata.change_domain(&at, &stored, &off).await.unwrap(), Outcome::Conflict);
            assert!(!metadata.public_name(&at).await.unwrap().unwrap().settings.enabled);
            let known = metadata.domains(first.id()).await.unwrap();
            let removed = metadata.remove_domain(first.id(), &known, &name("a.example.com")).await.unwrap();
            assert_eq!(removed, Outcome::Committed);
            assert_eq!(metadata.public_name(&at).await.unwrap(), None);
            assert_eq!(add(&metadata, &second, "a.example.com").await, Outcome::Committed);
        }
    }

    #[tokio::test]
    async fn that_there_is_no_custom_domain_is_known_until_there_is_one() {
        let metadata = service().with_row_cache();
        let bucket = make_bucket(&metadata, "bucket").await;
        assert!(!metadata.has_no_custom_domain(), "nobody has looked yet");
        for round in 0..2 {
            let at = custom(&format!("nobodys-{round}.example.com"));
            assert_eq!(metadata.public_name(&at).await.unwrap(), None);
            assert!(metadata.has_no_custom_domain());
            assert_eq!(add(&metadata, &bucket, "a.example.com").await, Outcome::Committed);
            assert!(!metadata.has_no_custom_domain());
            assert_eq!(metadata.public_name(&custom(&format!("b-{round}.example.com"))).await.unwrap(), None);
            assert!(!metadata.has_no_custom_domain(), "there is one");
            let known = metadata.domains(bucket.id()).await.unwrap();
            let removed = metadata.remove_domain(bucket.id(), &known, &name("a.example.com")).await.unwrap();
            assert_eq!(removed, Outcome::Committed);
        }
        assert!(!service().has_no_custom_domain(), "others may commit to the engine");
    }

    #[tokio::test]
    async fn a_domain_is_new_until_it_is_looked_at_or_gone() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        for text in ["a.example.com", "b.example.com", "c.example.com"] {
            assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
        }
        let (a, b, c) = (name("a.example.com"), name("b.example.com"), name("c.example.com"));
        assert_eq!(metadata.pending_domains(None).await.unwrap(), [a.clone(), b.clone(), c.clone()]);
        assert_eq!(metadata.pending_domains(Some(&b)).await.unwrap(), std::slice::from_ref(&c));
        let stored = metadata.stored_domain(&PublicName::Custom(a.clone())).await.unwrap().unwrap();
        let found = DomainRow { ownership: Ownership::Active, ..stored.row.clone() };
        assert_eq!(metadata.settle_domain(&a, &stored, &found).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.settle_domain(&a, &stored, &found).await.unwrap(), Outcome::Conflict);
        assert_eq!(metadata.pending_domains(None).await.unwrap(), [b.clone(), c.clone()]);
        let known = metadata.domains(bucket.id()).await.unwrap();
        assert_eq!(metadata.remove_domain(bucket.id(), &known, &b).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.pending_domains(None).await.unwrap(), std::slice::from_ref(&c));
        let all: Vec<_> = metadata.custom_domains(None).await.unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(all, [a.clone(), c.clone()]);
        assert_eq!(metadata.custom_domains(Some(&a)).await.unwrap().len(), 1);
        assert_eq!(metadata.custom_domains(Some(&c)).await.unwrap().len(), 0);
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.pending_domains(None).await.unwrap(), []);
    }

    #[tokio::test]
    async fn names_are_gone_with_their_bucket_and_none_come_after_it() {
        let metadata = service().with_row_cache();
        let bucket = make_bucket(&metadata, "bucket").await;
        let id = PublicId([3; 16]);
        for text in ["a.example.com", "b.example.com"] {
            assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
        }
        let known = metadata.domains(bucket.id()).await.unwrap();
        let enabled = metadata.set_managed_domain(&bucket, &known, (id, None), &row(&bucket)).await.unwrap();
        assert_eq!(enabled, Outcome::Committed);
        assert!(metadata.public_name(&PublicName::Managed(id)).await.unwrap().is_some());
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        for at in [custom("a.example.com"), custom("b.example.com"), PublicName::Managed(id)] {
            assert_eq!(metadata.public_name(&at).await.unwrap(), None, "{at:?}");
        }
        assert_eq!(add(&metadata, &bucket, "c.example.com").await, Outcome::Conflict);
        assert_eq!(metadata.domains(bucket.id()).await.unwrap().row(), BucketDomainsRow::default());
    }

    /// What ACME keeps of a name: attempts, a challenge and a certificate.
    async fn keep_of_acme(metadata: &Metadata, name: &str) {
        let attempt = IssuanceRow {
            holder: [1; 16],
            lease_until: Timestamp(9),
            failures: 1,
            retry_at: Timestamp(9),
            last_error: String::new(),
        };
        let begin = async || {
            let ground = metadata.issuance_ground(name, DomainName::parse(name).ok()).await.unwrap();
            assert_eq!(metadata.begin_issuance(name, &ground, &attempt).await.unwrap(), Outcome::Committed);
            metadata.issuance(name).await.unwrap().unwrap()
        };
        let issued = IssuedRow { chain: "chain".into(), key: "key".into() };
        assert_eq!(metadata.put_issued(name, &begin().await, &issued).await.unwrap(), Outcome::Committed);
        let held = begin().await;
        let row = ChallengeRow { token: format!("to {name}"), key_authorization: "x".into(), until: Timestamp(9) };
        assert_eq!(metadata.show_challenge(name, &held, &row).await.unwrap(), Outcome::Committed);
    }

    async fn is_kept_of_acme(metadata: &Metadata, name: &str) -> [bool; 4] {
        [
            metadata.issued_certificates().await.unwrap().iter().any(|(issued, _)| issued == name),
            metadata.issuance(name).await.unwrap().is_some(),
            metadata.challenge_about(name).await.unwrap().is_some(),
            metadata.challenge_with(&format!("to {name}")).await.unwrap().is_some(),
        ]
    }

    #[tokio::test]
    async fn what_acme_keeps_of_a_name_goes_with_it_and_nothing_of_others() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        let names = ["a.example.com", "b.example.com", "c.example.com"];
        for text in names {
            assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
            keep_of_acme(&metadata, text).await;
        }
        keep_of_acme(&metadata, "s3.example.com").await;
        let known = metadata.domains(bucket.id()).await.unwrap();
        let removed = metadata.remove_domain(bucket.id(), &known, &name(names[0])).await.unwrap();
        assert_eq!(removed, Outcome::Committed);
        assert_eq!(is_kept_of_acme(&metadata, names[0]).await, [false; 4]);
        assert_eq!(is_kept_of_acme(&metadata, names[1]).await, [true; 4]);
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        for text in names {
            assert_eq!(is_kept_of_acme(&metadata, text).await, [false; 4], "{text}");
        }
        assert_eq!(is_kept_of_acme(&metadata, "s3.example.com").await, [true; 4], "no bucket had that");
    }

    #[tokio::test]
    async fn a_change_of_names_that_were_changed_meanwhile_is_a_conflict() {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        let before = metadata.domains(bucket.id()).await.unwrap();
        assert_eq!(add(&metadata, &bucket, "a.example.com").await, Outcome::Committed);
        let late = name("b.example.com");
        assert_eq!(metadata.add_domain(&bucket, &before, &late, &row(&bucket)).await.unwrap(), Outcome::Conflict);
        let gone = name("a.example.com");
        assert_eq!(metadata.remove_domain(bucket.id(), &before, &gone).await.unwrap(), Outcome::Conflict);
    }
}
