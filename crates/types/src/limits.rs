//! Every bound in one place, with its source, and the relations between them checked by the compiler.

/// One kibibyte.
pub const KIB: u64 = 1024;
/// One mebibyte.
pub const MIB: u64 = 1024 * KIB;
/// One gibibyte.
pub const GIB: u64 = 1024 * MIB;
/// One tebibyte.
pub const TIB: u64 = 1024 * GIB;

/// Longest object key in bytes of UTF-8. Source: R2 "Limits".
pub const KEY_BYTES_MAX: usize = 1024;
/// Custom metadata of one object: names and values together. Source: R2 "Limits".
pub const USER_METADATA_BYTES_MAX: usize = 8192;
/// Largest object: 5 TiB less 5 GiB. Source: R2 "Limits", note 2.
pub const OBJECT_BYTES_MAX: u64 = 5 * TIB - 5 * GIB;
/// Largest body of one upload, part or part copy: 5 GiB less 5 MiB. Source: R2 "Limits", notes 3 and 4.
pub const UPLOAD_BYTES_MAX: u64 = 5 * GIB - 5 * MIB;
/// Largest body of one upload through the REST API: 300 MiB. Source: R2 "Upload objects", Wrangler.
pub const REST_UPLOAD_BYTES_MAX: u64 = 300 * MIB;
/// Smallest part other than the last. Source: R2 "Multipart upload".
pub const PART_BYTES_MIN: u64 = 5 * MIB;
/// Parts of one multipart upload. Source: R2 "Limits".
pub const PARTS_MAX: u16 = 10_000;
/// Shortest time that an object in Infrequent Access is charged for, days. Source: R2 "Storage classes".
pub const INFREQUENT_DAYS_MIN: u64 = 30;
/// Buckets of one account. Source: R2 "Limits".
pub const BUCKETS_MAX: u64 = 1_000_000;
/// Times that one bucket may be made, removed or configured within a second. Kept only where rates are limited.
/// Source: R2 "Limits", note 1.
pub const BUCKET_CHANGES_PER_SECOND_MAX: u32 = 50;
/// Times that one object may be written within a second. Kept only where rates are limited. Source: R2 "Limits",
/// note 5.
pub const KEY_WRITES_PER_SECOND_MAX: u32 = 1;
/// Requests to one public development URL within a second, unless set otherwise. Source: R2 "Limits", Rate limiting on
/// managed public buckets through `r2.dev` ("hundreds of requests/second").
pub const DEVELOPMENT_REQUESTS_PER_SECOND_MAX: u32 = 500;
/// Custom domains of one bucket. Source: R2 "Limits".
pub const CUSTOM_DOMAINS_MAX: usize = 50;
/// Shortest bucket name. Source: R2 "Create new buckets".
pub const BUCKET_NAME_BYTES_MIN: usize = 3;
/// Longest bucket name. Source: R2 "Create new buckets".
pub const BUCKET_NAME_BYTES_MAX: usize = 63;
/// Entries of one list page, and its default. Source: S3 ListObjectsV2.
pub const LIST_PAGE_MAX: usize = 1000;
/// Keys of one DeleteObjects. Source: R2 "Release notes", 2022-07-01.
pub const DELETE_KEYS_MAX: usize = 1000;
/// Rules of one lifecycle configuration. Source: R2 "Object lifecycles".
pub const LIFECYCLE_RULES_MAX: usize = 1000;
/// Longest id of a lifecycle rule, bytes. Source: S3 PutBucketLifecycleConfiguration.
pub const LIFECYCLE_ID_BYTES_MAX: usize = 255;
/// Longest age of a lifecycle rule, days. Source: S3, whose numbers of days are integers of 32 bits.
pub const LIFECYCLE_AGE_DAYS_MAX: u32 = i32::MAX.unsigned_abs();
/// Lock rules of one bucket. Source: R2 "Bucket locks".
pub const LOCK_RULES_MAX: usize = 1000;
/// Longest id of a lock rule, bytes. Ours: as long as that of a lifecycle rule.
pub const LOCK_ID_BYTES_MAX: usize = 255;
/// CORS rules of one bucket. Source: S3 PutBucketCors.
pub const CORS_RULES_MAX: usize = 100;
/// Largest document of PutBucketCors. Source: S3 PutBucketCors.
pub const CORS_BYTES_MAX: usize = 64 * KIB as usize;
/// Longest id of a CORS rule, characters. Source: S3 CORSRule.
pub const CORS_RULE_ID_CHARS_MAX: usize = 255;
/// Longest time a browser may remember a preflight, seconds: a day. Source: R2 "Configure CORS", Response headers.
pub const CORS_MAX_AGE_SECONDS_MAX: u64 = 86_400;
/// Longest life of a presigned URL, seconds: 7 days. Source: R2 "Presigned URLs".
pub const PRESIGNED_SECONDS_MAX: u64 = 604_800;
/// Difference allowed between a request's signing time and ours, seconds. Source: S3 (RequestTimeTooSkewed).
pub const CLOCK_SKEW_SECONDS_MAX: u64 = 15 * 60;

/// Jobs that wait or run at once. Ours: each is a row that the background reads again and again.
pub const JOBS_WAITING_MAX: usize = 1000;
/// How long a job that ended can be asked after, seconds: 7 days. Ours.
pub const JOB_SECONDS_KEPT: u64 = 7 * 86_400;

/// Longest name of a token, bytes. Source: the API's `name` of a token.
pub const TOKEN_NAME_BYTES_MAX: usize = 120;
/// Policies of one token. Ours: each request of the token looks through them.
pub const POLICIES_MAX: usize = 300;

/// Longest life of temporary credentials, seconds: 7 days. Source: the API's `ttlSeconds`.
pub const TEMPORARY_CREDENTIAL_SECONDS_MAX: u64 = 604_800;
/// Longest session token of temporary credentials, bytes. Ours: hundreds of paths fit.
pub const SESSION_TOKEN_BYTES_MAX: usize = 16 * KIB as usize;

/// How long entries of the audit log are shown, and kept, seconds: 18 months. Source: the API's audit logs.
pub const AUDIT_SECONDS_KEPT: u64 = 548 * 86_400;
/// Entries of one page of the audit log. Source: the API's `per_page` and `limit`.
pub const AUDIT_PAGE_MAX: usize = 1000;
/// Entries of the audit log that may come before a page that is asked for by its number. Ours: whoever wants more goes
/// by cursor or by time.
pub const AUDIT_OFFSET_MAX: usize = 10_000;

/// Largest JSON document a client may send. Ours: 1,000 lifecycle rules and 300 policies fit with room.
pub const JSON_BYTES_MAX: usize = MIB as usize;
/// Largest XML document a client may send. Ours: CompleteMultipartUpload of 10,000 parts fits with room.
pub const XML_BYTES_MAX: usize = 2 * MIB as usize;
/// Deepest nesting of an XML document a client may send. Ours: no S3 request needs more than four.
pub const XML_DEPTH_MAX: usize = 16;
/// Request line and headers together, bytes. Ours: metadata, a session token and signatures fit with room.
pub const HEAD_BYTES_MAX: usize = 64 * KIB as usize;
/// Header lines of one request. Ours, and what hyper parses without memory of its own.
pub const HEADERS_MAX: usize = 100;
/// Longest chunk header line (`size;chunk-signature=…`) or trailer line of an aws-chunked body. Ours.
pub const CHUNK_LINE_BYTES_MAX: usize = 8 * KIB as usize;
/// Trailer lines of one aws-chunked body. Ours.
pub const CHUNK_TRAILERS_MAX: usize = 16;

/// Bytes of an HTML form before its file, framing included; as many may follow it. Source: S3 "POST Object" (20 KB).
pub const FORM_FIELDS_BYTES_MAX: usize = 20 * KIB as usize;
/// Longest boundary of an HTML form. Source: RFC 2046 section 5.1.1.
pub const FORM_BOUNDARY_BYTES_MAX: usize = 70;

/// Plain bytes of one encrypted chunk. A range decrypts only the chunks it touches.
pub const CHUNK_BYTES: usize = 64 * KIB as usize;
/// Largest body kept beside the rows instead of in a file of its own. docs/benchmarks.md has the figures.
pub const INLINE_BYTES_MAX: usize = 32 * KIB as usize;
/// Bytes that one upload or download collects before it hands them on: one unit of disk work.
pub const TRANSFER_BYTES: usize = 256 * KIB as usize;

const _: () = assert!(UPLOAD_BYTES_MAX * PARTS_MAX as u64 >= OBJECT_BYTES_MAX, "the largest object must be uploadable");
const _: () = assert!(PART_BYTES_MIN <= UPLOAD_BYTES_MAX);
const _: () = assert!(TRANSFER_BYTES.is_multiple_of(CHUNK_BYTES), "a transfer unit is whole chunks");
const _: () = assert!(INLINE_BYTES_MAX <= TRANSFER_BYTES, "a small object is collected in one unit");
const _: () = assert!(USER_METADATA_BYTES_MAX * 2 < HEAD_BYTES_MAX, "the largest metadata must be sendable");

/// Applications, identity providers and service tokens of an account, each. Ours; Cloudflare's are 500, 50 and 50.
pub const ACCESS_ROWS_MAX: usize = 500;
