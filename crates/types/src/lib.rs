//! The vocabulary of Cairn: values that are checked once, at the door, and cannot be wrong after.
//!
//! No I/O, no async, no wire format of any face. Everything else depends on this crate; it depends on
//! nothing of ours.

pub mod access;
pub mod bucket_name;
pub mod checksum;
pub mod conditions;
pub mod cors;
pub mod customer_key;
pub mod domain;
pub mod error;
pub mod etag;
pub mod host;
pub mod ids;
pub mod lifecycle;
pub mod lifecycle_plan;
pub mod limits;
pub mod lock;
pub mod metadata;
pub mod object_key;
pub mod permissions;
pub mod place;
mod prefix_table;
pub mod range;
pub mod retention;
pub mod time;
pub mod timed_hmac;
pub mod token_rule;
mod xml;

pub use access::{
    AccessApp, AccessDecision, AccessId, AccessPolicy, AccessRule, Admission, IdentityProvider, ServiceToken, Visitor,
};
pub use bucket_name::{BucketName, InvalidBucketName};
pub use checksum::{Checksum, ChecksumAlgorithm, ChecksumType, ShownChecksum, StoredChecksum};
pub use conditions::{Conditions, ETagList, ETagPattern, IfRange, ReadVerdict};
pub use cors::{CorsFields, CorsPolicy, CorsRequest, CorsRule, InvalidCors};
pub use customer_key::CustomerKey;
pub use domain::{
    CertificateStatus, Cipher, DomainName, DomainSettings, InvalidDomainName, Ownership, PublicName, TlsVersion,
};
pub use error::{AllowedMethods, ErrorCode, OperationError, Retry, UnsatisfiableRange};
pub use etag::{ETag, Md5};
pub use ids::{AccessKeyId, AccountId, BlobId, BucketId, JobId, PublicId, RequestId, UploadId};
pub use lifecycle::{InvalidLifecycle, Lifecycle, LifecycleRule, LifecycleTime, LifecycleTransition};
pub use lifecycle_plan::{DueAction, Expiration, LifecycleAction, LifecyclePlan};
pub use lock::{BucketLock, InvalidLock, LockCondition, LockRule};
pub use metadata::{HttpMetadata, StorageClass, UserMetadata};
pub use object_key::{InvalidObjectKey, ObjectKey};
pub use permissions::{AddressCondition, Effect, GroupScope, PermissionGroup, Policy, PolicyResource, Resource};
pub use place::{Jurisdiction, LocationHint};
pub use range::{ByteRange, RangeSpec};
pub use retention::{Retained, Retentions};
pub use time::Timestamp;
pub use timed_hmac::{SignedUri, TimedHmac};
pub use token_rule::{TokenCondition, TokenRule};
