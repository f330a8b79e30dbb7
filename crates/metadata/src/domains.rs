//! Names that buckets are public at. Each name has one row in the whole store, so that no two buckets have the same;
//! a bucket has one row of its names, which bounds their number. Requests ask for names, hence kept in memory, also
//! that there is no such.

use crate::buckets::FoundBucket;
use crate::engine::Outcome;
use crate::keys;
use crate::row_cache::{Lookup, RowCaches};
use crate::rows::{BucketDomainsRow, DomainRow, PendingDomainRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use std::sync::Arc;
use types::{BucketId, DomainName, PublicId, PublicName};

/// Unsettled domains that are read at once.
const PENDING_AT_ONCE: usize = 1000;

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

    /// Removes them all with their bucket.
    pub(crate) fn remove(&self, bucket: BucketId, change: &mut Change<'_>) {
        self.expect(bucket, change);
        if self.0.is_some() {
            change.delete(keys::bucket_domains(bucket));
        }
        self.names().iter().for_each(|name| forget(name, change));
    }
}

fn forget(name: &PublicName, change: &mut Change<'_>) {
    change.delete(keys::public_name(name));
    if let PublicName::Custom(name) = name {
        change.delete(keys::pending_domain(name));
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

    /// Sets what was found out about a custom domain. [`Outcome::Conflict`]: it is no longer as it was found.
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
        if row.is_settled() {
            change.delete(keys::pending_domain(name));
        }
        Ok(change.commit().await?)
    }

    /// Custom domains that are not settled, in the order of their names: a page of those after `after`; an empty page
    /// ends them.
    pub async fn pending_domains(&self, after: Option<&DomainName>) -> Result<Vec<DomainName>, MetadataError> {
        let prefix = keys::pending_domains();
        let start = after.map_or_else(|| prefix.clone(), |name| keys::just_after(&keys::pending_domain(name)));
        let rows = self.read_range::<PendingDomainRow>(start, keys::after_prefix(&prefix), PENDING_AT_ONCE).await?;
        let name = |key: &[u8]| std::str::from_utf8(key.strip_prefix(prefix.as_slice())?).ok().map(DomainName::parse);
        let names = rows.iter().map(|(key, _)| name(key).and_then(Result::ok));
        names
            .collect::<Option<_>>()
            .ok_or(MetadataError::Malformed { row: "pending domain", cause: crate::codec::Malformed { field: "name" } })
    }

    /// Takes a name from a bucket. [`Outcome::Conflict`]: the bucket's names are no longer as they were found.
    pub async fn remove_domain(
        &self,
        bucket: BucketId,
        known: &KnownDomains,
        name: &DomainName,
    ) -> Result<Outcome, MetadataError> {
        let mut names = known.row();
        names.custom.retain(|kept| kept != name);
        let mut change = self.change();
        known.change_to(bucket, &names, &mut change);
        forget(&PublicName::Custom(name.clone()), &mut change);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{make_bucket, service};
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
    async fn a_domain_is_pending_until_it_is_settled_or_gone() {
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
        assert_eq!(metadata.pending_domains(None).await.unwrap().len(), 3);
        let stored = metadata.stored_domain(&PublicName::Custom(a.clone())).await.unwrap().unwrap();
        let settled = DomainRow { certificate: CertificateStatus::Active, ..found };
        assert_eq!(metadata.settle_domain(&a, &stored, &settled).await.unwrap(), Outcome::Committed);
        let known = metadata.domains(bucket.id()).await.unwrap();
        assert_eq!(metadata.remove_domain(bucket.id(), &known, &b).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.pending_domains(None).await.unwrap(), [c]);
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
