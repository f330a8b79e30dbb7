//! Keys of rows: buckets, their names, and what is configured of them but lifecycles.

use super::kinds::{BUCKET, BUCKET_COUNT, BUCKET_NAMES, CORS, FIRST_LOCATION, LOCK};
use super::tuple::Key;
use types::{AccountId, BucketId, BucketName, Jurisdiction};

/// The byte of a jurisdiction. Frozen.
pub(crate) fn jurisdiction_byte(jurisdiction: Jurisdiction) -> u8 {
    match jurisdiction {
        Jurisdiction::Default => 0,
        Jurisdiction::Eu => 1,
        Jurisdiction::Fedramp => 2,
        Jurisdiction::Us => 3,
        Jurisdiction::FedrampHigh => 4,
    }
}

/// The jurisdiction of a byte.
pub(crate) fn jurisdiction_of(byte: u8) -> Option<Jurisdiction> {
    Jurisdiction::ALL.iter().copied().find(|jurisdiction| jurisdiction_byte(*jurisdiction) == byte)
}

/// All buckets.
pub fn all_buckets() -> Vec<u8> {
    Key::new(BUCKET).done()
}

/// All buckets of an account, in every jurisdiction.
pub fn buckets_of(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET).bytes(&account.0).done()
}

/// All buckets of an account in one jurisdiction.
pub fn buckets(account: AccountId, jurisdiction: Jurisdiction) -> Vec<u8> {
    Key(buckets_of(account)).bytes(&[jurisdiction_byte(jurisdiction)]).done()
}

/// A bucket by its name.
pub fn bucket(account: AccountId, jurisdiction: Jurisdiction, name: &BucketName) -> Vec<u8> {
    Key(buckets(account, jurisdiction)).bytes(name.as_str().as_bytes()).done()
}

/// All pages of names of an account's buckets, in every jurisdiction.
pub fn bucket_names_of(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET_NAMES).bytes(&account.0).done()
}

/// The page of names that begins at the name in a bucket's key; all pages of names for a key that ends before the name.
pub fn bucket_names(bucket: &[u8]) -> Vec<u8> {
    Key::new(BUCKET_NAMES).bytes(bucket.get(1..).unwrap_or_default()).done()
}

/// How many buckets an account has, in all jurisdictions together.
pub fn bucket_count(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET_COUNT).bytes(&account.0).done()
}

/// Where the first bucket of a name was, by the key of a bucket of that name.
pub fn first_location(bucket: &[u8]) -> Vec<u8> {
    Key::new(FIRST_LOCATION).bytes(bucket.get(1..).unwrap_or_default()).done()
}

/// The CORS rules of a bucket.
pub fn cors(bucket: BucketId) -> Vec<u8> {
    Key::new(CORS).bytes(&bucket.0.to_be_bytes()).done()
}

/// The lock rules of a bucket.
pub fn lock(bucket: BucketId) -> Vec<u8> {
    Key::new(LOCK).bytes(&bucket.0.to_be_bytes()).done()
}
