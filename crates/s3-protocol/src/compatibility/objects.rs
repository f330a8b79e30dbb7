//! R2's tables of operations on objects.

use super::features::{
    ACL, APPENDING, ATTRIBUTES_IN_LISTS, AUTO_CREATE, CONDITIONS, COPY_CONDITIONS, COPY_RANGE, CUSTOMER_KEY,
    DESTINATION_CONDITIONS, ENCRYPTION, GOVERNANCE, LIST_OBJECTS, LIST_OBJECTS_V2, LIST_PARTS, LIST_UPLOADS, LOCK, MD5,
    METADATA_DIRECTIVE, MFA, OWNER, PART_COPY_CONDITIONS, PAYER, RANGE, RANGE_OF_HEAD, RESPONSE_HEADERS,
    SOURCE_CUSTOMER_KEY, SOURCE_OWNER, STORAGE_CLASS, SYSTEM_METADATA, TAGGING, TAGGING_DIRECTIVE, VERSION, WEBSITE,
};
use super::{Feature, Level, OperationEntry, implemented, unimplemented};

/// An upload that is not there.
const UPLOAD: &str = "uploadId=00000000000000000000000000000000";
const PART: &str = "partNumber=1&uploadId=00000000000000000000000000000000";
/// The source of a copy.
const SOURCE: &[(&str, &str)] = &[("x-amz-copy-source", "/compatible/source")];

/// The operations on objects that R2 has.
pub const OBJECTS: &[OperationEntry] = &[
    object(
        "HeadObject",
        ("HEAD", ""),
        &[CONDITIONS, RANGE_OF_HEAD, CUSTOMER_KEY, RESPONSE_HEADERS, VERSION, PAYER, OWNER],
    ),
    bucket("ListObjects", ("GET", ""), &[LIST_OBJECTS, ATTRIBUTES_IN_LISTS, PAYER, OWNER]),
    bucket("ListObjectsV2", ("GET", "list-type=2"), &[LIST_OBJECTS_V2, ATTRIBUTES_IN_LISTS, PAYER, OWNER]),
    object("GetObject", ("GET", ""), &[CONDITIONS, RANGE, CUSTOMER_KEY, RESPONSE_HEADERS, VERSION, PAYER, OWNER]),
    object(
        "PutObject",
        ("PUT", ""),
        &[
            SYSTEM_METADATA,
            MD5,
            STORAGE_CLASS,
            CONDITIONS,
            AUTO_CREATE,
            CUSTOMER_KEY,
            WEBSITE,
            ENCRYPTION,
            PAYER,
            TAGGING,
            LOCK,
            ACL,
            APPENDING,
            OWNER,
        ],
    ),
    object("DeleteObject", ("DELETE", ""), &[MFA, GOVERNANCE, VERSION, PAYER, OWNER]),
    bucket("DeleteObjects", ("POST", "delete"), &[MFA, GOVERNANCE, PAYER, OWNER]),
    bucket("ListMultipartUploads", ("GET", "uploads"), &[LIST_UPLOADS, PAYER, OWNER]),
    object(
        "CreateMultipartUpload",
        ("POST", "uploads"),
        &[
            SYSTEM_METADATA,
            MD5,
            STORAGE_CLASS,
            CONDITIONS,
            AUTO_CREATE,
            CUSTOMER_KEY,
            WEBSITE,
            ENCRYPTION,
            PAYER,
            TAGGING,
            LOCK,
            ACL,
            OWNER,
        ],
    ),
    object("CompleteMultipartUpload", ("POST", UPLOAD), &[CONDITIONS, OWNER, PAYER]),
    object("AbortMultipartUpload", ("DELETE", UPLOAD), &[PAYER, OWNER]),
    copy(
        "CopyObject",
        "",
        &[
            METADATA_DIRECTIVE,
            SYSTEM_METADATA,
            COPY_CONDITIONS,
            DESTINATION_CONDITIONS,
            STORAGE_CLASS,
            CUSTOMER_KEY,
            SOURCE_CUSTOMER_KEY,
            ACL,
            WEBSITE,
            ENCRYPTION,
            PAYER,
            TAGGING,
            TAGGING_DIRECTIVE,
            LOCK,
            OWNER,
            SOURCE_OWNER,
        ],
    ),
    object("UploadPart", ("PUT", PART), &[MD5, CUSTOMER_KEY, ENCRYPTION, PAYER, OWNER]),
    copy(
        "UploadPartCopy",
        PART,
        &[PART_COPY_CONDITIONS, COPY_RANGE, CUSTOMER_KEY, SOURCE_CUSTOMER_KEY, PAYER, OWNER, SOURCE_OWNER],
    ),
    object("ListParts", ("GET", UPLOAD), &[LIST_PARTS, PAYER, OWNER]),
];

/// The operations on objects that R2's page calls unimplemented.
pub const OBJECTS_UNIMPLEMENTED: &[OperationEntry] = &[
    unimplemented("GetObjectTagging", Level::Object, ("GET", "tagging"), &[OWNER, PAYER]),
    unimplemented("PutObjectTagging", Level::Object, ("PUT", "tagging"), &[OWNER, PAYER]),
    unimplemented("DeleteObjectTagging", Level::Object, ("DELETE", "tagging"), &[OWNER]),
];

const fn object(
    name: &'static str,
    request: (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    implemented(name, Level::Object, request, features)
}

const fn bucket(
    name: &'static str,
    request: (&'static str, &'static str),
    features: &'static [&'static [Feature]],
) -> OperationEntry {
    implemented(name, Level::Bucket, request, features)
}

const fn copy(name: &'static str, query: &'static str, features: &'static [&'static [Feature]]) -> OperationEntry {
    OperationEntry { headers: SOURCE, ..object(name, ("PUT", query), features) }
}
