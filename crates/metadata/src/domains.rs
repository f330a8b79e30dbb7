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
mod tests;
