//! Objects that customers encrypt with keys of their own: which key opens what, and what a wrong one is told.
//! Sources: R2 "Use SSE-C"; S3 for what that page does not say.
//!
//! The key is checked before anything of the object is answered, conditions included: whoever has it not learns that
//! there is an object, and no more.

use crate::store::{OpenBucket, Store};
use keyring::{CannotOpen, DataKey, SealedDataKey};
use metadata::rows::ObjectRow;
use types::{BlobId, CustomerKey, ErrorCode, Md5, OperationError};

impl Store {
    /// Seals a new object's key for its row.
    pub(crate) fn seal_key(
        &self,
        bucket: &OpenBucket,
        id: BlobId,
        key: &DataKey,
        customer: Option<&CustomerKey>,
    ) -> SealedDataKey {
        bucket.key.seal_data_key(id, key, customer, &*self.entropy)
    }

    /// Opens the key of an object's bytes for whoever reads them.
    ///
    /// # Errors
    /// `InvalidRequest` without a customer's key where one is needed, or with one where none is; `AccessDenied` with
    /// a wrong one.
    pub(crate) fn open_key_to_read(
        &self,
        bucket: &OpenBucket,
        row: &ObjectRow,
        customer: Option<&CustomerKey>,
    ) -> Result<DataKey, OperationError> {
        bucket.key.open_data_key(row.body.id(), &row.key, customer).map_err(refuse_read)
    }

    /// Opens the key of an upload for whoever adds to it: it must be the one that the upload began with.
    ///
    /// # Errors
    /// `InvalidRequest`.
    pub(crate) fn open_key_of_upload(
        &self,
        bucket: &OpenBucket,
        manifest: BlobId,
        key: &SealedDataKey,
        customer: Option<&CustomerKey>,
    ) -> Result<DataKey, OperationError> {
        bucket.key.open_data_key(manifest, key, customer).map_err(refuse_part)
    }

    /// The ETag of bytes just written: their MD5, except that nothing about them may be told to those who have not
    /// the customer's key. Listings show ETags to everybody, so it is then a random number, as with S3.
    pub(crate) fn etag_of_written(&self, md5: Md5, key: &SealedDataKey) -> Md5 {
        if key.customer.is_some() { Md5(self.random_id()) } else { md5 }
    }
}

fn refuse_read(refused: CannotOpen) -> OperationError {
    let (code, message) = match refused {
        CannotOpen::NeedsCustomerKey => (
            ErrorCode::InvalidRequest,
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to \
             retrieve the object.",
        ),
        CannotOpen::HasNoCustomerKey => {
            (ErrorCode::InvalidRequest, "The encryption parameters are not applicable to this object.")
        }
        CannotOpen::WrongCustomerKey => {
            (ErrorCode::AccessDenied, "Access Denied: the object was encrypted with another customer key.")
        }
        CannotOpen::Tampered => return OperationError::internal(refused),
    };
    OperationError::new(code, message)
}

fn refuse_part(refused: CannotOpen) -> OperationError {
    let message = match refused {
        CannotOpen::NeedsCustomerKey => {
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate \
             encryption parameters."
        }
        CannotOpen::HasNoCustomerKey => {
            "The multipart upload initiate did not request encryption. Send the parts without encryption parameters."
        }
        CannotOpen::WrongCustomerKey => {
            "The provided encryption parameters did not match the ones used originally: send every part with the key \
             that the upload began with."
        }
        CannotOpen::Tampered => return OperationError::internal(refused),
    };
    OperationError::new(ErrorCode::InvalidRequest, message)
}

/// Whether the bytes of an object may be another's too: only if the same keys open both. Else the copy gets bytes of
/// its own, so that what either key once opened says nothing about the other.
pub(crate) fn may_share(source: Option<&CustomerKey>, copy: Option<&CustomerKey>) -> bool {
    source == copy
}
