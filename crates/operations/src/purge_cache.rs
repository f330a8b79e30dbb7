//! Purging: what caches before custom domains must forget. Source: R2 "Consistency model", Caching; Cloudflare's API,
//! `POST /zones/{zone_id}/purge_cache`.
//!
//! Nothing is deleted but copies: the next request reads the bucket. Cairn has no zones of its own: a zone is all
//! custom domains of an account that were added with its id.

use crate::audit::AuditedChange;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::ChangeKind;
use serde_json::json;
use types::{AccountId, DomainName, ErrorCode, ObjectKey, OperationError, PublicName, Resource};

/// What to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Everything of the zone.
    Everything,
    /// What these URLs show.
    Urls(Vec<CachedUrl>),
    /// Everything of these hosts.
    Hosts(Vec<DomainName>),
    /// What begins like this: a host, and the beginning of keys there.
    Prefixes(Vec<(DomainName, String)>),
}

/// A URL as a cache knows it. Its scheme makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedUrl {
    /// The host.
    pub host: DomainName,
    /// The object that its path names; the root names none.
    pub key: Option<ObjectKey>,
    /// Its query, as it is written.
    pub query: Option<String>,
}

/// Of whose domains to forget something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone<'a> {
    /// The account.
    pub account: AccountId,
    /// The id that its domains were added with.
    pub id: &'a str,
}

/// A cache that can be told to forget.
pub trait PublicCopies: Send + Sync + 'static {
    /// Forgets. On return no request that begins later is answered with what was kept, or was being read, before.
    fn purge(&self, zone: Zone<'_>, what: &Purge);

    /// Lets go of all that keeps space on the disk occupied.
    fn give_space_back(&self);
}

impl Purge {
    fn hosts(&self) -> Vec<&DomainName> {
        match self {
            Self::Everything => Vec::new(),
            Self::Urls(urls) => urls.iter().map(|url| &url.host).collect(),
            Self::Hosts(hosts) => hosts.iter().collect(),
            Self::Prefixes(prefixes) => prefixes.iter().map(|(host, _)| host).collect(),
        }
    }

    /// As the audit log shows it.
    fn shown(&self) -> serde_json::Value {
        let of_url = |url: &CachedUrl| {
            let query = url.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{}/{}{query}", url.host.as_str(), url.key.as_ref().map_or("", ObjectKey::as_sent))
        };
        match self {
            Self::Everything => json!({ "purge_everything": true }),
            Self::Urls(urls) => json!({ "files": urls.iter().map(of_url).collect::<Vec<_>>() }),
            Self::Hosts(hosts) => json!({ "hosts": hosts.iter().map(DomainName::as_str).collect::<Vec<_>>() }),
            Self::Prefixes(prefixes) => {
                let shown = prefixes.iter().map(|(host, prefix)| format!("{}/{prefix}", host.as_str()));
                json!({ "prefixes": shown.collect::<Vec<_>>() })
            }
        }
    }
}

impl Store {
    /// Makes caches forget. It is in the audit log before it is done.
    ///
    /// # Errors
    /// `AccessDenied` for who may not change all buckets of the account; `InvalidArgument` for a host that is no custom
    /// domain of the zone: nothing is purged then.
    pub async fn purge_cache(&self, caller: &Caller, zone: &str, what: &Purge) -> Result<(), OperationError> {
        caller.authorize(Action::PurgeCache, Resource::Account)?;
        for host in what.hosts() {
            let row = self.metadata.public_name(&PublicName::Custom(host.clone())).await?;
            if row.is_none_or(|row| row.account != caller.account || row.settings.zone != zone) {
                let message = format!("Unable to purge {}: it is no custom domain of this zone.", host.as_str());
                return Err(OperationError::new(ErrorCode::InvalidArgument, message));
            }
        }
        let audited = AuditedChange::of_zone("PurgeCache", ChangeKind::Delete, zone, None, Some(what.shown()));
        self.recording(caller, audited).await?.record_alone().await?;
        if let Some(copies) = &self.public_copies {
            copies.purge(Zone { account: caller.account, id: zone }, what);
        }
        Ok(())
    }
}
