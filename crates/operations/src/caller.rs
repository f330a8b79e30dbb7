//! Who asks, and what they may do. Source: R2 "Authentication", Permissions.

use metadata::rows::Permission;
use types::{AccessKeyId, AccountId, ErrorCode, Jurisdiction, OperationError};

/// Whoever a request was authenticated as.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The account whose resources it acts on.
    pub account: AccountId,
    /// The jurisdiction it asked in. Buckets of another do not exist for it, neither as source of a copy.
    pub jurisdiction: Jurisdiction,
    /// The key it signed with.
    pub access_key: AccessKeyId,
    /// What its token may do.
    pub permission: Permission,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Everything that can be done: one name for permissions, metrics and logs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name, as in metrics and logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

actions! {
    /// See the names of the account's buckets.
    ListBuckets;
    /// Make a bucket.
    CreateBucket;
    /// Choose the class of a bucket's objects that name none.
    SetDefaultStorageClass;
    /// Remove an empty bucket.
    DeleteBucket;
    /// See that a bucket exists.
    HeadBucket;
    /// See where a bucket is.
    GetBucketLocation;
    /// See how a bucket is encrypted.
    GetBucketEncryption;
    /// Ask for a bucket's encryption.
    PutBucketEncryption;
    /// Ask for the default encryption again.
    DeleteBucketEncryption;
    /// See a bucket's lifecycle rules.
    GetBucketLifecycleConfiguration;
    /// Replace a bucket's lifecycle rules.
    PutBucketLifecycleConfiguration;
    /// Remove a bucket's lifecycle rules.
    DeleteBucketLifecycle;
    /// See that a bucket has no versions.
    GetBucketVersioning;
    /// See that a bucket is its owner's alone.
    GetBucketAcl;
    /// See that a bucket has no tags.
    GetBucketTagging;
    /// See that a bucket is not replicated.
    GetBucketReplication;
    /// See that a bucket has no S3 object lock.
    GetObjectLockConfiguration;
    /// See a bucket's CORS rules.
    GetBucketCors;
    /// Replace a bucket's CORS rules.
    PutBucketCors;
    /// Remove a bucket's CORS rules.
    DeleteBucketCors;
    /// See a bucket's keys.
    ListObjects;
    /// Read an object.
    GetObject;
    /// Read an object's metadata.
    HeadObject;
    /// Write an object.
    PutObject;
    /// Write an object from another.
    CopyObject;
    /// Remove an object.
    DeleteObject;
    /// Remove several objects.
    DeleteObjects;
    /// Begin a multipart upload.
    CreateMultipartUpload;
    /// Write a part.
    UploadPart;
    /// Write a part from an object.
    UploadPartCopy;
    /// See the parts of an upload.
    ListParts;
    /// See the uploads in progress.
    ListMultipartUploads;
    /// Make an object of an upload's parts.
    CompleteMultipartUpload;
    /// Throw an upload away.
    AbortMultipartUpload;
}

impl Caller {
    /// The same caller asking in a jurisdiction.
    #[must_use]
    pub fn within(self, jurisdiction: Jurisdiction) -> Self {
        Self { jurisdiction, ..self }
    }

    /// The permission matrix.
    ///
    /// # Errors
    /// `AccessDenied` if the caller's token does not allow `action`.
    pub fn authorize(&self, action: Action) -> Result<(), OperationError> {
        if allows(self.permission, action) { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
    }
}

fn allows(permission: Permission, _action: Action) -> bool {
    match permission {
        Permission::AdminReadWrite => true,
    }
}
