//! Uploads by HTML form: `POST` on a bucket, `multipart/form-data`, signed by a policy among its fields.
//! Source: AWS "Browser-Based Uploads Using POST (AWS Signature Version 4)". R2 has no such uploads; users of S3 do.
//!
//! How a form comes through:
//! 1. [`FormDecoder`] takes the body apart: fields first, then the file, as a stream;
//! 2. [`FormFields`] collects the fields up to the file;
//! 3. `sigv4::SignedPolicy` tells who signed the policy, and whether that is true;
//! 4. [`Policy`] says whether these fields, and how large a file, are what was signed;
//! 5. [`FormFile`] is the rest of the body, which `operation::post_object` turns into a PutObject.
//!
//! The parser is ours: it must take the file from frames of any size without holding or copying it, and hold no more of
//! the rest than a bound. The crates at hand read ahead into a buffer without one, and are bound to async streams.

mod decoder;
mod fields;
mod file;
mod part_head;
mod policy;

#[cfg(test)]
mod tests;

pub use decoder::{FormDecoder, FormEvent};
pub use fields::FormFields;
pub use file::FormFile;
pub use policy::{FileSizes, Policy};

use types::{ErrorCode, OperationError};

/// A body that is no form, or not all of one.
fn malformed(what: &str) -> OperationError {
    OperationError::new(
        ErrorCode::MalformedPostRequest,
        format!("The body of your POST request is not well-formed multipart/form-data: {what}."),
    )
}

/// A form without a file, or with two.
fn one_file() -> OperationError {
    OperationError::new(ErrorCode::InvalidArgument, "POST requires exactly one file upload per request.")
}
