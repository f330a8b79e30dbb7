//! What S3 has besides, and R2's page does not name.

use super::Level::{Bucket, Object};
use super::{OperationEntry, State, unimplemented};

/// An HTML form's upload, which R2 has not.
const POST_OBJECT: OperationEntry =
    OperationEntry { state: State::Implemented, ..unimplemented("PostObject", Bucket, ("POST", ""), &[]) };

/// Operations of S3 that R2's page does not name.
pub const OTHERS: &[OperationEntry] = &[
    unimplemented("CreateBucketMetadataConfiguration", Bucket, ("POST", "metadataConfiguration"), &[]),
    unimplemented("CreateBucketMetadataTableConfiguration", Bucket, ("POST", "metadataTable"), &[]),
    unimplemented("CreateSession", Bucket, ("GET", "session"), &[]),
    unimplemented("DeleteBucketAnalyticsConfiguration", Bucket, ("DELETE", "analytics&id=1"), &[]),
    unimplemented("DeleteBucketIntelligentTieringConfiguration", Bucket, ("DELETE", "intelligent-tiering&id=1"), &[]),
    unimplemented("DeleteBucketInventoryConfiguration", Bucket, ("DELETE", "inventory&id=1"), &[]),
    unimplemented("DeleteBucketMetadataConfiguration", Bucket, ("DELETE", "metadataConfiguration"), &[]),
    unimplemented("DeleteBucketMetadataTableConfiguration", Bucket, ("DELETE", "metadataTable"), &[]),
    unimplemented("DeleteBucketMetricsConfiguration", Bucket, ("DELETE", "metrics&id=1"), &[]),
    unimplemented("DeleteBucketOwnershipControls", Bucket, ("DELETE", "ownershipControls"), &[]),
    unimplemented("DeleteBucketPolicy", Bucket, ("DELETE", "policy"), &[]),
    unimplemented("DeleteBucketReplication", Bucket, ("DELETE", "replication"), &[]),
    unimplemented("DeleteBucketTagging", Bucket, ("DELETE", "tagging"), &[]),
    unimplemented("DeleteBucketWebsite", Bucket, ("DELETE", "website"), &[]),
    unimplemented("DeletePublicAccessBlock", Bucket, ("DELETE", "publicAccessBlock"), &[]),
    unimplemented("GetBucketAbac", Bucket, ("GET", "abac"), &[]),
    unimplemented("GetBucketMetadataConfiguration", Bucket, ("GET", "metadataConfiguration"), &[]),
    unimplemented("GetBucketMetadataTableConfiguration", Bucket, ("GET", "metadataTable"), &[]),
    unimplemented("ListObjectVersions", Bucket, ("GET", "versions"), &[]),
    unimplemented("PutBucketAbac", Bucket, ("PUT", "abac"), &[]),
    unimplemented("UpdateBucketMetadataInventoryTableConfiguration", Bucket, ("PUT", "metadataInventoryTable"), &[]),
    unimplemented("UpdateBucketMetadataJournalTableConfiguration", Bucket, ("PUT", "metadataJournalTable"), &[]),
    POST_OBJECT,
    unimplemented("GetObjectAcl", Object, ("GET", "acl"), &[]),
    unimplemented("GetObjectAttributes", Object, ("GET", "attributes"), &[]),
    unimplemented("GetObjectLegalHold", Object, ("GET", "legal-hold"), &[]),
    unimplemented("GetObjectRetention", Object, ("GET", "retention"), &[]),
    unimplemented("GetObjectTorrent", Object, ("GET", "torrent"), &[]),
    unimplemented("PutObjectAcl", Object, ("PUT", "acl"), &[]),
    unimplemented("PutObjectLegalHold", Object, ("PUT", "legal-hold"), &[]),
    unimplemented("PutObjectRetention", Object, ("PUT", "retention"), &[]),
    unimplemented("RenameObject", Object, ("PUT", "renameObject"), &[]),
    unimplemented("RestoreObject", Object, ("POST", "restore"), &[]),
    unimplemented("SelectObjectContent", Object, ("POST", "select&select-type=2"), &[]),
    unimplemented("UpdateObjectEncryption", Object, ("PUT", "encryption"), &[]),
];
