//! Emptying a bucket by pages of DeleteObjects: elsewhere this takes minutes.

use crate::body::body;
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::{Doing, Outcome};
use crate::report::{Figure, Row};
use crate::request::Request;
use crate::scale::count_in_words;
use crate::server_process::ServerProcess;
use crate::session::{BUCKET, Session};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use types::limits::DELETE_KEYS_MAX;

const DATA: &str = "delete";

pub(super) async fn run(session: &mut Session) -> Outcome {
    let keys = session.scale.deleted_keys;
    let name = format!("delete pages, {} objects", count_in_words(keys));
    if !session.wants(&name) {
        return Ok(());
    }
    let server = session.start_with_bucket(DATA).await?;
    let put = |index| server.signer.request(Method::PUT, &format!("/{BUCKET}/{}", key(index)), body(4096));
    let puts: Outcome<Vec<Request>> = (0..keys).map(put).collect();
    prepare(&server, puts?, session.scale.most()).await?;

    let pages = (0..keys).step_by(DELETE_KEYS_MAX);
    let pages: Outcome<Vec<Request>> =
        pages.map(|first| delete_page(&server, first..keys.min(first + DELETE_KEYS_MAX))).collect();
    let load = Load { requests: Arc::new(pages?), concurrency: 1, warm_up: Duration::ZERO, until: Until::Used };
    let measured = measure(&server, load).await?;
    let seconds = measured.elapsed.as_secs_f64();
    session.add(Row::new(name.clone(), measured));
    session.add_figure(Figure::new(name, seconds, " s"));
    session.discard(server, DATA)
}

fn key(index: usize) -> String {
    format!("delete/{index:06}")
}

fn delete_page(server: &ServerProcess, keys: std::ops::Range<usize>) -> Outcome<Request> {
    let mut document = "<Delete><Quiet>true</Quiet>".to_owned();
    for index in keys {
        // Writing to a string does not fail.
        let _ = write!(document, "<Object><Key>{}</Key></Object>", key(index));
    }
    document.push_str("</Delete>");
    let md5 = STANDARD.encode(fast_md5::digest(document.as_bytes()));
    let md5 = HeaderValue::from_str(&md5).doing("build a header")?;
    let headers = [(HeaderName::from_static("content-md5"), md5)];
    server.signer.request_with(Method::POST, &format!("/{BUCKET}?delete="), &headers, Bytes::from(document))
}
