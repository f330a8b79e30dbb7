//! Operations on what is configured of a bucket: each is a method and one parameter.

use super::{Row, unsupported};
use crate::operation::Operation;
use crate::request::RequestHead;
use types::{BucketName, OperationError};

/// Method and parameter, what they select, and all the parameters that may be there: that one.
type Selection = (&'static str, &'static str, fn(BucketName) -> Operation, &'static [&'static str]);

const SELECTIONS: [Selection; 14] = [
    ("GET", "cors", Operation::GetBucketCors, &["cors"]),
    ("PUT", "cors", Operation::PutBucketCors, &["cors"]),
    ("DELETE", "cors", Operation::DeleteBucketCors, &["cors"]),
    ("GET", "encryption", Operation::GetBucketEncryption, &["encryption"]),
    ("PUT", "encryption", Operation::PutBucketEncryption, &["encryption"]),
    ("DELETE", "encryption", Operation::DeleteBucketEncryption, &["encryption"]),
    ("GET", "lifecycle", Operation::GetBucketLifecycleConfiguration, &["lifecycle"]),
    ("PUT", "lifecycle", Operation::PutBucketLifecycleConfiguration, &["lifecycle"]),
    ("DELETE", "lifecycle", Operation::DeleteBucketLifecycle, &["lifecycle"]),
    ("GET", "versioning", Operation::GetBucketVersioning, &["versioning"]),
    ("GET", "acl", Operation::GetBucketAcl, &["acl"]),
    ("GET", "tagging", Operation::GetBucketTagging, &["tagging"]),
    ("GET", "replication", Operation::GetBucketReplication, &["replication"]),
    ("GET", "object-lock", Operation::GetObjectLockConfiguration, &["object-lock"]),
];

/// The operation that a parameter selects, if one does.
///
/// # Errors
/// `InvalidURI` for a name with a malformed escape; `NotImplemented` for headers that no configuration may have.
pub(super) fn row(head: &RequestHead<'_>) -> Result<Option<Row<BucketName>>, OperationError> {
    let method = head.method.as_str();
    for name in head.query().names() {
        let (name, _) = name?;
        let selected = SELECTIONS.iter().find(|(verb, parameter, ..)| *verb == method && *parameter == name);
        if let Some((_, _, build, parameters)) = selected {
            unsupported::check_configuration_headers(head)?;
            return Ok(Some(Row { build: *build, parameters }));
        }
    }
    Ok(None)
}
