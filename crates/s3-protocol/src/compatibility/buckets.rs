//! R2's tables of operations on buckets.

use super::features::{
    ACL, ACL_OF_BUCKETS, CONTINUATION, DOCUMENT_CHECKSUM, LIST_BUCKETS, LOCK_OF_BUCKETS, MINIMUM_SIZE, OWNER, PAYER,
};
use super::{Feature, Level, OperationEntry, State, implemented, unimplemented};

/// The operations on buckets that R2 has.
pub const BUCKETS: &[OperationEntry] = &[
    implemented("ListBuckets", Level::Account, ("GET", ""), &[LIST_BUCKETS]),
    bucket("HeadBucket", ("HEAD", ""), &[OWNER]),
    bucket("CreateBucket", ("PUT", ""), &[ACL, ACL_OF_BUCKETS, LOCK_OF_BUCKETS, OWNER]),
    bucket("DeleteBucket", ("DELETE", ""), &[OWNER]),
    bucket("DeleteBucketCors", ("DELETE", "cors"), &[OWNER]),
    bucket("GetBucketCors", ("GET", "cors"), &[OWNER]),
    bucket("GetBucketLifecycleConfiguration", ("GET", "lifecycle"), &[OWNER]),
    bucket("GetBucketLocation", ("GET", "location"), &[OWNER]),
    bucket("GetBucketEncryption", ("GET", "encryption"), &[OWNER]),
    bucket("PutBucketCors", ("PUT", "cors"), &[DOCUMENT_CHECKSUM, OWNER]),
    bucket("PutBucketLifecycleConfiguration", ("PUT", "lifecycle"), &[DOCUMENT_CHECKSUM, MINIMUM_SIZE, OWNER]),
    // R2 "Object lifecycles" shows it; the table leaves it out.
    bucket("DeleteBucketLifecycle", ("DELETE", "lifecycle"), &[OWNER]),
];

/// The operations on buckets that R2's page calls unimplemented. Release notes of 2022-05-05, 2022-07-20 and 2022-07-21
/// say of some of them what they do all the same.
pub const BUCKETS_UNIMPLEMENTED: &[OperationEntry] = &[
    refused("GetBucketAccelerateConfiguration", ("GET", "accelerate")),
    dummy("GetBucketAcl", "acl"),
    with("GetBucketAnalyticsConfiguration", ("GET", "analytics&id=1"), &[OWNER]),
    with("GetBucketIntelligentTieringConfiguration", ("GET", "intelligent-tiering&id=1"), &[]),
    with("GetBucketInventoryConfiguration", ("GET", "inventory&id=1"), &[OWNER]),
    refused("GetBucketLogging", ("GET", "logging")),
    with("GetBucketMetricsConfiguration", ("GET", "metrics&id=1"), &[OWNER]),
    refused("GetBucketNotificationConfiguration", ("GET", "notification")),
    refused("GetBucketOwnershipControls", ("GET", "ownershipControls")),
    refused("GetBucketPolicy", ("GET", "policy")),
    refused("GetBucketPolicyStatus", ("GET", "policyStatus")),
    dummy("GetBucketReplication", "replication"),
    refused("GetBucketRequestPayment", ("GET", "requestPayment")),
    dummy("GetBucketTagging", "tagging"),
    dummy("GetBucketVersioning", "versioning"),
    refused("GetBucketWebsite", ("GET", "website")),
    dummy("GetObjectLockConfiguration", "object-lock"),
    refused("GetPublicAccessBlock", ("GET", "publicAccessBlock")),
    listing("ListBucketAnalyticsConfigurations", "analytics"),
    listing("ListBucketIntelligentTieringConfigurations", "intelligent-tiering"),
    listing("ListBucketInventoryConfigurations", "inventory"),
    listing("ListBucketMetricsConfigurations", "metrics"),
    refused("PutBucketAccelerateConfiguration", ("PUT", "accelerate")),
    with("PutBucketAcl", ("PUT", "acl"), &[ACL, ACL_OF_BUCKETS, OWNER]),
    refused("PutBucketAnalyticsConfiguration", ("PUT", "analytics&id=1")),
    encryption("PutBucketEncryption", "PUT", &[DOCUMENT_CHECKSUM, OWNER]),
    refused("PutBucketIntelligentTieringConfiguration", ("PUT", "intelligent-tiering&id=1")),
    refused("PutBucketInventoryConfiguration", ("PUT", "inventory&id=1")),
    refused("PutBucketLogging", ("PUT", "logging")),
    refused("PutBucketMetricsConfiguration", ("PUT", "metrics&id=1")),
    refused("PutBucketNotificationConfiguration", ("PUT", "notification")),
    refused("PutBucketOwnershipControls", ("PUT", "ownershipControls")),
    refused("PutBucketPolicy", ("PUT", "policy")),
    refused("PutBucketReplication", ("PUT", "replication")),
    refused("PutBucketRequestPayment", ("PUT", "requestPayment")),
    refused("PutBucketTagging", ("PUT", "tagging")),
    refused("PutBucketVersioning", ("PUT", "versioning")),
    refused("PutBucketWebsite", ("PUT", "website")),
    with("PutObjectLockConfiguration", ("PUT", "object-lock"), &[PAYER, OWNER]),
    refused("PutPublicAccessBlock", ("PUT", "publicAccessBlock")),
    encryption("DeleteBucketEncryption", "DELETE", &[OWNER]),
];

const fn bucket(
    name: &'static str,
    request: (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    implemented(name, Level::Bucket, request, features)
}

const fn refused(name: &'static str, request: (&'static str, &'static str)) -> OperationEntry {
    with(name, request, &[OWNER])
}

const fn with(
    name: &'static str,
    request: (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    unimplemented(name, Level::Bucket, request, features)
}

const fn dummy(name: &'static str, parameter: &'static str) -> OperationEntry {
    OperationEntry { state: State::Dummy, ..refused(name, ("GET", parameter)) }
}

/// Release note of 2022-05-05: supported, with the one value AES256.
const fn encryption(
    name: &'static str,
    method: &'static str,
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    OperationEntry { state: State::Implemented, ..with(name, (method, "encryption"), features) }
}

const fn listing(name: &'static str, parameter: &'static str) -> OperationEntry {
    with(name, ("GET", parameter), &[CONTINUATION, OWNER])
}
