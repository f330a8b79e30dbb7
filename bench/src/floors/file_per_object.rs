//! The layout that Cairn avoids: MD5, then one file for each object, file and directory synced.

use super::serving::{Answer, Floor, answer};
use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(super) struct FilePerObject {
    directory: PathBuf,
    next: AtomicU64,
}

impl FilePerObject {
    pub(super) fn new(data: &Path) -> Outcome<Self> {
        Ok(Self { directory: data.to_owned(), next: AtomicU64::new(0) })
    }
}

impl Floor for FilePerObject {
    async fn answer(&self, _: Parts, body: Incoming) -> Outcome<Answer> {
        let bytes = body.collect().await.doing("read a body")?.to_bytes();
        std::hint::black_box(fast_md5::digest(&bytes));
        let (directory, name) = (self.directory.clone(), self.next.fetch_add(1, Relaxed).to_string());
        let written = tokio::task::spawn_blocking(move || write_synced(&directory, &name, &bytes)).await;
        written.doing("write on a thread")?.doing("write a file")?;
        answer(StatusCode::OK, Bytes::new())
    }
}

fn write_synced(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(directory.join(name))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    File::open(directory)?.sync_all()
}
