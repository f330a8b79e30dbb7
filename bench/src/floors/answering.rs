//! Floor of reads: bytes from memory. `/bucket/get/4096/000001` asks for 4096 of them, those of object 1; a bucket, for
//! a list page.

use super::serving::{Answer, Floor, answer};
use crate::body::{body, stored_body};
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
        let object = asked_for(parts.uri.path());
        answer(StatusCode::OK, object.map_or_else(|| body(PAGE_BYTES), |(object, bytes)| stored_body(object, bytes)))
    }
}

/// Which object, and how large it is.
fn asked_for(path: &str) -> Option<(usize, usize)> {
    let mut parts = path.split('/').skip(3);
    let bytes = parts.next()?.parse().ok()?;
    let object = parts.next()?.split('.').next()?.parse().ok()?;
    Some((object, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_which_object_and_how_many_bytes() {
        assert_eq!(asked_for("/bench/get/4096/000001"), Some((1, 4096)));
        assert_eq!(asked_for("/bench/get/100000/000063.png"), Some((63, 100_000)));
        assert_eq!(asked_for("/bench"), None);
    }
}
