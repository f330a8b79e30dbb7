//! What makes two requests the same to the cache: the custom domain, the object that the path names, and the query.
//! Nothing else of a request does, and nothing else decides what is kept: so no header can make the cache keep
//! something that others should not see. Scheme, CORS and ranges are looked at when an answer is made, and never kept.

use operations::DomainRow;
use operations::purge_cache::{Purge, Zone};
use std::sync::Arc;
use types::{BucketId, DomainName, ObjectKey, Timestamp};

/// The key of something kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    /// The bucket that has the domain, and since when: what was kept before a domain was removed, or given to another
    /// bucket, is not found again.
    bucket: BucketId,
    added: Timestamp,
    host: DomainName,
    object: ObjectKey,
    query: Option<Box<str>>,
}

impl CacheKey {
    /// The key of a request to `host`, which `domain` is the row of.
    pub(crate) fn new(host: &DomainName, domain: &DomainRow, object: ObjectKey, query: Option<&str>) -> Self {
        let query = query.map(Box::from);
        Self { bucket: domain.bucket_id, added: domain.added, host: host.clone(), object, query }
    }

    /// The host.
    pub(crate) fn host(&self) -> &DomainName {
        &self.host
    }

    /// The object.
    pub(crate) fn object(&self) -> &ObjectKey {
        &self.object
    }

    /// About how many bytes it has.
    pub(crate) fn bytes(&self) -> u64 {
        let query = self.query.as_ref().map_or(0, |query| query.len());
        (self.host.as_str().len() + 2 * self.object.identity().len() + query) as u64
    }

    /// Whether a purge is of this key, which is at `domain`.
    pub(crate) fn is_meant(&self, domain: &Arc<DomainRow>, zone: Zone<'_>, purge: &Purge) -> bool {
        if domain.account != zone.account || domain.settings.zone != zone.id {
            return false;
        }
        match purge {
            Purge::Everything => true,
            Purge::Hosts(hosts) => hosts.contains(&self.host),
            Purge::Urls(urls) => urls.iter().any(|url| {
                url.host == self.host
                    && url.key.as_ref() == Some(&self.object)
                    && url.query.as_deref() == self.query.as_deref()
            }),
            Purge::Prefixes(prefixes) => prefixes.iter().any(|(host, prefix)| {
                *host == self.host && self.object.identity().starts_with(&*ObjectKey::normalize(prefix))
            }),
        }
    }
}
