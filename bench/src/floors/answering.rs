//! Floor of reads: bytes from memory. `/bucket/get/4096/name` asks for 4096 of them; a bucket, for a list page.

use super::serving::{Answer, Floor, answer};
use crate::body::body;
use crate::outcome::Outcome;
use http::StatusCode;
use http::request::Parts;
use hyper::body::Incoming;

/// About what a page of 1000 keys has.
const PAGE_BYTES: usize = 200 * 1024;

pub(super) struct Answering;

impl Floor for Answering {
    async fn answer(&self, parts: Parts, _: Incoming) -> Outcome<Answer> {
        // To HEAD, hyper answers with the length of the body and without it.
        answer(StatusCode::OK, body(bytes_asked_for(parts.uri.path()).unwrap_or(PAGE_BYTES)))
    }
}

fn bytes_asked_for(path: &str) -> Option<usize> {
    path.split('/').nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_how_many_bytes() {
        assert_eq!(bytes_asked_for("/bench/get/4096/000001"), Some(4096));
        assert_eq!(bytes_asked_for("/bench"), None);
    }
}
