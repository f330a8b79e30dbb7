//! Floor of durable small writes: MD5, then an append to one file, synced for a whole group of writers at once.

use super::serving::{Answer, Floor, answer};
use crate::outcome::{Doing, Outcome};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Writers whose bytes go to the disk together, at most.
const GROUP_MAX: usize = 1024;

/// Bytes to append, and whom to tell once they are durable.
struct Append {
    bytes: Bytes,
    done: oneshot::Sender<()>,
}

pub(super) struct GroupAppend {
    appends: Sender<Append>,
}

impl GroupAppend {
    /// Starts the thread that writes. It ends with the process.
    pub(super) fn start(data: &Path) -> Outcome<Self> {
        let file = File::create(data.join("appended")).doing("make the file to append to")?;
        let (appends, waiting) = channel();
        std::thread::Builder::new().spawn(move || append_groups(file, &waiting)).doing("start a thread")?;
        Ok(Self { appends })
    }
}

impl Floor for GroupAppend {
    async fn answer(&self, _: Parts, body: Incoming) -> Outcome<Answer> {
        let bytes = body.collect().await.doing("read a body")?.to_bytes();
        std::hint::black_box(fast_md5::digest(&bytes));
        let (done, durable) = oneshot::channel();
        self.appends.send(Append { bytes, done }).doing("append")?;
        durable.await.doing("wait for the disk")?;
        answer(StatusCode::OK, Bytes::new())
    }
}

/// A write that fails is answered to nobody: the requests waiting for it fail.
fn append_groups(mut file: File, waiting: &Receiver<Append>) {
    let mut bytes = Vec::new();
    while let Ok(first) = waiting.recv() {
        let group: Vec<Append> = std::iter::once(first).chain(waiting.try_iter().take(GROUP_MAX - 1)).collect();
        bytes.clear();
        group.iter().for_each(|append| bytes.extend_from_slice(&append.bytes));
        if file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        for append in group {
            // The client may have gone.
            let _ = append.done.send(());
        }
    }
}
