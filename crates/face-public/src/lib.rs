//! The public face: objects of buckets that are open to everybody, at their public development URLs and custom domains.
//! Source: R2 "Public buckets".
//!
//! Start at [`PublicHosts::asked`], which tells by its host whether a request may be this face's, then at
//! [`PublicFace::reach`] for the bucket that has the name, then at [`PublicFace::handle`] for the answer.

mod access;
mod cache;
mod cached;
mod conditions;
mod handle;
mod hosts;
mod object_headers;
mod objects;
mod pages;

pub use cache::{CacheSettings, PublicCache};
pub use handle::{PublicFace, Reached};
pub use hosts::{Asked, PublicHosts};
