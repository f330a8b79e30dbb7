//! The S3 face: a request is verified, decoded into one operation, and its answer encoded.
//!
//! Start at [`S3Face::handle`]. Each S3 operation is one function of `buckets`, `configurations`, `cors`,
//! `objects`, `listings`, `uploads` or `forms`.

mod authenticate;
mod buckets;
mod configurations;
mod cors;
mod document;
mod forms;
mod handle;
mod listings;
mod logged_uri;
mod objects;
mod upload_body;
mod uploads;

pub use handle::S3Face;
pub use s3_protocol::HostRules;
