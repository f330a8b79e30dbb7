//! What can be done with a store, one file per use case. Every face calls these, and nothing else.
//!
//! Rules that carry the design: bytes are durable before the row; the row's commit is the only moment of
//! visibility; a blob without a row is garbage, so no error path cleans up. Each operation authorises its caller
//! on its first line.

pub mod abort_upload;
pub mod access_apps;
pub mod access_check;
pub mod access_login;
pub mod audit;
pub mod authenticate;
pub mod bucket_cors;
pub mod bucket_lifecycle;
pub mod bucket_lock;
pub mod caller;
pub mod certificates;
pub mod collect;
pub mod complete_upload;
pub mod copy_object;
pub mod create_bucket;
pub mod create_upload;
pub mod custom_domains;
pub mod delete_bucket;
pub mod delete_object;
pub mod deletion_jobs;
pub mod get_bucket;
pub mod get_object;
pub mod hold_object;
pub mod identity;
pub mod identity_providers;
pub mod lifecycle;
pub mod list_buckets;
pub mod list_objects;
pub mod list_parts;
pub mod list_uploads;
pub mod managed_domain;
pub mod object_reader;
pub mod permissions;
pub mod public_bucket;
pub mod purge_cache;
pub mod put_object;
pub mod service_tokens;
pub mod set_default_class;
pub mod settle_domains;
pub mod start;
pub mod store;
pub mod temporary_credentials;
mod token_bounds;
pub mod token_rules;
pub mod tokens;
pub mod upload_part;
pub mod upload_part_copy;
pub mod usage;

mod access_rows;
mod access_session;
mod audit_values;
mod content_type;
mod copy_rewritten;
mod crc64;
mod customer_keys;
mod digests;
mod last_used;
mod multipart_checksum;
mod opened_payloads;
mod page_token;
mod pins;
mod rates;
mod restriction;
mod retention;
mod retrievals;
mod row_locks;
mod session_token;
mod shown_checksum;

pub use blobs::{Body, BytesBody};
pub use caller::Caller;
pub use digests::{DigestSource, ExpectedDigest, verify_document};
pub use multipart_checksum::AskedChecksum;
pub use object_reader::{ObjectReader, ObjectStream};
pub use permissions::{Action, Right};
pub use store::Store;

pub use metadata::Opened;
pub use metadata::rows::TokenRulesRow;
/// Rows as operations answer them. A face reads their fields and never keeps them.
pub use metadata::rows::{AuditRequest, AuditResource, AuditRow, ChangeKind, Interface};
pub use metadata::rows::{
    BucketCounters, BucketRow, DeletionJobRow, DomainRow, IssuedRow, JobState, LifecycleProgressRow, LifecycleStage,
    NamedBucket, ObjectRow, PartRow, TokenOwner, TokenRow, TokenState, UploadRow,
};
/// Rows as operations answer them. A face reads their fields and never keeps them.
pub use metadata::usage::{InfrequentUsage, UsageByDay};
