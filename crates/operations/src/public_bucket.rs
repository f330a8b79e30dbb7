//! Buckets as everybody sees them: who is public at a name, and the caller that reading there is done as.
//! Source: R2 "Public buckets"; "Limits", Rate limiting on managed public buckets through `r2.dev`.

use crate::caller::{Anonymous, Caller};
use crate::store::Store;
use metadata::rows::{DomainRow, Interface};
use std::net::IpAddr;
use std::sync::Arc;
use types::{AccessKeyId, BucketId, CorsPolicy, ErrorCode, OperationError, PublicName};

/// A bucket at a name that it was given, whether it is open there or not.
#[derive(Clone, Debug)]
pub struct PublicBucket {
    /// The name.
    pub name: PublicName,
    /// Whose it is, and what is set of it.
    pub domain: Arc<DomainRow>,
}

impl PublicBucket {
    /// Whoever asks for an object there: they may read the objects of this one bucket, and nothing else.
    pub fn caller(&self, address: IpAddr) -> Caller {
        let domain = &self.domain;
        Caller {
            account: domain.account,
            jurisdiction: domain.jurisdiction,
            token: AccessKeyId([0; 16]),
            address: Some(address),
            interface: Interface::default(),
            request: None,
            policies: Arc::default(),
            restriction: None,
            anonymous: Some(Arc::new(Anonymous { bucket: domain.bucket.clone(), id: domain.bucket_id })),
        }
    }

    /// Whether the bucket may be read at its name.
    ///
    /// # Errors
    /// `Unauthorized` where that was turned off.
    pub fn check_open(&self) -> Result<(), OperationError> {
        if self.domain.settings.enabled { Ok(()) } else { Err(ErrorCode::Unauthorized.into()) }
    }

    /// The bucket's stable id.
    pub fn id(&self) -> BucketId {
        self.domain.bucket_id
    }
}

impl Store {
    /// The bucket that has a name. Asks for no caller: names are public, and all that is told of the bucket is whether
    /// it is open there.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn public_bucket(&self, name: PublicName) -> Result<Option<PublicBucket>, OperationError> {
        let domain = self.metadata.public_name(&name).await?;
        Ok(domain.map(|domain| PublicBucket { name, domain }))
    }

    /// Whether it is known, without asking anybody, that no bucket has a custom domain: then no host can be one.
    pub fn has_no_custom_domain(&self) -> bool {
        self.metadata.has_no_custom_domain()
    }

    /// The CORS rules of a bucket that is public at a name, if it has any.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn public_cors(&self, bucket: &PublicBucket) -> Result<Option<Arc<CorsPolicy>>, OperationError> {
        Ok(self.metadata.cors(bucket.id()).await?)
    }

    /// Lets one more request to a name pass: public development URLs are for trying things out.
    ///
    /// # Errors
    /// `TooManyRequests`.
    pub fn admit_public(&self, bucket: &PublicBucket) -> Result<(), OperationError> {
        match bucket.name {
            PublicName::Managed(_) => self.admit_development(bucket.id()),
            PublicName::Custom(_) => Ok(()),
        }
    }
}
