//! The S3 protocol: bytes to typed requests, typed answers to bytes. Sans I/O, pure, no async.
//!
//! How a request comes through:
//! 1. [`RequestHead`] borrows what the HTTP server parsed;
//! 2. [`sigv4::parse`] tells who claims to send it, [`sigv4::SignedRequest::verify`] whether that is true;
//! 3. [`request::hoisted_headers`] turns the `x-amz-*` parameters of a presigned URL into headers;
//! 4. [`route::route`] names the [`Operation`], its bucket and key;
//! 5. [`payload::Payload::parse`] says how the body is framed and [`chunked::ChunkedDecoder`] takes it apart;
//! 6. `operation::<name>::decode` gives the typed request, `operation::<name>::encode` the answer,
//!    [`error_document`] what a failure looks like.
//!
//! An upload by HTML form is signed by its fields instead of its head: [`form`] takes the place of steps 2 and 3.
//!
//! Invariants: nothing here waits, allocates without a bound from `types::limits`, or panics on what a client
//! sends. Every failure is a [`types::OperationError`] whose message says what to change.

pub mod chunked;
pub mod compatibility;
mod encoded_word;
mod error_document;
pub mod form;
mod header;
pub mod operation;
pub mod payload;
pub mod percent;
pub mod query;
pub mod request;
pub mod route;
pub mod sigv4;
pub mod xml;

pub use error_document::error_document;
pub use query::Query;
pub use request::RequestHead;
pub use route::{AddressedBucket, HostRules, ObjectTarget, Operation, Route};
