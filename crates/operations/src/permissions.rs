//! The permission matrix: what each action needs, and which permission groups give that.
//! Source: R2 "Authentication", Permissions and Permission groups.

use types::PermissionGroup;

/// What an action needs to be granted on its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Seeing which buckets there are.
    BucketList,
    /// Seeing the configuration of a bucket.
    BucketRead,
    /// Making, configuring and removing buckets.
    BucketWrite,
    /// Reading and listing objects.
    ObjectRead,
    /// Writing and removing objects.
    ObjectWrite,
    /// Seeing tokens.
    TokenRead,
    /// Making, changing and removing tokens.
    TokenWrite,
    /// Seeing the account and its audit log.
    AccountRead,
    /// Seeing metrics and usage.
    AnalyticsRead,
    /// Seeing who may read custom domains.
    AccessRead,
    /// Deciding who may read custom domains.
    AccessWrite,
}

impl Right {
    /// Every right.
    pub const ALL: &'static [Self] = &[
        Self::BucketList,
        Self::BucketRead,
        Self::BucketWrite,
        Self::ObjectRead,
        Self::ObjectWrite,
        Self::TokenRead,
        Self::TokenWrite,
        Self::AccountRead,
        Self::AnalyticsRead,
        Self::AccessRead,
        Self::AccessWrite,
    ];

    /// The permission groups that give it.
    pub fn given_by(self) -> &'static [PermissionGroup] {
        use PermissionGroup::{
            AccountAnalyticsRead, AccountSettingsRead, AccountSettingsWrite, ApiTokensRead, ApiTokensWrite,
            R2BucketItemRead, R2BucketItemWrite, R2StorageRead, R2StorageWrite,
        };
        match self {
            Self::BucketList | Self::BucketRead => &[R2StorageRead, R2StorageWrite],
            Self::BucketWrite => &[R2StorageWrite],
            Self::ObjectRead => &[R2StorageRead, R2StorageWrite, R2BucketItemRead, R2BucketItemWrite],
            Self::ObjectWrite => &[R2StorageWrite, R2BucketItemWrite],
            Self::TokenRead => &[ApiTokensRead, ApiTokensWrite],
            Self::TokenWrite => &[ApiTokensWrite],
            Self::AccountRead => &[AccountSettingsRead, AccountSettingsWrite],
            // R2 shows a bucket's numbers to whoever administers its buckets.
            Self::AnalyticsRead => &[AccountAnalyticsRead, R2StorageRead, R2StorageWrite],
            // Who may open a bucket to everybody may also decide to whom else.
            Self::AccessRead => &[AccountSettingsRead, AccountSettingsWrite, R2StorageWrite],
            Self::AccessWrite => &[AccountSettingsWrite, R2StorageWrite],
        }
    }
}

impl Action {
    /// Whether everybody may do it with a bucket that is open at a public name, and with its objects: the row of the
    /// matrix for those who show no token.
    pub(crate) fn is_for_everybody(self) -> bool {
        matches!(self, Self::GetObject | Self::HeadObject)
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $right:ident;)*) => {
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

            /// What it needs.
            pub fn needs(self) -> Right {
                match self { $(Self::$name => Right::$right,)* }
            }
        }
    };
}

actions! {
    /// See the names of the account's buckets.
    ListBuckets: BucketList;
    /// Make a bucket.
    CreateBucket: BucketWrite;
    /// Remove an empty bucket.
    DeleteBucket: BucketWrite;
    /// See that a bucket exists.
    HeadBucket: ObjectRead;
    /// See a bucket's place and class.
    GetBucket: BucketRead;
    /// See where a bucket is.
    GetBucketLocation: ObjectRead;
    /// See how a bucket is encrypted.
    GetBucketEncryption: BucketRead;
    /// Ask for a bucket's encryption.
    PutBucketEncryption: BucketWrite;
    /// Ask for the default encryption again.
    DeleteBucketEncryption: BucketWrite;
    /// See a bucket's lifecycle rules.
    GetBucketLifecycleConfiguration: BucketRead;
    /// Replace a bucket's lifecycle rules.
    PutBucketLifecycleConfiguration: BucketWrite;
    /// Remove a bucket's lifecycle rules.
    DeleteBucketLifecycle: BucketWrite;
    /// See that a bucket has no versions.
    GetBucketVersioning: BucketRead;
    /// See that a bucket is its owner's alone.
    GetBucketAcl: BucketRead;
    /// See that a bucket has no tags.
    GetBucketTagging: BucketRead;
    /// See that a bucket is not replicated.
    GetBucketReplication: BucketRead;
    /// See that a bucket has no S3 object lock.
    GetObjectLockConfiguration: BucketRead;
    /// See a bucket's keys, as the first version of the S3 API lists them.
    ListObjects: ObjectRead;
    /// See a bucket's keys.
    ListObjectsV2: ObjectRead;
    /// Read an object.
    GetObject: ObjectRead;
    /// Read an object's metadata.
    HeadObject: ObjectRead;
    /// Write an object.
    PutObject: ObjectWrite;
    /// Write an object from another.
    CopyObject: ObjectWrite;
    /// Remove an object.
    DeleteObject: ObjectWrite;
    /// Remove several objects.
    DeleteObjects: ObjectWrite;
    /// See the account's jobs in the background.
    ListJobs: BucketRead;
    /// See how far a job in the background is.
    GetJob: BucketRead;
    /// Call off a job in the background.
    CancelJob: BucketWrite;
    /// Begin a multipart upload.
    CreateMultipartUpload: ObjectWrite;
    /// Write a part.
    UploadPart: ObjectWrite;
    /// Write a part from an object.
    UploadPartCopy: ObjectWrite;
    /// See the parts of an upload.
    ListParts: ObjectRead;
    /// See the uploads in progress.
    ListMultipartUploads: ObjectRead;
    /// Make an object of an upload's parts.
    CompleteMultipartUpload: ObjectWrite;
    /// Throw an upload away.
    AbortMultipartUpload: ObjectWrite;
    /// See a bucket's CORS rules.
    GetBucketCors: BucketRead;
    /// Replace a bucket's CORS rules.
    PutBucketCors: BucketWrite;
    /// Remove a bucket's CORS rules.
    DeleteBucketCors: BucketWrite;
    /// See a bucket's lock rules.
    GetBucketLock: BucketRead;
    /// Replace a bucket's lock rules.
    PutBucketLock: BucketWrite;
    /// See whether a bucket is open at its public development URL.
    GetManagedDomain: BucketRead;
    /// Open or close a bucket's public development URL.
    ChangeBucketVisibility: BucketWrite;
    /// See a bucket's custom domains.
    ListCustomDomains: BucketRead;
    /// See one of a bucket's custom domains.
    GetCustomDomain: BucketRead;
    /// Open a bucket at a custom domain.
    AddCustomDomain: BucketWrite;
    /// Change what is set of a custom domain.
    UpdateCustomDomain: BucketWrite;
    /// Take a custom domain from a bucket.
    RemoveCustomDomain: BucketWrite;
    /// Make the caches before custom domains forget.
    PurgeCache: BucketWrite;
    /// See the applications that protect custom domains.
    ListAccessApps: AccessRead;
    /// See an application and its policies.
    GetAccessApp: AccessRead;
    /// Protect a custom domain.
    CreateAccessApp: AccessWrite;
    /// Change an application or its policies.
    UpdateAccessApp: AccessWrite;
    /// Protect a custom domain no more.
    DeleteAccessApp: AccessWrite;
    /// Make sessions void.
    RevokeAccessSessions: AccessWrite;
    /// See the identity providers.
    ListIdentityProviders: AccessRead;
    /// See an identity provider.
    GetIdentityProvider: AccessRead;
    /// Add an identity provider.
    CreateIdentityProvider: AccessWrite;
    /// Change an identity provider.
    UpdateIdentityProvider: AccessWrite;
    /// Remove an identity provider.
    DeleteIdentityProvider: AccessWrite;
    /// See the service tokens.
    ListServiceTokens: AccessRead;
    /// See a service token.
    GetServiceToken: AccessRead;
    /// Make a service token.
    CreateServiceToken: AccessWrite;
    /// Change a service token, or give it a new secret.
    UpdateServiceToken: AccessWrite;
    /// Remove a service token.
    DeleteServiceToken: AccessWrite;
    /// See the rules about tokens in URLs, which have their secrets.
    GetTokenRules: AccessWrite;
    /// Replace the rules about tokens in URLs.
    SetTokenRules: AccessWrite;
    /// Set the class of objects that name none.
    PutBucketStorageClass: BucketWrite;
    /// Make temporary credentials for a bucket.
    CreateTemporaryCredentials: BucketWrite;
    /// See the account.
    GetAccount: AccountRead;
    /// See the audit log.
    ListAuditLog: AccountRead;
    /// See metrics and usage.
    GetMetrics: AnalyticsRead;
    /// See the account's tokens.
    ListTokens: TokenRead;
    /// See a token.
    GetToken: TokenRead;
    /// See what tokens can be granted.
    ListPermissionGroups: TokenRead;
    /// Make a token.
    CreateToken: TokenWrite;
    /// Change a token, or give it a new value.
    UpdateToken: TokenWrite;
    /// Remove a token.
    DeleteToken: TokenWrite;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: R2 "Authentication", Permissions.
    #[test]
    fn the_four_permissions_of_the_dashboard_are_what_r2_says() {
        let gives = |group: PermissionGroup| {
            let rights = Right::ALL.iter().copied().filter(|right| right.given_by().contains(&group));
            let beside = [Right::AnalyticsRead, Right::AccessRead, Right::AccessWrite];
            rights.filter(|right| !beside.contains(right)).collect::<Vec<_>>()
        };
        use Right::{BucketList, BucketRead, BucketWrite, ObjectRead, ObjectWrite};
        let everything = [BucketList, BucketRead, BucketWrite, ObjectRead, ObjectWrite];
        assert_eq!(gives(PermissionGroup::R2StorageWrite), everything);
        assert_eq!(gives(PermissionGroup::R2StorageRead), [BucketList, BucketRead, ObjectRead]);
        assert_eq!(gives(PermissionGroup::R2BucketItemWrite), [ObjectRead, ObjectWrite]);
        assert_eq!(gives(PermissionGroup::R2BucketItemRead), [ObjectRead]);
    }
}
