//! Errors: one table, every face renders from it. Source: R2 "Error codes" where it has a number, S3's error
//! responses otherwise. docs/error-codes.md is this table, written by a test.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Whether a client does well to send the same request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request will fail again.
    Never,
    /// The same request may succeed later.
    Later,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident $r2:tt $s3:literal $status:literal $retry:ident $message:literal;)*) => {
        /// What went wrong, in the terms of R2. R2's number is the identity: two numbers may share an S3 name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every row of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// R2's number, for the REST API and the Workers binding; none for codes only S3 knows.
            pub fn r2_number(self) -> Option<u32> {
                match self { $(Self::$variant => error_codes!(@number $r2),)* }
            }

            /// The `<Code>` of the S3 face.
            pub fn s3_name(self) -> &'static str {
                match self { $(Self::$variant => $s3,)* }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Whether to send the request again.
            pub fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)* }
            }

            /// The message for clients where the place of the error has no better one.
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
    (@number -) => { None };
    (@number $number:literal) => { Some($number) };
}

error_codes! {
//  variant                     r2     S3 name                              status retry
    /// An unexpected failure.
    InternalError               10001  "InternalError"                      500    Later "We encountered an internal error. Please try again.";
    /// No credentials, or unknown ones.
    Unauthorized                10002  "Unauthorized"                       401    Never "Authentication is required: sign the request with a valid access key.";
    /// The token lacks the permission.
    AccessDenied                10003  "AccessDenied"                       403    Never "Access Denied: the token has no permission for this operation on this resource.";
    /// Bucket name off the rules.
    InvalidBucketName           10005  "InvalidBucketName"                  400    Never "The specified bucket name is not valid.";
    /// No such bucket.
    NoSuchBucket                10006  "NoSuchBucket"                       404    Never "The specified bucket does not exist.";
    /// No such object.
    NoSuchKey                   10007  "NoSuchKey"                          404    Never "The specified key does not exist.";
    /// Objects are left in the bucket.
    BucketNotEmpty              10008  "BucketNotEmpty"                     409    Never "The bucket you tried to delete is not empty: delete its objects first.";
    /// The account has all the buckets it may have.
    TooManyBuckets              10009  "TooManyBuckets"                     400    Never "You have as many buckets as an account may have: delete some first.";
    /// A part other than the last is too small.
    EntityTooSmall              10011  "EntityTooSmall"                     400    Never "Your proposed upload is smaller than the minimum allowed object size: parts other than the last need 5 MiB.";
    /// Custom metadata too large.
    MetadataTooLarge            10012  "MetadataTooLarge"                   400    Never "Your metadata headers exceed the maximum allowed metadata size of 8192 bytes.";
    /// The body ended early.
    IncompleteBody              10013  "IncompleteBody"                     400    Never "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    /// No such API token.
    NoSuchToken                 1003   "NoSuchToken"                        404    Never "The specified API token does not exist.";
    /// A checksum header does not parse.
    InvalidDigest               10014  "InvalidDigest"                      400    Never "The checksum you specified is not valid: it must be the base64 text of a digest of the right length.";
    /// A signature past its time.
    ExpiredRequest              10018  "ExpiredRequest"                     400    Never "The request has expired: sign it again.";
    /// Object key off the rules.
    InvalidObjectName           10020  "InvalidObjectName"                  400    Never "The specified object name is not valid.";
    /// No such multipart upload.
    NoSuchUpload                10024  "NoSuchUpload"                       404    Never "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.";
    /// A listed part is missing or has another ETag.
    InvalidPart                 10025  "InvalidPart"                        400    Never "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.";
    /// A condition does not hold.
    PreconditionFailed          10031  "PreconditionFailed"                 412    Never "At least one of the pre-conditions you specified did not hold.";
    /// The length of the body is not told.
    MissingContentLength        10033  "MissingContentLength"               411    Never "You must provide the Content-Length HTTP header.";
    /// The signature is not the one we calculate.
    SignatureDoesNotMatch       10035  "SignatureDoesNotMatch"              403    Never "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.";
    /// The content does not have the given checksum.
    BadDigest                   10037  "BadDigest"                          400    Never "The checksum you specified did not match what we received.";
    /// No byte of the object lies in the range.
    InvalidRange                10039  "InvalidRange"                       416    Never "The requested range is not satisfiable.";
    /// Overload, or a backend out of reach.
    ServiceUnavailable          10043  "ServiceUnavailable"                 503    Later "The service is overloaded or a backend is out of reach: try again later.";
    /// Parts other than the last differ in size.
    PartSizesDiffer             10048  "InvalidPart"                        400    Never "All non-trailing parts must have the same length.";
    /// The client went away.
    ClientDisconnect            10054  "ClientDisconnect"                   400    Never "The client disconnected before the request was complete.";
    /// Too many writes to one key.
    TooManyRequests             10058  "TooManyRequests"                    429    Later "Reduce your concurrent request rate for the same object.";
    /// The bucket has no CORS rules.
    NoSuchCorsConfiguration     10059  "NoSuchCORSConfiguration"            404    Never "The CORS configuration does not exist.";
    /// A storage class nobody has.
    InvalidStorageClass         10062  "InvalidStorageClass"                400    Never "The storage class you specified is not valid: use STANDARD or STANDARD_IA.";
    /// Nothing of access control has the id. Numbers of access control are those of Cloudflare's API.
    NoSuchAccessResource        11021  "NoSuchAccessResource"               404    Never "access.api.error.not_found: there is no such application, policy, identity provider or service token.";
    /// Another application protects the domain.
    ApplicationAlreadyExists    11010  "ApplicationAlreadyExists"           409    Never "access.api.error.application_already_exists: another application protects this domain.";
    /// Content of access control that makes no sense.
    InvalidAccessRequest        12130  "InvalidAccessRequest"               400    Never "access.api.error.invalid_request";
    /// The bucket has no such custom domain.
    NoSuchDomain                10053  "NoSuchDomain"                       404    Never "The custom domain was not found on this bucket.";
    /// A bucket lock rule forbids it.
    ObjectLockedByBucketPolicy  10069  "ObjectLockedByBucketPolicy"         403    Never "The object is locked by the bucket policy.";
    /// The bucket exists already. The name is S3's, since clients such as rclone look for it and for no other.
    BucketConflict              10073  "BucketAlreadyOwnedByYou"            409    Never "The bucket you tried to create already exists, and you own it.";
    /// A body or object over the limit.
    EntityTooLarge              100100 "EntityTooLarge"                     400    Never "Your proposed upload exceeds the maximum allowed object size.";
    /// Not built, or not part of R2.
    NotImplemented              -      "NotImplemented"                     501    Never "A header, parameter or operation you provided implies functionality that is not implemented.";
    /// An argument that makes no sense.
    InvalidArgument             -      "InvalidArgument"                    400    Never "Invalid Argument.";
    /// An encryption that is none.
    InvalidEncryptionAlgorithm  -      "InvalidEncryptionAlgorithmError"    400    Never "The Encryption request you specified is not valid. Supported value: AES256.";
    /// A preflight that does not say what it asks for.
    BadRequest                  -      "BadRequest"                         400    Never "Bad Request.";
    /// A request that contradicts itself.
    InvalidRequest              -      "InvalidRequest"                     400    Never "Invalid Request.";
    /// A URI that cannot be read.
    InvalidUri                  -      "InvalidURI"                         400    Never "Could not parse the specified URI.";
    /// XML that cannot be read, or of another schema.
    MalformedXml                -      "MalformedXML"                       400    Never "The XML you provided was not well formed or did not validate against our published schema.";
    /// A method the resource does not know.
    MethodNotAllowed            -      "MethodNotAllowed"                   405    Never "The specified method is not allowed against this resource.";
    /// Parts out of order.
    InvalidPartOrder            -      "InvalidPartOrder"                   400    Never "The list of parts was not in ascending order, or names a part twice.";
    /// The parts of a presigned URL cannot be read.
    AuthorizationQueryParametersError - "AuthorizationQueryParametersError" 400    Never "The X-Amz-* query parameters of the request are not valid.";
    /// The `Authorization` header cannot be read, or names a wrong region or service.
    AuthorizationHeaderMalformed -     "AuthorizationHeaderMalformed"       400    Never "The authorization header you provided is not valid.";
    /// The access key id is not known.
    InvalidAccessKeyId          -      "InvalidAccessKeyId"                 403    Never "The access key ID you provided does not exist in our records.";
    /// A session token of temporary credentials that is none.
    InvalidToken                -      "InvalidToken"                       400    Never "The provided token is malformed or otherwise invalid.";
    /// The clocks differ too much.
    RequestTimeTooSkewed        -      "RequestTimeTooSkewed"               403    Never "The difference between the request time and the server's time is too large.";
    /// The client was too slow.
    RequestTimeout              -      "RequestTimeout"                     400    Later "Your socket connection to the server was not read from or written to within the timeout period.";
    /// The body is not the one that was signed.
    ContentSha256Mismatch       -      "XAmzContentSHA256Mismatch"          400    Never "The provided 'x-amz-content-sha256' header does not match what was computed.";
    /// The chunked body cannot be read.
    InvalidChunk                -      "InvalidRequest"                     400    Never "The aws-chunked body is malformed.";
    /// A trailer is missing or malformed.
    MalformedTrailer            -      "MalformedTrailerError"              400    Never "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    /// Request line and headers are too long.
    RequestHeaderSectionTooLarge -     "RequestHeaderSectionTooLarge"       400    Never "Your request headers exceed the maximum allowed size.";
    /// Two writers in each other's way.
    TooMuchConcurrency          -      "TooMuchConcurrency"                 429    Later "Too many concurrent changes to the same resource: try again.";
    /// A body that is no HTML form, or not all of one.
    MalformedPostRequest        -      "MalformedPOSTRequest"               400    Never "The body of your POST request is not well-formed multipart/form-data.";
    /// Too much before the file of an HTML form.
    MaxPostPreDataLengthExceeded -     "MaxPostPreDataLengthExceeded"       400    Never "Your POST request fields preceding the upload file were too large.";
    /// The policy of an HTML form cannot be read.
    InvalidPolicyDocument       -      "InvalidPolicyDocument"              400    Never "The content of the form does not meet the conditions specified in the policy document.";
    /// A location R2 does not have.
    InvalidLocationConstraint   -      "InvalidLocationConstraint"          400    Never "The specified location constraint is not valid.";
    /// The bucket has no lifecycle rules.
    NoSuchLifecycleConfiguration -     "NoSuchLifecycleConfiguration"       404    Never "The lifecycle configuration does not exist.";
    /// No such job in the background, or one that ended long ago.
    NoSuchJob                   -      "NoSuchJob"                          404    Never "The specified job does not exist.";
    /// Buckets have no tags.
    NoSuchTagSet                -      "NoSuchTagSet"                       404    Never "The TagSet does not exist.";
    /// Buckets are not replicated.
    ReplicationConfigurationNotFound - "ReplicationConfigurationNotFoundError" 404 Never "The replication configuration was not found.";
    /// Buckets have no S3 object lock.
    ObjectLockConfigurationNotFound -  "ObjectLockConfigurationNotFoundError" 404  Never "Object Lock configuration does not exist for this bucket.";
    /// A custom domain that a bucket has already.
    DomainInUse                 -      "DomainInUse"                        409    Never "The domain is in use already: remove it from the bucket that has it first.";
    /// The bucket has all the custom domains it may have.
    TooManyDomains              -      "TooManyDomains"                     400    Never "You have as many custom domains as a bucket may have: remove some first.";
    /// The disk has less free space than its reserve.
    StorageFull                 -      "ServiceUnavailable"                 503    Later "The disk is full up to its reserve: writes are refused until space is freed. Reads and deletes go on.";
}

/// Why an operation failed: a code and message for the client, and a cause for the log only.
pub struct OperationError {
    /// The row of the table.
    pub code: ErrorCode,
    message: Cow<'static, str>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl OperationError {
    /// With a message that says what to change.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), cause: None }
    }

    /// Adds what the log needs to know and no client may see.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// An unexpected failure with its cause.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::from(ErrorCode::InternalError).caused_by(cause)
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the log reads.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }
}

/// The cause of `InvalidRange`: clients are told how much there is (RFC 9110 section 15.5.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsatisfiableRange {
    /// The size of what was asked for a part of, bytes.
    pub size: u64,
}

impl UnsatisfiableRange {
    /// The size that an error tells of.
    pub fn of(error: &OperationError) -> Option<Self> {
        error.cause.as_deref()?.downcast_ref().copied()
    }
}

impl fmt::Display for UnsatisfiableRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "outside of {} bytes", self.size)
    }
}

impl Error for UnsatisfiableRange {}

/// The cause of `MethodNotAllowed`: clients are told which methods there are (RFC 9110 section 15.5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowedMethods(pub &'static str);

impl AllowedMethods {
    /// The methods that an error tells of.
    pub fn of(error: &OperationError) -> Option<Self> {
        error.cause.as_deref()?.downcast_ref().copied()
    }
}

impl fmt::Display for AllowedMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "allowed are {}", self.0)
    }
}

impl Error for AllowedMethods {}

impl From<ErrorCode> for OperationError {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: Cow::Borrowed(code.message()), cause: None }
    }
}

impl fmt::Debug for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match &self.cause {
            Some(cause) => write!(f, " (cause: {cause:?})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.s3_name(), self.message)
    }
}

impl Error for OperationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_identities_and_statuses_are_errors() {
        let mut numbers: Vec<_> = ErrorCode::ALL.iter().filter_map(|code| code.r2_number()).collect();
        numbers.sort_unstable();
        let count = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), count, "two rows share a number");
        assert!(ErrorCode::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes the page it checks")]
    fn the_page_of_error_codes_lists_every_row() {
        let mut page = "# Error codes\n\n<!-- Written by a test of `crates/types/src/error.rs`. -->\n\n\
            R2's number is the identity of an error; codes without one come from S3. The S3 face answers \
            `<Error><Code>…</Code><Message>…</Message></Error>` with the status; what may be retried says so with \
            `Retry-After`.\n\n| R2 | S3 code | HTTP | retry | message |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
        for code in ErrorCode::ALL {
            let number = code.r2_number().map_or_else(String::new, |number| number.to_string());
            let retry = if code.retry() == Retry::Later { "later" } else { "no" };
            let (name, status, message) = (code.s3_name(), code.status(), code.message());
            page += &format!("| {number} | {name} | {status} | {retry} | {message} |\n");
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/error-codes.md");
        if std::fs::read_to_string(path).ok().as_deref() != Some(page.as_str()) {
            std::fs::write(path, page).unwrap();
        }
    }
}
