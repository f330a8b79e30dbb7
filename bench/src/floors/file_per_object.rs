//! The layout that Cairn avoids: MD5, then one file for each object. It is written under another name, synced, given
//! its own, and the directory synced: else a crash could leave half an object in the place of a whole one.

use super::serving::{Answer, Floor, answer};
use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::fs::{self, File};
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
    let unfinished = directory.join(format!("{name}.unfinished"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(name))?;
    File::open(directory)?.sync_all()
}
