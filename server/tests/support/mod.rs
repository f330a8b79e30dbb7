//! What the tests of the whole server share: a signing HTTP client, a clock that tests move, servers in this process
//! and as the real binary.

#![allow(dead_code, unused_imports, reason = "every test binary uses a part of it")]

mod binary;
mod checksum;
mod client;
mod clock;
mod connection;
mod content;
mod form;
mod random;
mod server;
mod temporary;
mod until;
mod xml;

pub(crate) use binary::{Cairn, clean_up, read_if_there, write_file};
pub(crate) use checksum::{checksum, checksum_header};
pub(crate) use client::{Client, RequestBuilder, complete_document, wire};
pub(crate) use clock::TestClock;
pub(crate) use connection::{Answer, Connection};
pub(crate) use content::{body_of, etag_of, etag_of_parts, md5, percent_decoded, percent_encoded, sha256_hex};
pub(crate) use form::{BOUNDARY, Form, part};
pub(crate) use random::Random;
pub(crate) use server::{TestServer, files_below};
pub(crate) use temporary::{Temporary, claims, session_token};
pub(crate) use until::until;
pub(crate) use xml::{blocks, element, elements, unescape};

pub(crate) use types::limits::INLINE_BYTES_MAX;

use std::time::Duration;

/// How long a test waits for anything before it gives up: a hang becomes a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of a kibibyte.
pub(crate) const KIB: usize = 1024;
/// Bytes of a mebibyte.
pub(crate) const MIB: usize = 1024 * KIB;
