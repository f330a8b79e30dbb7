//! Keys of rows: names that buckets are public at.

use super::kinds::{BUCKET_DOMAINS, DOMAIN, PENDING_DOMAIN};
use super::tuple::Key;
use types::{BucketId, DomainName, PublicName};

/// What follows [`DOMAIN`] in the key of a public development URL, and of a custom domain.
const MANAGED: u8 = 0;
const CUSTOM: u8 = 1;

/// All names that a bucket is public at.
pub fn bucket_domains(bucket: BucketId) -> Vec<u8> {
    Key::new(BUCKET_DOMAINS).bytes(&bucket.0.to_be_bytes()).done()
}

/// A name that a bucket is public at.
pub fn public_name(name: &PublicName) -> Vec<u8> {
    match name {
        PublicName::Managed(id) => Key::new(DOMAIN).bytes(&[MANAGED]).bytes(&id.0).done(),
        PublicName::Custom(name) => Key(custom_domains()).bytes(name.as_str().as_bytes()).done(),
    }
}

/// All custom domains of the store.
pub fn custom_domains() -> Vec<u8> {
    Key::new(DOMAIN).bytes(&[CUSTOM]).done()
}

/// All custom domains that are new: nobody looked at them yet.
pub fn pending_domains() -> Vec<u8> {
    Key::new(PENDING_DOMAIN).done()
}

/// A custom domain that is new.
pub fn pending_domain(name: &DomainName) -> Vec<u8> {
    Key(pending_domains()).bytes(name.as_str().as_bytes()).done()
}
