//! A data key as an object's row keeps it, and the one way to seal and open it, with a customer's key or without.

use crate::{BucketKey, CustomerLock, DataKey, Tampered, WrappedKey, wrapped_key};
use environment::Entropy;
use std::fmt;
use types::{BlobId, CustomerKey};

/// A wrapped data key. Safe to store and to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedDataKey {
    /// The data key, wrapped by the bucket's key, or under `customer`.
    pub wrapped: WrappedKey,
    /// There if a customer's key is needed besides the bucket's.
    pub customer: Option<CustomerLock>,
}

/// Why a data key does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotOpen {
    /// A customer's key is needed and none was given.
    NeedsCustomerKey,
    /// It is not this customer's key.
    WrongCustomerKey,
    /// A customer's key was given and none is needed.
    HasNoCustomerKey,
    /// The sealed key was changed or moved.
    Tampered,
}

impl fmt::Display for CannotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsCustomerKey => f.write_str("the customer's key is needed"),
            Self::WrongCustomerKey => f.write_str("it is another customer's key"),
            Self::HasNoCustomerKey => f.write_str("no customer's key is needed"),
            Self::Tampered => Tampered.fmt(f),
        }
    }
}

impl std::error::Error for CannotOpen {}

impl BucketKey {
    /// Seals the key of `blob` for the object's row. Opens only for the same blob, and if `customer` is given, only
    /// with their key.
    pub fn seal_data_key(
        &self,
        blob: BlobId,
        key: &DataKey,
        customer: Option<&CustomerKey>,
        entropy: &dyn Entropy,
    ) -> SealedDataKey {
        let Some(customer) = customer else {
            return SealedDataKey { wrapped: self.wrap(blob, key, entropy), customer: None };
        };
        let (lock, wrapping) = CustomerLock::new(self.bytes(), customer, entropy);
        let wrapped = wrapped_key::wrap(&wrapping, &blob.0, key.bytes(), entropy);
        SealedDataKey { wrapped, customer: Some(lock) }
    }

    /// Opens the key of `blob` from the object's row.
    ///
    /// # Errors
    /// [`CannotOpen`]. `Tampered` only where `customer` is the right key or none is needed.
    pub fn open_data_key(
        &self,
        blob: BlobId,
        sealed: &SealedDataKey,
        customer: Option<&CustomerKey>,
    ) -> Result<DataKey, CannotOpen> {
        let opened = match (&sealed.customer, customer) {
            (None, None) => self.unwrap(blob, &sealed.wrapped),
            (None, Some(_)) => return Err(CannotOpen::HasNoCustomerKey),
            (Some(_), None) => return Err(CannotOpen::NeedsCustomerKey),
            (Some(lock), Some(customer)) => {
                let wrapping = lock.open(self.bytes(), customer).ok_or(CannotOpen::WrongCustomerKey)?;
                wrapped_key::unwrap(&wrapping, &blob.0, &sealed.wrapped).map(DataKey::from_bytes)
            }
        };
        opened.map_err(|Tampered| CannotOpen::Tampered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;
    use types::Md5;
    use zeroize::Zeroizing;

    const BLOB: BlobId = BlobId([0x33; 16]);

    fn customer(byte: u8) -> CustomerKey {
        CustomerKey::from_bytes(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_locked_key_needs_the_customers_key_and_the_buckets() {
        let entropy = SystemEntropy::new();
        let (bucket, key) = (BucketKey::generate(&entropy), DataKey::generate(&entropy));
        let (ours, theirs) = (customer(1), customer(2));
        let sealed = bucket.seal_data_key(BLOB, &key, Some(&ours), &entropy);
        assert_eq!(bucket.open_data_key(BLOB, &sealed, Some(&ours)).ok().unwrap().bytes(), key.bytes());
        assert_eq!(bucket.open_data_key(BLOB, &sealed, Some(&theirs)).err(), Some(CannotOpen::WrongCustomerKey));
        assert_eq!(bucket.open_data_key(BLOB, &sealed, None).err(), Some(CannotOpen::NeedsCustomerKey));
        let other = BucketKey::generate(&entropy);
        assert_eq!(other.open_data_key(BLOB, &sealed, Some(&ours)).err(), Some(CannotOpen::WrongCustomerKey));
        let elsewhere = bucket.open_data_key(BlobId([0x34; 16]), &sealed, Some(&ours));
        assert_eq!(elsewhere.err(), Some(CannotOpen::Tampered));
    }

    /// Whoever edits a row to drop the lock gets nothing: the bucket's key alone never wrapped the data key.
    #[test]
    fn a_lock_that_is_taken_away_leaves_a_key_that_does_not_open() {
        let entropy = SystemEntropy::new();
        let (bucket, key) = (BucketKey::generate(&entropy), DataKey::generate(&entropy));
        let sealed = bucket.seal_data_key(BLOB, &key, Some(&customer(1)), &entropy);
        let stripped = SealedDataKey { customer: None, ..sealed };
        assert_eq!(bucket.open_data_key(BLOB, &stripped, None).err(), Some(CannotOpen::Tampered));
    }

    #[test]
    fn a_key_without_a_lock_refuses_a_customers_key() {
        let entropy = SystemEntropy::new();
        let (bucket, key) = (BucketKey::generate(&entropy), DataKey::generate(&entropy));
        let sealed = bucket.seal_data_key(BLOB, &key, None, &entropy);
        assert_eq!(bucket.open_data_key(BLOB, &sealed, None).ok().unwrap().bytes(), key.bytes());
        let refused = bucket.open_data_key(BLOB, &sealed, Some(&customer(1)));
        assert_eq!(refused.err(), Some(CannotOpen::HasNoCustomerKey));
    }

    #[test]
    fn two_locks_of_one_customer_have_nothing_in_common_but_the_md5() {
        let entropy = SystemEntropy::new();
        let (bucket, key, ours) = (BucketKey::generate(&entropy), DataKey::generate(&entropy), customer(1));
        let lock = || bucket.seal_data_key(BLOB, &key, Some(&ours), &entropy).customer.unwrap();
        let (one, two) = (lock(), lock());
        assert_ne!(one.salt, two.salt);
        assert_ne!(one.check, two.check);
        assert_eq!((one.key_md5, two.key_md5), (ours.md5(), ours.md5()));
    }

    /// Made with another implementation (Python's hmac and hashlib, python-cryptography): stored keys depend on it.
    #[test]
    fn the_locked_layout_is_frozen() {
        let bucket = BucketKey::from_bytes(Zeroizing::new([0x11; 32]));
        let check = "44398be1a83741fe656be1f08516a941a9a588ea25ef14bce97fa08fb8702cb5";
        let wrapped = "222222222222222222222222d207e4aef742095a522576b2c49117cbfd1a2d41ef9a4913eb137b395413d12f104ac39b61160700a98b5ef2f4244294";
        let sealed = SealedDataKey {
            wrapped: WrappedKey(types::ids::parse_hex(wrapped).unwrap()),
            customer: Some(CustomerLock {
                salt: [0x55; 16],
                check: types::ids::parse_hex(check).unwrap(),
                key_md5: Md5([0; 16]),
            }),
        };
        let key = bucket.open_data_key(BLOB, &sealed, Some(&customer(0x66))).ok().unwrap();
        assert_eq!(key.bytes(), &[0x44; 32]);
    }
}
