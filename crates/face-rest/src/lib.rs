//! The REST face, `/client/v4`: a request finds its row in the table of routes, its bearer is found out, its JSON
//! decoded into one operation, and the answer put into Cloudflare's envelope.
//!
//! Start at [`RestFace::handle`], then `routes.rs`: every call of the API is one row there and one function of the
//! module that its row names.

mod access_apps;
mod access_members;
mod access_rules;
mod audit_csv;
mod audit_entry;
mod audit_filters;
mod audit_log;
mod authenticate;
mod buckets;
mod cors;
mod cursor;
mod domains;
mod durations;
mod envelope;
mod error;
mod graphql;
mod handle;
mod identity;
mod identity_providers;
mod jobs;
mod json;
mod lifecycle;
mod locks;
mod object_listing;
mod objects;
mod openapi;
mod pagination;
mod policies;
mod purge_cache;
mod query;
mod request;
mod router;
mod routes;
mod rulesets;
mod schemas;
mod service_tokens;
mod sized_body;
mod temporary_credentials;
mod tokens;
mod usage;

pub use handle::{RestDomains, RestFace};
pub use router::PREFIX;
