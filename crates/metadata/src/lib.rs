//! The Metadata Service: strongly consistent rows. Knows rows, never an object's bytes.
//!
//! Start at `engine` for the boundary to the store below, and at `service` for what operations call.

pub mod access;
pub mod audit;
pub mod bucket_listing;
mod bucket_names;
pub mod buckets;
pub mod certificates;
pub mod codec;
pub mod configuration;
pub mod cors;
pub mod domains;
pub mod due;
pub mod engine;
#[cfg(test)]
mod fixture;
pub mod garbage;
pub mod jobs;
pub mod keys;
pub mod lifecycle;
pub mod lifecycle_index;
pub mod lifecycle_visit;
pub mod listing;
pub mod lock;
#[cfg(any(test, feature = "suite"))]
pub mod memory;
pub mod objects;
mod record;
pub mod rocks;
mod row_cache;
pub mod rows;
pub mod service;
pub mod store;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
pub mod tokens;
pub mod upload_listing;
pub mod uploaded;
pub mod uploads;
pub mod usage;

pub use engine::{Engine, EngineError, Outcome};
pub use record::{Opened, Record};
pub use service::{Metadata, MetadataError, Stored};
