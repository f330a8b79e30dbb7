//! The real binary, as operators run it.

use super::{Client, PATIENCE};
use environment::{Clock, SystemClock};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;
use types::AccountId;

/// A process of `cairn serve`. Killed when it goes out of scope.
pub(crate) struct Cairn {
    child: Child,
    ready_file: PathBuf,
    /// What it writes to stderr. Not beside the data: that disk may be full on purpose.
    log: NamedTempFile,
}

/// Time between two looks at what another process does.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);

impl Cairn {
    /// `cairn` with these arguments, run to its end.
    pub(crate) fn run(arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cairn")).args(arguments).output().expect("the binary runs")
    }

    /// Starts `cairn serve` on `data`, on a free port, with further arguments. Does not wait for it.
    pub(crate) fn spawn(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn_logging(data, arguments, None)
    }

    /// As [`Cairn::spawn`], with another log level than the default one.
    pub(crate) fn spawn_logging(data: &Path, arguments: &[&str], level: Option<&str>) -> Self {
        let ready_file = data.with_extension("ready.json");
        clean_up(&ready_file);
        let log = NamedTempFile::new().expect("a temporary file");
        let stderr = log.reopen().expect("the temporary file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).arg("--ready-file").arg(&ready_file);
        command.envs(level.map(|level| ("RUST_LOG", level)));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        Self { child: command.spawn().expect("the binary runs"), ready_file, log }
    }

    /// Waits until it listens, and answers what its ready file says.
    pub(crate) async fn ready(&mut self) -> Value {
        let clock = SystemClock::new();
        while clock.monotonic() < PATIENCE {
            if let Some(text) = read_if_there(&self.ready_file) {
                return serde_json::from_slice(&text).expect("a ready file is JSON as soon as it is there");
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("cairn ended with {status} before it listened: {}", self.complaint());
            }
            clock.sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("cairn was not ready after {PATIENCE:?}");
    }

    /// Waits until it listens, and answers a client for it.
    pub(crate) async fn client(&mut self) -> Client {
        let ready = self.ready().await;
        let text = |name: &str| ready[name].as_str().unwrap_or_else(|| panic!("no {name} in {ready}")).to_owned();
        Client {
            address: text("endpoint").trim_start_matches("http://").parse().expect("an address"),
            account: AccountId::parse(&text("account_id")).expect("an account id"),
            access_key_id: text("access_key_id"),
            secret_access_key: text("secret_access_key"),
            region: "auto".to_owned(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its ready file is.
    pub(crate) fn ready_file(&self) -> &Path {
        &self.ready_file
    }

    /// `kill -9`: on return the process is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a process that can be killed");
        self.child.wait().expect("a child");
    }

    /// Waits for it to end by itself; answers how, and what it wrote to stderr.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, String) {
        let clock = SystemClock::new();
        while clock.monotonic() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status, self.complaint());
            }
            clock.sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("cairn had not ended after {PATIENCE:?}");
    }

    /// What it wrote to stderr, if it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Option<String> {
        let ended = self.child.try_wait().expect("a child");
        ended.map(|_| self.complaint())
    }

    /// What it wrote to stderr so far.
    pub(crate) fn complaint(&self) -> String {
        String::from_utf8_lossy(&read_if_there(self.log.path()).unwrap_or_default()).into_owned()
    }
}

impl Drop for Cairn {
    fn drop(&mut self) {
        // Both fail only for a process that has been waited for: then nothing is left to do.
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// What a file holds, if it is there.
#[expect(clippy::disallowed_methods, reason = "a file of another process")]
pub(crate) fn read_if_there(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}

/// Removes a file if it is there.
#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
pub(crate) fn clean_up(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", path.display());
    }
}

/// Writes a file of the test's own.
#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
pub(crate) fn write_file(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file that can be written");
}
