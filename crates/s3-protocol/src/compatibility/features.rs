//! Headers and parameters, in the groups of R2's page.

use super::{Feature, Place, State};

/// A header that R2 has.
const fn header(name: &'static str, value: &'static str) -> Feature {
    Feature { place: Place::Header, name, value, state: State::Implemented, in_r2: true, of_value: false }
}

/// A header that R2 has not.
const fn refused(name: &'static str, value: &'static str) -> Feature {
    Feature { state: State::NotImplemented, in_r2: false, ..header(name, value) }
}

/// A header of one value, which R2 has or has not.
const fn valued(name: &'static str, value: &'static str, state: State) -> Feature {
    Feature { state, in_r2: !matches!(state, State::NotImplemented), of_value: true, ..header(name, value) }
}

/// A parameter that R2 has.
const fn parameter(name: &'static str, value: &'static str) -> Feature {
    Feature { place: Place::Parameter, ..header(name, value) }
}

/// A parameter that R2 has not.
const fn refused_parameter(name: &'static str, value: &'static str) -> Feature {
    Feature { place: Place::Parameter, ..refused(name, value) }
}

/// What R2 has not, or does not name, and works here.
const fn beyond(feature: Feature) -> Feature {
    Feature { in_r2: false, state: State::Implemented, ..feature }
}

const fn ignored(feature: Feature) -> Feature {
    Feature { state: State::Ignored, ..feature }
}

/// What R2 ignores with every operation ("Release notes" 2023-12-11 and 2024-06-06).
pub const EVERYWHERE: &[Feature] = &[ignored(parameter("x-id", "GetObject")), ignored(parameter("x-purpose", "test"))];

pub(super) const OWNER: &[Feature] = &[refused("x-amz-expected-bucket-owner", "123456789012")];
pub(super) const SOURCE_OWNER: &[Feature] = &[refused("x-amz-source-expected-bucket-owner", "123456789012")];
pub(super) const PAYER: &[Feature] = &[refused("x-amz-request-payer", "requester")];
pub(super) const MFA: &[Feature] = &[refused("x-amz-mfa", "20899872 301749")];
pub(super) const GOVERNANCE: &[Feature] = &[refused("x-amz-bypass-governance-retention", "true")];
pub(super) const WEBSITE: &[Feature] = &[refused("x-amz-website-redirect-location", "/other")];
pub(super) const TAGGING: &[Feature] = &[refused("x-amz-tagging", "a=b")];
pub(super) const TAGGING_DIRECTIVE: &[Feature] = &[refused("x-amz-tagging-directive", "REPLACE")];

/// Without ACLs everything is private, which these two do not change ("Release notes" 2022-11-30).
pub(super) const ACL: &[Feature] = &[
    valued("x-amz-acl", "private", State::Ignored),
    valued("x-amz-acl", "public-read", State::Ignored),
    valued("x-amz-acl", "public-read-write", State::NotImplemented),
    valued("x-amz-acl", "authenticated-read", State::NotImplemented),
    refused("x-amz-grant-full-control", "id=1"),
    refused("x-amz-grant-read", "id=1"),
    refused("x-amz-grant-read-acp", "id=1"),
    refused("x-amz-grant-write-acp", "id=1"),
];

pub(super) const ACL_OF_BUCKETS: &[Feature] = &[refused("x-amz-grant-write", "id=1")];

/// R2 accepts "no lock" ("Release notes" 2022-07-01).
pub(super) const LOCK_OF_BUCKETS: &[Feature] = &[
    valued("x-amz-bucket-object-lock-enabled", "false", State::Ignored),
    valued("x-amz-bucket-object-lock-enabled", "true", State::NotImplemented),
    refused("x-amz-object-ownership", "BucketOwnerEnforced"),
];

pub(super) const LOCK: &[Feature] = &[
    refused("x-amz-object-lock-mode", "COMPLIANCE"),
    refused("x-amz-object-lock-retain-until-date", "2033-01-01T00:00:00Z"),
    refused("x-amz-object-lock-legal-hold", "ON"),
];

pub(super) const ENCRYPTION: &[Feature] = &[
    refused("x-amz-server-side-encryption", "AES256"),
    refused("x-amz-server-side-encryption-aws-kms-key-id", "1"),
    refused("x-amz-server-side-encryption-context", "e30="),
    refused("x-amz-server-side-encryption-bucket-key-enabled", "true"),
];

pub(super) const CUSTOMER_KEY: &[Feature] = &[
    header("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    header("x-amz-server-side-encryption-customer-key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    header("x-amz-server-side-encryption-customer-key-md5", "hRasmdxgYDKV3nvbahU1MA=="),
];

pub(super) const SOURCE_CUSTOMER_KEY: &[Feature] = &[
    header("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256"),
    header("x-amz-copy-source-server-side-encryption-customer-key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    header("x-amz-copy-source-server-side-encryption-customer-key-md5", "hRasmdxgYDKV3nvbahU1MA=="),
];

pub(super) const SYSTEM_METADATA: &[Feature] = &[
    header("content-type", "text/plain"),
    header("cache-control", "no-store"),
    header("content-disposition", "inline"),
    header("content-encoding", "identity"),
    header("content-language", "en"),
    header("expires", "Wed, 01 Jan 2031 00:00:00 GMT"),
];

pub(super) const MD5: &[Feature] = &[header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];

pub(super) const STORAGE_CLASS: &[Feature] = &[
    valued("x-amz-storage-class", "STANDARD", State::Implemented),
    valued("x-amz-storage-class", "STANDARD_IA", State::Implemented),
    valued("x-amz-storage-class", "GLACIER", State::NotImplemented),
    valued("x-amz-storage-class", "INTELLIGENT_TIERING", State::NotImplemented),
];

pub(super) const CONDITIONS: &[Feature] = &[
    header("if-match", "*"),
    header("if-none-match", "\"0\""),
    header("if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT"),
    header("if-unmodified-since", "Wed, 01 Jan 2040 00:00:00 GMT"),
];

pub(super) const COPY_CONDITIONS: &[Feature] = &[
    header("x-amz-copy-source-if-match", "*"),
    header("x-amz-copy-source-if-none-match", "\"0\""),
    header("x-amz-copy-source-if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT"),
    header("x-amz-copy-source-if-unmodified-since", "Wed, 01 Jan 2040 00:00:00 GMT"),
];

/// R2 promises none of these for UploadPartCopy, but boto3 and the aws command send them with every managed copy.
pub(super) const PART_COPY_CONDITIONS: &[Feature] =
    &[beyond(COPY_CONDITIONS[0]), beyond(COPY_CONDITIONS[1]), beyond(COPY_CONDITIONS[2]), beyond(COPY_CONDITIONS[3])];

/// Conditions on the destination of a copy (R2 "Extensions").
pub(super) const DESTINATION_CONDITIONS: &[Feature] = &[
    header("cf-copy-destination-if-match", "*"),
    header("cf-copy-destination-if-none-match", "\"0\""),
    header("cf-copy-destination-if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT"),
    header("cf-copy-destination-if-unmodified-since", "Wed, 01 Jan 2040 00:00:00 GMT"),
];

/// R2 "Extensions", Auto-creating buckets on upload.
pub(super) const AUTO_CREATE: &[Feature] = &[header("cf-create-bucket-if-missing", "true")];

pub(super) const METADATA_DIRECTIVE: &[Feature] = &[
    valued("x-amz-metadata-directive", "COPY", State::Implemented),
    valued("x-amz-metadata-directive", "REPLACE", State::Implemented),
    valued("x-amz-metadata-directive", "MERGE", State::Implemented),
];

/// `If-Range` is not on R2's page, but whoever continues a download relies on it (RFC 9110, section 13.1.5).
pub(super) const RANGE: &[Feature] =
    &[header("range", "bytes=0-0"), beyond(header("if-range", "\"0\"")), parameter("partNumber", "1")];
pub(super) const RANGE_OF_HEAD: &[Feature] = &[ignored(header("range", "bytes=0-0")), parameter("partNumber", "1")];
pub(super) const COPY_RANGE: &[Feature] = &[header("x-amz-copy-source-range", "bytes=0-0")];

/// Every SDK of 2025 and later announces the checksum of a document it sends. R2's page says that it has none of this;
/// the checksum is verified here, since these clients would else not work.
pub(super) const DOCUMENT_CHECKSUM: &[Feature] = &[
    header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
    beyond(header("x-amz-sdk-checksum-algorithm", "CRC32")),
    refused("x-amz-checksum-algorithm", "CRC32"),
];

/// Headers in the place of the stored ones; not on R2's page, but part of GetObject and HeadObject in S3.
pub(super) const RESPONSE_HEADERS: &[Feature] = &[
    beyond(parameter("response-cache-control", "no-store")),
    beyond(parameter("response-content-disposition", "inline")),
    beyond(parameter("response-content-encoding", "identity")),
    beyond(parameter("response-content-language", "en")),
    beyond(parameter("response-content-type", "text/plain")),
    beyond(parameter("response-expires", "soon")),
];

pub(super) const CONTINUATION: &[Feature] = &[refused_parameter("continuation-token", "a")];
pub(super) const VERSION: &[Feature] = &[refused_parameter("versionId", "1")];
pub(super) const ATTRIBUTES_IN_LISTS: &[Feature] = &[refused("x-amz-optional-object-attributes", "RestoreStatus")];
pub(super) const APPENDING: &[Feature] = &[refused("x-amz-write-offset-bytes", "0")];
pub(super) const MINIMUM_SIZE: &[Feature] =
    &[refused("x-amz-transition-default-minimum-object-size", "all_storage_classes_128K")];

pub(super) const LIST_OBJECTS: &[Feature] = &[
    parameter("delimiter", "/"),
    parameter("encoding-type", "url"),
    parameter("marker", "a"),
    parameter("max-keys", "1"),
    parameter("prefix", "a"),
    refused_parameter("start-after", "a"),
    refused_parameter("unknown", "a"),
];

pub(super) const LIST_OBJECTS_V2: &[Feature] = &[
    parameter("continuation-token", ""),
    parameter("delimiter", "/"),
    parameter("encoding-type", "url"),
    parameter("fetch-owner", "true"),
    parameter("max-keys", "1"),
    parameter("prefix", "a"),
    parameter("start-after", "a"),
    refused_parameter("marker", "a"),
    refused_parameter("unknown", "a"),
];

pub(super) const LIST_UPLOADS: &[Feature] = &[
    parameter("delimiter", "/"),
    parameter("encoding-type", "url"),
    parameter("key-marker", "a"),
    parameter("max-uploads", "1"),
    parameter("prefix", "a"),
    parameter("upload-id-marker", ""),
];

pub(super) const LIST_PARTS: &[Feature] =
    &[parameter("max-parts", "1"), parameter("part-number-marker", "1"), beyond(parameter("encoding-type", "url"))];

/// R2 "Extensions", `ListBuckets`: "all the same search parameters as `ListObjectsV2`". Three of these change nothing:
/// the owner is always shown, and the name of a bucket is the same when it is encoded.
pub(super) const LIST_BUCKETS: &[Feature] = &[
    parameter("prefix", "a"),
    parameter("start-after", "a"),
    parameter("continuation-token", ""),
    parameter("max-keys", "1"),
    beyond(parameter("max-buckets", "1")),
    ignored(parameter("list-type", "2")),
    ignored(parameter("encoding-type", "url")),
    ignored(parameter("fetch-owner", "true")),
    refused_parameter("delimiter", "-"),
    header("cf-prefix", "a"),
    header("cf-start-after", "a"),
    header("cf-continuation-token", ""),
    header("cf-max-keys", "1"),
    refused_parameter("bucket-region", "auto"),
];
